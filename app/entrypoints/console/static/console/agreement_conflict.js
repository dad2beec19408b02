/** Somebody else saved the same draft in the meantime: theirs and ours side by side, term by term. */
import { Changes } from "./agreement_difference.js";
import { openDialog } from "./dialogs.js";
import { t } from "./i18n.js";
import { html } from "./view.js";

/** Resolves to `true` where ours is to be sent, `false` where theirs is kept, undefined where neither was said. @param {import("./agreement_difference.js").Change[]} changes from theirs to ours @param {number} revision @returns {Promise<boolean | undefined>} */
export function openConflictOf(changes, revision) {
  return openDialog(t("conflict.title"), (close) => html`<div class="dialog-body"><p class="dialog-text">${t("conflict.text", { n: revision })}</p>
    <${Changes} changes=${changes} from=${t("conflict.theirs")} to=${t("conflict.mine")} />
    <footer class="dialog-foot"><button type="button" class="button" autofocus onClick=${() => close(false)}>${t("conflict.keep_theirs")}</button><button type="button" class="button primary" onClick=${() => close(true)}>${t("conflict.send_mine")}</button></footer></div>`, { wide: true });
}
