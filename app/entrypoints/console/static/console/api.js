/**
 * The API over HTTP: who is signed in, reading, and commands with their key.
 *
 * A command keeps its Idempotency-Key over every attempt, so sending it again after a cut is safe. Keys come from
 * `getRandomValues`, for `http://name.lan` is no secure context and has no `crypto.randomUUID`.
 */
import { frozen, SPACE } from "./space.js";
import { signal } from "./view.js";

/** @typedef {{id: string, code: string, country: string, names: Record<string, string>}} MemberBrief */
/** @typedef {{id: string, login: string, display_name: string, language: string, roles: string[], member: MemberBrief}} Me */
/** @typedef {{user: Me, expires_at: string, csrf_token: string}} Session */
/** @typedef {{pointer: string, type: string, detail: string}} WrongField */
/** @typedef {{type: string, title: string, status: number, detail: string, hint?: string, errors?: WrongField[], current?: Record<string, any>} & Record<string, any>} ProblemBody */
/** @typedef {{command: string, seq: number, kind: string, id: string, revision: number, subject: Record<string, any>, rows: Record<string, Record<string, any>[]>, warnings: {code: string, detail: string, figures?: Record<string, string | number>}[]}} Receipt */

export { SPACE };
const HERE = `/api/v1/spaces/${encodeURIComponent(SPACE)}`;
/** The address of something in this space, for a link. @param {string} path */
export const hrefOf = (path) => `${HERE}${path}`;
/** Work that takes long answers in lines of JSON, and tells how far it is. */
const LINES = "application/x-ndjson";
const ATTEMPTS = 3;
const PAUSE_MS = 700;

/** @type {import("./view.js").Signal<Session | null>} */
export const session = signal(/** @type {Session | null} */ (null));
/** True once the server no longer knows this session. */
export const signedOut = signal(false);

/** An answer that is a problem (RFC 9457), or none at all. */
export class Problem extends Error {
  /** @param {ProblemBody} body */
  constructor(body) {
    super(body.detail || body.title);
    this.body = body;
  }

  /** The last part of the problem's type: `stale-revision`, `agreement-refused` … */
  get slug() {
    return this.body.type.split("/").pop() || "";
  }

  get status() {
    return this.body.status;
  }
}

/**
 * Find out who is signed in. Windows of a browser share the cookie: where somebody else has signed in in another one, this
 * one begins anew as theirs, and never does in their name what was meant in ours.
 * @returns {Promise<Session>}
 */
export async function loadSession() {
  /** @type {Session} */
  const found = await call("GET", "/api/v1/session");
  const before = session.peek()?.user.id;
  if (before && before !== found.user.id) {
    location.reload();
    return new Promise(() => undefined);
  }
  session.value = found;
  return found;
}

/** The signed-in user's member. */
export function myMember() {
  return session.value?.user.member.id ?? "";
}

/**
 * Read something of the space (`/requests?limit=5`), or of the deployment (a path that begins with `/api/`).
 * @param {string} path
 * @param {{signal?: AbortSignal}} [options]
 * @returns {Promise<any>}
 */
export function read(path, options = {}) {
  return call("GET", path.startsWith("/api/") ? path : HERE + path, undefined, {}, options.signal);
}

/**
 * Read something that is kept with an ETag, unless it is the one that one has.
 * @param {string} path @param {string} tag of the one that one has; empty: any
 * @param {{signal?: AbortSignal}} [options]
 * @returns {Promise<{told: any, tag: string} | null>} null: it is
 */
export function readNewer(path, tag, options = {}) {
  return call("GET", HERE + path, undefined, { "If-None-Match": tag || '""' }, options.signal);
}

/** As many as one page of a list holds. */
export const LARGEST_PAGE = 200;

/**
 * Read the first of a list, page by page.
 * @param {string} path
 * @param {number} most
 * @returns {Promise<{items: any[], next: string}>} next: empty where there are no more
 */
export async function readFirst(path, most) {
  const items = [];
  let next = "";
  do {
    const glue = path.includes("?") ? "&" : "?";
    const page = await read(`${path}${glue}limit=${Math.min(LARGEST_PAGE, most - items.length)}${next && `&cursor=${encodeURIComponent(next)}`}`);
    items.push(...page.items);
    next = page.next || "";
  } while (next && items.length < most);
  return { items, next };
}

/**
 * Read all pages of a list.
 * @param {string} path
 * @param {number} [most]
 * @returns {Promise<any[]>}
 */
export async function readAll(path, most = 2000) {
  return (await readFirst(path, most)).items;
}

/**
 * Send a command.
 * @param {string} path below the space, or (where it begins with `/api/`) of the deployment
 * @param {Record<string, any>} [body]
 * @param {{revision?: number, method?: "POST" | "PATCH" | "PUT"}} [options]
 * @returns {Promise<Receipt>}
 */
