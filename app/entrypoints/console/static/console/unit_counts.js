/** How many there are and how many of them are free, by type and side; and the depots where they are at home. Each figure narrows the list. */
import { members, memberName } from "./about.js";
import { myMember } from "./api.js";
import { number, t, typeName, word } from "./i18n.js";
import { Member, Nothing, Panel } from "./parts.js";
import { reading } from "./resources.js";
import { lookAt } from "./router.js";
import { may } from "./rules.js";
import { tables } from "./store.js";
import { openCodes } from "./external_codes.js";
import { editDepot } from "./unit_edit.js";
import { filter, inUse, isWhole, narrow, narrowed } from "./unit_filter.js";
import { computed, html, signal } from "./view.js";

/** @typedef {{all: number, free: number}} Count */

const shown = signal(/** @type {"counts" | "depots"} */ ("counts"));

/** By type, then by side; and the sides together, where formations are counted apart: their units are counted already. */
const counts = computed(() => {
  /** @type {Map<string, Map<string, Count>>} */
  const byType = new Map();
  /** @type {Map<string, Count>} */
  const bySide = new Map();
  /** @type {Map<string, Count>} */
  const wholes = new Map();
  for (const row of inUse.value) {
    const side = tables.member.get(row.member_id)?.country ?? "";
    if (!byType.has(row.type_code)) byType.set(row.type_code, new Map());
    for (const [into, key] of /** @type {[Map<string, Count>, string][]} */ ([[byType.get(row.type_code), side], [byType.get(row.type_code), ""], [isWhole(row.type_code) ? wholes : bySide, side], [isWhole(row.type_code) ? wholes : bySide, ""]])) {
      const count = into.get(key) ?? { all: 0, free: 0 };
      into.set(key, { all: count.all + 1, free: count.free + Number(row.status === "available") });
    }
  }
  return { byType, bySide, wholes, sides: [...new Set([...bySide.keys(), ...wholes.keys()])].filter(Boolean).sort() };
});

/** Whether all units have been read: before that, a total would be that of half a list. */
function known() {
  return reading.value.at > 0;
}

/** What is free on each side, in one row. */
export function CountRow() {
  const { bySide, sides } = counts.value;
  const now = filter.value;
  if (!known()) return html`<p class="count-row dim" role="status">${t("counts.loading.short", { n: number(reading.value.read) })}</p>`;
  if (!bySide.size) return null;
  return html`<div class="count-row" role="group" aria-label=${t("counts.sides")}>${["", ...sides].map((side) => {
    const { all, free } = bySide.get(side) ?? { all: 0, free: 0 };
    const name = side ? word("countries", side) : "";
    return html`<button type="button" class="count-box" aria-pressed=${now.side === side && now.status === "available"} onClick=${() => narrow(now.side === side && now.status === "available" ? { side: "", status: "" } : { side, member: "", depot: "", status: "available" })}>
      <span class="count-side">${side ? html`<abbr class="country" title=${name}>${side}</abbr>` : html`<b>${t("counts.free")}</b>`}</span> <span class="count-free">${free}</span><span class="count-of">${t("counts.of", { n: all })}</span></button>`;
  })}</div>`;
}

/** The panel: figures, or depots. */
export function Stock() {
  const now = shown.value;
  const choice = html`<div class="choices" role="group" aria-label=${t("stock")}>${/** @type {const} */ (["counts", "depots"]).map((each) => html`<button type="button" aria-pressed=${now === each} onClick=${() => { shown.value = each; }}>${t(`stock.${each}`)}</button>`)}</div>`;
  return html`<${Panel} id="stock" class="stock" title=${t("stock")} tools=${choice}>${now === "counts" ? html`<${Counts} />` : html`<${Depots} />`}<//>`;
}

