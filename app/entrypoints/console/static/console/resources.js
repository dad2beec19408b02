/**
 * Resources are not in the snapshot: they are read for the area that the map shows, and kept up by the feed from then on.
 * Where units are is told by the feed only as they move, so the last positions are read each time the link comes up.
 */
import { read, readAll } from "./api.js";
import { link } from "./feed.js";
import { layers } from "./map.js";
import { resourceRow, take, takePositions } from "./store.js";
import { effect } from "./view.js";

const MOST_PAGES = 10;
const PAGE = 200;
const MOST_POSITIONS = 5000;

/** @type {number[]} */
let known = [];
let busy = false;

/** From now on, whenever the link has come up: read where units are, and the resources anew where they are next looked at. */
export function startResources() {
  effect(() => {
    if (!link.value.live) return;
    known = [];
    readAll("/positions", MOST_POSITIONS).then(takePositions, () => undefined); // the feed tells of all that move
  });
}

/**
 * Read the resources of an area, unless it lies within one that was read.
 * @param {number[]} area west, south, east, north
 */
export async function learnArea(area) {
  if (!layers.peek().resources || area.length !== 4 || busy || !link.peek().live || within(area, known)) return;
  busy = true;
  try {
    let cursor = "";
    for (let page = 0; page < MOST_PAGES; page++) {
      const told = await read(`/resources?bbox=${area.map((degrees) => degrees.toFixed(4)).join(",")}&limit=${PAGE}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
      take({ resource: told.items.map(resourceRow) });
      cursor = told.next ?? "";
      if (!cursor) break;
    }
    known = area;
  } catch {
    known = []; // the next move of the map asks again
  } finally {
    busy = false;
  }
}

/** @param {number[]} inner @param {number[]} outer */
function within(inner, outer) {
  return outer.length === 4 && inner[0] >= outer[0] && inner[1] >= outer[1] && inner[2] <= outer[2] && inner[3] <= outer[3];
}
