/**
 * Resources are not in the snapshot: they are read for the area that the map shows, and kept up by the feed from then on.
 * Where units are is told by the feed only as they move, so the last positions are read each time the link comes up.
 */
import { read, readAll } from "./api.js";
import { link } from "./feed.js";
import { layers } from "./map.js";
import { resourceRow, take, takePositions } from "./store.js";
import { now } from "./time.js";
import { effect, signal } from "./view.js";

const MOST_PAGES = 10;
const PAGE = 200;
const MOST_POSITIONS = 5000;

/** @type {number[]} */
let known = [];
let busy = false;

/** Whether all resources are being read just now, how many were, and when that was (ms). */
export const reading = signal({ busy: false, read: 0, at: 0 });

/** Read all resources, page after page, and the depots; what has come is shown while the rest is on its way. */
export async function learnAll() {
  if (reading.peek().busy) return;
  reading.value = { busy: true, read: 0, at: reading.peek().at };
  learnDepots();
  let cursor = "";
  try {
    do {
      const told = await read(`/resources?limit=${PAGE}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
      take({ resource: told.items.map(resourceRow) });
      reading.value = { ...reading.peek(), read: reading.peek().read + told.items.length };
      cursor = told.next ?? "";
    } while (cursor);
    reading.value = { ...reading.peek(), busy: false, at: now() };
  } catch {
    reading.value = { ...reading.peek(), busy: false }; // the link says so; with it, they are read again
  }
}

/** Read the depots. */
export async function learnDepots() {
  await readAll("/depots").then((rows) => take({ depot: rows.map(depotRow) }), () => undefined);
}

/** A depot as a list over HTTP tells it, in the form of its row. @param {Record<string, any>} seen */
export function depotRow(seen) {
  return resourceRow(seen);
}

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
