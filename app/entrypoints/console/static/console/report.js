/** Reporting an incident: draw where it is, then say what it is. A point becomes a circle of 500 m; a place's name will do, too. */
import { countryOf } from "./about.js";
import { myMember } from "./api.js";
import { openDialog } from "./dialogs.js";
import { carryOut } from "./doing.js";
import { Choice, PlaceField } from "./fields.js";
import { centreOf, round } from "./geometry.js";
import { codes, phaseName, phases, t, word } from "./i18n.js";
import { clearDraft, drawOnMap } from "./map.js";
import { chosen, lookAt } from "./router.js";
import { html, useState } from "./view.js";

const CORNERS = 24;
const RADIUS_KM = 0.5;
const KM_PER_DEGREE = 111.195;

/** Begin: how is it to be told where? */
export async function reportIncident() {
  const how = await openDialog(t("report_incident"), (close) => html`<${How} close=${close} />`);
  if (!how) return;
  const area = how.area ?? (await drawOnMap(how.shape));
  if (!area) return;
  await openDialog(t("report_incident"), (close) => html`<${Report} area=${area.type === "Point" ? around(area.coordinates) : area} place=${how.place ?? ""} close=${close} />`);
  clearDraft();
}

/** @param {number[]} point */
function around([lon, lat]) {
  const north = RADIUS_KM / KM_PER_DEGREE;
  const east = north / Math.cos((lat * Math.PI) / 180);
  const ring = Array.from({ length: CORNERS }, (_, n) => {
    const angle = (2 * Math.PI * n) / CORNERS;
    return [round(lon + east * Math.cos(angle)), round(lat + north * Math.sin(angle))];
  });
  return { type: "Polygon", coordinates: [[...ring, ring[0]]] };
}

/** @param {{close: (answer?: any) => void}} props */
function How({ close }) {
  const [found, setFound] = useState(/** @type {any} */ ({ place: "" }));
  return html`<div class="dialog-body"><p class="dialog-text">${t("report.how")}</p>
    <div class="button-list"><button type="button" class="button primary" autofocus onClick=${() => close({ shape: "polygon" })}>${t("report.draw_area")}</button><button type="button" class="button" onClick=${() => close({ shape: "point" })}>${t("report.draw_point")}</button></div>
    <h3>${t("report.or_place")}</h3><${PlaceField} label=${t("where")} text=${found.place} onChange=${setFound} />
    <footer class="dialog-foot"><button type="button" class="button" onClick=${() => close()}>${t("back")}</button><button type="button" class="button" disabled=${found.lon === undefined} onClick=${() => close({ area: { type: "Point", coordinates: [found.lon, found.lat] }, place: found.place })}>${t("continue")}</button></footer></div>`;
}

/** @param {{area: any, place: string, close: () => void}} props */
function Report({ area, place, close }) {
  const country = countryOf(myMember());
  const [what, setWhat] = useState({ title: "", hazard: "flood", severity: "3", phase: "none" });
  const [busy, setBusy] = useState(false);
  const change = (/** @type {any} */ part) => setWhat((was) => ({ ...was, ...part }));
  const title = what.title || [word("hazards", what.hazard), place].filter(Boolean).join(" ");
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    setBusy(true);
    const receipt = await carryOut({ path: "/incidents", body: { title, hazard: what.hazard, severity: Number(what.severity), area, phases: what.phase === "none" ? {} : { [country]: what.phase } } }, { done: t("done.reported") });
    setBusy(false);
    if (!receipt) return;
    close();
    chosen.value = { kind: "incident", id: receipt.id };
    const [lon, lat] = centreOf(area);
    lookAt.value = { lon, lat };
  };
  return html`<form class="dialog-body" onSubmit=${submit}>
    <${Choice} label=${t("hazard")} value=${what.hazard} onChange=${(/** @type {string} */ hazard) => change({ hazard })} options=${codes("hazards").map((code) => ({ value: code, text: word("hazards", code) }))} />
    <label class="field"><span>${t("title")}</span><input type="text" maxlength="120" autofocus value=${what.title} placeholder=${title} onInput=${(/** @type {any} */ event) => change({ title: event.target.value })} /></label>
    <${Choice} label=${t("severity")} value=${what.severity} onChange=${(/** @type {string} */ severity) => change({ severity })} options=${codes("severities").map((code) => ({ value: code, text: `${code} ${word("severities", code)}` }))} />
    <label class="field"><span>${t("phase")} (${word("countries", country)})</span><select value=${what.phase} onChange=${(/** @type {any} */ event) => change({ phase: event.target.value })}>${phases(country).map((code) => html`<option value=${code} selected=${code === what.phase}>${phaseName(country, code)}</option>`)}</select></label>
    <footer class="dialog-foot"><button type="button" class="button" onClick=${close}>${t("back")}</button><button class="button primary" disabled=${busy}>${t("report")}</button></footer></form>`;
}
