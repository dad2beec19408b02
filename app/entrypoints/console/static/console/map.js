/**
 * The map: OpenLayers on a canvas, fed by the rows of the store. One map is made and kept for as long as the page lives; going
 * to another screen and back costs nothing. Styles are in `map_styles.js`.
 */
import { basemap } from "./basemap.js";
import { link } from "./feed.js";
import { round } from "./geometry.js";
import { language } from "./i18n.js";
import { learnArea } from "./resources.js";
import { chosen, lookAt, part } from "./router.js";
import { alike, requestSpots, unitSpots } from "./map_spots.js";
import { fillChanges, positionChanges, tables } from "./store.js";
import { styles } from "./map_styles.js";
import { theme } from "./theme.js";
import { minute } from "./time.js";
import { effect, signal } from "./view.js";

const LIBRARY = "/static/vendor/ol/ol.js";
const VIEW_KEPT_MS = 400;
const WIDE = 620;
/** What the card of what is chosen covers (px). */
const CARD_WIDTH = 360;

/** Which layers are shown. */
export const layers = signal({ areas: true, requests: true, units: true, resources: false, crossings: true, members: true, places: true });
/** What is being drawn now. */
export const drawing = signal(/** @type {{shape: "polygon" | "point", finish: () => void} | null} */ (null));

/** @type {Promise<any> | null} */
let library = null;
/** @type {any} */
let map = null;
/** @type {any} */
let draw = null;
/** @type {((found: any) => void) | null} */
let drawn = null;
/** @type {Record<string, any>} */
const sources = {};
/** @type {Record<string, any>} */
const layerOf = {};

function loadLibrary() {
  library ??= new Promise((done, failed) => {
    const script = document.createElement("script");
    script.src = LIBRARY;
    script.onload = done;
    script.onerror = () => {
      library = null;
      failed(new Error(LIBRARY));
    };
    document.head.append(script);
  });
  return library;
}

/**
 * Show the map in a box. Resolves to what takes it out again.
 * @param {HTMLElement} box
 */
export async function loadMap(box) {
  await loadLibrary();
  if (!map) await build(box);
  else map.setTarget(box);
  return () => map.setTarget(undefined);
}

/** @param {HTMLElement} box */
async function build(box) {
  const style = styles();
  const vector = (/** @type {string} */ name, /** @type {any} */ options) => {
    sources[name] = new ol.source.Vector();
    layerOf[name] = new ol.layer.Vector({ source: sources[name], style: style[name], updateWhileAnimating: true, updateWhileInteracting: false, ...options });
    return layerOf[name];
  };
  const base = ["countries", "rivers", "provinces", "borders", "places"];
  const own = ["areas", "members", "crossings", "resources", "units", "requests", "draft"];
  map = new ol.Map({
    target: box,
    layers: [...base.map((name) => vector(name, name === "places" ? { declutter: "labels" } : {})), ...own.map((name) => vector(name, { declutter: name === "areas" ? "labels" : name === "units" ? "units" : false }))],
    controls: ol.control.defaults.defaults({ attribution: false, rotate: false }).extend([new ol.control.ScaleLine({ minWidth: 80 })]),
    interactions: ol.interaction.defaults.defaults({ altShiftDragRotate: false, pinchRotate: false }),
    view: new ol.View({ center: ol.proj.fromLonLat([5.95, 50.78]), zoom: 9.6, minZoom: 7.5, maxZoom: 16, constrainRotation: true }),
    pixelRatio: Math.min(devicePixelRatio, 2),
  });
  map.on("click", choose);
  map.on("pointermove", (/** @type {any} */ event) => {
    if (!event.dragging) map.getTargetElement()?.classList.toggle("pointing", map.hasFeatureAtPixel(event.pixel, { layerFilter: choosable, hitTolerance: 5 }));
  });
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let moving;
  map.on("moveend", () => {
    clearTimeout(moving);
    moving = setTimeout(() => learnArea(extent()), VIEW_KEPT_MS);
  });
  follow();
  const told = await basemap();
  const format = new ol.format.GeoJSON({ featureProjection: "EPSG:3857" });
  for (const name of base) sources[name].addFeatures(format.readFeatures(told[name]));
}

/** Draw again what has changed, and only that. */
function follow() {
  effect(() => {
    theme.value;
    const style = styles();
    for (const [name, layer] of Object.entries(layerOf)) layer.setStyle(style[name]);
  });
  effect(() => {
    language.value;
    layerOf.places.changed();
    layerOf.members.changed();
    layerOf.crossings.changed();
  });
  effect(() => {
    for (const [name, shown] of Object.entries(layers.value)) layerOf[name].setVisible(shown);
    if (link.value.live && layers.peek().resources) learnArea(extent());
  });
  effect(() => {
    chosen.value;
    for (const name of ["areas", "crossings", "members", "units", "requests"]) layerOf[name].changed();
  });
  effect(() => {
    const covered = chosen.value && chosen.value.kind !== "request" && (map.getSize()?.[0] ?? 0) > WIDE;
    map.getView().padding = covered ? [0, 0, 0, CARD_WIDTH] : [0, 0, 0, 0];
  });
  effect(() => {
    const wanted = lookAt.value;
    if (!wanted) return;
    map.getView().animate({ center: ol.proj.fromLonLat([wanted.lon, wanted.lat]), zoom: wanted.zoom ?? Math.max(map.getView().getZoom(), 11), duration: reduced() ? 0 : 250 });
  });
  effect(() => keepUp("areas", tables.incident.all.value.filter((row) => row.status !== "closed"), areaOf));
  effect(() => keepUp("crossings", tables.crossing.all.value, pointOf));
  let fitted = false;
  effect(() => {
    keepUp("members", tables.member.all.value, pointOf);
    if (fitted || !sources.members.getFeatures().length || !map.getSize()) return;
    fitted = true;
    map.getView().fit(sources.members.getExtent(), { size: map.getSize(), padding: [40, 40, 70, 40], maxZoom: 11 });
  });
  effect(() => {
    fillChanges.value;
    keepUp("requests", requestSpots(), pointOf);
  });
  effect(() => {
    positionChanges.value;
    minute.value;
    keepUp("units", unitSpots(), pointOf);
  });
  effect(() => {
    if (layers.value.resources) keepUp("resources", tables.resource.all.value.filter((row) => !row.retired && row.status !== "committed"), pointOf);
  });
  effect(() => {
    if (part.value === "map") requestAnimationFrame(() => map.updateSize());
  });
}