export async function send(path, body = {}, options = {}) {
  /** @type {Record<string, string>} */
  const headers = { "Content-Type": "application/json", "Idempotency-Key": newKey() };
  if (options.revision !== undefined) headers["If-Match"] = `"${options.revision}"`;
  for (let attempt = 1; ; attempt++) {
    headers["X-CSRF-Token"] = session.value?.csrf_token ?? "";
    try {
      return await call(options.method ?? "POST", path.startsWith("/api/") ? path : HERE + path, body, headers);
    } catch (problem) {
      if (!(problem instanceof Problem) || attempt === ATTEMPTS) throw problem;
      if (problem.slug === "csrf-failed") await loadSession();
      else if (problem.status !== 0 && problem.status !== 503) throw problem;
      else await new Promise((go) => setTimeout(go, PAUSE_MS * attempt));
    }
  }
}

/**
 * Send a text as it is: a file that is imported.
 * @param {string} path below the space
 * @param {string} text
 * @param {string} type its media type
 * @param {boolean} once whether a second sending after a cut is to be told from another one
 * @param {(step: string, done: number, total: number) => void} told hears how far the server is
 * @returns {Promise<any>}
 */
export async function sendText(path, text, type, once, told) {
  const key = newKey();
  for (let attempt = 1; ; attempt++) {
    try {
      return await call("POST", HERE + path, text, { Accept: LINES, "Content-Type": type, "X-CSRF-Token": session.value?.csrf_token ?? "", ...(once && { "Idempotency-Key": key }) }, undefined, told);
    } catch (problem) {
      if (!(problem instanceof Problem) || attempt === ATTEMPTS) throw problem;
      if (problem.slug === "csrf-failed") await loadSession();
      else if (problem.status !== 0) throw problem;
      else await new Promise((go) => setTimeout(go, PAUSE_MS * attempt));
    }
  }
}

/** 128 random bits as hex. */
export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** End the session of this browser; where the server cannot be reached it goes on, and a Problem says so. */
export async function signOut() {
  try {
    await call("DELETE", "/api/v1/session", undefined, { "X-CSRF-Token": session.value?.csrf_token ?? "" });
  } catch (problem) {
    if (!(problem instanceof Problem && problem.status === 401)) throw problem; // ended already: that is what was wanted
  }
  location.assign("/sign-in");
}

/**
 * @param {string} method
 * @param {string} url
 * @param {unknown} [body]
 * @param {Record<string, string>} [headers]
 * @param {AbortSignal} [abort]
 * @param {(step: string, done: number, total: number) => void} [heard] of work that tells how far it is
 * @returns {Promise<any>}
 */
async function call(method, url, body, headers = {}, abort, heard) {
  let answer;
  try {
    answer = await fetch(url, {
      method,
      headers: { Accept: "application/json", ...headers },
      body: body === undefined || typeof body === "string" ? body : JSON.stringify(body),
      signal: abort,
      credentials: "same-origin",
    });
  } catch (error) {
    if (abort?.aborted) throw error;
    throw new Problem({ type: "/problems/no-connection", title: "", status: 0, detail: String(error) });
  }
  if (answer.status === 204 || answer.status === 304) return null;
  if (heard && answer.headers.get("Content-Type")?.startsWith(LINES)) return lastLine(answer, heard);
  const told = await answer.json().catch((error) => {
    if (abort?.aborted) throw error;
    if (answer.ok && !(error instanceof SyntaxError)) throw new Problem({ type: "/problems/no-connection", title: "", status: 0, detail: String(error) });
    return null;
  });
  if (answer.ok) return headers["If-None-Match"] ? { told, tag: answer.headers.get("ETag") ?? "" } : told;
  const problem = new Problem(told ?? { type: "/problems/unknown", title: answer.statusText, status: answer.status, detail: "" });
  if (problem.status === 401) signedOut.value = true;
  if (problem.slug === "space-frozen" && url.startsWith(HERE)) frozen.value = true;
  throw problem;
}

/**
 * Read an answer that comes in lines: how far the work is, and in the last one what came of it.
 * @param {Response} answer
 * @param {(step: string, done: number, total: number) => void} heard
 */
async function lastLine(answer, heard) {
  const reader = /** @type {ReadableStream<Uint8Array>} */ (answer.body).getReader();
  const decoder = new TextDecoder();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read().catch((error) => {
      throw new Problem({ type: "/problems/no-connection", title: "", status: 0, detail: String(error) });
    });
    if (done) throw new Problem({ type: "/problems/no-connection", title: "", status: 0, detail: "" });
    const lines = (text + decoder.decode(value, { stream: true })).split("\n");
    text = lines.pop() ?? "";
    for (const line of lines.map((each) => JSON.parse(each))) {
      if (line.kind === "answer") return line.answer;
      if (line.kind === "problem") throw new Problem(line.problem);
      heard(line.step, line.done, line.total);
    }
  }
}
