/** The base of the map and the places on it, with what they are called across the border. Read once. */
import { folded } from "./i18n.js";

const FILES = { countries: "countries_osm", rivers: "rivers_wdb", provinces: "admin1_ne10", borders: "borders_osm", places: "places" };

/** @typedef {{n: string, cc: string, pop: number, names?: Record<string, string>, also?: string[], lon: number, lat: number}} Place */

/** @type {Promise<Record<string, any>> | null} */
let told = null;

/** The base layers as GeoJSON, by name. */
export function basemap() {
  told ??= load().catch((error) => {
    told = null;
    throw error;
  });
  return told;
}

async function load() {
  const names = Object.keys(FILES);
  const answers = await Promise.all([...Object.values(FILES), "place_names"].map(async (file) => {
    const answer = await fetch(`/static/basemap/${file}.json`);
    if (!answer.ok) throw new Error(`${file}: ${answer.status}`);
    return answer.json();
  }));
  const found = Object.fromEntries(names.map((name, at) => [name, answers[at]]));
  const foreign = new Map(answers[names.length].map((/** @type {any} */ each) => [`${each.cc}/${each.n}`, each]));
  for (const { properties } of found.places.features) {
    const other = foreign.get(`${properties.cc}/${properties.n}`);
    if (other) Object.assign(properties, { names: other.names, also: other.also });
  }
  return found;
}

/**
 * Places by any of their names; the largest first among equals.
 * @param {string} text @param {number} most
 * @returns {Promise<Place[]>}
 */
export async function findPlaces(text, most) {
  const wanted = folded(text);
  if (wanted.length < 2) return [];
  const { places } = await basemap();
  /** @type {(Place & {rank: number})[]} */
  const found = [];
  for (const { properties, geometry } of places.features) {
    const said = [properties.n, ...Object.values(properties.names ?? {}), ...(properties.also ?? [])].map(folded);
    const rank = said.some((name) => name === wanted) ? 0 : said.some((name) => name.startsWith(wanted)) ? 1 : said.some((name) => name.includes(` ${wanted}`) || name.includes(`-${wanted}`)) ? 2 : 3;
    if (rank < 3) found.push({ ...properties, lon: geometry.coordinates[0], lat: geometry.coordinates[1], rank });
  }
  return found.sort((a, b) => a.rank - b.rank || b.pop - a.pop).slice(0, most);
}