function Counts() {
  const { byType, bySide, wholes, sides } = counts.value;
  const now = filter.value;
  if (!known()) return html`<${Nothing} text=${t("counts.loading", { n: number(reading.value.read) })} />`;
  if (!byType.size) return html`<${Nothing} text=${t("units.none")} />`;
  const types = [...byType.keys()].sort((a, b) => typeName(a).localeCompare(typeName(b)));
  const cell = (/** @type {Count | undefined} */ count, /** @type {string} */ type, /** @type {string} */ side) => {
    if (!count) return html`<td class="figure none">–</td>`;
    const here = now.type === type && now.side === side && now.status === "available";
    const name = [type ? typeName(type) : t("counts.all_types"), side ? word("countries", side) : t("counts.all_sides")].join(", ");
    return html`<td class="figure"><button type="button" class=${count.free === 0 ? "empty" : ""} aria-pressed=${here} aria-label=${`${name}: ${count.free}/${count.all}`} title=${`${name}: ${t("units.free_of", { n: count.free, of: count.all })}`} onClick=${() => narrow(here ? { type: "", side: "", status: "" } : { type, side, kind: "", member: "", depot: "", status: "available" })}><b>${count.free}</b><span>/${count.all}</span></button></td>`;
  };
  const row = (/** @type {string} */ type) => html`<tr key=${type} class=${now.type === type ? "now" : ""}><th scope="row">${typeName(type)}</th>${sides.map((side) => cell(byType.get(type)?.get(side), type, side))}${cell(byType.get(type)?.get(""), type, "")}</tr>`;
  const sum = (/** @type {Count | undefined} */ count) => html`<td class="figure">${count ? html`<span class="sum"><b>${count.free}</b><span>/${count.all}</span></span>` : "–"}</td>`;
  return html`<table class="table counts"><thead><tr><th scope="col">${t("resource_type")}</th>${sides.map((side) => html`<th scope="col" class="figure"><abbr class="country" title=${word("countries", side)}>${side}</abbr></th>`)}<th scope="col" class="figure">${t("counts.all")}</th></tr></thead>
    <tbody>${types.filter((type) => !isWhole(type)).map(row)}</tbody>
    <tbody class="sums"><tr><th scope="row">${t("counts.units")}</th>${sides.map((side) => cell(bySide.get(side), "", side))}${cell(bySide.get(""), "", "")}</tr></tbody>
    ${wholes.size > 0 && html`<tbody><tr><th scope="colgroup" colspan=${sides.length + 2} class="group">${t("counts.formations")} <span class="dim">${t("counts.formations.note")}</span></th></tr>${types.filter(isWhole).map(row)}</tbody>
    <tbody class="sums"><tr><th scope="row">${t("counts.formations")}</th>${sides.map((side) => sum(wholes.get(side)))}${sum(wholes.get(""))}</tr></tbody>`}</table>`;
}

function Depots() {
  const now = filter.value;
  const rows = tables.depot.all.value;
  if (!rows.length) return html`<${Nothing} text=${t("loading")} />`;
  const own = myMember();
  const order = members(own).map((each) => each.id);
  order.sort((a, b) => Number(b === own) - Number(a === own));
  const shownRows = rows.filter((row) => (!now.side || tables.member.get(row.member_id)?.country === now.side) && (!now.member || row.member_id === now.member));
  const sorted = [...shownRows].sort((a, b) => order.indexOf(a.member_id) - order.indexOf(b.member_id) || a.name.localeCompare(b.name));
  return html`${may("add_depot", { owner: own }) && html`<p class="stock-tools"><button type="button" class="button small" onClick=${() => editDepot(null)}>${t("depot.add")}</button></p>`}
    ${sorted.length === 0 && html`<${Nothing} text=${narrowed.value ? t("depots.none_fit") : t("depots.none")} />`}
    <ul class="plain depots">${sorted.map((row) => {
      const units = inUse.value.filter((unit) => unit.depot_id === row.id && !isWhole(unit.type_code));
      const here = now.depot === row.id;
      return html`<li key=${row.id} class=${here ? "now" : ""}><button type="button" class="row-button depot-row" aria-pressed=${here} onClick=${() => { narrow(here ? { depot: "" } : { depot: row.id }); lookAt.value = { lon: row.lon, lat: row.lat, zoom: 12 }; }}>
        <span class="depot-name"><strong>${row.name}</strong> <${Member} id=${row.member_id} /></span><span class="depot-units">${!known() ? "…" : t("units.free_of", { n: units.filter((unit) => unit.status === "available").length, of: units.length })}</span>
        <span class="dim depot-where">${row.address ?? memberName(row.member_id)}</span></button>
        ${may("change_depot", { owner: row.member_id }) && html`<button type="button" class="icon-button" aria-label=${t("depot.change_it", { name: row.name })} title=${t("depot.change_it", { name: row.name })} onClick=${() => editDepot(row)}>✎</button>`}
        <button type="button" class="icon-button" aria-label=${t("codes.of", { name: row.name })} title=${t("codes.of", { name: row.name })} onClick=${() => openCodes("depot", row.id, row.member_id, row.name)}>#</button></li>`;
    })}</ul>`;
}
