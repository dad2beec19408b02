/** When a drill is held, as far as the reader may know: in its own zone and on each side's clock. */
import { sides } from "./about.js";
import { language, named, t, word } from "./i18n.js";
import { Age, Left } from "./parts.js";
import { localTimes, ownZone, zoned } from "./time.js";
import { html } from "./view.js";

/** @typedef {import("./drill_parts.js").DrillView} DrillView */

const WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/** Languages in which days are small within a sentence. */
const SMALL_DAYS = ["fr", "nl"];

/** A weekday by its number, within a sentence. @param {number} day 0: Monday */
export function weekdayName(day) {
  const name = word("weekdays", WEEKDAYS[day]);
  return SMALL_DAYS.includes(language.value) ? name.toLocaleLowerCase(language.value) : name;
}

/** An instant with its day in the drill's zone, and what the clocks of each side show. @param {{at: string | number, zone?: string | null}} props */
export function Instant({ at, zone }) {
  const there = zone ?? ownZone();
  const each = localTimes(at, /** @type {any} */ (sides()));
  const alike = each.length === 1 && zoned(at, there).endsWith(each[0].time.slice(0, 5));
  return html`<time class="drill-instant" datetime=${new Date(at).toISOString()}><strong>${zoned(at, there)}</strong> <span class="dim">${alike ? "" : `${there} · `}${each.map(({ time, countries }) => `${alike ? time.slice(6) : time} ${countries.join(" ")}`).join(" · ")}</span></time>`;
}

/** When. @param {{drill: DrillView}} props */
export function When({ drill }) {
  const { time_zone: zone } = drill;
  if (drill.status === "stood_down") return html`<span class="dim">${t("drill.not_held")}</span>`;
  if (drill.ended_at) return html`<${Instant} at=${drill.started_at ?? drill.ended_at} zone=${zone} />`;
  if (drill.started_at) return html`<${Instant} at=${drill.started_at} zone=${zone} /> <span class="dim">${t("drill.since")} <${Age} at=${drill.started_at} /></span>`;
  if (drill.announced_for) return html`<${Instant} at=${drill.announced_for} zone=${zone} /> ${drill.status === "scheduled" && html`<${Left} at=${drill.announced_for} />`}`;
  if (!drill.window_from) return html`<span class="dim">${t("drill.no_hour")}</span>`;
  return html`<span class="drill-window">${t("drill.window", { from: zoned(drill.window_from, zone ?? ownZone()), until: zoned(drill.window_until, zone ?? ownZone()) })}</span>
    ${drill.starts_at && html`<span class="staff-alone"><span class="tag">${t("drill.staff_alone")}</span> <${Instant} at=${drill.starts_at} zone=${zone} /></span>`}`;
}

/** How a drill comes again; empty where it does not. @param {Record<string, any> | null} recurrence as it was sent */
export function repeatsText(recurrence) {
  const { weekly, monthly, until } = recurrence?.repeats ?? {};
  if (!weekly && !monthly) return "";
  const day = weekdayName((weekly ?? monthly).weekday);
  const text = weekly ? t("repeats.weekly", { day, n: weekly.every }) : t("repeats.monthly", { nth: t(`nth.${monthly.nth}`), day, n: monthly.every });
  return until ? `${text}, ${t("repeats.until", { day: until })}` : text;
}

/**
 * How many players are there, of how many that are needed, in all and of each country: what the service counts at the hour. Those whom
 * the machine plays are always there, and speak for no country that has people among its players.
 * @param {{drill: DrillView}} props
 */
export function ReadyText({ drill }) {
  const counted = drill.readiness;
  if (!counted) return null;
  return html`<span class="drill-ready"><span class=${counted.enough ? "calm" : "lacking"}>${t("drill.ready_needed", { n: counted.ready, of: counted.needed })} · ${t(counted.enough ? "drill.ready_enough" : "drill.ready_lacking")}</span>
    ${counted.countries.map((/** @type {any} */ each) => html` <span key=${each.country} class=${each.enough ? "dim" : "lacking"}>· ${t("drill.ready_country", { country: each.country, n: each.ready, of: each.of })}${each.enough ? "" : ` – ${t("drill.ready_country_lacks")}`}</span>`)}</span>`;
}

/** What a drill is called, with its type. @param {DrillView} drill */
export const drillCalled = (drill) => `${drill.code} ${named(drill.title)}`;
