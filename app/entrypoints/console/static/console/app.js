/** The frame of every screen: header, band of a drill, the screen itself, what was just done, and the dialog that is open. */
import { signedOut } from "./api.js";
import { AutomaticBand } from "./automatic.js";
import { DialogHost } from "./dialogs.js";
import { say, toasts, undoLast } from "./doing.js";
import { DrillsNow } from "./drills_now.js";
import { LastMark, SpaceBand } from "./exercise_band.js";
import { link } from "./feed.js";
import { openGoTo } from "./go_to.js";
import { Header } from "./header.js";
import { t } from "./i18n.js";
import { keyName, keys, useKeys } from "./keys.js";
import { openKeyHelp } from "./key_help.js";
import { place } from "./router.js";
import { screenOf } from "./screens.js";
import { html, useEffect } from "./view.js";

/** The whole console. */
export function App() {
  const { id, screen: asked } = place.value;
  const { screen, view: Shown } = screenOf(place.value);
  useEffect(() => {
    if (asked === screen) return;
    history.replaceState(history.state, "", `#/${screen}`);
    place.value = { screen, id: "", query: {} };
    if (asked) say(t("no_such_screen"), { tone: "warning" });
  }, [asked, screen]);
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
    <${SpaceBand} />
    <${Header} />
    ${signedOut.value && html`<div class="band warning" role="alert"><span>${t("signed_out")}</span> <a class="button small" href=${`/sign-in?next=${encodeURIComponent(location.pathname + location.hash)}`}>${t("sign_in")}</a></div>`}
    <${LinkBand} />
    <${DrillsNow} />
    <${AutomaticBand} />
    <main id="main" tabindex="-1"><${Shown} key=${`${screen}/${id}`} id=${id} /></main>
    <footer class="bar ${toasts.value.length ? "says" : ""}"><${Toasts} /><${KeyLine} /></footer>
    <${LastMark} />
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

/** What counts on every screen: it keeps its place, whatever else there is room for. */
const EVERYWHERE = ["Ctrl-K", "?"];
/** What there is to undo stands with the button that does it, in the place of this line: without it, its key does nothing. */
const WHILE_THERE_IS = "z";

/** What a key does, in as few words as there are. @param {string} text */
function shortly(text) {
  const short = t(`${text}.short`);
  return short === `${text}.short` ? t(text) : short;
}

/** What the keys do here, as far as there is room: for the eyes alone, `?` tells it to everybody. */
function KeyLine() {
  if (toasts.value.length) return null;
  const known = [...new Map(keys.value.map((key) => [key.key, key])).values()];
  const one = (/** @type {import("./keys.js").Key} */ key) => html`<span key=${key.key}><kbd>${keyName(key.key)}</kbd> ${shortly(key.text)}</span>`;
  return html`<div class="key-line" aria-hidden="true"><p>${known.filter((key) => key.key !== WHILE_THERE_IS && !EVERYWHERE.includes(key.key)).map(one)}</p><p class="everywhere">${EVERYWHERE.flatMap((name) => known.filter((key) => key.key === name)).map(one)}</p></div>`;
}

/** What was just done, and the way back: in a line of its own, so that it covers nothing; the newest first. */
function Toasts() {
  return html`<div class="toasts" role="status" aria-live="polite">${toasts.value.toReversed().map(
    (toast) => html`<div class="toast ${toast.tone}" key=${toast.id}><span>${toast.text}</span>
      ${toast.undo && html`<button type="button" class="button small" onClick=${toast.undo}>${t("undo")} <kbd>z</kbd></button>`}</div>`,
  )}</div>`;
}
