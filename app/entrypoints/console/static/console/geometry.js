/** A little geometry on GeoJSON, longitude before latitude. */

/** Every position of a geometry. @param {any} coordinates @returns {number[][]} */
function positions(coordinates) {
  return typeof coordinates[0] === "number" ? [coordinates] : coordinates.flatMap(positions);
}

/**
 * A point amid an area: where its label stands, and where help is wanted if nobody says more exactly.
 * @param {{type: string, coordinates: any}} area
 * @returns {[number, number]}
 */
export function centreOf(area) {
  const all = positions(area.coordinates);
  const west = Math.min(...all.map(([lon]) => lon));
  const east = Math.max(...all.map(([lon]) => lon));
  const south = Math.min(...all.map(([, lat]) => lat));
  const north = Math.max(...all.map(([, lat]) => lat));
  const [lon, lat] = [(west + east) / 2, (south + north) / 2];
  const near = area.type === "LineString" ? all.reduce((best, each) => (far(each, [lon, lat]) < far(best, [lon, lat]) ? each : best)) : [lon, lat];
  return [round(near[0]), round(near[1])];
}

/** @param {number[]} a @param {number[]} b */
function far(a, b) {
  return (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2;
}

/** Whether a place lies in an area: an odd number of its edges lie to the east of it. @param {{type: string, coordinates: any}} area @param {number[]} place */
export function covers(area, [lon, lat]) {
  const rings = area.type === "Polygon" ? area.coordinates : area.coordinates.flat();
  let inside = false;
  for (const ring of rings) {
    for (let at = 1; at < ring.length; at += 1) {
      const [[west, south], [east, north]] = [ring[at - 1], ring[at]];
      if (south > lat !== north > lat && lon < west + ((east - west) * (lat - south)) / (north - south)) inside = !inside;
    }
  }
  return inside;
}

/** A metre is exact enough. @param {number} degrees */
export function round(degrees) {
  return Math.round(degrees * 1e5) / 1e5;
}

/** Great-circle distance in km (mean earth radius 6371 km). @param {number[]} a @param {number[]} b */
export function distanceKm(a, b) {
  const rad = Math.PI / 180;
  const h = Math.sin(((b[1] - a[1]) * rad) / 2) ** 2 + Math.cos(a[1] * rad) * Math.cos(b[1] * rad) * Math.sin(((b[0] - a[0]) * rad) / 2) ** 2;
  return 2 * 6371 * Math.asin(Math.sqrt(h));
}
