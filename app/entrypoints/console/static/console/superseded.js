/** An offer keeps the version of the agreement that it was made under: where another one counts by now, which one, and what it says differently. */
import { read } from "./api.js";
import { Changes } from "./agreement_difference.js";
import { day } from "./agreement_words.js";
import { named, t } from "./i18n.js";
import { tables } from "./store.js";
import { html, useEffect, useState } from "./view.js";

/** @typedef {import("./store.js").Row} Row */
/** @typedef {{id: string, from: number, to: number}} Replaced */

/** The versions that lines of an offer stand under, and that count no more. @param {Row[]} lines @returns {Replaced[]} */
function replaced(lines) {
  /** @type {Map<string, Replaced>} */
  const found = new Map();
  for (const { agreement_id: id, agreement_version: from } of lines) {
    const to = tables.agreement.get(id)?.version;
    if (id && from && to > from) found.set(`${id}/${from}`, { id, from, to });
  }
  return [...found.values()];
}

/** @param {{lines: Row[]}} props */
export function Superseded({ lines }) {
  return replaced(lines).map((each) => html`<${One} key=${each.id} ...${each} />`);
}

/** @param {Replaced} props */
function One({ id, from, to }) {
  const [told, setTold] = useState(/** @type {{since: string | null, changes: import("./agreement_difference.js").Change[]} | null} */ (null));
  useEffect(() => {
    Promise.all([read(`/agreements/${id}/versions/${to}`), read(`/agreements/${id}/difference?from_version=${from}&to_version=${to}`)]).then(([version, found]) => setTold({ since: version.in_force_at, changes: found.changes }), () => undefined);
  }, [id, from, to]);
  const name = named(tables.agreement.get(id)?.names);
  return html`<div class="request-note soon" role="status"><p>${t("superseded", { name, from, to, day: told?.since ? day(told.since) : "–" })}</p>
    ${told && html`<details class="more"><summary>${t("superseded.differs", { n: told.changes.length })}</summary><${Changes} changes=${told.changes} from=${t("agreement.version", { n: from })} to=${t("agreement.version", { n: to })} /></details>`}</div>`;
}
