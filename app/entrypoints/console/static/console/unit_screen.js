/** One unit: how it stands, where it is, what it can do on the other side, the help it gives now, and all that happened to it. */
import { linesOf, linesText, wayText } from "./about.js";
import { Problem, read, readAll } from "./api.js";
import { ChosenCard } from "./chosen.js";
import { link, onEntries } from "./feed.js";
import { ExternalCodes } from "./external_codes.js";
import { changeFormation, dissolve } from "./formation_edit.js";
import { partsOfType, PartsOfUnit } from "./formations.js";
import { allTypes, measureText, placeText, stateName, t, typeName, word } from "./i18n.js";
import { useKeys } from "./keys.js";
import { spotlight } from "./map.js";
import { MapPanel } from "./map_panel.js";
import { Missing } from "./missing.js";
import { Age, Left, Member, Nothing, Panel, Phone, State } from "./parts.js";
import { learnDepots } from "./resources.js";
import { chosen, goTo, lookAt, requestLink } from "./router.js";
import { may } from "./rules.js";
import { titled } from "./space.js";
import { positionOf, resourceRow, tables, take } from "./store.js";
import { stamp } from "./time.js";
import { bringBack, changeUnit, retire, takeOut } from "./unit_edit.js";
import { missionOf } from "./unit_filter.js";
import { Readiness, sizeText, StatusSign, statusText, strength } from "./unit_parts.js";
import { html, useEffect, useState } from "./view.js";

/** @typedef {import("./store.js").Row} Row */
/** @typedef {{seq: number, type: string, recorded_at: string, hidden: boolean, data: Record<string, any> | null, rows: Record<string, any[]> | null}} Told */

const PAGE = 200;
const MOST_PAGES = 10;

/** The screen. @param {{id: string}} props */
export function ResourceScreen({ id }) {
  const row = tables.resource.get(id);
  const { live } = link.value;
  const [failed, setFailed] = useState(/** @type {Problem | null} */ (null));
  const again = () => read(`/resources/${id}`).then((seen) => { take({ resource: [resourceRow(seen)] }); setFailed(null); }, (problem) => problem instanceof Problem && setFailed(problem));
  useEffect(() => {
    if (!live) return;
    again();
    learnDepots();
  }, [id, live]);
  useEffect(() => {
    titled(row?.call_sign ?? t("unit"));
  });
  const mine = row && may("set_resource_status", { owner: row.member_id });
  useKeys([
    { key: "Escape", does: () => goTo("#/resources"), text: "key.back_to_units" },
    { key: "e", does: () => { const unit = tables.resource.get(id); if (unit && may("change_resource", { owner: unit.member_id })) changeUnit(unit); }, text: "key.change_unit" },
  ], [id, mine]);
  if (!row && failed) return html`<${Missing} problem=${failed} what="unit" back="#/resources" to="to_resources" again=${again} />`;
  if (!row) return html`<div class="request-screen"><p class="back"><a href="#/resources">‹ ${t("resources")}</a></p><${Nothing} text=${t("loading")} /></div>`;
  return html`<div class="request-screen unit-screen"><${Head} row=${row} />
    <div class="request-grid"><div class="request-main"><${Work} row=${row} /><${Particulars} row=${row} /><${ExternalCodes} kind="resource" id=${row.id} owner=${row.member_id} /><${History} id=${id} /></div>
      <div class="request-side"><${OnMap} row=${row} /></div></div></div>`;
}

