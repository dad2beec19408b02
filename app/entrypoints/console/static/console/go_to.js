/** Go to anything (Ctrl-K): places by any of their names, requests, incidents, members, crossings, rendezvous, depots, agreements, claims, units. */
import { read } from "./api.js";
import { dealsWithMoney } from "./claims.js";
import { openDialog } from "./dialogs.js";
import { folded, language, t } from "./i18n.js";
import { openAsk } from "./ask.js";
import { chosen, goTo, lookAt, part, requestLink } from "./router.js";
import { holdsOne } from "./rules.js";
import { consoleOf, INTEGRATION, IS_DRILL, IS_LIVE, SPACE } from "./space.js";
import { resourceRow, take } from "./store.js";
import { html, useEffect, useState } from "./view.js";

/** Screens that are found by their names, too: where dispatch systems are looked after, and where they are tried. @returns {{title: string, href: string}[]} */
function waysTo(/** @type {string} */ text) {
  if (IS_DRILL || !holdsOne(["dispatcher", "admin"])) return [];
  const all = [
    { title: t("admin.dispatch"), href: "#/admin/dispatch" },
    { title: t("space.integration.console"), href: consoleOf(INTEGRATION) },
    { title: t("to_live"), href: consoleOf("live") },
  ];
  return all.filter(({ title, href }) => href !== consoleOf(SPACE) && (href !== consoleOf("live") || !IS_LIVE) && folded(title).includes(folded(text)));
}

/** @typedef {{kind: string, href?: string, id: string | null, code: string | null, title: string, matched: string, country: string | null, place: {coordinates: number[]} | null}} Hit */

const PAUSE_MS = 120;

/** Open the box. */
export function openGoTo() {
  return openDialog(t("go_to"), (close) => html`<${GoTo} close=${close} />`);
}

/** @param {{close: () => void}} props */
function GoTo({ close }) {
  const [text, setText] = useState("");
  const [hits, setHits] = useState(/** @type {Hit[] | null} */ (null));
  const [at, setAt] = useState(0);
  useEffect(() => {
    if (!text.trim()) {
      setHits(null);
      return undefined;
    }
    const abort = new AbortController();
    const timer = setTimeout(() => {
      read(`/search?q=${encodeURIComponent(text.trim())}&limit=12&language=${language.peek()}`, { signal: abort.signal }).then((told) => { setHits([...waysTo(text.trim()).map((way) => ({ kind: "screen", id: null, code: null, matched: way.title, country: null, place: null, ...way })), ...told.items.filter((/** @type {Hit} */ hit) => hit.kind !== "claim" || dealsWithMoney())]); setAt(0); }, () => undefined);
    }, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [text]);
  const go = async (/** @type {Hit | undefined} */ hit) => {
    if (!hit) return;
    close();
    await open(hit);
  };
  const key = (/** @type {KeyboardEvent} */ event) => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step) {
      event.preventDefault();
      setAt((was) => Math.max(0, Math.min((hits?.length ?? 1) - 1, was + step)));
    } else if (event.key === "Enter") {
      event.preventDefault();
      go(hits?.[at]);
    }
  };
  return html`<div class="dialog-body"><input type="search" class="go-to-box" autofocus role="combobox" aria-expanded=${!!hits?.length} aria-controls="go-to-list" aria-activedescendant=${hits?.[at] ? `go-to-${at}` : undefined} aria-label=${t("go_to")} placeholder=${t("go_to.hint")} value=${text} onInput=${(/** @type {any} */ event) => setText(event.target.value)} onKeyDown=${key} />
    <ul id="go-to-list" role="listbox" class="hits" aria-label=${t("go_to")}>${(hits ?? []).map((hit, n) => html`<li id=${`go-to-${n}`} role="option" aria-selected=${n === at} onClick=${() => go(hit)}>
      <span class="hit-kind">${t(`hit.${hit.kind}`)}</span> <span><strong>${hit.title}</strong>${hit.matched && hit.matched !== hit.title ? html` <span class="dim">${hit.matched}</span>` : ""}${hit.code && ["request", "incident", "claim", "rendezvous"].includes(hit.kind) && hit.code !== hit.title ? html` <span class="ref">${hit.code}</span>` : ""}</span> ${hit.country && html`<abbr class="country">${hit.country}</abbr>`}</li>`)}</ul>
    ${hits?.length === 0 && html`<p class="nothing" role="status">${t("go_to.nothing")}</p>`}</div>`;
}

/** @param {Hit} hit */
async function open(hit) {
  const [lon, lat] = hit.place?.coordinates ?? [];
  if (hit.href) {
    if (hit.href.startsWith("#")) goTo(hit.href);
    else location.assign(hit.href);
    return;
  }
  if (hit.kind === "request") {
    goTo(requestLink(hit.id ?? ""));
    return;
  }
  if (hit.kind === "resource_type") {
    await openAsk("");
    return;
  }
  if (["agreement", "claim"].includes(hit.kind)) {
    goTo(`#/${hit.kind}/${hit.id}`);
    return;
  }
  if (hit.kind === "depot") {
    goTo(`#/resources?depot=${hit.id}`);
    return;
  }
  part.value = "map";
  goTo("#/operations");
  if (hit.kind === "unit" || hit.kind === "resource") {
    const seen = await read(`/resources/${hit.id}`).catch(() => null);
    if (seen) take({ resource: [resourceRow(seen)] });
    chosen.value = { kind: "unit", id: hit.id ?? "" };
  } else if (hit.id) chosen.value = { kind: hit.kind, id: hit.id };
  if (lon !== undefined) lookAt.value = { lon, lat, zoom: 12 };
}
