/** What of an offer's line can be sent or taken: how many are still wanted, of a whole or of one of its parts. */
import { myMember } from "./api.js";
import { fillOf, tables } from "./store.js";

/** @typedef {import("./store.js").Row} Row */

/** How many of a type a request's line still wants; of a composite type's part, how many of that part. @param {Row} line @param {string} type */
export function openOf(line, type) {
  const fill = fillOf(line);
  if (type === line.type_code) return fill.open;
  return fill.parts?.find((part) => part.type_code === type)?.open ?? 0;
}

/** The own units of a type that could go at once. @param {string} type */
export function freeOwn(type) {
  return tables.resource.where("member_id", myMember()).filter((unit) => unit.type_code === type && unit.status === "available" && !unit.retired).sort((a, b) => a.call_sign.localeCompare(b.call_sign));
}

/** What can be offered for a request's lines: the wholes that are still wanted, and each part that is. @param {readonly Row[]} lines @returns {{key: string, line: Row, type: string, part: boolean, open: number}[]} */
export function wantedOf(lines) {
  return lines.flatMap((line) => {
    const types = [line.type_code, ...(fillOf(line).parts ?? []).map((part) => part.type_code)];
    return types.map((type) => ({ key: `${line.id}/${type}`, line, type, part: type !== line.type_code, open: openOf(line, type) })).filter((each) => each.open > 0);
  });
}

/**
 * How many of each line of an offer to take, unless somebody says otherwise: what is still wanted, the first line first. What the
 * offer itself holds already (it was taken provisionally) counts as wanted.
 * @param {readonly Row[]} offered @param {readonly Row[]} lines of the request
 * @returns {Map<string, number>} by the id of the offered line
 */
export function takenAtFirst(offered, lines) {
  const left = /** @type {Map<string, number>} */ (new Map());
  const found = /** @type {Map<string, number>} */ (new Map());
  for (const each of offered) {
    const line = lines.find((row) => row.id === each.request_line_id);
    if (!line) continue;
    const key = `${line.id}/${each.type_code}`;
    if (!left.has(key)) left.set(key, openOf(line, each.type_code) + offered.filter((other) => other.request_line_id === line.id && other.type_code === each.type_code).reduce((sum, other) => sum + other.accepted_quantity, 0));
    const most = each.accepted_quantity || each.quantity;
    const taken = Math.min(most, left.get(key) ?? 0);
    left.set(key, (left.get(key) ?? 0) - taken);
    found.set(each.id, taken);
  }
  return found;
}