/** @param {{row: Row}} props */
function Head({ row }) {
  const owner = { owner: row.member_id };
  const whole = partsOfType(row.type_code).length > 0;
  const tone = row.status === "out_of_service" ? "alert" : row.status === "reserved" ? "notice" : "";
  return html`<header class="request-head unit-head"><p class="back"><a href="#/resources">‹ ${t("resources")}</a></p>
    <div class="request-title"><${StatusSign} status=${row.status} /><div><h1>${row.call_sign}</h1><p class="dim">${whole ? html`<b class="badge whole">${t("formation.is")}</b> ` : ""}${typeName(row.type_code)}${row.retired ? html` · <span class="late">${t("unit.retired")}</span>` : ""}</p></div><${State} text=${statusText(row)} tone=${tone} /></div>
    <div class="request-who"><span class="ring"><${Member} id=${row.member_id} /> <${Phone} id=${row.member_id} /></span>
      <span class="buttons">${!row.retired && html`${row.status !== "out_of_service" && may("set_resource_status", owner) ? html`<button type="button" class="button" onClick=${() => takeOut(row)}>${t("unit.take_out")}</button>` : ""}
        ${["out_of_service", "reserved"].includes(row.status) && may("set_resource_status", owner) ? html`<button type="button" class="button primary" onClick=${() => bringBack(row)}>${t("unit.bring_back")}</button>` : ""}
        ${may("change_resource", owner) ? html`<button type="button" class="button" onClick=${() => changeUnit(row)}>${t("unit.change")} <kbd>e</kbd></button>` : ""}
        ${whole && may("change_formation", owner) ? html`<button type="button" class="button" onClick=${() => changeFormation(row)}>${t("formation.change")}</button>` : ""}
        ${["available", "out_of_service"].includes(row.status) && !row.formation_id && may("retire_resource", owner) ? html`<button type="button" class="button" onClick=${() => (whole ? dissolve(row) : retire(row))}>${t(whole ? "formation.dissolve" : "unit.retire")}</button>` : ""}`}</span></div></header>`;
}

/** The help it gives now; and since when its crew has been at it, or at rest. @param {{row: Row}} props */
function Work({ row }) {
  const missions = tables.mission.where("resource_id", row.id);
  const mission = missionOf(row.id) ?? (row.formation_id && row.status === "committed" ? missionOf(row.formation_id) : undefined);
  const request = tables.request.get(mission?.request_id);
  const last = [...missions].filter((each) => each !== mission).sort((a, b) => b.status_at.localeCompare(a.status_at))[0];
  return html`<${Panel} id="work" class=${mission ? "" : "quiet"} title=${t("unit.work")}>
    ${mission ? html`<dl class="facts wide-facts"><div><dt>${t("status")}</dt><dd><strong>${stateName("mission", mission.status)}</strong> <span class="dim">${t("since")} ${stamp(mission.status_at)} (<${Age} at=${mission.status_at} />)</span></dd></div>
      ${request && html`<div><dt>${t("request")}</dt><dd><a class="ref" href=${requestLink(request.id)}>${request.ref}</a> ${linesText(linesOf(request.id))}</dd></div>`}
      <div><dt>${t("unit.helps")}</dt><dd class="ring"><${Member} id=${mission.requester_id} /> <${Phone} id=${mission.requester_id} /></dd></div>
      ${mission.crossing_id && html`<div><dt>${t("crossing")}</dt><dd>${wayText(mission)}</dd></div>`}
      ${mission.talkgroup && html`<div><dt>${t("talkgroup")}</dt><dd>${mission.talkgroup}</dd></div>`}
      <div><dt>${t("unit.relief")}</dt><dd>${mission.relieve_by ? html`<${Left} at=${mission.relieve_by} />` : html`<span class="dim">${t("unit.no_relief")}</span>`}</dd></div></dl>`
    : html`<p class="nothing">${last ? html`${t("unit.rests_since")} ${stamp(last.status_at)} (<${Age} at=${last.status_at} />)` : t("unit.rest_unknown")}</p>`}<//>`;
}

