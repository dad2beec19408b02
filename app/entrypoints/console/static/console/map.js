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
import { clustered, NEAR_PX, nextOf, requestsTogether, resourcesTogether, unitsTogether } from "./map_clusters.js";
import { frameIs } from "./map_labels.js";
import { alike, requestSpots, resourceSpots, unitSpots } from "./map_spots.js";
import { fillChanges, positionChanges, tables } from "./store.js";
import { styles } from "./map_styles.js";
import { theme } from "./theme.js";
import { minute } from "./time.js";
import { effect, signal } from "./view.js";
import { roomOf } from "./ways.js";

const LIBRARY = "/static/vendor/ol/ol.js";
const VIEW_KEPT_MS = 400;
const WIDE = 620;
/** What the card of what is chosen covers (px). */
const CARD_WIDTH = 360;
/** Going nearer than this parts no things that still stand together. */
const NEAREST_ZOOM = 14;
/** Layers whose signs become one where they are near, and how. */
const TOGETHER = /** @type {Record<string, (things: any[]) => any>} */ ({ units: unitsTogether, requests: requestsTogether, resources: resourcesTogether });
/** What lies below everything: read once, apart from all else. */
const BASE = ["countries", "rivers", "provinces", "borders", "places"];
/** Layers whose labels depend on what the map shows. */
const LABELLED = ["places", "areas", "members", "crossings", "rendezvous", "units", "resources"];

/** Which layers are shown. */
export const layers = signal({ areas: true, requests: true, units: true, resources: false, crossings: true, rendezvous: true, members: true, places: true });
/** The units that the map is about, on the screens that are about units; these are then shown, and no requests. */
export const spotlight = signal(/** @type {readonly any[] | null} */ (null));
/** The place that is to be reached. */
export const goal = signal(/** @type {{id: string, lon: number, lat: number} | null} */ (null));
/** Layers that the spotlight leaves out: what is on a mission is among what it shows. */
const APART = ["requests", "units"];
/** What is being drawn now. */
export const drawing = signal(/** @type {{shape: "polygon" | "point", finish: () => void} | null} */ (null));

/** @type {Promise<any> | null} */
let library = null;
/** @type {any} */
let map = null;
/** Whether the base has been drawn. */
let based = false;
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
  if (map) map.setTarget(box);
  else build(box);
  try {
    await drawBase();
  } catch (error) {
    if (map.getTarget() === box) throw error;
  }
  return () => {
    if (map.getTarget() === box) map.setTarget(undefined); // by now another screen may have it
  };
}

/** Draw the base once it has come; where it could not be read, whoever shows the map next reads it again. */
async function drawBase() {
  const told = await basemap();
  if (based) return;
  based = true;
  const format = new ol.format.GeoJSON({ featureProjection: "EPSG:3857" });
  for (const name of BASE) sources[name].addFeatures(format.readFeatures(told[name]));
}

/** @param {HTMLElement} box */
function build(box) {
  const style = styles();
  const vector = (/** @type {string} */ name, /** @type {any} */ options) => {
    sources[name] = new ol.source.Vector();
    const merge = TOGETHER[name];
    layerOf[name] = new ol.layer.Vector({ source: merge ? clustered(sources[name], merge, NEAR_PX) : sources[name], style: style[name], updateWhileAnimating: true, updateWhileInteracting: false, ...options });
    return layerOf[name];
  };
  const own = ["areas", "crossings", "rendezvous", "members", "resources", "units", "requests", "goal", "draft"];
  map = new ol.Map({
    target: box,
    layers: [...BASE.map((name) => vector(name, name === "places" ? { declutter: "labels" } : {})), ...own.map((name) => vector(name, { declutter: name === "draft" ? false : "labels" }))],
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
    frameIs(map.getSize() ? map.getView().calculateExtent(map.getSize()) : null, covered());
    for (const name of LABELLED) layerOf[name].changed();
  });
  follow();
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
    layerOf.rendezvous.changed();
  });
  effect(() => {
    const about = spotlight.value !== null;
    for (const [name, shown] of Object.entries(layers.value)) layerOf[name].setVisible(about && name === "resources" ? true : shown && !(about && APART.includes(name)));
    if (link.value.live && layers.peek().resources) learnArea(extent());
  });
  effect(() => {
    chosen.value;
    for (const name of ["areas", "crossings", "rendezvous", "members", "units", "resources", "requests"]) layerOf[name].changed();
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
  effect(() => keepUp("rendezvous", tables.rendezvous.all.value.map((row) => ({ ...row, room: roomOf(row).left })), pointOf));
  let fitted = false;
  const fit = () => {
    const [width, height] = map.getSize() ?? [0, 0];
    if (fitted || !sources.members.getFeatures().length || !(width > 0 && height > 0)) return;
    fitted = true;
    map.getView().fit(sources.members.getExtent(), { size: [width, height], padding: [40, 40, 70, 40], maxZoom: 11 });
  };
  map.on("change:size", fit); // on a telephone the map comes to be seen later
  effect(() => {
    keepUp("members", tables.member.all.value, pointOf);
    fit();
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
    const about = spotlight.value;
    if (about) positionChanges.value;
    if (about) keepUp("resources", resourceSpots(about), pointOf);
    else if (layers.value.resources) keepUp("resources", resourceSpots(tables.resource.all.value.filter((row) => !row.retired && row.status !== "committed")), pointOf);
  });
  effect(() => {
    keepUp("goal", goal.value ? [goal.value] : [], pointOf);
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

const KINDS = /** @type {Record<string, string>} */ ({ areas: "incident", crossings: "crossing", rendezvous: "rendezvous", units: "unit", resources: "unit", members: "member", requests: "request" });
/** Smaller things lie above larger ones; a click means the upper. */
const ABOVE = ["requests", "units", "crossings", "rendezvous", "members", "resources", "areas"];

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
  const before = chosen.peek()?.id ?? "";
  if (thing.units && nearer(thing.units)) return;
  if (name !== "requests") chosen.value = { kind: KINDS[name], id: thing.units ? nextOf(thing.units.map((/** @type {any} */ unit) => unit.id), before) : thing.id };
  else {
    chosen.value = { kind: "request", id: nextOf(thing.requests, before) };
    requestAnimationFrame(() => document.getElementById(`request-${chosen.peek()?.id}`)?.scrollIntoView({ block: "nearest" }));
  }
}

/** What lies over the map: its buttons, legend and scale (left, top, right, bottom in px from its corner). */
function covered() {
  const panel = map.getTargetElement()?.parentElement;
  const { left, top } = map.getTargetElement()?.getBoundingClientRect() ?? { left: 0, top: 0 };
  return [...(panel?.querySelectorAll(".ol-zoom, .ol-scale-line, .legend > summary, .attribution") ?? [])].map((/** @type {Element} */ each) => {
    const box = each.getBoundingClientRect();
    return [box.left - left, box.top - top, box.right - left, box.bottom - top];
  });
}

/** Go nearer until things that stand together part; false where that would not part them. @param {any[]} things */
function nearer(things) {
  const view = map.getView();
  const extent = ol.extent.boundingExtent(things.map((each) => ol.proj.fromLonLat([each.lon, each.lat])));
  if (Math.max(ol.extent.getWidth(extent), ol.extent.getHeight(extent)) < NEAR_PX * view.getMinResolution() || view.getZoom() >= NEAREST_ZOOM) return false;
  view.fit(extent, { padding: [70, 70, 70, 70], maxZoom: Math.min(view.getZoom() + 3, NEAREST_ZOOM), duration: reduced() ? 0 : 250 });
  return true;
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
