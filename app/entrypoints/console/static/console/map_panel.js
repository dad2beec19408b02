/** The map with its tools: layers, legend, reporting an incident by drawing. The map itself is in `map.js`. */
import { t } from "./i18n.js";
import { drawing, layers, loadMap, stopDrawing } from "./map.js";
import { AsOf, Panel, Priority } from "./parts.js";
import { reportIncident } from "./report.js";
import { may } from "./rules.js";
import { html, useEffect, useRef, useState } from "./view.js";

const SOURCES = [
  ["© OpenStreetMap (ODbL)", "https://www.openstreetmap.org/copyright"],
  ["WDB II (LGPL)", "https://www.gnu.org/licenses/lgpl-3.0.html"],
  ["GeoNames (CC BY 4.0)", "https://www.geonames.org"],
  ["Natural Earth", "https://www.naturalearthdata.com"],
];

/** The panel. @param {{plain?: boolean, onReady?: () => void}} props plain: only to look at; onReady: called when it is there */
export function MapPanel({ plain, onReady }) {
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const [failed, setFailed] = useState("");
  useEffect(() => {
    if (!box.current) return undefined;
    let drop = () => {};
    let gone = false;
    loadMap(box.current).then(
      (remove) => {
        if (gone) return remove();
        drop = remove;
        return onReady?.();
      },
      (error) => setFailed(String(error)),
    );
    return () => {
      gone = true;
      drop();
    };
  }, []);
  return html`<${Panel} id="map" class="map-panel" title=${t("map")} tools=${html`<${AsOf} />
      ${!plain && may("report_incident") && html`<button type="button" class="button small" onClick=${() => reportIncident()}>${t("report_incident")}</button>`}`}>
    <div class="map" ref=${box} tabindex="0" role="application" aria-label=${t("map.label")}></div>
    ${failed && html`<p class="late" role="alert">${t("map.failed")} ${failed}</p>`}
    <${Drawing} />
    <${Legend} />
    <p class="attribution"><span>${t("map.sources")} </span>${SOURCES.map(([name, link], at) => html`${at ? " · " : ""}<a href=${link} rel="noreferrer" target="_blank">${name}</a>`)}</p><//>`;
}

/** What to do while something is drawn. */
function Drawing() {
  const now = drawing.value;
  if (!now) return null;
  return html`<div class="drawing" role="status"><span>${t(`draw.${now.shape}`)}</span>
    ${now.shape === "polygon" && html`<button type="button" class="button small" onClick=${() => now.finish()}>${t("draw.finish")}</button>`}
    <button type="button" class="button small" onClick=${stopDrawing}>${t("cancel")}</button></div>`;
}

/** What the signs mean, and which of them are shown. */
function Legend() {
  const shown = layers.value;
  const toggle = (/** @type {keyof typeof shown} */ name) => {
    layers.value = { ...shown, [name]: !shown[name] };
  };
  return html`<details class="legend"><summary>${t("legend")}</summary>
    <div class="legend-body"><p>${[1, 2, 3, 4].map((rank) => html`<${Priority} rank=${rank} />`)} ${t("legend.requests")}</p>
      ${/** @type {const} */ (["areas", "requests", "units", "resources", "crossings", "rendezvous", "members", "places"]).map((name) => html`<label><input type="checkbox" checked=${shown[name]} onChange=${() => toggle(name)} /> <svg class="sign ${name}" viewBox="0 0 20 20" aria-hidden="true">${sign(name)}</svg> ${t(`layer.${name}`)}</label>`)}</div></details>`;
}

/** @param {string} name */
function sign(name) {
  if (name === "areas") return html`<path class="s-area" d="M3 6 12 3 18 10 11 17 4 15Z" />`;
  if (name === "requests") return html`<path class="s-request" d="M10 2 18 10 10 18 2 10Z" />`;
  if (name === "units") return html`<path class="s-unit" d="M3 6H17V14H3Z" />`;
  if (name === "resources") return html`<circle class="s-resource" cx="10" cy="10" r="3" />`;
  if (name === "crossings") return html`<g class="s-crossing"><circle cx="10" cy="10" r="7" /><path d="M6 10H14" /></g>`;
  if (name === "rendezvous") return html`<path class="s-rendezvous" d="M10 4 17 16H3Z" />`;
  if (name === "members") return html`<path class="s-member" d="M5 5H15V15H5Z" />`;
  return html`<circle class="s-place" cx="10" cy="10" r="2" />`;
}

