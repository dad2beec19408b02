/** What stands where on the map: requests by spot, units where they were last. */
import { ENDED, HOME, linesOf, rankOf } from "./about.js";
import { myMember } from "./api.js";
import { fillOf, positionOf, tables } from "./store.js";

/** Requests by where they are wanted: those at one spot are one sign with a number. */
export function requestSpots() {
  /** @type {Map<string, any>} */
  const spots = new Map();
  for (const request of tables.request.all.value) {
    if (ENDED.includes(request.status) || request.kind === "day_to_day") continue;
    const lines = linesOf(request.id);
    for (const line of lines) {
      const key = `${line.lon.toFixed(3)}/${line.lat.toFixed(3)}`;
      const open = fillOf(line).open > 0;
      const rank = rankOf([line]);
      const spot = spots.get(key);
      if (!spot) spots.set(key, { id: key, lon: line.lon, lat: line.lat, rank, open, requests: [request.id] });
      else {
        if (!spot.requests.includes(request.id)) spot.requests.push(request.id);
        if (open && (!spot.open || rank < spot.rank)) Object.assign(spot, { rank, open });
      }
    }
  }
  return [...spots.values()];
}

/** Units on missions, where they were last. */
export function unitSpots() {
  const own = myMember();
  const spots = [];
  for (const mission of tables.mission.all.value) {
    if (HOME.includes(mission.status) || !mission.resource_id || mission.kind === "day_to_day") continue;
    const unit = tables.resource.get(mission.resource_id);
    const at = positionOf(unit);
    if (!unit || !at) continue;
    spots.push({ id: unit.id, lon: at.lon, lat: at.lat, at: at.at, call_sign: unit.call_sign, mission: mission.id, status: mission.status, own: mission.lender_id === own, guest: mission.requester_id === own, country: tables.member.get(mission.lender_id)?.country ?? "" });
  }
  return spots;
}

/** Units wherever they were last, whether on a mission or not. @param {readonly any[]} rows */
export function resourceSpots(rows) {
  return rows.map((row) => {
    const at = positionOf(row);
    return { id: row.id, lon: at?.lon, lat: at?.lat, status: row.status, call_sign: row.call_sign };
  }).filter((spot) => spot.lon !== undefined);
}

/** Whether two things would be drawn alike. @param {any} a @param {any} b */
export function alike(a, b) {
  const fields = Object.keys(b);
  return fields.length === Object.keys(a).length && fields.every((field) => a[field] === b[field] || (Array.isArray(b[field]) && String(a[field]) === String(b[field])));
}