/** @param {{row: Row}} props */
function Particulars({ row }) {
  const depot = tables.depot.get(row.depot_id);
  const at = positionOf(row);
  const type = /** @type {any} */ (allTypes().find((each) => each.code === row.type_code));
  const spoken = (row.readiness?.languages ?? []).map((/** @type {string} */ code) => code.toUpperCase()).join(" · ");
  return html`<${Panel} id="particulars" title=${t("unit.particulars")}><dl class="facts wide-facts">
    <div><dt>${t("field.depot_id")}</dt><dd>${depot ? html`<strong>${depot.name}</strong>${depot.address ? html` <span class="dim">${depot.address}</span>` : ""}` : "–"}</dd></div>
    <div><dt>${t("unit.where")}</dt><dd>${at ? html`${placeText(at.lon, at.lat, 4)} <span class="dim">· <${Age} at=${at.at} /> ${t("ago")}</span>` : "–"}</dd></div>
    ${partsOfType(row.type_code).length ? "" : html`<div><dt>${t("unit.strength")}</dt><dd><strong class="strength">${strength(row)}</strong> <span class="dim">${t("unit.strength.note")}</span></dd></div>`}
    <${PartsOfUnit} row=${row} />
    <div><dt>${t("unit.mobilises")}</dt><dd>${t("span.min", { n: row.mobilisation_min })}</dd></div>
    <div><dt>${t("unit.size")}</dt><dd>${sizeText(row) || html`<span class="dim">${t("unknown")}</span>`}</dd></div>
    <div><dt>${t("ready")}</dt><dd><${Readiness} row=${row} /></dd></div>
    <div><dt>${word("readiness", "languages")}</dt><dd>${spoken || "–"}</dd></div>
    <div><dt>${t("kind_of")}</dt><dd>${type ? t(`kind.${type.kind}`) : "–"}</dd></div>
    ${type?.minimum?.length ? html`<div><dt>${t("unit.minimum")}</dt><dd>${type.minimum.map((/** @type {any} */ each) => measureText(each)).join(" · ")}</dd></div>` : ""}
    ${type?.crosswalk ? html`<div><dt>${t("crosswalk")}</dt><dd><${Crosswalk} of=${type.crosswalk} /></dd></div>` : ""}
    <div><dt>${t("revision")}</dt><dd class="dim">${row.revision}</dd></div></dl><//>`;
}

/** What other systems call it, each of them named, and said where one has nothing like it. @param {{of: {nims: {match: string, kind: string | null, type: number | null}, emsi: string, eu_module: string | null}}} props */
function Crosswalk({ of: { nims, emsi, eu_module: module } }) {
  const kind = nims.match === "none" ? t("crosswalk.none") : `${nims.kind}, ${nims.type ? t("crosswalk.type", { n: nims.type }) : t("crosswalk.by_name")}`;
  return html`<ul class="said"><li>NIMS: ${kind}</li><li>EMSI: ${emsi}</li><li>${t("crosswalk.eu_module")}: ${module ?? t("crosswalk.none")}</li></ul>`;
}

/** Where it is. @param {{row: Row}} props */
function OnMap({ row }) {
  useEffect(() => {
    const at = positionOf(tables.resource.get(row.id));
    chosen.value = null;
    if (at) lookAt.value = { lon: at.lon, lat: at.lat, zoom: 11 };
    return () => {
      spotlight.value = null;
    };
  }, [row.id]);
  useEffect(() => {
    spotlight.value = [row];
  }, [row]);
  const shown = chosen.value;
  return html`<div class="unit-map"><${MapPanel} plain />${shown && shown.kind !== "request" && shown.id !== row.id && html`<${ChosenCard} kind=${shown.kind} id=${shown.id} />`}</div>`;
}

