/** What an address names is not there, not for these eyes, or can't be read just now: what happened, and what to do. */
import { openGoTo } from "./go_to.js";
import { t } from "./i18n.js";
import { problemText } from "./told.js";
import { html } from "./view.js";

/** What a wrong id comes back as: there is none of it, or it is none at all. */
const NOT_THERE = [404, 422];

/**
 * Instead of the screen.
 * @param {{problem: import("./api.js").Problem, what: string, back: string, to: string, again: () => void}} props
 *   what: the kind, whose texts are `<what>.not_found` and `<what>.not_found.text`; back: the screen with all of them, and `to` the key of the way there
 */
export function Missing({ problem, what, back, to, again }) {
  const gone = NOT_THERE.includes(problem.status);
  return html`<div class="request-screen"><section class="panel missing" role="alert"><h1>${gone ? t(`${what}.not_found`) : t("refused")}</h1>
    <p>${gone ? t(`${what}.not_found.text`) : problemText(problem)}</p>
    <div class="buttons"><a class="button primary" href=${back}>${t(to)}</a>
      ${gone ? html`<button type="button" class="button" onClick=${openGoTo}>${t("go_to")} <kbd>Ctrl K</kbd></button>` : html`<button type="button" class="button" onClick=${again}>${t("try_again")}</button>`}</div></section></div>`;
}
