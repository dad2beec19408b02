/** The list of the resources screen, and what narrows it. */
import { members, wayText } from "./about.js";
import { myMember } from "./api.js";
import { findPlaces } from "./basemap.js";
import { Combobox } from "./fields.js";
import { centreOf } from "./geometry.js";
import { findTypes, folded, language, named, placeText, stateName, t, typeName, word } from "./i18n.js";
import { focusOn, useKeys } from "./keys.js";
import { clearDraft, drawOnMap } from "./map.js";
import { Age, AsOf, Member, Nothing, Panel, useMark } from "./parts.js";
import { reading } from "./resources.js";
import { chosen, goTo, lookAt } from "./router.js";
import { may } from "./rules.js";
import { positionOf, tables } from "./store.js";
import { formFormation } from "./formation_edit.js";
import { addUnit } from "./unit_edit.js";
import { filter, inUse, items, kindOf, KINDS, MINUTES, narrow, narrowed, reach, shownRows, STATUSES, tally, tallyText, widen } from "./unit_filter.js";
import { Ready, StatusSign, statusText, Together } from "./unit_parts.js";
import { html, useEffect, useRef, useState } from "./view.js";

const USUAL_MIN = "60";
const MOST_PLACES = 8;
const ROOMY = "(min-width: 801px)";

/** @param {string} id */
export function unitLink(id) {
  return `#/resource/${id}`;
}

/** Choose a unit, here and on the map. @param {string} id */
function choose(id) {
  const at = positionOf(tables.resource.get(id));
  chosen.value = { kind: "unit", id };
  if (at) lookAt.value = { lon: at.lon, lat: at.lat };
}

/** The panel. */
export function UnitList() {
  const all = items.value;
  const units = all.filter((each) => each.id);
  const box = useRef(/** @type {HTMLInputElement | null} */ (null));
  const now = chosen.value?.kind === "unit" ? chosen.value.id : "";
  const move = (/** @type {number} */ step) => {
    const list = items.peek().filter((each) => each.id);
    const at = list.findIndex((each) => each.id === chosen.peek()?.id);
    const next = list[Math.max(0, Math.min(list.length - 1, at < 0 ? 0 : at + step))];
    if (!next) return;
    choose(next.id);
    requestAnimationFrame(() => focusOn(`unit-${next.id}`));
  };
  useKeys(
    [
      { key: "j", does: () => move(1), text: "key.next_unit" },
      { key: "k", does: () => move(-1), text: "key.previous_unit" },
      { key: "o", does: () => chosen.peek()?.kind === "unit" && goTo(unitLink(chosen.peek()?.id ?? "")), text: "key.open_unit" },
      { key: "/", does: () => box.current?.focus(), text: "key.filter_units" },
      { key: "x", does: widen, text: "key.widen" },
    ],
    [],
  );
  const told = reading.value;
  const near = filter.value.lon ? reach.value : null;
  return html`<${Panel} id="units" class="units" title=${t("units")} count=${units.length === inUse.value.length ? tallyText(tally(inUse.value)) : t("tally.shown", { n: tallyText(tally(shownRows.value)), all: tallyText(tally(inUse.value)) })} tools=${html`<${AsOf} />
      <span class="buttons">${may("import_resources", { owner: myMember() }) && html`<a class="button small" href="#/admin/import">${t("import.open")}</a>`}
      ${may("form_formation", { owner: myMember() }) && html`<button type="button" class="button small" onClick=${formFormation}>${t("formation.form")}</button>`}
      ${may("add_resource", { owner: myMember() }) && html`<button type="button" class="button small" onClick=${addUnit}>${t("unit.add")}</button>`}</span>`}>
    <${Narrowing} box=${box} />
    ${near?.failed && html`<p class="late nothing" role="alert">${near.failed}</p>`}
    ${told.busy && inUse.value.length === 0 && html`<${Nothing} text=${t("loading")} />`}
    ${units.length === 0 && !told.busy && html`<div class="nothing"><p>${filter.value.lon && !near ? t("loading") : t("units.none_fit")}</p>${narrowed.value > 0 && html`<div class="buttons"><button type="button" class="button small" onClick=${widen}>${t("units.show_all")}</button></div>`}</div>`}
    <ul class="unit-list">${all.map((each) => (each.id ? html`<${UnitRow} key=${each.key} id=${each.id} now=${each.id === now} />` : html`<li key=${each.key} class="divider"><span>${typeName(each.type)}</span> <span class="of-type">${t("units.free_of", { n: each.free, of: each.n })}</span></li>`))}</ul><//>`;
}