/** What happened to it, out of the journal: entries about it, and its missions' steps; the newest first. @param {{id: string}} props */
function History({ id }) {
  const [told, setTold] = useState(/** @type {Told[] | null} */ (null));
  const missions = tables.mission.where("resource_id", id);
  const known = missions.map((each) => each.id).join(",");
  useEffect(() => {
    let late = false;
    const learn = () => Promise.all([about("resource", id), ...known.split(",").filter(Boolean).map((mission) => about("mission", mission))]).then((found) => {
      if (!late) setTold([...new Map(found.flat().map((entry) => [entry.seq, entry])).values()].sort((a, b) => b.seq - a.seq));
    }, () => undefined);
    learn();
    readAll(`/missions?resource=${id}`).then((rows) => take({ mission: rows.map(({ geometry, ...row }) => ({ ...row, lon: geometry.coordinates[0], lat: geometry.coordinates[1] })) }), () => undefined);
    const stop = onEntries((entries) => {
      if (entries.some((entry) => entry.subject === `resource:${id}` || (entry.rows?.mission ?? []).some((row) => row.resource_id === id))) learn();
    });
    return () => {
      late = true;
      stop();
    };
  }, [id, known]);
  const shown = (told ?? []).filter((entry) => !entry.hidden && entry.rows && isStep(entry));
  return html`<${Panel} id="history" class="events" title=${t("timeline")} count=${shown.length}>${told === null ? html`<${Nothing} text=${t("loading")} />` : shown.length === 0 ? html`<${Nothing} text=${t("events.none")} />`
    : html`<ol class="event-list">${shown.map((entry, at) => html`<${Line} key=${entry.seq} entry=${entry} before=${shown.slice(at + 1).find((other) => other.rows?.resource?.some((row) => row.id === id))?.rows?.resource?.find((row) => row.id === id)} id=${id} />`)}</ol>`}<//>`;
}

/** Every entry about one thing. @param {string} kind @param {string} id @returns {Promise<Told[]>} */
async function about(kind, id) {
  /** @type {Told[]} */
  const all = [];
  let after = 0;
  for (let page = 0; page < MOST_PAGES; page++) {
    const found = await read(`/journal/about/${kind}/${id}?after=${after}&limit=${PAGE}`);
    all.push(...found.entries);
    if (found.entries.length < PAGE) break;
    ({ after } = found);
  }
  return all;
}

/** @param {{entry: Told, before: any, id: string}} props */
function Line({ entry, before, id }) {
  const request = tables.request.get(entry.rows?.mission?.[0]?.request_id);
  return html`<li class="event"><time datetime=${entry.recorded_at} title=${`seq ${entry.seq}`}>${stamp(entry.data?.occurred_at ?? entry.recorded_at)}</time>
    <span class="event-who">${entry.data?.member_id ? html`<${Member} id=${entry.data.member_id} />` : html`<span class="dim">${t("system")}</span>`}</span>
    <span class="event-text">${request && html`<a class="ref" href=${requestLink(request.id)}>${request.ref}</a> `}${said(entry, before, id)}${entry.data?.why && html`<q class="dim">${entry.data.why}</q>`}</span></li>`;
}

/** Of its missions the steps alone: who travels with it and what it brings stands on the request's screen. @param {Told} entry */
function isStep(entry) {
  const [subject, event] = entry.type.split(".");
  return subject !== "mission" || entry.rows?.mission?.[0]?.status === event;
}

/** @param {Told} entry @param {any} before @param {string} id */
function said(entry, before, id) {
  const [subject, event] = entry.type.split(".");
  const row = entry.rows?.resource?.find((each) => each.id === id);
  if (subject === "mission") return stateName("mission", entry.rows?.mission?.[0]?.status ?? "");
  if (event === "added") return t("unit.event.added");
  if (event === "retired") return t("unit.event.retired");
  if (event === "status_set" && row) return row.status === "out_of_service" ? `${stateName("resource", row.status)}: ${word("out_of_service_reasons", row.out_of_service_reason)}` : stateName("resource", row.status);
  const changed = row && before ? Object.keys(row).filter((field) => field !== "revision" && JSON.stringify(row[field]) !== JSON.stringify(before[field])) : [];
  const names = changed.filter((field) => !["lon", "lat", "position_at"].includes(field)).map((field) => t(`field.${field}`));
  return names.length ? `${t("unit.event.changed")}: ${names.join(", ")}` : t("unit.event.changed");
}

