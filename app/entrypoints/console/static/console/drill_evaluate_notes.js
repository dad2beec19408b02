/** Observations: a note in a few seconds, about an objective if it is about one, bound to the entry that it is about; and those that were written. */
import { memberName } from "./about.js";
import { read } from "./api.js";
import { isAboutDrill } from "./drill_control_read.js";
import { timeText } from "./drill_control_said.js";
import { EntryPicker } from "./drill_evaluate_entries.js";
import { EntryLink } from "./drill_evaluate_entry.js";
import { carryOut } from "./doing.js";
import { onEntries } from "./feed.js";
import { Choice } from "./fields.js";
import { named, t } from "./i18n.js";
import { keep, kept } from "./kept.js";
import { Nothing, Panel } from "./parts.js";
import { html, useEffect, useState } from "./view.js";

const KINDS = ["strength", "improvement", "note"];
const TONES = /** @type {Record<string, string>} */ ({ strength: "calm", improvement: "notice", note: "" });
const SOON_MS = 300;
const MOST = 1000;

/** The observations of a drill, newest first; read again when one is written. @param {string} id @returns {{observations: any[] | null, again: () => void}} */
export function useObservations(id) {
  const [observations, setObservations] = useState(/** @type {any[] | null} */ (null));
  const again = async () => {
    const found = [];
    let cursor = "";
    do {
      const page = await read(`/drills/${id}/observations?limit=200${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
      found.push(...page.items);
      cursor = page.next ?? "";
    } while (cursor && found.length < MOST);
    setObservations(found.sort((a, b) => b.at_us - a.at_us || b.id.localeCompare(a.id)));
  };
  const quietly = () => void again().catch(() => setObservations((was) => was ?? []));
  useEffect(() => {
    quietly();
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let soon;
    const stop = onEntries((entries) => {
      if (!entries.some((entry) => entry.type === "drill.observed" && isAboutDrill(entry, id))) return;
      clearTimeout(soon);
      soon = setTimeout(quietly, SOON_MS);
    });
    return () => {
      clearTimeout(soon);
      stop();
    };
  }, [id]);
  return { observations, again: quietly };
}

/** The form: what was written stays until the server has it, also over a reload. @param {{drill: any, objectives: any[], again: () => void}} props */
export function NoteForm({ drill, objectives, again }) {
  const name = `observation.${drill.id}`;
  const [now, setNow] = useState(() => ({ kind: "note", text: "", objective: "", seq: /** @type {number | null} */ (null), ...kept(name) }));
  const [busy, setBusy] = useState(false);
  const set = (/** @type {any} */ part) => setNow((/** @type {any} */ was) => {
    const next = { ...was, ...part };
    keep(name, next.text.trim() || next.seq ? next : null);
    return next;
  });
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    setBusy(true);
    const body = { kind: now.kind, text: now.text.trim(), ...(now.objective && { objective: now.objective }), ...(now.seq && { seq: now.seq }) };
    const receipt = await carryOut({ path: `/drills/${drill.id}/observations`, body }, { done: t("done.observed") });
    setBusy(false);
    if (!receipt) return;
    set({ text: "", seq: null });
    again();
  };
  return html`<${Panel} id="note-form" title=${t("observation.write")}><form class="panel-text note-form" onSubmit=${submit}>
    <${Choice} label=${t("observation.kind")} value=${now.kind} options=${KINDS.map((value) => ({ value, text: t(`observation.${value}`) }))} onChange=${(/** @type {string} */ kind) => set({ kind })} />
    <label class="field"><span>${t("observation.text")}</span><textarea id="note-text" rows="3" required maxlength="4000" value=${now.text} onInput=${(/** @type {any} */ event) => set({ text: event.target.value })}></textarea></label>
    <label class="field"><span>${t("objective")} (${t("optional")})</span><select value=${now.objective} onChange=${(/** @type {any} */ event) => set({ objective: event.target.value })}><option value="">–</option>${objectives.map((each) => html`<option key=${each.id} value=${each.id} selected=${each.id === now.objective}>${named(each.name)}</option>`)}</select></label>
    <details class="note-entry" open=${now.seq != null}><summary class=${now.seq ? "bound" : ""}>${boundText(now.seq)}</summary>
      <${EntryPicker} space=${drill.plays_in} value=${now.seq} onChoose=${(/** @type {number | null} */ seq) => set({ seq })} /></details>
    <div class="buttons"><button class="button primary" disabled=${busy || !now.text.trim()}>${t("observation.keep")}</button></div></form><//>`;
}

/** Which entry something is bound to, in words. @param {number | null} seq */
export const boundText = (seq) => (seq ? t("observation.bound", { n: seq }) : t("observation.unbound"));

/** Those that were written, newest first. @param {{drill: any, observations: any[] | null, objectives: any[]}} props */
export function Notes({ drill, observations, objectives }) {
  return html`<${Panel} id="observations" title=${t("observations")} count=${observations?.length}>
    ${!observations ? html`<${Nothing} text=${t("loading")} />` : observations.length === 0 ? html`<${Nothing} text=${t("observations.none")} />`
      : html`<ul class="plain">${observations.map((each) => html`<${Note} key=${each.id} drill=${drill} note=${each} objectives=${objectives} />`)}</ul>`}<//>`;
}

/** One of them: what kind, when, about what, by whose evaluator. @param {{drill: any, note: any, objectives: any[]}} props */
function Note({ drill, note, objectives }) {
  const objective = objectives.find((each) => each.id === note.objective || each.objective === note.objective);
  return html`<li class="note-row"><p><span class="tag ${TONES[note.kind]}">${t(`observation.${note.kind}`)}</span> <span class="dim">${timeText(note.at_us)} · ${memberName(note.member_id)}</span> ${note.seq != null && html`<${EntryLink} space=${drill.plays_in} seq=${note.seq} />`}</p>
    ${objective && html`<p class="dim">${named(objective.name)}</p>`}<p class="note-text">${note.text}</p></li>`;
}
