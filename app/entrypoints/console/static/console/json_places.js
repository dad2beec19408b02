/** Where the values of a JSON text stand in it: for whoever is told that something at `/unit_status/path` is wrong, and looks at the text. */

/** @typedef {{from: number, to: number, line: number}} Place from, to: characters; line: counted from 1 */

const SPACE = /[\s]*/y;
const SCALAR = /"(?:[^"\\]|\\.)*"|[-+.\w]+/y;

/**
 * The place of each value, by its pointer (RFC 6901). Of a text that is no JSON, those up to where it breaks off.
 * @param {string} text
 * @returns {Map<string, Place>}
 */
export function placesOf(text) {
  /** @type {Map<string, Place>} */
  const found = new Map();
  let at = 0;
  const skip = () => { SPACE.lastIndex = at; SPACE.exec(text); at = SPACE.lastIndex; };
  const scalar = () => {
    SCALAR.lastIndex = at;
    const hit = SCALAR.exec(text);
    if (!hit) throw new SyntaxError();
    at = SCALAR.lastIndex;
    return hit[0];
  };
  const next = (/** @type {string} */ end) => {
    skip();
    const sign = text[at++];
    if (sign !== "," && sign !== end) throw new SyntaxError();
    return sign === ",";
  };
  const empty = (/** @type {string} */ end) => {
    at++;
    skip();
    if (text[at] !== end) return false;
    at++;
    return true;
  };
  const value = (/** @type {string} */ pointer) => {
    skip();
    const from = at;
    if (text[at] === "{") {
      if (!empty("}")) {
        do {
          skip();
          const key = JSON.parse(scalar());
          skip();
          if (text[at++] !== ":") throw new SyntaxError();
          value(`${pointer}/${String(key).replace(/~/g, "~0").replace(/\//g, "~1")}`);
        } while (next("}"));
      }
    } else if (text[at] === "[") {
      if (!empty("]")) {
        let n = 0;
        do value(`${pointer}/${n++}`); while (next("]"));
      }
    } else scalar();
    found.set(pointer, { from, to: at, line: lineAt(text, from) });
  };
  try {
    value("");
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return found;
}

/** The line of a character, counted from 1. @param {string} text @param {number} at */
export function lineAt(text, at) {
  return text.slice(0, at).split("\n").length;
}

/** The place of a value, or of the nearest one around it that is there. @param {Map<string, Place>} places @param {string} pointer */
export function placeOf(places, pointer) {
  for (let near = pointer; near; near = near.slice(0, near.lastIndexOf("/"))) {
    const found = places.get(near);
    if (found) return found;
  }
  return places.get("");
}

/** Why a text is no JSON, and where; null where it is. @param {string} text @returns {{at: number, line: number} | null} */
export function brokenAt(text) {
  try {
    JSON.parse(text);
    return null;
  } catch (error) {
    const told = /position (\d+)/.exec(String(error));
    const at = Math.min(text.length, told ? Number(told[1]) : text.length);
    return { at, line: lineAt(text, at) };
  }
}

/** Every value that holds no others, by its pointer, in their order. @param {any} value @param {string} [pointer] @returns {[string, any][]} */
export function leavesOf(value, pointer = "") {
  if (value === null || typeof value !== "object") return [[pointer, value]];
  return Object.entries(value).flatMap(([key, each]) => leavesOf(each, `${pointer}/${key.replace(/~/g, "~0").replace(/\//g, "~1")}`));
}

/** How long a line may get before what is on it is laid out one below the other (characters). */
const LINE = 110;

/** JSON as a person reads it: what fits on a line stands on one. @param {any} value @param {string} [indent] @returns {string} */
export function laidOut(value, indent = "") {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const list = Array.isArray(value);
  const parts = Object.entries(value).map(([key, each]) => [list ? "" : `${JSON.stringify(key)}: `, each]);
  const [begin, end] = list ? "[]" : "{}";
  const line = `${begin}${parts.map(([name, each]) => name + laidOut(each)).join(", ")}${end}`;
  if (parts.length === 0 || (line.length + indent.length <= LINE && !line.includes("\n"))) return line;
  const deeper = `${indent} `;
  return `${begin}\n${parts.map(([name, each]) => deeper + name + laidOut(each, deeper)).join(",\n")}\n${indent}${end}`;
}
