/** What would become of a message. */
import { Effects, Outcome, UnitName, whyText } from "./inbox_parts.js";
import { t } from "./i18n.js";
import { stamp } from "./time.js";
import { html } from "./view.js";

/** @typedef {{outcome: string, because: import("./inbox_parts.js").Because | null, detail: string, at: string | null, kinds: string[], unit: {code: string, resource_id: string | null, call_sign: string | null} | null, read: Record<string, any>, effects: import("./inbox_parts.js").Effect[]}} TrialTold */

/** @param {{trial: TrialTold, space: string}} props space: where it was tried */
export function Trial({ trial, space }) {
  const fields = Object.entries(trial.read);
  return html`<p class="hook-verdict"><strong><${Outcome} outcome=${trial.outcome} /></strong>${trial.because ? html`<br />${whyText(trial.because, trial.detail)}` : ""}</p>
    <dl class="facts"><div><dt>${t("inbox.at")}</dt><dd>${trial.at ? stamp(trial.at) : "–"}</dd></div>
      <div><dt>${t("inbox.kinds")}</dt><dd>${trial.kinds.map((kind) => t(`inbox.kind.${kind}`)).join(" · ") || "–"}</dd></div>
      <div><dt>${t("unit")}</dt><dd>${trial.unit ? html`<code>${trial.unit.code}</code> ${trial.unit.resource_id ? html`<${UnitName} id=${trial.unit.resource_id} space=${space} />` : ""}` : "–"}</dd></div></dl>
    <h3>${t("mappings.read")}</h3>${fields.length ? html`<dl class="facts read-fields">${fields.map(([field, value]) => html`<div key=${field}><dt><code>${field}</code></dt><dd><code>${typeof value === "string" ? value : JSON.stringify(value)}</code></dd></div>`)}</dl>` : html`<p class="dim">${t("mappings.read.none")}</p>`}
    <h3>${t("mappings.would")}</h3><${Effects} effects=${trial.effects} space=${space} />`;
}
