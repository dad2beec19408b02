/** How a unit comes to where it is wanted: over which crossing, and where it is met. What bars a way is told with both figures. */
import { countriesOf, countryAt, countryOf, crossingText, HOME, unitText, wayOf } from "./about.js";
import { openDialog } from "./dialogs.js";
import { carryOut } from "./doing.js";
import { distanceKm } from "./geometry.js";
import { named, stateName, t, word } from "./i18n.js";
import { Left, Member, Phone, State } from "./parts.js";
import { may } from "./rules.js";
import { positionOf, tables } from "./store.js";
import { codeText } from "./told.js";
import { html } from "./view.js";

/** @typedef {import("./store.js").Row} Row */

/** States in which a unit is still at home. */
const BEFORE_LEAVING = ["committed", "mobilising"];
/** States in which a unit can have a crossing, and its rendezvous, still ahead of it, and those in which it stands there. */
export const COMING = [...BEFORE_LEAVING, "in_transit", "at_border", "cleared", "reassigned"];
const THERE = ["at_rendezvous", "staged"];
const LIMITS = /** @type {const} */ ([["too_heavy", "weight_t"], ["too_high", "height_m"], ["too_wide", "width_m"]]);

/** The crossings that a unit has still ahead of it, by the service's rule: people's word counts, and of a way over two the country that the unit is in. @param {Row} row */
export function aheadOf(row) {
  const way = wayOf(row);
  if (!COMING.includes(row.status)) return [];
  if (BEFORE_LEAVING.includes(row.status)) return way;
  const at = way.length > 1 ? positionOf(tables.resource.get(row.resource_id)) : undefined;
  const seen = at && countriesOf(way[1]).includes(countryAt(at)) ? 1 : 0;
  return way.slice(Math.max(seen, row.crossings_behind ?? said(way, row.status)));
}

/** How many crossings are behind by people's word, for a mission that is older than what the service keeps of it. @param {Row[]} way @param {string} status */
function said(way, status) {
  const checks = way.map((each) => (each.control === "closed" ? each.reopens_as : each.control) === "checks");
  if (status === "cleared") return checks.includes(true) ? checks.lastIndexOf(true) + 1 : 1;
  return status === "at_border" ? Math.max(0, checks.indexOf(true)) : 0;
}

/** Whether a unit can be sent another way: it is not over the border, or no way was open to it. @param {Row} row */
export function reroutable(row) {
  if (!row.resource_id || !COMING.includes(row.status)) return false;
  return aheadOf(row).length > 0 || (wayOf(row).length === 0 && row.status !== "cleared");
}

/** How full a rendezvous is: counted from the missions that we know. @param {Row} place */
export function roomOf(place) {
  const all = tables.mission.all.value.filter((row) => row.rendezvous_id === place.id);
  const coming = all.filter((row) => COMING.includes(row.status)).length;
  const there = all.filter((row) => THERE.includes(row.status)).length;
  return { coming, there, left: Math.max(0, place.capacity - coming - there) };
}

/** How much room is left, in words. @param {{place: Row}} props */
export function Room({ place }) {
  const { coming, there, left } = roomOf(place);
  if (place.status === "closed") return html`<${State} tone="alert" text=${word("rendezvous_statuses", "closed")} />`;
  return html`<span class=${left ? "" : "late"}>${t("room.left", { n: left, of: place.capacity })}</span>${coming + there ? html` <span class="dim">${t("room.used", { there, coming })}</span>` : ""}`;
}

/** What there is at a rendezvous. @param {Row} place */
export function amenities(place) {
  const found = ["guide", "fuel", "launch_ramp", "food"].filter((what) => place[what]).map((what) => t(`rendezvous.${what}`));
  if (place.beds) found.push(t("support.beds", { n: place.beds }));
  return found.join(" · ");
}

/** Why a unit can't pass a crossing now; empty where it can. @param {Row} crossing @param {Row | undefined} unit @returns {string[]} */
export function barsOf(crossing, unit) {
  if (crossing.control === "closed") return [crossing.closed_until ? t("barred.until", { name: named(crossing.names) }) : t("barred.closed", { name: named(crossing.names) })];
  return LIMITS.filter(([, what]) => crossing[`max_${what}`] != null && unit?.[what] > crossing[`max_${what}`]).map(([code, what]) => codeText({ code, figures: { [what]: unit?.[what], [`max_${what}`]: crossing[`max_${what}`] } }));
}

