/**
 * What exercise control has told one's own member in the drill that is shown, newest first. What comes anew rings until somebody here
 * says that it was read; that is remembered by this browser alone.
 */
import { read, session, SPACE } from "./api.js";
import { onEntries, onSnapshot } from "./feed.js";
import { named, t } from "./i18n.js";
import { learning } from "./learning.js";
import { IS_DRILL } from "./space.js";
import { tables } from "./store.js";
import { keep, recall } from "./theme.js";
import { signal } from "./view.js";

/** @typedef {{id: string, at_us: number, delivered_at: string, told: {sender: string, sender_name: Record<string, string> | null, means: string, text: Record<string, string>, sensor: any}}} Delivery */

const SOON_MS = 200;
const PAGE = 50;

/** All that is known, newest first; `next` leads to what is older. */
export const told = signal(/** @type {{items: Delivery[], next: string | null, loaded: boolean}} */ ({ items: [], next: null, loaded: false }));
/** The ids of what was read here. */
export const readHere = signal(/** @type {ReadonlySet<string>} */ (new Set()));

const keptAs = () => `concord.told.${SPACE}.${session.peek()?.user.id ?? ""}`;

/** Watch from now on, in the space of a drill. */
export function startTold() {
  if (!IS_DRILL) return;
  try {
    readHere.value = new Set(JSON.parse(recall(keptAs()) ?? "[]"));
  } catch {
    readHere.value = new Set();
  }
  const learn = learning(() => read(`/deliveries?limit=${PAGE}`), (page) => add(page.items, told.peek().loaded ? told.peek().next : page.next), SOON_MS);
  onSnapshot(learn);
  onEntries((entries) => entries.some((entry) => entry.type === "inject.delivered") && learn());
}

/** Read what is older. */
export async function readOlder() {
  const page = await read(`/deliveries?limit=${PAGE}&cursor=${encodeURIComponent(told.peek().next ?? "")}`);
  add(page.items, page.next);
}

/** Somebody here has read it. @param {string[]} ids */
export function acknowledge(ids) {
  readHere.value = new Set([...readHere.peek(), ...ids]);
  keep(keptAs(), JSON.stringify([...readHere.peek()]));
}

/** @param {Delivery[]} items @param {string | null} next */
function add(items, next) {
  const known = new Map([...told.peek().items, ...items].map((each) => [each.id, each]));
  told.value = { items: [...known.values()].sort((a, b) => b.at_us - a.at_us || b.delivered_at.localeCompare(a.delivered_at)), next: next ?? null, loaded: true };
}

/** The text of a delivery without the mark that frames it: the screen bears it already. @param {string} text */
export function unmarked(text) {
  const lines = text.split("\n");
  return lines.length > 2 && lines[0] === lines.at(-1) ? lines.slice(1, -1).join("\n") : text;
}

/** Who says so: a voice by its name, a member, or exercise control. @param {{sender: string, sender_name: Record<string, string> | null}} told */
export function senderName({ sender, sender_name }) {
  if (sender_name) return named(sender_name);
  const found = tables.member.all.value.find((row) => row.code === sender);
  return found ? named(found.names) : sender === "control" ? t("exercise.control") : sender;
}
