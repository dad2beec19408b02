/** Labels on the map: short where there is little room, and never cut at its edge. */

const MARGIN_PX = 4;

/** What the map shows (EPSG:3857), and what lies over it (left, top, right, bottom; px): told by the map when it has moved. */
const frame = { extent: /** @type {number[] | null} */ (null), covered: /** @type {number[][]} */ ([]) };
const canvas = document.createElement("canvas").getContext("2d");
/** @type {Map<string, number>} */
const widths = new Map();

/** @param {number[] | null} extent @param {number[][]} covered */
export function frameIs(extent, covered) {
  Object.assign(frame, { extent, covered });
}

/** @param {string} text @param {string} font */
function width(text, font) {
  const key = `${font}/${text}`;
  let found = widths.get(key);
  if (found === undefined && canvas) {
    canvas.font = font;
    found = Math.max(...text.split("\n").map((line) => canvas.measureText(line).width));
    widths.set(key, found);
  }
  return found ?? 0;
}

/**
 * Where a label stands about its point so that it is not cut (px); null where the point itself is out of sight, or a control of
 * the map would lie over the label.
 * @param {number[]} at EPSG:3857 @param {number} resolution @param {string} text @param {string} font @param {number} below how far under its point it usually stands
 * @returns {{x: number, y: number} | null}
 */
export function shifted([x, y], resolution, text, font, below) {
  if (!frame.extent) return { x: 0, y: below };
  const [west, south, east, north] = frame.extent;
  if (x < west || x > east || y < south || y > north) return null;
  const half = width(text, font) / 2 + MARGIN_PX;
  const high = 9 * text.split("\n").length;
  const [px, py] = [(x - west) / resolution, (north - y) / resolution];
  const left = px - half;
  const right = (east - x) / resolution - half;
  const shift = Math.round(left < 0 ? -left : right < 0 ? right : 0);
  const fits = (/** @type {number} */ off) => {
    const [top, bottom] = [py + off - high, py + off + high];
    const over = (/** @type {number[]} */ [a, b, c, d]) => a < px + shift + half && c > px + shift - half && b < bottom && d > top;
    return top > 0 && bottom < (north - south) / resolution && !frame.covered.some(over);
  };
  if (fits(below)) return { x: shift, y: below };
  return fits(-below) ? { x: shift, y: -below } : null;
}

/** A crossing's name where there is little room: what comes before the other side's. @param {string} name */
export function shortName(name) {
  return name.split(/ [–-] |, | \(/)[0];
}

/** A long label on two lines, parted near its middle. @param {string} text @param {number} longest */
export function inTwo(text, longest) {
  if (text.length <= longest) return text;
  const middle = text.length / 2;
  const gaps = [...text.matchAll(/ /g)].map((gap) => gap.index).sort((a, b) => Math.abs(a - middle) - Math.abs(b - middle));
  return gaps.length ? `${text.slice(0, gaps[0])}\n${text.slice(gaps[0] + 1)}` : text;
}
