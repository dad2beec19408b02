/**
 * What this side knows: the last state of every row, by kind, as the feed and the receipts of our own commands tell it.
 *
 * A component that reads one row is drawn again when that row changes, and not when its neighbours do. Lists by a field
 * (the lines of a request) are kept as they change; nothing is searched for while drawing.
 */
import { batch, computed, signal } from "./view.js";

/** @typedef {Record<string, any> & {id: string, revision: number}} Row */
/** @typedef {{request_line_id: string, request_id: string, wanted: number, committed: number, pending: number, open: number, parts?: {type_code: string, wanted: number, committed: number, pending: number, open: number}[] | null}} Fill */
/** @typedef {{resource_id: string, lon: number, lat: number, at: string}} Position */

/** @type {readonly Row[]} */
const NONE = Object.freeze([]);

/** The rows of one kind. */
export class Table {
  /** @param {string[]} fields by which lists are kept */
  constructor(fields = []) {
    /** @type {Map<string, import("./view.js").Signal<Row | undefined>>} */
    this.rows = new Map();
    /** @type {Map<string, Map<string, import("./view.js").Signal<readonly Row[]>>>} */
    this.lists = new Map(fields.map((field) => [field, new Map()]));
    /** Counts up with every change of any row. */
    this.changes = signal(0);
    /** Every row there is. */
    this.all = computed(() => {
      this.changes.value;
      /** @type {Row[]} */
      const found = [];
      for (const row of this.rows.values()) {
        const state = row.peek();
        if (state) found.push(state);
      }
      return found;
    });
  }

  /**
   * The row of an id; undefined as long as it is not known.
   * @param {string | null | undefined} id
   * @returns {Row | undefined}
   */
  get(id) {
    return id ? this.#of(id).value : undefined;
  }

  /**
   * The rows whose field has this value.
   * @param {string} field
   * @param {string} value
   * @returns {readonly Row[]}
   */
  where(field, value) {
    return this.#list(field, value).value;
  }

  /**
   * Take in a state, unless a later one is known.
   * @param {Row} state
   */
  put(state) {
    const row = this.#of(state.id);
    const was = row.peek();
    if (was && was.revision > state.revision && !state.removed) return;
    const next = state.removed ? undefined : was ? { ...was, ...state } : state;
    row.value = next;
    for (const field of this.lists.keys()) this.#move(field, was, next);
    this.changes.value = this.changes.peek() + 1;
  }

  /**
   * Replace everything. What is known in a later state stays so: a snapshot may be a little older than the receipt of our own command.
   * @param {Row[]} states
   */
  replace(states) {
    const kept = new Set(states.map((state) => state.id));
    for (const [id, row] of this.rows) {
      const was = row.peek();
      if (was && !kept.has(id)) this.put({ ...was, removed: true });
    }
    for (const state of states) this.put(state);
  }

  /** @param {string} id */
  #of(id) {
    let row = this.rows.get(id);
    if (!row) this.rows.set(id, (row = signal(/** @type {Row | undefined} */ (undefined))));
    return row;
  }

  /** @param {string} field @param {string} value */
  #list(field, value) {
    const lists = this.lists.get(field);
    if (!lists) throw new Error(`no lists are kept by ${field}`);
    let list = lists.get(value);
    if (!list) lists.set(value, (list = signal(NONE)));
    return list;
  }

  /** @param {string} field @param {Row | undefined} was @param {Row | undefined} next */
  #move(field, was, next) {
    const from = was?.[field];
    const to = next?.[field];
    if (was && from && from !== to) {
      const list = this.#list(field, from);
      list.value = list.peek().filter((row) => row.id !== was.id);
    }
    if (next && to) {
      const list = this.#list(field, to);
      const at = list.peek().findIndex((row) => row.id === next.id);
      list.value = at < 0 ? [...list.peek(), next] : list.peek().with(at, next);
    }
  }
}

/** @type {Record<string, Table>} */
export const tables = {
  corridor: new Table(),
  member: new Table(),
  crossing: new Table(),
  rendezvous: new Table(),
  incident: new Table(),
  incident_log: new Table(["incident_id"]),
  external_id: new Table(["incident_id"]),
  agreement: new Table(),
  request: new Table(["incident_id"]),
  request_line: new Table(["request_id"]),
  acknowledgement: new Table(["request_id"]),
  response: new Table(["request_id"]),
  question: new Table(["request_id"]),
  offer: new Table(["request_id"]),
  offer_line: new Table(["offer_id", "request_id"]),
  mission: new Table(["request_id", "request_line_id", "incident_id", "relief_of_id", "resource_id"]),
  extension: new Table(["mission_id", "request_id"]),
  reassignment: new Table(["mission_id", "request_id"]),
  host_support: new Table(["mission_id", "request_id"]),
  resource: new Table(["member_id", "formation_id"]),
  depot: new Table(["member_id"]),
  automatic_aid: new Table(["request_id"]),
  automatic_alarm: new Table(["request_id", "aid_id"]),
  response_commitment: new Table(["request_id"]),
  call: new Table(["request_id"]),
  debt: new Table(["request_id"]),
  authority_notice: new Table(["request_id"]),
  representative: new Table(["member_id"]),
  handover: new Table(),
  rota: new Table(),
  coordination_turn: new Table(),
  turn_swap: new Table(),
  protocol_overlay: new Table(),
  incident_protocol: new Table(["incident_id"]),
  checklist_item: new Table(["incident_id"]),
  lender_word: new Table(["member_id"]),
  unasked_offer: new Table(["incident_id"]),
  unasked_offer_line: new Table(["unasked_offer_id"]),
  dispatch_receipt: new Table(),
  webhook_endpoint: new Table(),
  inbox_matter: new Table(),
};
/** Kinds that a snapshot does not tell whole: what was read over HTTP stays. */
const READ_APART = new Set(["resource", "depot", "incident_log", "question"]);