/** One unit of the list. @param {{id: string, now: boolean}} props */
function UnitRow({ id, now }) {
  const row = tables.resource.get(id);
  const mark = useMark("resource", id, row?.revision);
  const button = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => {
    const focused = document.activeElement;
    if (now && (focused === document.body || focused?.closest(".unit-list"))) button.current?.focus({ preventScroll: true });
  }, [now]);
  const at = positionOf(row);
  if (!row) return null;
  const near = filter.value.lon ? reach.value?.of.get(id) : undefined;
  const over = wayText(near);
  return html`<li id=${`unit-${id}`} class="unit-item ${now ? "now" : ""} ${mark}">
    <button ref=${button} type="button" class="row-button unit-button" aria-pressed=${now} onClick=${() => (now ? (chosen.value = null) : choose(id))} onDblClick=${() => goTo(unitLink(id))}>
      <${StatusSign} status=${row.status} />
      <span class="unit-name"><strong>${row.call_sign}</strong> <${Member} id=${row.member_id} /><${Together} row=${row} /></span>
      <span class="unit-state st-text-${row.status}">${statusText(row)}</span>
      <span class="unit-line">${near ? html`<span>${typeName(row.type_code)}</span>` : html`<span>${tables.depot.get(row.depot_id)?.name ?? ""}</span>`}<span>${t("mobilises", { n: row.mobilisation_min })}</span>${over && html`<span>${over}${near?.delay_min ? ` +${t("span.min", { n: near.delay_min })}` : ""}</span>`}<${Ready} row=${row} /></span>
      <span class="unit-time">${near ? html`<strong class="eta">${t("span.min", { n: near.eta_min })}</strong> <span class="dim">${t("km", { n: Math.round(near.distance_km) })}</span>` : html`<span class="dim" title=${t("position")}><${Age} at=${at?.at} /></span>`}</span>
    </button>
    <a class="row-open" href=${unitLink(id)} aria-label=${t("open_unit", { unit: row.call_sign })} title=${t("open_unit", { unit: row.call_sign })}>›</a></li>`;
}

/** What narrows the list. @param {{box: {current: HTMLInputElement | null}}} props */
function Narrowing({ box }) {
  const now = filter.value;
  const [open, setOpen] = useState(() => matchMedia(ROOMY).matches);
  const inside = [now.kind, now.type, now.side, now.member, now.depot, now.lon].filter(Boolean).length;
  return html`<div class="filter units-filter">
    <input ref=${box} type="search" value=${now.q} placeholder=${t("units.filter.hint")} aria-label=${t("units.filter")} onInput=${(/** @type {any} */ event) => narrow({ q: event.target.value })}
      onKeyDown=${(/** @type {any} */ event) => { if (event.key === "Escape") { narrow({ q: "" }); event.target.blur(); } }} />
    ${narrowed.value > 0 && html`<button type="button" class="button small" onClick=${widen}>${t("units.show_all")}</button>`}
    <div class="choices" role="group" aria-label=${t("status")}><button type="button" aria-pressed=${!now.status} onClick=${() => narrow({ status: "" })}>${t("filter.all")}</button>${STATUSES.map((status) => html`<button type="button" aria-pressed=${now.status === status} onClick=${() => narrow({ status: now.status === status ? "" : status })}><${StatusSign} status=${status} /> ${stateName("resource", status)}</button>`)}</div>
    <details class="narrow" open=${open} onToggle=${(/** @type {any} */ event) => setOpen(event.currentTarget.open)}><summary>${t("units.more_filters")}${inside > 0 ? html` <b class="badge">${inside}</b>` : ""}</summary>
      <${Selects} /><${Within} /></details></div>`;
}

