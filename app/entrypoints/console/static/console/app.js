/** The frame of every screen: header, drill band, the screen itself, what was just done, and the dialog that is open. */
import { signedOut, SPACE } from "./api.js";
import { DialogHost } from "./dialogs.js";
import { toasts, undoLast } from "./doing.js";
import { link } from "./feed.js";
import { openGoTo } from "./go_to.js";
import { Header } from "./header.js";
import { t } from "./i18n.js";
import { useKeys } from "./keys.js";
import { openKeyHelp } from "./key_help.js";
import { Operations } from "./operations.js";
import { RequestScreen } from "./request.js";
import { place } from "./router.js";
import { html } from "./view.js";

/** The whole console. */
export function App() {
  const { screen, id } = place.value;
  useKeys(
    [
      { key: "Ctrl-K", does: openGoTo, text: "key.go_to" },
      { key: "?", does: openKeyHelp, text: "key.help" },
      { key: "z", does: undoLast, text: "key.undo" },
    ],
    [],
  );
  return html`
    <a class="skip" href="#main" onClick=${skip}>${t("skip")}</a>
    ${SPACE !== "live" && html`<div class="drill-band" role="status">${t("drill.band")}</div>`}
    <${Header} />
    ${signedOut.value && html`<div class="band warning" role="alert">${t("signed_out")} <a class="button small" href="/sign-in?next=/console">${t("sign_in")}</a></div>`}
    <${LinkBand} />
    <main id="main" tabindex="-1">${screen === "request" ? html`<${RequestScreen} key=${id} id=${id} />` : html`<${Operations} />`}</main>
    <${Toasts} />
    <${DialogHost} />`;
}

/** @param {Event} event */
function skip(event) {
  event.preventDefault();
  document.getElementById("main")?.focus();
}

/** Without a link, what is shown gets old: said where nobody overlooks it. */
function LinkBand() {
  const { up, everLive } = link.value;
  if (up || !everLive || signedOut.value) return null;
  return html`<div class="band warning" role="alert">${t("link.band")}</div>`;
}

/** What was just done, and the way back. */
function Toasts() {
  return html`<div class="toasts" role="status" aria-live="polite">${toasts.value.map(
    (toast) => html`<div class="toast ${toast.tone}" key=${toast.id}><span>${toast.text}</span>
      ${toast.undo && html`<button type="button" class="button small" onClick=${toast.undo}>${t("undo")} <kbd>z</kbd></button>`}</div>`,
  )}</div>`;
}
