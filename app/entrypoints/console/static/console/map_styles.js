/** How things look on the map: colours are those of the page (`console.css`), in both themes; forms tell what colour does, too. */
import { myMember } from "./api.js";
import { named, language, t } from "./i18n.js";
import { inTwo, shifted, shortName } from "./map_labels.js";
import { chosen } from "./router.js";
import { now, span } from "./time.js";

const OLD_MS = 10 * 60_000;
const LABEL_RESOLUTION = 90;
/** How far above its point the sign of a request stands, so that the units there are seen under it (px). */
const PIN = 17;
/** Nearer than this a crossing has its whole name (metres a pixel). */
const WHOLE_NAME_RESOLUTION = 18;
const LONGEST_LABEL = 24;
/** What the signs are drawn for; on a wall the page's font is larger, and they grow with it. */
const USUAL_FONT_PX = 14;
const ABNORMAL = ["recalled", "aborted", "stood_down"];

/** @type {Map<string, any>} */
const cache = new Map();

/** A point amid a geometry of any kind. @param {any} geometry @returns {number[]} */
function middleOf(geometry) {
  const type = geometry.getType();
  if (type === "Polygon") return geometry.getInteriorPoint().getCoordinates().slice(0, 2);
  if (type === "LineString") return geometry.getCoordinateAt(0.5);
  return ol.extent.getCenter(geometry.getExtent());
}

