/** Areas of an agreement to look at: the outline with its size, and how one differs from another. */
import { differKm2, outlinesOf, piecesOf, sizeKm2 } from "./area_files.js";
import { degreeText, number, t } from "./i18n.js";
import { html } from "./view.js";

/** km² as people read it: small ones with what is behind the comma. @param {number} km2 */
const size = (km2) => number(km2 < 10 ? Math.round(km2 * 10) / 10 : Math.round(km2));

/** What it looks like, north at the top. @param {{area: any, large?: boolean}} props */
export function Outline({ area, large }) {
  const { paths, box } = outlinesOf(area);
  return html`<svg class=${large ? "outline large" : "outline"} viewBox=${box} preserveAspectRatio="xMinYMid" role="img" aria-label=${sizeText(area)}><path d=${paths[0]} /></svg>`;
}

/** How large it is, in words. @param {any} area */
export function sizeText(area) {
  return t("edit.area.is", { n: piecesOf(area).length, size: size(sizeKm2(area)) });
}

/** Its outline with its size. @param {{area: any}} props */
export function AreaShown({ area }) {
  return html`<span class="area-shown"><${Outline} area=${area} large /><span class="dim">${sizeText(area)} · ${whereText(area)}</span></span>`;
}

/** From where to where, in degrees with their hemispheres. @param {any} area */
function whereText(area) {
  const { west, east, south, north } = outlinesOf(area).degrees;
  return `${degreeText("lat", south, 2)} – ${degreeText("lat", north, 2)}; ${degreeText("lon", west, 2)} – ${degreeText("lon", east, 2)}`;
}

/** One area over the other: what it was dashed, what it becomes in full, and what is lost and gained. @param {{was: any, now: any}} props */
export function AreasCompared({ was, now }) {
  const { paths, box } = outlinesOf(was, now);
  const { lost, gained } = differKm2(was, now);
  const said = t("difference.area", { lost: size(lost), gained: size(gained) });
  return html`<span class="area-shown"><svg class="outline large compared" viewBox=${box} preserveAspectRatio="xMinYMid" role="img" aria-label=${said}><path class="new" d=${paths[1]} /><path class="old" d=${paths[0]} /></svg><span>${said}</span></span>`;
}
