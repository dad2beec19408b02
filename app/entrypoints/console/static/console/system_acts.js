/** What can be done alike about a webhook and about a source: paused, resumed, given a new secret, removed. */
import { carryOut, carryOutConfirmed } from "./doing.js";
import { openForm } from "./form.js";
import { t } from "./i18n.js";
import { stamp } from "./time.js";

/** For how long the old secret can still count (hours). */
const OLD_COUNTS = [0, 1, 24, 72, 168];
const USUAL = 24;

/** @param {number} hours */
function spanText(hours) {
  if (!hours) return t("hooks.rotate.at_once");
  return hours > USUAL ? t("days", { n: hours / 24 }) : t("hours", { n: hours });
}

/**
 * @param {{path: string, row: {label: string, revision: number}, texts: {pause: string, rotate: string, remove: string}, show: (secret: string, more: string) => Promise<any>, again: () => Promise<void>}} of
 *   texts: what each means, to be confirmed; show: shows the new secret once, with what becomes of the old one
 */
export function actsOf({ path, row, texts, show, again }) {
  const { label, revision } = row;
  return {
    pause: async () => {
      await carryOutConfirmed({ title: t("hooks.pause"), text: texts.pause, action: t("hooks.pause") }, () => ({ path: `${path}/pause`, body: {}, revision }), { done: t("done.hook_paused", { label }) });
      await again();
    },
    resume: async () => {
      await carryOut({ path: `${path}/resume`, body: {}, revision }, { done: t("done.hook_resumed", { label }) });
      await again();
    },
    remove: async () => {
      await carryOutConfirmed({ title: t("hooks.remove"), text: texts.remove, action: t("hooks.remove"), danger: true }, () => ({ path: `${path}/remove`, body: {}, revision }), { done: t("done.hook_removed", { label }) });
      await again();
    },
    rotate: async () => {
      /** @type {any} */
      const receipt = await openForm({
        title: t("hooks.rotate"), text: texts.rotate, action: t("hooks.rotate"),
        fields: [{ name: "old", label: t("hooks.rotate.old"), kind: "choice", value: String(USUAL), options: OLD_COUNTS.map((n) => ({ value: String(n), text: spanText(n) })) }],
        command: (values) => ({ path: `${path}/rotate-secret`, body: { old_counts_hours: Number(values.old) } }),
      });
      await again();
      const until = receipt?.subject.old_secret_until;
      if (receipt) await show(receipt.once.secret, until ? t("hooks.secret.two", { time: stamp(until) }) : t("hooks.secret.old_over"));
    },
  };
}
