/** Drills in one's own calendar: a secret address to subscribe to, made, made anew and revoked here, and a file to download. */
import { readAll, session } from "./api.js";
import { openDialog } from "./dialogs.js";
import { carryOut, say } from "./doing.js";
import { t } from "./i18n.js";
import { LIVE } from "./space.js";
import { now, stamp } from "./time.js";
import { html, useEffect, useRef, useState } from "./view.js";

/** @typedef {import("./admin_tokens.js").Token} Token */

/** Open it. */
export function openCalendar() {
  return openDialog(t("drill.calendar"), (close) => html`<${Calendar} close=${close} />`);
}

/** @param {{close: () => void}} props */
function Calendar({ close }) {
  const me = session.peek()?.user.id;
  const [held, setHeld] = useState(/** @type {Token | null | undefined} */ (undefined));
  const [made, setMade] = useState("");
  const [asked, setAsked] = useState("");
  const counts = (/** @type {Token} */ each) => each.scopes.join() === "calendar" && !each.revoked_at && Date.parse(each.expires_at) > now();
  const learn = () => readAll(`/api/v1/users/${me}/tokens`).then((rows) => setHeld(/** @type {Token[]} */ (rows).find(counts) ?? null), () => setHeld(null));
  useEffect(() => {
    learn();
  }, []);
  const make = async () => {
    setAsked("");
    const receipt = /** @type {any} */ (await carryOut({ path: `/api/v1/users/${me}/calendar-address`, body: {} }));
    if (!receipt) return;
    setMade(`${location.origin}/api/v1/calendar.ics?key=${receipt.once.key}`);
    await learn();
  };
  const revoke = async () => {
    setAsked("");
    const receipt = held && (await carryOut({ path: `/api/v1/tokens/${held.id}/revoke`, body: {}, revision: held.revision }, { done: t("done.calendar_revoked") }));
    if (!receipt) return;
    setMade("");
    await learn();
  };
  const sure = { renew: make, revoke }[asked];
  return html`<div class="dialog-body calendar"><p class="dialog-text">${t("drill.calendar.text")}</p>
    ${made ? html`<${Address} address=${made} />` : ""}
    ${held === undefined ? html`<p class="dim">${t("loading")}</p>`
      : held === null ? html`<p>${t("drill.calendar.none")}</p><p><button type="button" class="button" autofocus onClick=${make}>${t("drill.calendar.make")}</button></p>`
      : html`<p>${t("drill.calendar.held", { made: stamp(held.created_at) })} <span class="dim">${held.last_used_at ? t("token.used", { time: stamp(held.last_used_at) }) : t("token.unused")}</span></p>
        ${sure ? html`<p role="alert">${t(`drill.calendar.${asked}.text`)}</p><p class="buttons"><button type="button" class="button" autofocus onClick=${() => setAsked("")}>${t("back")}</button><button type="button" class="button danger" onClick=${sure}>${t(`drill.calendar.${asked}`)}</button></p>`
          : html`<p class="buttons"><button type="button" class="button" onClick=${() => setAsked("renew")}>${t("drill.calendar.renew")}</button><button type="button" class="button" onClick=${() => setAsked("revoke")}>${t("drill.calendar.revoke")}</button></p>`}`}
    <p class="dim">${t("drill.calendar.secret")}</p>
    <footer class="dialog-foot"><a class="button" href=${`${LIVE}/drills.ics`} download>${t("drill.calendar.file")}</a><button type="button" class="button primary" onClick=${() => close()}>${t("close")}</button></footer></div>`;
}

/** The address, here and never again; where a page that came without TLS has no clipboard, it is marked, and Ctrl-C takes it. @param {{address: string}} props */
function Address({ address }) {
  const box = useRef(/** @type {HTMLInputElement | null} */ (null));
  const copy = async () => {
    box.current?.select();
    try {
      await navigator.clipboard.writeText(address);
      say(t("token.copied"));
    } catch {
      box.current?.select();
    }
  };
  return html`<label class="field"><span>${t("drill.calendar.address")}</span><input ref=${box} type="text" readonly class="secret" value=${address} onFocus=${(/** @type {any} */ event) => event.target.select()} /></label>
    <p class="buttons"><button type="button" class="button primary" autofocus onClick=${copy}>${t("copy")}</button><span class="dim">${t("drill.calendar.once")}</span></p>`;
}
