/** The hot wash: each member's form, due 30 minutes after the end; then what it came to, in the directors' words. */
import { myMember } from "./api.js";
import { readList, useRead } from "./claim_parts.js";
import { carryOut } from "./doing.js";
import { openForm } from "./form.js";
import { t } from "./i18n.js";
import { keep, kept } from "./kept.js";
import { Age, Member, Nothing, Panel } from "./parts.js";
import { LIVE } from "./space.js";
import { now, second } from "./time.js";
import { drillTime, takesPart } from "./drill_parts.js";
import { html, useState } from "./view.js";

/** @typedef {import("./drill_parts.js").DrillView} DrillView */
/** @typedef {{id: string, revision: number, member_id: string, went_well: string, to_improve: string, to_change: string | null, written_at: string, late: boolean}} Wash */

const PARTS = /** @type {const} */ (["went_well", "to_improve", "to_change"]);
const LONGEST = 4000;
const MINUTE_MS = 60_000;

/** Whether there is a hot wash to write or to read: for who took part, and for whoever reads all of it. @param {DrillView} drill */
export const hasHotWash = (drill) => ["ended", "reviewed", "closed", "stopped"].includes(drill.status) && (takesPart(drill) || drill.staff);

/** The tab. @param {import("./drill_parts.js").OfDrill} props */
export function DrillHotWash({ drill, again }) {
  const { found, again: readAgain } = useRead(() => readList(`${LIVE}/drills/${drill.id}/hot-washes`), ["drill."], [drill.id]);
  const washes = /** @type {Wash[] | null} */ (found);
  const mine = washes?.find((each) => each.member_id === myMember());
  const writes = drill.may.includes("write_hot_wash");
  const hold = async () => {
    const receipt = await openForm({ title: t("wash.hold"), text: html`<p>${t("wash.hold.text")}</p>`, fields: [{ name: "summary", label: t("wash.summary"), kind: "area", required: true, most: LONGEST }], action: t("wash.hold"), command: (values) => ({ path: `${LIVE}/drills/${drill.id}/review`, body: values }), how: () => ({ done: t("done.wash_held") }) });
    if (receipt) again();
  };
  return html`<div class="request-grid"><div class="request-main">
    ${writes && washes && html`<${Panel} id="my-wash" title=${t("wash.mine")} tools=${!mine && html`<${DueIn} at=${drill.hot_wash_due_at} />`}><${Form} key=${mine?.revision ?? 0} drill=${drill} mine=${mine} again=${() => { readAgain(); again(); }} /><//>`}
    ${drill.hot_wash && html`<${Panel} id="wash-summary" title=${t("wash.summary")}><p class="panel-text told-text">${drill.hot_wash}</p><//>`}</div>
    <div class="request-side"><${Panel} id="washes" title=${t("wash.all")} count=${washes?.length} tools=${drill.may.includes("hold_hot_wash") && html`<button type="button" class="button small primary" onClick=${hold}>${t("wash.hold")}</button>`}>
      ${!washes ? html`<${Nothing} text=${t("loading")} />` : washes.length === 0 ? html`<${Nothing} text=${t("wash.none")} />` : html`<ul class="plain">${washes.map((each) => html`<li key=${each.id}><p><${Member} id=${each.member_id} /> <${Age} at=${each.written_at} class="dim" />${each.late ? html` <span class="tag">${t("wash.late")}</span>` : ""}</p>
        ${PARTS.filter((part) => each[part]).map((part) => html`<h3>${t(`wash.${part}`)}</h3><p class="told-text">${each[part]}</p>`)}</li>`)}</ul>`}
      ${!drill.hot_wash && !drill.staff && html`<p class="panel-text dim">${t("wash.later")}</p>`}<//></div></div>`;
}

/** How long there is to write it, to the second; after that it can still be written, and says that it came late. @param {{at: string | null}} props */
export function DueIn({ at }) {
  if (!at) return null;
  second.value;
  const left = Date.parse(at) - now();
  return html`<span class="wash-due ${left < 0 ? "late" : left < 10 * MINUTE_MS ? "soon" : ""}" role="timer">${left < 0 ? t("wash.over") : t("wash.due", { time: drillTime(left * 1000) })}</span>`;
}

/** What one's own member has to say; what is written and not sent stays in this tab. @param {{drill: DrillView, mine: Wash | undefined, again: () => void}} props */
function Form({ drill, mine, again }) {
  const keptAs = `wash.${drill.id}`;
  const [typed, setTyped] = useState(() => ({ went_well: mine?.went_well ?? "", to_improve: mine?.to_improve ?? "", to_change: mine?.to_change ?? "", ...kept(keptAs) }));
  const [busy, setBusy] = useState(false);
  const write = (/** @type {string} */ part, /** @type {string} */ text) => {
    const next = { ...typed, [part]: text };
    setTyped(next);
    keep(keptAs, next);
  };
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    setBusy(true);
    const body = Object.fromEntries(Object.entries(typed).map(([part, text]) => [part, text.trim()]).filter(([, text]) => text));
    const receipt = await carryOut({ path: `${LIVE}/drills/${drill.id}/hot-washes`, body }, { done: t("done.wash_written") }).finally(() => setBusy(false));
    if (!receipt) return;
    keep(keptAs, null);
    again();
  };
  return html`<form class="panel-text" onSubmit=${submit}><p class="dim">${t("wash.text")}</p>
    ${PARTS.map((part) => html`<label key=${part} class="field"><span>${t(`wash.${part}`)}${part === "to_change" ? ` (${t("optional")})` : ""}</span><textarea rows="3" maxlength=${LONGEST} required=${part !== "to_change"} value=${typed[part]} onInput=${(/** @type {any} */ event) => write(part, event.target.value)}></textarea></label>`)}
    <p class="buttons"><button class="button primary" disabled=${busy}>${t(mine ? "wash.change" : "wash.send")}</button></p></form>`;
}
