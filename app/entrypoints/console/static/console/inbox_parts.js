/** What the parts of the inbox share: what became of a message in words, what it did, and whose it is. */
import { read } from "./api.js";
import { drillsNow } from "./drills_now.js";
import { eventCalled, filled, reasonText, stateName, t } from "./i18n.js";
import { place, requestLink } from "./router.js";
import { INTEGRATION, linkIn, SPACE } from "./space.js";
import { resourceRow, tables, take } from "./store.js";
import { againstText } from "./told.js";
import { html, useEffect, useState } from "./view.js";

/**
 * @typedef {{id: string, revision: number, label: string, source: string, space_kinds: string[], per_minute: number, status: string, mapping_version: number | null, old_secret_until: string | null, created_at: string}} Source
 * @typedef {{status: string, mapping_version: number | null, last_at: string | null, last_applied_at: string | null, held: number, held_in: Record<string, number>, calls: number, today: Record<string, number>}} SourceHealth
 * @typedef {{code: string, figures: Record<string, any>}} Because
 * @typedef {{event: string, kind: string, id: string, inferred: boolean, state: string | null}} Effect
 * @typedef {{id: string, webhook_id: string, source_id: string, received_at: string, sent_at: string, at: string | null, kinds: string[], outcome: string, because: Because | null, detail: string | null, resource_id: string | null, mission_id: string | null, incident_id: string | null, mapping_version: number | null, tries: number, settled_at: string | null}} Message
 * @typedef {Message & {text: string, body: any, edited: any, effects: Effect[]}} MessageDetail
 * @typedef {{id: string, revision: number, source_id: string, member_id: string, what: string, status: string, because: Because | null, call: string | null, resource_id: string | null, mission_id: string | null, incident_id: string | null, at: string | null, held_at: string, settled_at: string | null, tries: number}} Matter
 */

/** Outcomes, and how each is drawn: its sign and its class. @type {Record<string, [string, string]>} */
const DRAWN = { applied: ["●", "calm"], noted: ["○", "dim"], history: ["○", "dim"], call: ["☎", "notice"], quarantined: ["✕", "late"], discarded: ["○", "dim"], received: ["◔", "notice"] };
/** Every outcome. */
export const OUTCOMES = Object.keys(DRAWN);
/** The spaces that there always are. */
const USUAL_SPACES = ["live", INTEGRATION];

/** What became of a message. @param {{outcome: string}} props */
export function Outcome({ outcome }) {
  const [sign, name] = DRAWN[outcome] ?? ["○", "dim"];
  return html`<span class=${name}>${sign} ${t(`inbox.outcome.${outcome}`)}</span>`;
}

/** Why, in the reader's language. @param {Because | null} because @param {string | null} [detail] the same in English */
export function whyText(because, detail) {
  return because ? againstText({ ...because, detail: detail ?? undefined }) : "";
}

/** Whatever a reason's figures are. @type {Record<string, string>} */
const OPEN = new Proxy({}, { get: () => "…" });

/** What a reason is called, whatever its figures: its words up to their first stop. @param {string} code */
export function reasonName(code) {
  const ours = t(`because.${code}`, OPEN);
  const told = filled(reasonText(code), OPEN) || (ours === `because.${code}` ? code : ours);
  return told.split(/(?<=\.)\s/)[0].replace(/\.$/, "");
}

/** What a message did, or would do. @param {{effects: readonly Effect[], space?: string}} props space: the message's */
export function Effects({ effects, space = SPACE }) {
  if (!effects.length) return html`<p class="dim">${t("inbox.effects.none")}</p>`;
  return html`<ol class="effects">${effects.map((each, n) => html`<li key=${n}>${each.event === "position" ? t("inbox.effects.position") : eventCalled(each.event) || html`<code>${each.event}</code>`}${each.state && tables[each.kind] ? html` <span class="dim">${stateName(each.kind, each.state)}</span>` : ""}${each.inferred ? html` <span class="tag">${t("inbox.effects.inferred")}</span>` : ""} <${Subject} kind=${each.kind} id=${each.id} space=${space} /></li>`)}</ol>`;
}

/** What it is about, with the way there. @param {{kind: string, id: string, space: string}} props */
function Subject({ kind, id, space }) {
  if (kind === "mission") return html`<${MissionRef} id=${id} space=${space} />`;
  if (kind === "resource" || kind === "position") return html`<${UnitName} id=${id} space=${space} />`;
  return null;
}

/**
 * Something of a space by its id: of this page's space as it is known here, of another as that space has it, which must not be taken for ours.
 * @param {string} space @param {any} known of this page's space @param {(() => Promise<any>) | null} ask reads it there
 * @param {any[]} deps
 */
function useOf(space, known, ask, deps) {
  const [told, setTold] = useState(/** @type {any} */ (null));
  useEffect(() => {
    let gone = false;
    if (ask && (space !== SPACE || !known)) ask().then((row) => gone || setTold(row), () => undefined);
    return () => { gone = true; };
  }, [space, ...deps]);
  return space === SPACE ? (known ?? told) : told;
}

/** The request of a mission, where it is known. @param {{id: string | null, space?: string}} props */
export function MissionRef({ id, space = SPACE }) {
  const request = useOf(space, tables.request.get(tables.mission.get(id)?.request_id), id ? async () => read(inSpace(space, `/requests/${(await read(inSpace(space, `/missions/${id}`))).request_id}`)) : null, [id]);
  return request ? html`<a href=${linkIn(space, requestLink(request.id))}>${request.ref}</a>` : null;
}

/** A unit by its call sign; read once, where it is not known. @param {{id: string | null, space?: string, bare?: boolean}} props bare: without the way there */
export function UnitName({ id, space = SPACE, bare }) {
  const unit = useOf(space, tables.resource.get(id), id ? async () => {
    const row = await read(inSpace(space, `/resources/${id}`));
    if (space === SPACE) take({ resource: [resourceRow(row)] });
    return row;
  } : null, [id]);
  if (!unit) return null;
  return bare ? html`${unit.call_sign ?? unit.name}` : html`<a href=${linkIn(space, `#/resource/${unit.id}`)}>${unit.call_sign ?? unit.name}</a>`;
}

/** The space that is looked at: the page's own, unless the address says otherwise. */
export function spaceShown() {
  return place.value.query.space || SPACE;
}

/** Which space is looked at: live, `integration`, a drill of ours that is played. @param {{value: string, onChange: (space: string) => void, label?: string}} props */
export function SpacePick({ value, onChange, label }) {
  // A drill of ours that is played is called by its code.
  const drills = new Map(drillsNow.value.played.map((drill) => [drill.plays_in ?? "", drill.code]));
  const spaces = [...new Set([...USUAL_SPACES, ...drills.keys(), value])].filter(Boolean);
  return html`<label class="narrow-pick"><span class="sr">${label ?? t("hooks.lane.space")}</span><select class=${value === "live" ? "" : "set"} value=${value} onChange=${(/** @type {any} */ event) => onChange(event.target.value)}>${spaces.map((space) => html`<option value=${space} selected=${space === value}>${drills.get(space) ?? space}</option>`)}</select></label>`;
}

/** Where the API has something of a space. @param {string} space @param {string} path */
export function inSpace(space, path) {
  return `/api/v1/spaces/${encodeURIComponent(space)}${path}`;
}
