/** What the screens of claims and statements share: amounts in words, deadlines, and reading again when something has changed. */
import { Problem, read } from "./api.js";
import { ProblemParts } from "./dialogs.js";
import { link, onEntries } from "./feed.js";
import { language, money as said, t, word } from "./i18n.js";
import { html, useEffect, useState } from "./view.js";

/** How long to wait for more to happen before reading again: one visit to the server for many entries. */
const SOON_MS = 300;

/** An amount in the reader's language, with its currency: never computed with here. @param {string | null | undefined} amount @param {string} currency */
export function money(amount, currency) {
  if (amount == null) return "–";
  return said(amount, currency);
}

/** A measured quantity, without zeros at its end. @param {string | null | undefined} value */
export function figure(value) {
  if (value == null) return "–";
  return new Intl.NumberFormat(language.value, { maximumFractionDigits: 4 }).format(Number(value));
}

/** What somebody typed as an amount, as the API wants it: a comma is a point. @param {string} typed */
export function amountOf(typed) {
  return String(typed ?? "").replace(/\s/g, "").replace(",", ".");
}

/** A day in the reader's language: `14 Jul 2026`. @param {string | null | undefined} at an instant or a day */
export function dayOf(at) {
  if (!at) return "–";
  const when = new Date(at.length === 10 ? `${at}T12:00:00Z` : at);
  return new Intl.DateTimeFormat(language.value, { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" }).format(when);
}

/** A month in the reader's language. @param {string} month its first day */
export function monthOf(month) {
  return new Intl.DateTimeFormat(language.value, { month: "long", year: "numeric", timeZone: "UTC" }).format(new Date(`${month}T12:00:00Z`));
}

/** What is counted in an item's line. @param {{item: string, consumable: string | null}} line */
export function itemName(line) {
  return line.consumable ? line.consumable : word("cost_items", line.item);
}

/** How a claim or statement stands, as a tone. @param {{status: string, overdue?: boolean}} row */
export function toneOf(row) {
  if (row.overdue) return "alert";
  if (row.status === "disputed") return "notice";
  return ["closed", "paid", "waived", "acknowledged"].includes(row.status) ? "calm-state" : "";
}

/**
 * Read something, and again soon after the journal tells of such a thing. `again` reads at once.
 * @param {() => Promise<any>} reads
 * @param {readonly string[]} told how the types of such entries begin
 * @param {readonly any[]} of what it depends on
 * @returns {{found: any, failed: Problem | null, again: () => void}}
 */
export function useRead(reads, told, of) {
  const [found, setFound] = useState(/** @type {any} */ (null));
  const [failed, setFailed] = useState(/** @type {Problem | null} */ (null));
  const live = link.value.live;
  const again = () => {
    reads().then(
      (answer) => {
        setFound(answer);
        setFailed(null);
      },
      (problem) => setFailed(problem instanceof Problem ? problem : new Problem({ type: "/problems/unknown", title: "", status: 0, detail: String(problem) })),
    );
  };
  useEffect(() => {
    if (live) again();
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let soon;
    const stop = onEntries((entries) => {
      if (!entries.some((entry) => told.some((type) => entry.type?.startsWith(type)))) return;
      clearTimeout(soon);
      soon = setTimeout(again, SOON_MS);
    });
    return () => {
      clearTimeout(soon);
      stop();
    };
  }, [live, ...of]);
  return { found, failed, again };
}

/** What could not be read, in words. @param {{problem: Problem}} props */
export function Failed({ problem }) {
  return html`<div class="request-screen" role="alert"><div class="request-head"><${ProblemParts} problem=${problem} /><p class="back"><a href="#/claims">← ${t("claims")}</a></p></div></div>`;
}

/** All pages of a list, at most 1,000 items. @param {string} path */
export async function readList(path) {
  const items = [];
  let cursor = "";
  do {
    const page = await read(`${path}${path.includes("?") ? "&" : "?"}limit=200${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
    items.push(...page.items);
    cursor = page.next ?? "";
  } while (cursor && items.length < 1000);
  return items;
}
