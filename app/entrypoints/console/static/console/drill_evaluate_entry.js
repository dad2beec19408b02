/** An entry of a drill's journal by its number: what happened, when, by whom. Every figure of an evaluation leads to some. */
import { read } from "./api.js";
import { openDialog, openProblem } from "./dialogs.js";
import { tell } from "./events.js";
import { eventName, named, t } from "./i18n.js";
import { Member } from "./parts.js";
import { sides } from "./about.js";
import { fullTime } from "./time.js";
import { html } from "./view.js";

/** Kinds whose entries have words of their own; of others the event's name says what there is to say. */
const TOLD = ["incident", "incident_log", "crossing", "rendezvous", "request", "response", "acknowledgement", "offer", "mission", "call", "debt", "question"];

/** Where a drill's journal is read. @param {string} space */
export const journalOf = (space) => `/api/v1/spaces/${encodeURIComponent(space)}/journal`;

/** What happened, in words beside the name of the event; empty where there are none. @param {any} entry */
export function entryText(entry) {
  const kind = (entry.subject ?? "").split(":")[0];
  if (kind === "drill_delivery") return ""; // marked first and last in four languages: there is room for that where it is opened
  const text = TOLD.includes(kind) && entry.rows?.[kind]?.[0] ? tell({ ...entry, at: entry.recorded_at }) : "";
  return text === entry.type ? "" : text;
}

/** The number of an entry, as a way to it. @param {{space: string, seq: number}} props */
export function EntryLink({ space, seq }) {
  return html`<button type="button" class="entry-link" title=${t("entry.open", { n: seq })} onClick=${() => openEntry(space, seq)}>#${seq}</button>`;
}

/** Show an entry. @param {string} space @param {number} seq */
export async function openEntry(space, seq) {
  let entry;
  try {
    [entry] = (await read(`${journalOf(space)}?after=${seq - 1}&limit=1`)).entries;
  } catch (problem) {
    return openProblem(/** @type {any} */ (problem));
  }
  return openDialog(t("entry.title", { n: seq }), (close) => html`<div class="dialog-body">${!entry || entry.hidden ? html`<p>${t("entry.hidden")}</p>` : html`<${Entry} entry=${entry} />`}
    <footer class="dialog-foot"><button type="button" class="button primary" autofocus onClick=${() => close()}>${t("close")}</button></footer></div>`, { over: true });
}

/** @param {{entry: any}} props */
function Entry({ entry }) {
  const told = entry.rows?.drill_delivery?.[0]?.told;
  const text = told ? named(told.text) : entryText(entry);
  const at = entry.data?.occurred_at ?? entry.recorded_at;
  return html`<p class="entry-type"><strong>${eventName(entry.type)}</strong></p>${text && html`<p>${text}</p>`}
    <dl class="facts wide-facts entry-facts"><div><dt>${t("entry.when")}</dt><dd>${fullTime(at, sides())}</dd></div>
      <div><dt>${t("entry.who")}</dt><dd>${entry.data?.member_id ? html`<${Member} id=${entry.data.member_id} />` : t("system")}</dd></div>
      ${entry.data?.why && html`<div><dt>${t("why")}</dt><dd><q>${entry.data.why}</q></dd></div>`}
      <div><dt>${t("entry.event")}</dt><dd><code>${entry.type}</code></dd></div></dl>`;
}
