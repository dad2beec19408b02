/** The entries of a drill's journal, newest first: what an observation or another rating is bound to is chosen here, and never typed from memory. */
import { read } from "./api.js";
import { entryText, journalOf } from "./drill_evaluate_entry.js";
import { eventName, t } from "./i18n.js";
import { Member } from "./parts.js";
import { tables } from "./store.js";
import { stamp } from "./time.js";
import { html, useEffect, useRef, useState } from "./view.js";

/** How many entries are read at once, and how often to look for new ones (ms). */
const PAGE = 150;
const EVERY_MS = 5000;
/** What the service writes for itself: it is nobody's act. */
const NOBODYS = ["drill.copied"];
/** Entries that are shown: those before are one press away. */
const SHOWN = 40;
/** Characters of what an entry says. */
const LONGEST = 90;

/**
 * The latest entries of a drill's journal, kept up while they are looked at; `earlier` reads those before.
 * @param {string | null} space
 * @returns {{entries: any[], earlier: (() => void) | null}} newest first
 */
export function useEntries(space) {
  const [entries, setEntries] = useState(/** @type {any[]} */ ([]));
  const [first, setFirst] = useState(0);
  const last = useRef(-1);
  const keep = (/** @type {any[]} */ found) => {
    const shown = found.filter((each) => !each.hidden && each.type && !NOBODYS.includes(each.type));
    if (shown.length) setEntries((was) => [...new Map([...was, ...shown].map((each) => [each.seq, each])).values()].sort((a, b) => b.seq - a.seq));
  };
  useEffect(() => {
    if (!space) return undefined;
    let left = false;
    const look = async () => {
      if (document.visibilityState !== "visible") return;
      if (last.current < 0) {
        const { head } = await read(`${journalOf(space)}?after=0&limit=1`);
        last.current = Math.max(0, head - PAGE);
        setFirst(last.current);
      }
      const page = await read(`${journalOf(space)}?after=${last.current}&limit=${PAGE}`);
      if (left) return;
      last.current = page.after;
      keep(page.entries);
    };
    const quietly = () => look().catch(() => undefined); // the next look says more
    quietly();
    const timer = setInterval(quietly, EVERY_MS);
    return () => {
      left = true;
      clearInterval(timer);
    };
  }, [space]);
  const earlier = async () => {
    const from = Math.max(0, first - PAGE);
    const page = await read(`${journalOf(space ?? "")}?after=${from}&limit=${first - from}`);
    setFirst(from);
    keep(page.entries);
  };
  return { entries, earlier: first > 0 ? () => void earlier().catch(() => undefined) : null };
}

/** Choose an entry; the one that is chosen is pressed, and pressing it again chooses none. @param {{space: string | null, value: number | null, onChoose: (seq: number | null) => void}} props */
export function EntryPicker({ space, value, onChoose }) {
  const { entries, earlier } = useEntries(space);
  const [member, setMember] = useState("");
  const [all, setAll] = useState(false);
  const who = [...new Set(entries.map((each) => each.data?.member_id).filter(Boolean))];
  const found = entries.filter((each) => !member || each.data?.member_id === member);
  const shown = all ? found : found.slice(0, SHOWN);
  if (!space) return html`<p class="dim">${t("entry.none")}</p>`;
  return html`<div class="entry-picker"><label class="entry-of"><span class="sr">${t("entry.filter")}</span><select value=${member} onChange=${(/** @type {any} */ event) => setMember(event.target.value)}>
      <option value="">${t("entry.everybody")}</option>${who.map((id) => html`<option key=${id} value=${id} selected=${id === member}>${tables.member.get(id)?.code ?? id}</option>`)}</select></label>
    ${found.length === 0 ? html`<p class="dim">${t("entry.none")}</p>` : html`<ul class="entries-list" aria-label=${t("entry.choose")}>${shown.map((each) => html`<${Pick} key=${each.seq} entry=${each} now=${each.seq === value} onChoose=${onChoose} />`)}</ul>`}
    ${shown.length < found.length ? html`<button type="button" class="button small" onClick=${() => setAll(true)}>${t("entry.all", { n: found.length })}</button>` : earlier && html`<button type="button" class="button small" onClick=${earlier}>${t("entry.earlier")}</button>`}</div>`;
}

/** @param {{entry: any, now: boolean, onChoose: (seq: number | null) => void}} props */
function Pick({ entry, now, onChoose }) {
  const whole = entryText(entry);
  const text = whole.length > LONGEST ? `${whole.slice(0, LONGEST).trimEnd()} …` : whole;
  return html`<li><button type="button" class="entry-pick" aria-pressed=${now} onClick=${() => onChoose(now ? null : entry.seq)}>
    <span class="entry-seq">#${entry.seq}</span><span class="entry-at">${stamp(entry.data?.occurred_at ?? entry.recorded_at)}</span>
    <span class="entry-says">${entry.data?.member_id ? html`<${Member} id=${entry.data.member_id} short />` : ""} ${eventName(entry.type)}${text ? html`<span class="dim"> · ${text}</span>` : ""}</span></button></li>`;
}

