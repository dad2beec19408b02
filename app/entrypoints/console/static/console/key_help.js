/** Which keys do what, here and now. */
import { openDialog } from "./dialogs.js";
import { t } from "./i18n.js";
import { keyName, keys } from "./keys.js";
import { html } from "./view.js";

/** Show the keys that count on this screen. */
export function openKeyHelp() {
  const shown = keys.peek().filter((key, at, all) => all.findLastIndex((other) => other.key === key.key) === at);
  return openDialog(t("keys"), () => html`<div class="dialog-body"><dl class="keys">${shown.map(
    (key) => html`<div><dt><kbd>${keyName(key.key)}</kbd></dt><dd>${t(key.text)}</dd></div>`)}</dl>
    <p class="dim">${t("keys.note")}</p></div>`);
}
