/** Areas as GeoJSON from elsewhere: what is taken out of a file, what is wrong with it, and what an area looks like. */
import { round } from "./geometry.js";

const KM_PER_DEGREE = 111.195;

/** The outer and inner rings of each piece. @param {any} area @returns {number[][][][]} */
export const piecesOf = (area) => (area.type === "Polygon" ? [area.coordinates] : area.coordinates);

/**
 * The area in a text: a geometry, a feature or several of them.
 * @param {string} text
 * @returns {{area?: any, wrong?: "not_json" | "no_area" | "not_degrees"}}
 */
export function areaIn(text) {
  let told;
  try {
    told = JSON.parse(text);
  } catch {
    return { wrong: "not_json" };
  }
  const pieces = geometries(told).filter((each) => ["Polygon", "MultiPolygon"].includes(each?.type) && Array.isArray(each.coordinates)).flatMap(piecesOf);
  if (pieces.length === 0) return { wrong: "no_area" };
  const positions = pieces.flat(2);
  if (!positions.every((each) => Array.isArray(each) && Math.abs(each[0]) <= 180 && Math.abs(each[1]) <= 90)) return { wrong: "not_degrees" };
  const plain = pieces.map((rings) => rings.map((ring) => ring.map(([lon, lat]) => [round(lon), round(lat)])));
  return { area: plain.length === 1 ? { type: "Polygon", coordinates: plain[0] } : { type: "MultiPolygon", coordinates: plain } };
}

/** @param {any} told @returns {any[]} */
function geometries(told) {
  if (told?.type === "FeatureCollection") return (told.features ?? []).flatMap(geometries);
  if (told?.type === "Feature") return geometries(told.geometry);
  if (told?.type === "GeometryCollection") return (told.geometries ?? []).flatMap(geometries);
  return [told];
}

/** How large it is, in km²; flat, which is near enough to tell a mistake. @param {any} area */
export function sizeKm2(area) {
  return piecesOf(area).reduce((sum, rings) => sum + rings.reduce((whole, ring, n) => whole + (n === 0 ? 1 : -1) * ringKm2(ring), 0), 0);
}

/** @param {number[][]} ring */
function ringKm2(ring) {
  const east = Math.cos((ring[0][1] * Math.PI) / 180);
  const twice = ring.slice(1).reduce((sum, [lon, lat], n) => sum + (ring[n][0] * lat - lon * ring[n][1]), 0);
  return Math.abs(twice / 2) * east * KM_PER_DEGREE ** 2;
}

/** Outlines as paths in one frame, with the box around them all. @param {...any} areas */
export function outlinesOf(...areas) {
  const all = areas.flatMap((area) => piecesOf(area).flat(2));
  const [west, east] = [Math.min(...all.map(([lon]) => lon)), Math.max(...all.map(([lon]) => lon))];
  const [south, north] = [Math.min(...all.map(([, lat]) => lat)), Math.max(...all.map(([, lat]) => lat))];
  const squeeze = Math.cos((((south + north) / 2) * Math.PI) / 180);
  const size = Math.max((east - west) * squeeze, north - south, 1e-4);
  const point = (/** @type {number[]} */ [lon, lat]) => `${((((lon - west) * squeeze) / size) * 100).toFixed(1)} ${(((north - lat) / size) * 100).toFixed(1)}`;
  const width = (((east - west) * squeeze) / size) * 100;
  const height = ((north - south) / size) * 100;
  const paths = areas.map((area) => piecesOf(area).flat().map((ring) => `M${ring.map(point).join("L")}Z`).join(""));
  return { paths, box: `-4 -4 ${(width + 8).toFixed(1)} ${(height + 8).toFixed(1)}`, degrees: { west, east, south, north } };
}

/** Rows of the grid by which areas are compared: a difference below a hundredth of the frame's height is not seen. */
const ROWS = 400;

/**
 * What is in the one area alone, and in the other alone, in km²: by the parts of parallels that lie within, row by row.
 * @param {any} was @param {any} now
 * @returns {{lost: number, gained: number}}
 */
export function differKm2(was, now) {
  const { south, north } = outlinesOf(was, now).degrees;
  const height = (north - south) / ROWS;
  let [lost, gained] = [0, 0];
  for (let row = 0; row < ROWS; row++) {
    const lat = south + (row + 0.5) * height;
    const [a, b] = [within(was, lat), within(now, lat)];
    const both = shared(a, b);
    const km2 = height * KM_PER_DEGREE * Math.cos((lat * Math.PI) / 180) * KM_PER_DEGREE;
    lost += (long(a) - both) * km2;
    gained += (long(b) - both) * km2;
  }
  return { lost, gained };
}

/** The spans of a parallel that lie within an area, in degrees of longitude: between one edge and the next. @param {any} area @param {number} lat @returns {[number, number][]} */
function within(area, lat) {
  return piecesOf(area).flatMap((rings) => {
    const cuts = rings.flatMap((ring) => ring.slice(1).flatMap(([lon, at], n) => {
      const [from, begin] = ring[n];
      return begin > lat === at > lat ? [] : [from + ((lat - begin) / (at - begin)) * (lon - from)];
    })).sort((a, b) => a - b);
    return cuts.flatMap((cut, n) => (n % 2 ? [/** @type {[number, number]} */ ([cuts[n - 1], cut])] : []));
  });
}

/** @param {[number, number][]} spans */
const long = (spans) => spans.reduce((sum, [from, to]) => sum + to - from, 0);

/** What two lots of spans share. @param {[number, number][]} a @param {[number, number][]} b */
const shared = (a, b) => a.reduce((sum, [from, to]) => sum + b.reduce((inner, [begin, end]) => inner + Math.max(0, Math.min(to, end) - Math.max(from, begin)), 0), 0);
