/** Things that would lie one over the other on the map are one sign with a number; nearer they part again. */

/** How near two signs may be before they are one (px, at the usual font). */
export const NEAR_PX = 32;

/**
 * A vector source whose features are shown together where they are near.
 * @param {any} source @param {(things: any[]) => any} merge @param {number} near px
 */
export function clustered(source, merge, near) {
  return new ol.source.Cluster({
    source,
    distance: near,
    createCluster: (/** @type {any} */ point, /** @type {any[]} */ features) => {
      const [only] = features;
      if (features.length === 1) return new ol.Feature({ geometry: only.getGeometry(), thing: only.get("thing") });
      const thing = merge(features.map((each) => each.get("thing")));
      return new ol.Feature({ geometry: thing.lon === undefined ? point : new ol.geom.Point(ol.proj.fromLonLat([thing.lon, thing.lat])), thing });
    },
  });
}

/** Units: how many, and whose if they are all of one country; abnormal if one is. @param {any[]} units */
export function unitsTogether(units) {
  const country = units.every((unit) => unit.country === units[0].country) ? units[0].country : "";
  return { id: units[0].id, units, country, own: units.every((unit) => unit.own), guest: units.every((unit) => unit.guest) };
}

/** Units at home: how many, and how many of them are free. @param {any[]} units */
export function resourcesTogether(units) {
  return { id: units[0].id, units, free: units.filter((unit) => unit.status === "available").length };
}

/** Requests: where the most urgent of those that lack something is wanted, with all the others. @param {any[]} spots */
export function requestsTogether(spots) {
  const [first] = [...spots].sort((a, b) => Number(b.open) - Number(a.open) || a.rank - b.rank);
  return { ...first, requests: [...new Set([first, ...spots].flatMap((spot) => spot.requests))] };
}

/** The one that comes after the one that is chosen. @param {string[]} ids @param {string} now */
export function nextOf(ids, now) {
  return ids[(ids.indexOf(now) + 1) % ids.length];
}
