/** Pieces that the parts of a webhook share. */
import { t } from "./i18n.js";
import { Left } from "./parts.js";
import { showOnce } from "./secret_once.js";
import { now } from "./time.js";
import { html } from "./view.js";

/** The secret of a webhook, once. @param {string} label @param {string} secret @param {string} [more] */
export function showSecret(label, secret, more) {
  return showOnce({ title: t("hooks.secret"), text: html`<p>${t("hooks.secret.once", { label })}</p>${more && html`<p>${more}</p>`}<p class="dim">${t("hooks.secret.how")}</p>`, label: t("hooks.secret"), secret, copied: t("hooks.secret.copied"), kept: t("hooks.secret.kept") });
}

/** When it is tried next. @param {{at: string}} props */
export function NextTry({ at }) {
  return Date.parse(at) > now() ? html`<${Left} at=${at} />` : html`<span class="dim">${t("hooks.lane.now")}</span>`;
}