/** The way of a unit is barred: why, and what to do. @param {{row: Row}} props */
export function WayBarred({ row }) {
  const unit = tables.resource.get(row.resource_id);
  const crossing = aheadOf(row).find((each) => barsOf(each, unit).length > 0);
  if (!crossing) return null;
  const bars = barsOf(crossing, unit);
  return html`<p class="barred" role="status"><span class="late">! ${bars.join(" ")}</span>${crossing.closed_until && html` <${Left} at=${crossing.closed_until} />`}
    ${may("reroute_mission", { lender: row.lender_id }) && row.resource_id ? html` <button type="button" class="button small danger" onClick=${() => reroute(row)}>${t("reroute")}</button>` : html` <span class="dim">${t("barred.lender_decides")}</span>`}</p>`;
}

/** Send a unit over another crossing. @param {Row} row */
export async function reroute(row) {
  const picked = await openDialog(t("reroute"), (close) => html`<${Ways} id=${row.id} close=${close} />`);
  if (picked === undefined) return;
  // The last crossing names the way back from wherever the unit is: before it the way is as is soonest.
  const ahead = aheadOf(row);
  const was = ahead.at(-1);
  const back = was && !ahead.some((each) => barsOf(each, tables.resource.get(row.resource_id)).length) && !["at_border", "cleared"].includes(row.status);
  const now = tables.mission.get(row.id) ?? row;
  await carryOut({ path: `/missions/${row.id}/reroute`, body: picked ? { crossing_id: picked } : {}, revision: now.revision }, {
    done: t("done.rerouted", { unit: unitText(row) }),
    undo: back ? (receipt) => ({ path: `/missions/${row.id}/reroute`, body: { crossing_id: was.id }, revision: receipt.revision }) : undefined,
  });
}

/** The crossings into the country where help is wanted, and those of the present way; the nearest way first. Those that bar the unit say why. @param {{id: string, close: (answer?: any) => void}} props */
function Ways({ id, close }) {
  const row = tables.mission.get(id);
  if (!row) return null;
  const unit = tables.resource.get(row.resource_id);
  const at = positionOf(unit) ?? tables.member.get(row.lender_id);
  const goal = countryAt(/** @type {any} */ (row), countryOf(row.requester_id));
  const now = aheadOf(row).map((each) => each.id);
  const km = (/** @type {Row} */ each) => (at ? distanceKm([at.lon, at.lat], [each.lon, each.lat]) : 0) + distanceKm([each.lon, each.lat], [row.lon, row.lat]) + each.delay_min / 2;
  const ways = tables.crossing.all.value.filter((each) => countriesOf(each).includes(goal) || now.includes(each.id))
    .map((each) => ({ each, bars: barsOf(each, unit) })).sort((a, b) => Number(a.bars.length > 0) - Number(b.bars.length > 0) || km(a.each) - km(b.each));
  return html`<div class="dialog-body"><p class="dialog-text">${t("reroute.text", { unit: unitText(row) })}</p>
    <ul class="pick-list"><li><button type="button" class="pick" autofocus onClick=${() => close("")}><strong>${t("crossing.best")}</strong><span class="dim">${t("reroute.best")}</span></button></li>
    ${ways.map(({ each, bars }) => html`<li key=${each.id}><button type="button" class="pick" disabled=${bars.length > 0 || now.includes(each.id)} onClick=${() => close(each.id)}>
      <span><strong>${named(each.names)}</strong>${now.includes(each.id) ? html` <span class="dim">${t("reroute.now")}</span>` : ""}</span>
      ${bars.length ? html`<span class="late">${bars.join(" ")}${each.closed_until && html` <${Left} at=${each.closed_until} />`}</span>` : html`<span class="dim">${crossingText(each)} · ${t("km", { n: Math.round(km(each) - each.delay_min / 2) })} · ${each.roads.join(", ")}</span>`}</button></li>`)}</ul>
    <footer class="dialog-foot"><button type="button" class="button" onClick=${() => close()}>${t("back")}</button></footer></div>`;
}

/** Say where a unit is met on its way. @param {Row} row */
export async function sendToRendezvous(row) {
  const picked = await openDialog(t("rendezvous.send"), (close) => html`<${Places} id=${row.id} close=${close} />`);
  if (picked === undefined) return;
  const now = tables.mission.get(row.id) ?? row;
  const place = tables.rendezvous.get(picked);
  await carryOut({ path: `/missions/${row.id}/rendezvous`, body: { rendezvous_id: picked }, revision: now.revision }, {
    done: place ? t("done.rendezvous", { unit: unitText(row), place: place.guide_code }) : t("done.rendezvous_none", { unit: unitText(row) }),
    undo: (receipt) => ({ path: `/missions/${row.id}/rendezvous`, body: { rendezvous_id: now.rendezvous_id ?? null }, revision: receipt.revision }),
  });
}

