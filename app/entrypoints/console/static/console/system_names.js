/** Names of the own dispatch systems, which stand in no journal: read when one is needed that is not known yet. */
import { Problem, readAll } from "./api.js";
import { t } from "./i18n.js";
import { html, signal, useEffect } from "./view.js";

const WEBHOOKS = "/api/v1/webhook-standings";
const SOURCES = "/api/v1/inbox-sources?status=active&status=paused&status=removed";

/** By id. */
const names = signal(/** @type {Record<string, string>} */ ({}));

/** @param {string} path @param {string | undefined} id */
function useName(path, id) {
  const known = id ? names.value[id] : undefined;
  useEffect(() => {
    if (id && known === undefined) learn(path, id);
  }, [path, id]);
  return known;
}

/** @param {string} path @param {string} id remembered also where it has no name, so that it is not asked for again and again */
async function learn(path, id) {
  try {
    const rows = await readAll(path);
    names.value = { ...names.peek(), [id]: "", ...Object.fromEntries(rows.map((/** @type {any} */ row) => [row.id, row.label])) };
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem; // the alarm says all else
  }
}

/** What a source is called. @param {{id: string | undefined}} props */
export function SourceName({ id }) {
  return html`${useName(SOURCES, id) ?? ""}`;
}

/** What a webhook's dispatch system is called. @param {{id: string}} props */
export function WebhookName({ id }) {
  return html`${useName(WEBHOOKS, id) || t("admin.dispatch")}`;
}