function reduced() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/** @param {any} row */
function pointOf(row) {
  return new ol.geom.Point(ol.proj.fromLonLat([row.lon, row.lat]));
}

/** @param {any} row */
function areaOf(row) {
  return new ol.format.GeoJSON({ featureProjection: "EPSG:3857" }).readGeometry(row.area);
}

/** Make a layer hold these things: what stays is moved or told what is new. @param {string} name @param {readonly any[]} things @param {(thing: any) => any} shape */
function keepUp(name, things, shape) {
  const source = sources[name];
  const kept = new Set();
  for (const thing of things) {
    kept.add(thing.id);
    const known = source.getFeatureById(thing.id);
    if (!known) {
      const feature = new ol.Feature({ geometry: shape(thing), thing });
      feature.setId(thing.id);
      source.addFeature(feature);
      continue;
    }
    const was = known.get("thing");
    if (was === thing || alike(was, thing)) continue;
    if (was.area !== thing.area || was.lon !== thing.lon || was.lat !== thing.lat) known.setGeometry(shape(thing));
    known.set("thing", thing);
  }
  for (const feature of source.getFeatures()) if (!kept.has(feature.getId())) source.removeFeature(feature);
}

const KINDS = /** @type {Record<string, string>} */ ({ areas: "incident", crossings: "crossing", units: "unit", resources: "unit", members: "member", requests: "request" });
/** Smaller things lie above larger ones; a click means the upper. */
const ABOVE = ["requests", "units", "crossings", "members", "resources", "areas"];

/** @param {any} layer */
function choosable(layer) {
  return ABOVE.some((name) => layerOf[name] === layer);
}

/** @param {any} event */
function choose(event) {
  if (drawing.peek()) return;
  /** @type {Map<string, any>} */
  const hits = new Map();
  map.forEachFeatureAtPixel(event.pixel, (/** @type {any} */ feature, /** @type {any} */ layer) => {
    const name = Object.keys(layerOf).find((each) => layerOf[each] === layer) ?? "";
    if (!hits.has(name)) hits.set(name, feature);
  }, { layerFilter: choosable, hitTolerance: 6 });
  const name = ABOVE.find((each) => hits.has(each));
  if (!name) {
    chosen.value = null;
    return;
  }
  const thing = hits.get(name).get("thing");
  if (name !== "requests") chosen.value = { kind: KINDS[name], id: thing.id };
  else {
    const at = thing.requests.indexOf(chosen.peek()?.id ?? "");
    chosen.value = { kind: "request", id: thing.requests[(at + 1) % thing.requests.length] };
    requestAnimationFrame(() => document.getElementById(`request-${chosen.peek()?.id}`)?.scrollIntoView({ block: "nearest" }));
  }
}

/** What the map shows: west, south, east, north. @returns {number[]} */
function extent() {
  const size = map.getSize();
  return size ? ol.proj.transformExtent(map.getView().calculateExtent(size), "EPSG:3857", "EPSG:4326") : [];
}

/**
 * Let somebody draw on the map; resolves to GeoJSON, or null where it was given up.
 * @param {"polygon" | "point"} shape
 * @returns {Promise<{type: string, coordinates: any} | null>}
 */
export function drawOnMap(shape) {
  stopDrawing();
  part.value = "map";
  const source = sources.draft;
  source?.clear();
  if (!map) return Promise.resolve(null);
  return new Promise((done) => {
    drawn = done;
    draw = new ol.interaction.Draw({ source, type: shape === "point" ? "Point" : "Polygon", style: styles().draft });
    drawing.value = { shape, finish: () => draw?.finishDrawing() };
    map.addInteraction(draw);
    map.getTargetElement()?.focus();
    draw.on("drawend", (/** @type {any} */ event) => {
      const told = new ol.format.GeoJSON({ featureProjection: "EPSG:3857" }).writeGeometryObject(event.feature.getGeometry());
      const clean = { type: told.type, coordinates: rounded(told.coordinates) };
      setTimeout(() => end(clean));
    });
    addEventListener("keydown", giveUp);
  });
}

/** @param {KeyboardEvent} event */
function giveUp(event) {
  if (event.key === "Escape") stopDrawing();
}

/** Give up drawing. */
export function stopDrawing() {
  end(null);
}

/** Take away what was drawn: it is reported by now, or given up. */
export function clearDraft() {
  sources.draft?.clear();
}

/** @param {any} found */
function end(found) {
  if (!drawing.peek()) return;
  removeEventListener("keydown", giveUp);
  map.removeInteraction(draw);
  drawing.value = null;
  if (!found) clearDraft();
  const done = drawn;
  drawn = null;
  done?.(found);
}

/** @param {any} coordinates @returns {any} */
function rounded(coordinates) {
  return typeof coordinates === "number" ? round(coordinates) : coordinates.map(rounded);
}
