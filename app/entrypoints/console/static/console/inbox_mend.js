/** One message that was held back: why, what it said, its values to be put right, run again; or discarded with a reason. */
import { myMember, Problem } from "./api.js";
import { ProblemParts } from "./dialogs.js";
import { carryOut, carryOutConfirmed, say } from "./doing.js";
import { MessageFacts, MessageText, useMessage } from "./inbox_messages.js";
import { inSpace, whyText } from "./inbox_parts.js";
import { stateName, t } from "./i18n.js";
import { linkIn } from "./space.js";
import { leavesOf } from "./json_places.js";
import { Nothing, Panel, State } from "./parts.js";
import { may } from "./rules.js";
import { stamp } from "./time.js";
import { html, useState } from "./view.js";

/** @typedef {import("./inbox_parts.js").Matter} Matter */

/** Values that are shown to be put right; a message of more is mended by its mapping. */
const MOST_VALUES = 60;
const LONG = 60;

/** A value as it is typed. @param {any} value */
const typedOf = (value) => (typeof value === "string" ? value : JSON.stringify(value));

/** What was typed, of the kind that stood there. @param {string} typed @param {any} was */
function valueOf(typed, was) {
  if (typeof was === "string") return typed;
  try {
    return JSON.parse(typed);
  } catch {
    return typed;
  }
}

/** Where something is missing, as a pointer: a mapping's path that only walks is one. @param {Matter} matter */
function missingAt({ because }) {
  const path = because?.code === "inbox_path_missing" ? String(because.figures.path ?? "") : "";
  return /^[\w-]+(\.[\w-]+)*$/.test(path) ? `/${path.replaceAll(".", "/")}` : "";
}

/** @param {{matter: Matter, space: string, label: string, again: () => Promise<void>}} props */
export function MessageMend({ matter, space, label, again }) {
  const { told, failed } = useMessage(space, matter.source_id, matter.id);
  const [typed, setTyped] = useState(/** @type {Record<string, string>} */ ({}));
  const [added, setAdded] = useState({ at: missingAt(matter), value: "" });
  const [problem, setProblem] = useState(/** @type {Problem | null} */ (null));
  const [busy, setBusy] = useState(false);
  const held = matter.status === "held";
  const path = inSpace(space, `/quarantine/${matter.id}`);
  const body = told?.edited ?? told?.body;
  const leaves = body === null || typeof body !== "object" ? [] : leavesOf(body).slice(0, MOST_VALUES);
  const changes = leaves.filter(([pointer, value]) => typed[pointer] !== undefined && typed[pointer] !== typedOf(value)).map(([pointer, value]) => ({ at: pointer, value: valueOf(typed[pointer], value) }));
  const open = body !== null && typeof body === "object" && !Array.isArray(body);
  if (added.at.trim() && added.value.trim()) changes.push({ at: added.at.trim().replace(/^(?!\/)/, "/"), value: valueOf(added.value.trim(), undefined) });
  const run = async (/** @type {Event} */ event) => {
    event.preventDefault();
    setBusy(true);
    try {
      /** @type {any} */
      const receipt = await carryOut({ path: `${path}/run`, body: changes.length ? { changes } : {} }, { quiet: true });
      setProblem(null);
      if (!receipt) return;
      setTyped({});
      setAdded({ at: "", value: "" });
      const { outcome, because, detail } = receipt.outcome;
      say(outcome === "quarantined" ? t("quarantine.still", { why: whyText(because, detail) }) : t("done.ran", { outcome: t(`inbox.outcome.${outcome}`) }), { tone: outcome === "quarantined" ? "warning" : "said" });
      await again();
    } catch (refusal) {
      if (!(refusal instanceof Problem)) throw refusal;
      setProblem(refusal);
    } finally {
      setBusy(false);
    }
  };
  const discard = async () => {
    await carryOutConfirmed({ title: t("quarantine.discard"), text: html`<p>${t("quarantine.discard.text")}</p>`, action: t("quarantine.discard"), why: "required", danger: true }, (answer) => ({ path: `${path}/discard`, body: answer }), { done: t("done.discarded") });
    await again();
  };
  return html`<${Panel} id="matter" title=${label || t("inbox.message")} tone=${held ? "alert" : ""} tools=${html`<${State} text=${stateName("inbox_matter", matter.status)} tone=${held ? "notice" : "calm-state"} />`}>
      ${held && html`<p class="hook-trouble" role="status">${whyText(matter.because, told?.detail) || t("quarantine.no_reason")} <${WhereTo} matter=${matter} space=${space} /></p>`}
      ${!held && matter.settled_at && html`<p class="panel-note">${t("quarantine.settled_at", { time: stamp(matter.settled_at) })}</p>`}
      ${failed && html`<p class="late nothing" role="alert">${failed}</p>`}
      ${!told ? !failed && html`<${Nothing} text=${t("loading")} />` : html`<div class="panel-text"><${MessageFacts} message=${told} space=${space} why=${!held} />
        ${held && may("run_inbox_message", { member: myMember() }) && html`<form class="mend" onSubmit=${run}><h3>${t("quarantine.mend")}</h3>
          ${leaves.length || open ? html`<p class="dim note">${t("quarantine.mend.note")}</p><div class="mend-values">${leaves.map(([pointer, value]) => html`<label key=${pointer} class=${`field ${typed[pointer] !== undefined && typed[pointer] !== typedOf(value) ? "mended" : ""} ${typedOf(value).length > LONG ? "long" : ""}`}><span><code>${pointer || "/"}</code></span><input type="text" autocomplete="off" spellcheck=${false} value=${typed[pointer] ?? typedOf(value)} onInput=${(/** @type {any} */ event) => setTyped((was) => ({ ...was, [pointer]: event.target.value }))} /></label>`)}</div>
            ${open && html`<div class="two even"><label class="field"><span>${t("quarantine.mend.add")}</span><input type="text" autocomplete="off" spellcheck=${false} maxlength="500" placeholder="/…" value=${added.at} onInput=${(/** @type {any} */ event) => setAdded((was) => ({ ...was, at: event.target.value }))} /></label>
              <label class="field"><span>${t("quarantine.mend.value")}</span><input type="text" autocomplete="off" spellcheck=${false} value=${added.value} onInput=${(/** @type {any} */ event) => setAdded((was) => ({ ...was, value: event.target.value }))} /></label></div>`}` : html`<p class="dim note">${t("quarantine.mend.no_json")}</p>`}
          ${problem && html`<div class="form-problem" role="alert"><${ProblemParts} problem=${problem} /></div>`}
          <div class="buttons"><button class="button primary" disabled=${busy}>${t(changes.length ? "quarantine.run_mended" : "quarantine.run")}</button><button type="button" class="button" onClick=${discard}>${t("quarantine.discard")} …</button></div></form>`}
        <${MessageText} message=${told} /></div>`}<//>`;
}

/** Where what is missing is entered: in the message's space. @param {{matter: Matter, space: string}} props */
function WhereTo({ matter, space }) {
  const code = matter.because?.code ?? "";
  if (code === "inbox_unknown_unit") return html`<a href=${linkIn(space, "#/resources")}>${t("quarantine.to_units")}</a>`;
  if (["inbox_unknown_code", "inbox_no_mapping", "inbox_no_table", "inbox_unknown_kind", "inbox_path_missing", "inbox_wrong_value"].includes(code)) return html`<a href=${`#/admin/dispatch?tab=mappings&source=${matter.source_id}`}>${t("quarantine.to_mapping")}</a>`;
  return null;
}
