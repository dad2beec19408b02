/** How things look on the map: colours are those of the page (`console.css`), in both themes; forms tell what colour does, too. */
import { named, language, t } from "./i18n.js";
import { chosen } from "./router.js";
import { now, span } from "./time.js";

const OLD_MS = 10 * 60_000;
const LABEL_RESOLUTION = 90;
const LONGEST_LABEL = 24;
/** What the signs are drawn for; on a wall the page's font is larger, and they grow with it. */
const USUAL_FONT_PX = 14;
const ABNORMAL = ["recalled", "aborted", "stood_down"];

/** A long label on two lines, parted near its middle. @param {string} text */
function inTwo(text) {
  if (text.length <= LONGEST_LABEL) return text;
  const middle = text.length / 2;
  const gaps = [...text.matchAll(/ /g)].map((gap) => gap.index).sort((a, b) => Math.abs(a - middle) - Math.abs(b - middle));
  return gaps.length ? `${text.slice(0, gaps[0])}\n${text.slice(gaps[0] + 1)}` : text;
}

/** @type {Map<string, any>} */
const cache = new Map();

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
      return kept(`place/${text}/${size}`, () => new ol.style.Style({ zIndex: pop, text: label(text, { font: font(size, pop > 150_000 ? 600 : 400), fill: fill("map-place"), offsetY: -11 * k }) }));
    },
    areas: (/** @type {any} */ feature, /** @type {number} */ resolution) => {
      const row = feature.get("thing");
      const now_ = chosen.peek()?.id === row.id;
      return new ol.style.Style({
        fill: fill("map-area"), stroke: stroke(now_ ? "accent" : "map-area-edge", now_ ? 3 : 1.6),
        text: resolution < 220 ? label(inTwo(row.title), { font: font(12, 600), fill: fill("map-area-label"), overflow: true, offsetY: 26 * k }) : undefined,
      });
    },
    members: (/** @type {any} */ feature) => {
      const row = feature.get("thing");
      const now_ = chosen.peek()?.id === row.id;
      return kept(`member/${now_}`, () => new ol.style.Style({
        image: new ol.style.RegularShape({ points: 4, angle: Math.PI / 4, radius: k * (now_ ? 9 : 6), fill: fill("panel"), stroke: stroke(now_ ? "accent" : "map-label", 2) }),
      }));
    },
    crossings: (/** @type {any} */ feature, /** @type {number} */ resolution) => {
      const row = feature.get("thing");
      const now_ = chosen.peek()?.id === row.id;
      const state = row.control === "closed" ? "closed" : row.control === "checks" || row.delay_min > 0 ? "checks" : "open";
      const name = resolution < LABEL_RESOLUTION || now_ || state === "closed" ? named(row.names) : "";
      return kept(`crossing/${state}/${now_}/${name}/${row.delay_min}`, () => {
        const tone = { closed: "alarm", checks: "notice", open: "dim" }[state] ?? "dim";
        const mark = { closed: "✕", checks: "!", open: "" }[state];
        return [
          new ol.style.Style({ image: new ol.style.Circle({ radius: k * (now_ ? 11 : state === "open" ? 5 : 8), fill: fill("panel"), stroke: stroke(now_ ? "accent" : tone, state === "open" ? 2 : 2.5) }), text: mark ? new ol.style.Text({ text: mark, font: font(11, 800), fill: fill(tone), offsetY: 1 }) : undefined }),
          ...(name ? [new ol.style.Style({ text: label(row.delay_min > 0 && state !== "closed" ? `${name} +${row.delay_min}` : name, { offsetY: 17 * k, font: font(11, state === "closed" ? 700 : 500), fill: fill(state === "open" ? "map-label" : tone) }) })] : []),
        ];
      });
    },
    resources: (/** @type {any} */ feature) => {
      const { status } = feature.get("thing");
      const name = status === "available" ? "calm" : "dim";
      return kept(`resource/${status}`, () => new ol.style.Style({ image: new ol.style.Circle({ radius: 3.5, fill: status === "out_of_service" ? undefined : fill(name), stroke: stroke(name, 1.2) }) }));
    },
    units: (/** @type {any} */ feature, /** @type {number} */ resolution) => {
      const unit = feature.get("thing");
      const now_ = chosen.peek()?.id === unit.id;
      const age = now() - Date.parse(unit.at);
      const old = age > OLD_MS;
      const tone = ABNORMAL.includes(unit.status) ? "alarm" : unit.guest ? "guest" : unit.own ? "accent" : "map-label";
      const told = resolution < 70 || now_ ? `${unit.call_sign}${old ? ` · ${t("position.old", { span: span(age) })}` : ""}` : "";
      return kept(`unit/${unit.country}/${tone}/${now_}/${old}/${told}`, () => [
        new ol.style.Style({
          text: new ol.style.Text({ text: unit.country, font: font(9.5, 700), fill: fill(old ? tone : "panel"), backgroundFill: fill(old ? "panel" : tone), backgroundStroke: stroke(now_ ? "text" : tone, now_ ? 3 : 1.5, old ? [3, 2] : undefined), padding: [1, 2, 0, 3] }),
          zIndex: now_ ? 10 : 1,
        }),
        ...(told ? [new ol.style.Style({ text: label(told, { offsetY: 17 * k, font: font(11, 600) }) })] : []),
      ]);
    },
    requests: (/** @type {any} */ feature) => {
      const spot = feature.get("thing");
      const now_ = spot.requests.includes(chosen.peek()?.id);
      return kept(`request/${spot.rank}/${spot.open}/${now_}/${spot.requests.length}`, () => {
        const tone = `p${spot.rank}`;
        const edge = stroke(now_ ? "text" : "map-halo", now_ ? 3 : 1.5);
        const body = { fill: spot.open ? fill(tone) : fill("panel"), stroke: spot.open ? edge : stroke(now_ ? "text" : tone, now_ ? 3 : 2) };
        const image = spot.rank === 1 ? new ol.style.RegularShape({ ...body, points: 4, radius: 13 * k })
          : spot.rank === 2 ? new ol.style.RegularShape({ ...body, points: 3, radius: 14 * k, displacement: [0, -2] })
          : spot.rank === 3 ? new ol.style.RegularShape({ ...body, points: 4, radius: 13 * k, angle: Math.PI / 4 })
          : new ol.style.Circle({ ...body, radius: 10 * k });
        return [
          new ol.style.Style({ image, text: new ol.style.Text({ text: String(spot.rank), font: font(12, 800), fill: fill(spot.open ? "on-priority" : tone), offsetY: spot.rank === 2 ? 3 : 1 }), zIndex: (now_ ? 100 : 0) + (spot.open ? 10 : 0) - spot.rank }),
          ...(spot.requests.length > 1 ? [new ol.style.Style({ text: label(`×${spot.requests.length}`, { offsetX: 22 * k, font: font(11, 700) }) })] : []),
        ];
      });
    },
    draft: new ol.style.Style({ fill: fill("map-area"), stroke: stroke("accent", 2.5, [6, 4]), image: new ol.style.Circle({ radius: 7, fill: fill("accent"), stroke: stroke("panel", 2) }) }),
  };
}
