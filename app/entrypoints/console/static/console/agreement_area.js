/** An area of an agreement: the areas of members, drawn on the map, or as GeoJSON that was made elsewhere. */
import { members } from "./about.js";
import { Problem, read } from "./api.js";
import { Outline, sizeText } from "./agreement_outline.js";
import { areaIn } from "./area_files.js";
import { chooseAnew } from "./fields.js";
import { named, t } from "./i18n.js";
import { clearDraft, drawOnMap, stopDrawing } from "./map.js";
import { MapPanel } from "./map_panel.js";
import { problemText } from "./told.js";
import { html, useEffect, useState } from "./view.js";

/** @typedef {import("./editor_fields.js").Props} Props */

/** @param {Props} props */
export function AreaField({ ed, spec, value, set, label }) {
  const [how, setHow] = useState(/** @type {"" | "members" | "draw" | "file"} */ (""));
  const take = (/** @type {any} */ area) => { set(area); setHow(""); };
  const button = (/** @type {"members" | "draw" | "file"} */ each) => html`<button type="button" class="button small" aria-expanded=${how === each} aria-label=${`${label}: ${t(`edit.area.${each}`)}`} onClick=${() => setHow(how === each ? "" : each)}>${t(`edit.area.${each}`)}</button>`;
  return html`<fieldset><legend>${label}</legend><div class="area-edit">${value ? html`<${Outline} area=${value} />` : ""}<p>${value ? sizeText(value) : html`<span class="dim">${t(spec.none ?? "edit.area.none")}</span>`}</p>
    <div class="buttons">${button("members")}${button("draw")}${button("file")}${value && html`<button type="button" class="button small" aria-label=${`${label}: ${t("edit.area.off")}`} onClick=${() => take(null)}>${t("edit.area.off")}</button>`}</div></div>
    ${how === "members" && html`<${OfMembers} parties=${[...ed.doc.lenders, ...ed.doc.borrowers]} take=${take} />`}
    ${how === "draw" && html`<${Drawn} take=${take} />`}
    ${how === "file" && html`<${FromFile} take=${take} />`}</fieldset>`;
}

/** The areas of members, joined by the server. @param {{parties: string[], take: (area: any) => void}} props */
function OfMembers({ parties, take }) {
  const [ids, setIds] = useState(/** @type {string[]} */ ([...new Set(parties)]));
  const [failed, setFailed] = useState("");
  const join = () => read(`/areas?${ids.map((id) => `member=${id}`).join("&")}`).then(take, (problem) => setFailed(problem instanceof Problem ? problemText(problem) : String(problem)));
  return html`<div class="area-how"><div class="ticks" role="group" aria-label=${t("edit.area.members")}>${members().map((row) => html`<label key=${row.id}><input type="checkbox" checked=${ids.includes(row.id)} onChange=${(/** @type {any} */ event) => setIds(event.target.checked ? [...ids, row.id] : ids.filter((each) => each !== row.id))} /> <span>${row.country} ${named(row.names)}</span></label>`)}</div>
    ${failed && html`<p class="field-wrong" role="alert">${failed}</p>`}
    <div class="buttons"><button type="button" class="button small primary" disabled=${ids.length === 0} onClick=${join}>${t("edit.area.use")}</button></div></div>`;
}

/** Drawn with the pointer: corner by corner. @param {{take: (area: any) => void}} props */
function Drawn({ take }) {
  const [ready, setReady] = useState(false);
  useEffect(() => {
    if (!ready) return undefined;
    let gone = false;
    drawOnMap("polygon").then((area) => {
      clearDraft();
      if (area && !gone) take(area);
    });
    return () => {
      gone = true;
      stopDrawing();
    };
  }, [ready]);
  return html`<div class="unit-map"><${MapPanel} plain onReady=${() => setReady(true)} /></div>`;
}

/** Pasted, or out of a file. @param {{take: (area: any) => void}} props */
function FromFile({ take }) {
  const [text, setText] = useState("");
  const [failed, setFailed] = useState("");
  const use = (/** @type {string} */ given) => {
    const found = areaIn(given);
    if (found.area) take(found.area);
    else setFailed(t(`edit.geojson.${found.wrong}`));
  };
  const load = async (/** @type {any} */ event) => {
    const [file] = event.target.files;
    if (file) use(await file.text());
  };
  return html`<div class="area-how"><label class="field"><span>${t("edit.geojson")}</span><textarea rows="4" spellcheck="false" value=${text} onInput=${(/** @type {any} */ event) => setText(event.target.value)} placeholder='{"type": "Polygon", "coordinates": [[[5.6, 50.6], …]]}'></textarea></label>
    <label class="field"><span>${t("edit.geojson.file")}</span><input type="file" accept=".geojson,.json,application/geo+json,application/json" onClick=${chooseAnew} onChange=${load} /></label>
    ${failed && html`<p class="field-wrong" role="alert">${failed}</p>`}
    <div class="buttons"><button type="button" class="button small primary" disabled=${!text.trim()} onClick=${() => use(text)}>${t("edit.area.use")}</button></div></div>`;
}