/** @param {{id: string, close: (answer?: any) => void}} props */
function Places({ id, close }) {
  const row = tables.mission.get(id);
  if (!row) return null;
  const far = (/** @type {Row} */ each) => distanceKm([each.lon, each.lat], [row.lon, row.lat]);
  const places = [...tables.rendezvous.all.value].sort((a, b) => Number(a.status === "closed") - Number(b.status === "closed") || far(a) - far(b));
  return html`<div class="dialog-body"><p class="dialog-text">${t("rendezvous.send.text", { unit: unitText(row) })}</p>
    ${places.length === 0 && html`<p class="nothing">${t("rendezvous.none")}</p>`}
    <ul class="pick-list">${places.map((each, n) => html`<li key=${each.id}><button type="button" class="pick" autofocus=${n === 0} disabled=${each.status === "closed" || each.id === row.rendezvous_id} onClick=${() => close(each.id)}>
      <span><b class="guide-code">${each.guide_code}</b> <strong>${named(each.names)}</strong> <${Member} id=${each.member_id} short />${each.id === row.rendezvous_id ? html` <span class="dim">${t("reroute.now")}</span>` : ""}</span>
      <span><${Room} place=${each} /></span>
      <span class="dim">${word("rendezvous_kinds", each.kind)} · ${t("rendezvous.from_scene", { km: t("km", { n: Math.round(far(each)) }) })}${amenities(each) ? ` · ${amenities(each)}` : ""}</span></button></li>`)}
      ${row.rendezvous_id && html`<li><button type="button" class="pick" onClick=${() => close(null)}><strong>${t("rendezvous.straight")}</strong></button></li>`}</ul>
    <footer class="dialog-foot"><button type="button" class="button" onClick=${() => close()}>${t("back")}</button></footer></div>`;
}

/** A rendezvous in a word or two: what is said on the radio, and its name. @param {{id: string}} props */
export function PlaceName({ id }) {
  const place = tables.rendezvous.get(id);
  return place ? html`<b class="guide-code">${place.guide_code}</b> ${named(place.names)}${place.status === "closed" ? html` <${State} tone="alert" text=${word("rendezvous_statuses", "closed")} />` : ""}` : "–";
}

/** What is known of a rendezvous, on the map's card. @param {{id: string}} props */
export function RendezvousCard({ id }) {
  const place = tables.rendezvous.get(id);
  if (!place) return null;
  const coming = tables.mission.all.value.filter((row) => row.rendezvous_id === id && [...COMING, ...THERE].includes(row.status) && !HOME.includes(row.status));
  const next = place.status === "open" ? "closed" : "open";
  const set = () => carryOut({ path: `/rendezvous/${id}/state`, body: { status: next }, revision: place.revision }, {
    done: t("done.rendezvous_state", { name: named(place.names), state: word("rendezvous_statuses", next) }),
    undo: (receipt) => ({ path: `/rendezvous/${id}/state`, body: { status: place.status }, revision: receipt.revision }),
  });
  return html`<h2><b class="guide-code">${place.guide_code}</b> ${named(place.names)}</h2><p class="dim">${word("rendezvous_kinds", place.kind)}</p>
    <p><${Room} place=${place} /></p>${amenities(place) && html`<p>${amenities(place)}</p>`}${place.note && html`<p class="dim">${place.note}</p>`}
    <p class="ring"><${Member} id=${place.member_id} /> <${Phone} id=${place.member_id} /></p>
    ${place.talkgroup && html`<dl class="facts"><div><dt>${t("talkgroup")}</dt><dd>${place.talkgroup}</dd></div></dl>`}
    ${coming.length > 0 && html`<h3>${t("rendezvous.units")}</h3><ul class="plain">${coming.map((row) => html`<li key=${row.id}>${unitText(row)} <${Member} id=${row.lender_id} short /> <span class="dim">${stateName("mission", row.status)}</span></li>`)}</ul>`}
    ${may("set_rendezvous_state", { owner: place.member_id }) && html`<div class="buttons"><button type="button" class="button" onClick=${set}>${place.status === "open" ? t("rendezvous.close") : t("rendezvous.open")}</button></div>`}`;
}
