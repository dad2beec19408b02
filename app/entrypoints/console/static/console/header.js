/** The header of every screen: alarms, the link, language, theme, clocks, who I am. */
import { sides } from "./about.js";
import { AlarmButton } from "./alarm_panel.js";
import { Problem, session, signOut } from "./api.js";
import { openProblem } from "./dialogs.js";
import { again, heard, link, silentFor } from "./feed.js";
import { openGoTo } from "./go_to.js";
import { language, LANGUAGES, named, roleName, setLanguage, t } from "./i18n.js";
import { place } from "./router.js";
import { isFor, SCREENS, screenOf } from "./screens.js";
import { holdsOne } from "./rules.js";
import { consoleOf, INTEGRATION, IS_LIVE } from "./space.js";
import { tables } from "./store.js";
import { changeTheme, theme } from "./theme.js";
import { localTimes, second, span, zulu } from "./time.js";
import { html, useEffect, useRef } from "./view.js";

/** The header. */
export function Header() {
  const corridor = tables.corridor.all.value[0];
  return html`<header class="header">
    <${Menu} />
    <a class="brand" href="#/operations"><img src="/static/icon.svg" alt="" width="24" height="24" /><span class="brand-name">Concord</span>
      <span class="brand-corridor">${corridor ? named(corridor.names) : ""}</span></a>
    <nav class="nav" aria-label=${t("nav")}><${ScreenLinks} /></nav>
    <button type="button" class="button go-to" onClick=${openGoTo}><span aria-hidden="true">⌕</span><span class="go-to-text">${t("go_to")}</span><kbd aria-hidden="true">Ctrl K</kbd></button>
    <span class="grow"></span>
    <${AlarmButton} />
    <${LinkPill} />
    <label class="language"><span class="sr">${t("language")}</span>
      <select value=${language.value} onChange=${(/** @type {any} */ event) => chooseLanguage(event.target.value)}>
        ${LANGUAGES.map((code) => html`<option value=${code} selected=${code === language.value}>${code.toUpperCase()}</option>`)}
      </select></label>
    <button type="button" class="icon-button" onClick=${changeTheme} aria-label=${theme.value === "dark" ? t("theme.light") : t("theme.dark")} title=${theme.value === "dark" ? t("theme.light") : t("theme.dark")}>◐</button>
    <${Clocks} />
    <${Me} />
  </header>`;
}

/** The ways to the screens, for who is signed in. */
function ScreenLinks() {
  const { screen, of } = screenOf(place.value);
  const there = of ?? screen;
  return SCREENS.filter((each) => each.title && isFor(each)).map(
    (each) => html`<a key=${each.screen} href=${`#/${each.screen}`} aria-current=${each.screen === screen ? "page" : each.screen === there ? "true" : undefined}>${t(each.title ?? "")}</a>`,
  );
}

/** The same ways where there is no room for them side by side: behind a button for a thumb. */
function Menu() {
  const box = useRef(/** @type {HTMLDetailsElement | null} */ (null));
  useEffect(() => {
    if (box.current) box.current.open = false;
  }, [place.value]);
  return html`<details class="menu" ref=${box} onKeyDown=${closeOnEscape}><summary class="icon-button"><span aria-hidden="true">☰</span><span class="sr">${t("menu")}</span></summary>
    <nav class="menu-list" aria-label=${t("nav")}><${ScreenLinks} /></nav></details>`;
}

/** The form to sign in sets the same one: the choice made last counts. */
const LANGUAGE_COOKIE = "concord_language";
const LANGUAGE_KEPT_S = 365 * 24 * 3600;

/** @param {string} code */
async function chooseLanguage(code) {
  await setLanguage(code);
  document.cookie = `${LANGUAGE_COOKIE}=${code}; path=/; max-age=${LANGUAGE_KEPT_S}; samesite=lax`;
}

/** Live, stale or offline: as it is. */
function LinkPill() {
  const { up, live, everLive } = link.value;
  second.value;
  const silent = silentFor();
  const stale = silent > heard.every * 1.3;
  const [state, text] = !up
    ? everLive ? ["offline", t("link.offline", { span: span(silent) })] : ["connecting", t("link.connecting")]
    : !live ? ["connecting", t("link.catching_up")]
    : stale ? ["stale", t("link.stale", { span: span(silent) })]
    : ["live", t(IS_LIVE ? "link.live" : "link.connected")]; // in a drill the word for a good line is not that for what is real
  const mark = { live: "●", stale: "◐", offline: "○", connecting: "…" }[state];
  return html`<button type="button" class="pill link ${state}" onClick=${again} title=${t("link.title")}><span aria-hidden="true">${mark}</span> <span data-link=${state}>${text}</span></button>`;
}

/** Z first, then each side; sides with equal zones are one. */
function Clocks() {
  const at = second.value;
  if (!at) return null;
  return html`<div class="clocks"><span class="clock-z">${zulu(at)}</span>
    <span class="clock-local">${localTimes(at, /** @type {any} */ (sides())).map((each) => html`<span>${each.countries.join(" ")} <b>${each.time}</b></span>`)}</span></div>`;
}

/** Who is signed in, for which member, with which roles. */
function Me() {
  const user = session.value?.user;
  if (!user) return null;
  return html`<details class="me" onKeyDown=${closeOnEscape}><summary><abbr class="country">${user.member.country}</abbr><span class="me-name">${named(user.member.names)}</span></summary>
    <div class="me-menu"><p><strong>${user.display_name}</strong></p><p class="dim">${user.roles.map(roleName).join(", ")}</p>
      ${IS_LIVE && html`<a href="/">${t("overview")}</a>`}${IS_LIVE && holdsOne(["dispatcher", "admin"]) && html`<a href=${consoleOf(INTEGRATION)}>${t("space.integration.console")}</a>`}<a href="/docs">${t("api")}</a>
      <button type="button" class="button" onClick=${leave}>${t("sign_out")}</button></div></details>`;
}

/** Sign out; whoever cannot because there is no connection has to know that the next one at this desk is still signed in. */
async function leave() {
  try {
    await signOut();
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    await openProblem(problem);
  }
}

/** @param {KeyboardEvent} event */
function closeOnEscape(event) {
  if (event.key !== "Escape" || !(event.currentTarget instanceof HTMLDetailsElement)) return;
  event.currentTarget.open = false;
  event.currentTarget.querySelector("summary")?.focus();
}
