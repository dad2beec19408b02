/** A secret that was just made: here, and never again. */
import { openDialog } from "./dialogs.js";
import { say } from "./doing.js";
import { t } from "./i18n.js";
import { html, useRef } from "./view.js";

/**
 * Show a secret once, until whoever made it says that it is kept.
 * @param {{title: string, text: any, label: string, secret: string, copied: string, kept: string}} what
 */
export function showOnce(what) {
  return openDialog(what.title, (close) => html`<${Once} what=${what} close=${close} />`);
}

/** @param {{what: Parameters<typeof showOnce>[0], close: () => void}} props */
function Once({ what, close }) {
  const box = useRef(/** @type {HTMLInputElement | null} */ (null));
  const copy = async () => {
    box.current?.select();
    try {
      await navigator.clipboard.writeText(what.secret);
      say(what.copied);
    } catch {
      box.current?.select(); // a page that came without TLS has no clipboard: it is marked, and Ctrl-C takes it
    }
  };
  return html`<div class="dialog-body"><div class="dialog-text">${what.text}</div>
    <label class="field"><span>${what.label}</span><input ref=${box} type="text" readonly class="secret" value=${what.secret} onFocus=${(/** @type {any} */ event) => event.target.select()} /></label>
    <footer class="dialog-foot"><button type="button" class="button" onClick=${copy}>${t("copy")}</button><button type="button" class="button primary" onClick=${() => close()}>${what.kept}</button></footer></div>`;
}