/** Kind, type, side, member. */
function Selects() {
  const now = filter.value;
  const known = new Set(inUse.value.map((row) => row.type_code));
  const types = findTypes("").filter((type) => (known.has(type.code) || type.code === now.type) && (!now.kind || type.kind === now.kind));
  const kinds = KINDS.filter((kind) => [...known].some((code) => kindOf(code) === kind) || kind === now.kind);
  const countries = [...new Set(tables.member.all.value.map((each) => each.country))].sort();
  const depot = tables.depot.get(now.depot);
  return html`<div class="selects">
    <${Pick} label=${t("kind_of")} value=${now.kind} any=${t("any.kind")} options=${kinds.map((kind) => [kind, t(`kind.${kind}`)])} onPick=${(/** @type {string} */ kind) => narrow({ kind, type: !now.type || !kind || kindOf(now.type) === kind ? now.type : "" })} />
    <${Pick} label=${t("resource_type")} value=${now.type} any=${t("any.type")} options=${types.map((type) => [type.code, named(type.names)])} onPick=${(/** @type {string} */ type) => narrow({ type })} />
    <${Pick} label=${t("side")} value=${now.side} any=${t("any.side")} options=${countries.map((country) => [country, word("countries", country)])} onPick=${(/** @type {string} */ side) => narrow({ side, member: "", depot: "" })} />
    <${Pick} label=${t("member")} value=${now.member} any=${t("any.member")} options=${members(myMember()).filter((each) => !now.side || each.country === now.side).map((each) => [each.id, `${each.country} · ${named(each.names)}`])} onPick=${(/** @type {string} */ member) => narrow({ member, depot: "" })} />
    ${depot && html`<button type="button" class="button small chip" onClick=${() => narrow({ depot: "" })}>${t("depot")}: ${depot.name} <span aria-hidden="true">✕</span><span class="sr">${t("remove")}</span></button>`}</div>`;
}

/** @param {{label: string, value: string, any: string, options: string[][], onPick: (value: string) => void}} props */
function Pick({ label, value, any, options, onPick }) {
  return html`<label class="narrow-pick"><span class="sr">${label}</span><select class=${value ? "set" : ""} value=${value} onChange=${(/** @type {any} */ event) => onPick(event.target.value)}><option value="">${any}</option>${options.map(([code, name]) => html`<option value=${code} selected=${code === value}>${name}</option>`)}</select></label>`;
}

/** "Can be there within …": a place by name, an incident, or a point on the map. */
function Within() {
  const now = filter.value;
  const [text, setText] = useState(now.place);
  const [places, setPlaces] = useState(/** @type {import("./basemap.js").Place[]} */ ([]));
  useEffect(() => setText(now.place), [now.place, now.lon]);
  useEffect(() => {
    let late = false;
    findPlaces(text, MOST_PLACES).then((found) => late || setPlaces(found), () => undefined);
    return () => {
      late = true;
    };
  }, [text]);
  const to = (/** @type {{lon: number, lat: number, name: string}} */ { lon, lat, name }) => {
    narrow({ lon: lon.toFixed(5), lat: lat.toFixed(5), place: name, min: now.min || USUAL_MIN, status: now.status || "available" });
    lookAt.value = { lon, lat };
  };
  const point = async () => {
    const found = await drawOnMap("point");
    if (!found) return;
    const [lon, lat] = found.coordinates;
    clearDraft();
    to({ lon, lat, name: t("place.point", { at: placeText(lon, lat, 3) }) });
  };
  const type = (/** @type {string} */ typed) => {
    setText(typed);
    if (!typed && now.lon) narrow({ lon: "", lat: "", place: "", min: "" });
  };
  const wanted = text === now.place ? "" : folded(text);
  const incidents = tables.incident.all.value.filter((row) => row.status !== "closed" && folded(row.title).includes(wanted)).map((row) => {
    const [lon, lat] = centreOf(row.area);
    return { key: row.id, text: row.title, note: t("incident"), value: { lon, lat, name: row.title } };
  });
  const options = [...incidents, ...places.map((each) => ({ key: `${each.cc}${each.n}${each.lon}`, text: each.names?.[language.value] ?? each.n, note: each.cc, value: { lon: each.lon, lat: each.lat, name: each.names?.[language.value] ?? each.n } }))];
  return html`<div class="within ${now.lon ? "set" : ""}"><label class="narrow-pick"><span>${t("within")}</span><select value=${now.min || USUAL_MIN} onChange=${(/** @type {any} */ event) => narrow({ min: event.target.value })}>${MINUTES.map((min) => html`<option value=${min} selected=${min === (now.min || USUAL_MIN)}>${t("span.min", { n: Number(min) })}</option>`)}</select></label>
    <${Combobox} label=${t("within.of")} text=${text} options=${options} hint=${t("within.hint")} onText=${type} onPick=${to} />
    <button type="button" class="icon-button within-map" onClick=${point} aria-label=${t("within.map")} title=${t("within.map")}><svg class="crosshair" viewBox="0 0 20 20" aria-hidden="true"><circle cx="10" cy="10" r="5.5" /><path d="M10 1V6M10 14V19M1 10H6M14 10H19" /></svg></button></div>`;
}