/** @type {Map<string, import("./view.js").Signal<Fill | undefined>>} */
const fills = new Map();
/** Counts up when how far some line is filled changes. */
export const fillChanges = signal(0);

/** @type {Map<string, import("./view.js").Signal<Position | undefined>>} */
const positions = new Map();
/** Counts up when some unit has moved. */
export const positionChanges = signal(0);

/** The instant that what is shown belongs to: the seq, and when it was told (ms). */
export const asOf = signal({ seq: 0, at: 0 });

/** Rows that changed lately, for the mark that goes after two seconds: `<kind>:<id>` → when (ms). */
export const changedAt = new Map();
/** How long such a mark is remembered (ms), and from how many on the old ones are thrown away. */
const MARK_KEPT_MS = 10_000;
const MARKS_KEPT = 1000;

/** When the feed last told how far a line is filled (ms of `performance.now()`), by line. @type {Map<string, number>} */
const fillTold = new Map();

/**
 * Take in rows by kind: of an entry, a receipt or a page.
 * @param {Record<string, Row[]> | null | undefined} rows
 * @param {{mark?: boolean}} [how] mark: it has just happened
 */
export function take(rows, how = {}) {
  if (!rows) return;
  if (changedAt.size > MARKS_KEPT) for (const [key, at] of changedAt) if (at < performance.now() - MARK_KEPT_MS) changedAt.delete(key);
  batch(() => {
    for (const [kind, states] of Object.entries(rows)) {
      const table = tables[kind];
      if (!table) continue;
      for (const state of states) {
        if (how.mark) changedAt.set(`${kind}:${state.id}`, performance.now());
        table.put(state);
      }
    }
  });
}

/**
 * Replace everything by a snapshot.
 * @param {Record<string, Row[]>} rows
 * @param {boolean} [anew] it is of another journal than before: nothing that was known counts any more
 */
export function takeSnapshot(rows, anew = false) {
  batch(() => {
    if (anew) forget();
    for (const [kind, table] of Object.entries(tables)) {
      const states = rows[kind] ?? [];
      if (READ_APART.has(kind)) for (const state of states) table.put(state);
      else table.replace(states);
    }
  });
}

/** Forget everything: rows, how far lines are filled, where units are. */
function forget() {
  for (const table of Object.values(tables)) table.replace([]);
  for (const known of [...fills.values(), ...positions.values()]) known.value = undefined;
  for (const each of [fillTold, changedAt]) each.clear();
}

/**
 * How far lines are filled: told by the feed, or read over HTTP. What the feed told since that was asked for is newer, and stays.
 * @param {Fill[]} items
 * @param {number} [asked] when it was asked for over HTTP (ms of `performance.now()`)
 */
export function takeFill(items, asked) {
  batch(() => {
    for (const item of items) {
      if (asked === undefined) fillTold.set(item.request_line_id, performance.now());
      else if ((fillTold.get(item.request_line_id) ?? -1) >= asked) continue;
      const known = fills.get(item.request_line_id);
      if (known) known.value = item;
      else fills.set(item.request_line_id, signal(/** @type {Fill | undefined} */ (item)));
    }
    fillChanges.value = fillChanges.peek() + 1;
  });
}

/** Take in positions, unless a later one is known. @param {Position[]} items */
export function takePositions(items) {
  batch(() => {
    for (const item of items) {
      const known = positions.get(item.resource_id);
      const was = known?.peek();
      if (was && Date.parse(was.at) > Date.parse(item.at)) continue;
      if (known) known.value = item;
      else positions.set(item.resource_id, signal(/** @type {Position | undefined} */ (item)));
    }
    positionChanges.value = positionChanges.peek() + 1;
  });
}

/**
 * How far a line is filled; nothing yet where it was not told.
 * @param {Row} line
 * @returns {Fill}
 */
export function fillOf(line) {
  let known = fills.get(line.id);
  if (!known) fills.set(line.id, (known = signal(/** @type {Fill | undefined} */ (undefined))));
  const nothing = { wanted: line.quantity, committed: 0, pending: 0, open: line.quantity };
  return known.value ?? { request_line_id: line.id, request_id: line.request_id, ...nothing };
}

/**
 * Where a unit was last: its reported position, else the place that it is entered with.
 * @param {Row | undefined} resource
 * @returns {{lon: number, lat: number, at: string} | undefined}
 */
export function positionOf(resource) {
  if (!resource) return undefined;
  let known = positions.get(resource.id);
  if (!known) positions.set(resource.id, (known = signal(/** @type {Position | undefined} */ (undefined))));
  const told = known.value;
  if (told && !(Date.parse(told.at) < Date.parse(resource.position_at))) return told;
  return resource.lon === undefined ? undefined : { lon: resource.lon, lat: resource.lat, at: resource.position_at };
}

/**
 * A unit as a list over HTTP tells it, in the form of its row.
 * @param {Record<string, any>} seen
 * @returns {Row}
 */
export function resourceRow(seen) {
  const { place, ...rest } = seen;
  return /** @type {any} */ ({ ...rest, lon: place.coordinates[0], lat: place.coordinates[1] });
}
