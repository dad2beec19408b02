/** How an amount came about, in words: times, quantities, what of them is free and why. */
import { dayOf, figure, money } from "./claim_parts.js";
import { language, t } from "./i18n.js";

/** From when to when, to the minute: `14 Jul 2026 12:05Z – 15 Jul 2026 00:20Z`. @param {{mobilised_at: string | null, home_at: string | null}} of */
export function momentsText({ mobilised_at: left, home_at: home }) {
  return `${moment(left)} – ${moment(home)}`;
}

/** @param {string | null} at */
function moment(at) {
  if (!at) return "–";
  const clock = new Intl.DateTimeFormat(language.value, { hour: "2-digit", minute: "2-digit", hour12: false, timeZone: "UTC" }).format(new Date(at));
  return `${dayOf(at)} ${clock}Z`;
}

/** `16 h − 4 h free = 12 h × 60.00 EUR`. @param {any} line @param {string} currency */
export function sumText(line, currency) {
  const parts = [`${figure(line.quantity)} ${line.unit}`];
  if (Number(line.overlap) > 0) parts.push(`− ${t("claim.overlap", { n: figure(line.overlap), unit: line.unit })}`);
  if (Number(line.free) > 0) parts.push(`− ${t("claim.free", { n: figure(line.free), unit: line.unit })}`);
  if (line.rate == null) return parts.join(" ");
  if (parts.length > 1) parts.push(`= ${figure(line.billable)} ${line.unit}`);
  return `${parts.join(" ")} × ${money(line.rate, currency)}`;
}

/**
 * How the free part comes about: the agreed hours of those that count, as a share of everything.
 * @param {number} agreed hours @param {number} counted hours of the mission, less the handover
 */
export function freeHow(agreed, counted) {
  if (counted <= agreed) return t("claim.free_all", { agreed: figure(String(agreed)), counted: figure(String(counted)) });
  const percent = new Intl.NumberFormat(language.value, { style: "percent", maximumFractionDigits: 2 }).format(agreed / counted);
  return t("claim.free_share", { agreed: figure(String(agreed)), counted: figure(String(counted)), percent });
}