/** Styles by layer, in the colours of the theme that is shown. @returns {Record<string, any>} */
export function styles() {
  cache.clear();
  const page = getComputedStyle(document.documentElement);
  const colour = (/** @type {string} */ name) => page.getPropertyValue(`--${name}`).trim();
  const k = parseFloat(page.fontSize) / USUAL_FONT_PX || 1;
  const font = (/** @type {number} */ px, weight = 500) => `${weight} ${(px * k).toFixed(1)}px ${page.getPropertyValue("--font") || "sans-serif"}`;
  const stroke = (/** @type {string} */ name, /** @type {number} */ width, /** @type {number[] | undefined} */ dash = undefined) => new ol.style.Stroke({ color: colour(name), width, lineDash: dash });
  const fill = (/** @type {string} */ name) => new ol.style.Fill({ color: colour(name) });
  const label = (/** @type {string} */ text, /** @type {any} */ options) => new ol.style.Text({ text, font: font(12), fill: fill("map-label"), stroke: stroke("map-halo", 3), ...options });
  /** Draws nothing, and keeps labels away from a sign: signs are drawn always, labels where there is room. */
  const ghost = (/** @type {number} */ radius, up = 0) => new ol.style.Style({ image: new ol.style.Circle({ radius: k * radius, displacement: [0, k * up], fill: new ol.style.Fill({ color: "#0000" }), declutterMode: "obstacle" }) });
  /** A name under its sign, where it is not cut; `first` has room before others. */
  const named_ = (/** @type {number[]} */ point, /** @type {string} */ text, /** @type {number} */ resolution, /** @type {number} */ below, /** @type {any} */ { first, geometry, ...options }) => {
    const at = shifted(point, resolution, text, options.font, below * k);
    return at ? [new ol.style.Style({ geometry, zIndex: first ? 5 : 0, text: label(text, { ...options, offsetX: at.x, offsetY: at.y }) })] : [];
  };
  const kept = (/** @type {string} */ key, /** @type {() => any} */ make) => {
    if (!cache.has(key)) cache.set(key, make());
    return cache.get(key);
  };

  return {
    countries: new ol.style.Style({ fill: fill("map-land") }),
    rivers: new ol.style.Style({ stroke: stroke("map-river", 2) }),
    provinces: new ol.style.Style({ stroke: stroke("map-province", 1, [2, 4]) }),
    borders: [new ol.style.Style({ stroke: stroke("map-border-halo", 5) }), new ol.style.Style({ stroke: stroke("map-border", 1.8, [10, 4, 2, 4]) })],
    places: (/** @type {any} */ feature, /** @type {number} */ resolution) => {
      const pop = feature.get("pop");
      if (pop < (resolution > 300 ? 60_000 : resolution > 120 ? 12_000 : resolution > 60 ? 5_000 : resolution > 25 ? 1_500 : 0)) return undefined;
      const text = feature.get("names")?.[language.peek()] ?? feature.get("n");
      const size = pop > 150_000 ? 14 : pop > 40_000 ? 13 : 12;
      const written = font(size, pop > 150_000 ? 600 : 400);
      const at = shifted(feature.getGeometry().getCoordinates(), resolution, text, written, -11 * k);
      if (!at || at.x || at.y > 0) return undefined; // it would be cut: another of its kind is near
      return kept(`place/${text}/${size}`, () => new ol.style.Style({ zIndex: pop, text: label(text, { font: written, fill: fill("map-place"), offsetY: -11 * k }) }));
    },
    areas: (/** @type {any} */ feature, /** @type {number} */ resolution) => {
      const row = feature.get("thing");
      const now_ = chosen.peek()?.id === row.id;
      const body = new ol.style.Style({ fill: fill("map-area"), stroke: stroke(now_ ? "accent" : "map-area-edge", now_ ? 3 : 1.6) });
      if (resolution >= 220) return body;
      const middle = middleOf(feature.getGeometry());
      return [body, ...named_(middle, inTwo(row.title, LONGEST_LABEL), resolution, 26, { font: font(12, 600), fill: fill("map-area-label"), geometry: new ol.geom.Point(middle) })];
    },
    members: (/** @type {any} */ feature, /** @type {number} */ resolution) => {
      const row = feature.get("thing");
      const now_ = chosen.peek()?.id === row.id;
      const sign = kept(`member/${now_}`, () => [
        new ol.style.Style({ image: new ol.style.RegularShape({ points: 4, angle: Math.PI / 4, radius: k * (now_ ? 9 : 6), fill: fill("panel"), stroke: stroke(now_ ? "accent" : "map-label", 2), declutterMode: "none" }) }),
        ghost(7),
      ]);
      return [...sign, ...named_(feature.getGeometry().getCoordinates(), named(row.names), resolution, 25, { font: font(12, 650), fill: fill("map-label"), first: now_, ...(row.id === myMember() && { declutterMode: "obstacle" }) })];
    },
    crossings: (/** @type {any} */ feature, /** @type {number} */ resolution) => {
      const row = feature.get("thing");
      const now_ = chosen.peek()?.id === row.id;
      const state = row.control === "closed" ? "closed" : row.control === "checks" || row.delay_min > 0 ? "checks" : "open";
      const tone = { closed: "alarm", checks: "notice", open: "dim" }[state] ?? "dim";
      const sign = kept(`crossing/${state}/${now_}`, () => {
        const mark = { closed: "✕", checks: "!", open: "" }[state];
        const radius = now_ ? 11 : state === "open" ? 5 : 8;
        return [
          new ol.style.Style({ image: new ol.style.Circle({ radius: k * radius, fill: fill("panel"), stroke: stroke(now_ ? "accent" : tone, state === "open" ? 2 : 2.5), declutterMode: "none" }), text: mark ? new ol.style.Text({ text: mark, font: font(11, 800), fill: fill(tone), offsetY: 1, declutterMode: "none" }) : undefined }),
          ghost(radius),
        ];
      });
      if (resolution >= LABEL_RESOLUTION && !now_ && state !== "closed") return sign;
      const name = now_ || resolution < WHOLE_NAME_RESOLUTION ? named(row.names) : shortName(named(row.names));
      const told = row.delay_min > 0 && state !== "closed" ? `${name} +${row.delay_min}` : name;
      return [...sign, ...named_(feature.getGeometry().getCoordinates(), told, resolution, 17, { font: font(11, state === "closed" ? 700 : 500), fill: fill(state === "open" ? "map-label" : tone), first: now_ || state === "closed" })];
    },
    rendezvous: (/** @type {any} */ feature, /** @type {number} */ resolution) => {
      const row = feature.get("thing");
      const now_ = chosen.peek()?.id === row.id;
      const state = row.status === "closed" ? "alarm" : row.room === 0 ? "notice" : "calm";
      const far = resolution >= LABEL_RESOLUTION && !now_ && state === "calm";
      const sign = far ? kept("rendezvous/far", () => [new ol.style.Style({ image: new ol.style.RegularShape({ points: 3, radius: 5 * k, fill: fill("panel"), stroke: stroke("calm", 1.8), declutterMode: "none" }) }), ghost(5)]) : kept(`rendezvous/${row.guide_code}/${state}/${now_}`, () => [
        new ol.style.Style({ text: new ol.style.Text({ text: row.guide_code, font: font(10, 700), fill: fill(state), backgroundFill: fill("panel"), backgroundStroke: stroke(now_ ? "accent" : state, now_ ? 3 : 1.5), padding: [2, 3, 1, 4], declutterMode: "none" }), zIndex: now_ ? 9 : 0 }),
        ghost(10),
      ]);
      if (far) return sign;
      if (resolution >= LABEL_RESOLUTION / 3 && !now_) return sign;
      const told = row.status === "closed" ? `${named(row.names)} ✕` : `${named(row.names)} · ${t("room.left", { n: row.room, of: row.capacity })}`;
      return [...sign, ...named_(feature.getGeometry().getCoordinates(), inTwo(told, LONGEST_LABEL), resolution, 19, { font: font(11, 500), fill: fill(state === "calm" ? "map-label" : state), first: now_ })];
    },
    resources: (/** @type {any} */ feature, /** @type {number} */ resolution) => {
      const spot = feature.get("thing");
      const all = spot.units ?? [spot];
      const now_ = all.some((/** @type {any} */ each) => chosen.peek()?.id === each.id);
      const status = spot.units ? (spot.free ? "available" : "none") : spot.status;
      const tone = status === "available" ? "calm" : status === "reserved" ? "notice" : status === "committed" ? "accent" : "dim";
      const text = spot.units ? String(all.length) : "";
      const sign = kept(`resource/${status}/${text}/${now_}`, () => {
        const radius = k * (text ? 8 + 2 * text.length : 5.5);
        const body = { fill: fill(text && status === "available" ? "calm" : status === "available" || status === "committed" ? tone : "panel"), stroke: stroke(now_ ? "text" : text ? "panel" : tone, now_ ? 3 : 1.6), declutterMode: "none" };
        if (text) body.stroke = stroke(now_ ? "text" : tone, now_ ? 3 : 1.6);
        const image = status === "committed" ? new ol.style.RegularShape({ ...body, points: 3, radius: radius * 1.35, angle: Math.PI / 2 }) : new ol.style.Circle({ ...body, radius });
        return [new ol.style.Style({ image, text: text ? new ol.style.Text({ text, font: font(11, 700), fill: fill(status === "available" ? "panel" : "map-label"), offsetY: 1, declutterMode: "none" }) : undefined, zIndex: now_ ? 10 : 1 }), ghost(text ? 10 : 6)];
      });
      if (spot.units || (resolution >= 40 && !now_)) return sign;
      return [...sign, ...named_(feature.getGeometry().getCoordinates(), spot.call_sign, resolution, 15, { font: font(11, 600), fill: fill("map-label"), first: now_ })];
    },
    goal: [["panel", 6], ["accent", 3]].map(([tone, width]) => new ol.style.Style({ zIndex: 20, image: new ol.style.Circle({ radius: k * 14, stroke: stroke(String(tone), Number(width)), declutterMode: "none" }) })),
    units: (/** @type {any} */ feature, /** @type {number} */ resolution) => {
      const unit = feature.get("thing");
      const all = unit.units ?? [unit];
      const now_ = all.some((/** @type {any} */ each) => chosen.peek()?.id === each.id);
      const age = now() - Math.max(...all.map((/** @type {any} */ each) => Date.parse(each.at)));
      const old = age > OLD_MS;
      const tone = all.some((/** @type {any} */ each) => ABNORMAL.includes(each.status)) ? "alarm" : unit.guest ? "guest" : unit.own ? "accent" : "map-label";
      const text = all.length > 1 ? `${unit.country} ×${all.length}`.trim() : unit.country;
      const sign = kept(`unit/${text}/${tone}/${now_}/${old}`, () => [
        new ol.style.Style({
          text: new ol.style.Text({ text, font: font(9.5, 700), fill: fill(old ? tone : "panel"), backgroundFill: fill(old ? "panel" : tone), backgroundStroke: stroke(now_ ? "text" : tone, now_ ? 3 : 1.5, old ? [3, 2] : undefined), padding: [1, 2, 0, 3], declutterMode: "none" }),
          zIndex: now_ ? 10 : 1,
        }),
        ghost(all.length > 1 ? 15 : 9),
      ]);
      if (all.length > 1 || (resolution >= 70 && !now_)) return sign;
      return [...sign, ...named_(feature.getGeometry().getCoordinates(), `${unit.call_sign}${old ? ` · ${t("position.old", { span: span(age) })}` : ""}`, resolution, 17, { font: font(11, 600), first: now_ })];
    },
    requests: (/** @type {any} */ feature) => {
      const spot = feature.get("thing");
      const now_ = spot.requests.includes(chosen.peek()?.id);
      return kept(`request/${spot.rank}/${spot.open}/${now_}/${spot.requests.length}`, () => {
        const tone = `p${spot.rank}`;
        const edge = stroke(now_ ? "text" : "map-halo", now_ ? 3 : 1.5);
        const body = { fill: spot.open ? fill(tone) : fill("panel"), stroke: spot.open ? edge : stroke(now_ ? "text" : tone, now_ ? 3 : 2), declutterMode: "none" };
        const up = [0, PIN * k];
        const image = spot.rank === 1 ? new ol.style.RegularShape({ ...body, points: 4, radius: 13 * k, displacement: up })
          : spot.rank === 2 ? new ol.style.RegularShape({ ...body, points: 3, radius: 14 * k, displacement: [0, (PIN - 2) * k] })
          : spot.rank === 3 ? new ol.style.RegularShape({ ...body, points: 4, radius: 13 * k, angle: Math.PI / 4, displacement: up })
          : new ol.style.Circle({ ...body, radius: 10 * k, displacement: up });
        const zIndex = (now_ ? 100 : 0) + (spot.open ? 10 : 0) - spot.rank;
        return [
          new ol.style.Style({ image, text: new ol.style.Text({ text: String(spot.rank), font: font(12, 800), fill: fill(spot.open ? "on-priority" : tone), offsetY: (spot.rank === 2 ? 3 : 1) - PIN * k, declutterMode: "none" }), zIndex }),
          ghost(13, PIN),
          ...(spot.requests.length > 1 ? [new ol.style.Style({ zIndex, text: label(`×${spot.requests.length}`, { offsetX: 24 * k, offsetY: -PIN * k, font: font(11, 700), declutterMode: "obstacle" }) })] : []),
        ];
      });
    },
    draft: new ol.style.Style({ fill: fill("map-area"), stroke: stroke("accent", 2.5, [6, 4]), image: new ol.style.Circle({ radius: 7, fill: fill("accent"), stroke: stroke("panel", 2) }) }),
  };
}
