/** Tokens of a user: what each may, when it was last used; made once, shown once, revoked at once. */
import { readAll } from "./api.js";
import { openDialog } from "./dialogs.js";
import { carryOut, carryOutConfirmed } from "./doing.js";
import { Choice } from "./fields.js";
import { commandName, t } from "./i18n.js";
import { Nothing, Panel } from "./parts.js";
import { commandsOf } from "./rules.js";
import { showOnce } from "./secret_once.js";
import { now as present, stamp } from "./time.js";
import { html, useEffect, useState } from "./view.js";

/** @typedef {{id: string, revision: number, label: string, scopes: string[], created_at: string, expires_at: string, revoked_at: string | null, last_used_at: string | null}} Token */

const WHOLE = ["read", "write"];
const DAYS = [7, 30, 90, 180, 365];
const USUAL_DAYS = 90;

/** @param {{user: {id: string, display_name: string, roles: string[], active: boolean}}} props */
export function Tokens({ user }) {
  const [rows, setRows] = useState(/** @type {Token[] | null} */ (null));
  const path = `/api/v1/users/${user.id}/tokens`;
  const learn = () => readAll(path).then(setRows, () => setRows([]));
  useEffect(() => {
    learn();
  }, [user.id]);
  const add = async () => {
    const body = await openDialog(t("token.add"), (close) => html`<${Form} user=${user} close=${close} />`);
    if (!body) return;
    const receipt = /** @type {any} */ (await carryOut({ path, body }));
    if (!receipt) return;
    await learn();
    await showOnce({ title: t("token.made"), text: t("token.once", { label: body.label }), label: t("token"), secret: receipt.once.token, copied: t("token.copied"), kept: t("token.kept") });
  };
  const revoke = async (/** @type {Token} */ row) => {
    await carryOutConfirmed({ title: t("token.revoke"), text: html`<p>${t("token.revoke.text", { label: row.label })}</p>`, action: t("token.revoke"), danger: true },
      () => ({ path: `/api/v1/tokens/${row.id}/revoke`, body: {}, revision: row.revision }), { done: t("done.token_revoked", { label: row.label }) });
    await learn();
  };
  const all = rows ?? [];
  const counts = (/** @type {Token} */ row) => !row.revoked_at && Date.parse(row.expires_at) > present();
  return html`<${Panel} id="tokens" title=${t("tokens")} count=${all.filter(counts).length} tools=${user.active && html`<button type="button" class="button small" onClick=${add}>${t("token.add")}</button>`}>
    ${rows === null ? html`<${Nothing} text=${t("loading")} />` : all.length === 0 ? html`<${Nothing} text=${t("tokens.none")} />` : ""}
    <ul class="plain tokens">${[...all].sort((a, b) => Number(counts(b)) - Number(counts(a))).map((row) => html`<li key=${row.id} class=${counts(row) ? "token" : "token over"}>
      <div class="token-head"><strong>${row.label}</strong> <span class=${counts(row) ? "calm" : "late"}>${row.revoked_at ? t("token.revoked_at", { time: stamp(row.revoked_at) }) : counts(row) ? t("token.until", { time: stamp(row.expires_at) }) : t("token.ended", { time: stamp(row.expires_at) })}</span></div>
      <div class="dim">${row.scopes.map(scopeName).join(" · ")}</div>
      <div class="token-foot"><span class=${row.last_used_at ? "" : "dim"}>${row.last_used_at ? t("token.used", { time: stamp(row.last_used_at) }) : t("token.unused")} <span class="dim">· ${t("token.made_at", { time: stamp(row.created_at) })}</span></span>${counts(row) ? html`<button type="button" class="button small" aria-label=${`${t("token.revoke")}: ${row.label}`} onClick=${() => revoke(row)}>${t("token.revoke")}</button>` : ""}</div></li>`)}</ul><//>`;
}

/** @param {string} scope */
function scopeName(scope) {
  return WHOLE.includes(scope) || scope === "calendar" ? t(`scope.${scope}`) : commandName(scope);
}

/** @param {{user: {id: string, roles: string[]}, close: (answer?: any) => void}} props */
function Form({ user, close }) {
  const [label, setLabel] = useState("");
  const [which, setWhich] = useState("read");
  const [chosen, setChosen] = useState(/** @type {string[]} */ ([]));
  const [days, setDays] = useState(USUAL_DAYS);
  const scopes = which === "some" ? ["read", ...chosen] : [which];
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    close({ label: label.trim(), scopes, days });
  };
  return html`<form class="dialog-body" onSubmit=${submit}>
    <label class="field"><span>${t("token.label")}</span><input type="text" required maxlength="120" autofocus autocomplete="off" placeholder=${t("token.label.hint")} value=${label} onInput=${(/** @type {any} */ event) => setLabel(event.target.value)} /></label>
    <${Choice} label=${t("token.scopes")} value=${which} onChange=${setWhich} options=${["read", "write", "some"].map((value) => ({ value, text: t(`scope.${value}`) }))} />
    ${which === "some" && html`<fieldset><legend>${t("token.commands")}</legend><div class="ticks scope-ticks" tabindex="0" role="group" aria-label=${t("token.commands")}>${commandsOf(user.roles).map((code) => ({ code, name: commandName(code) })).sort((a, b) => a.name.localeCompare(b.name)).map(({ code, name }) => html`<label key=${code}><input type="checkbox" checked=${chosen.includes(code)} onChange=${(/** @type {any} */ event) => setChosen(event.target.checked ? [...chosen, code] : chosen.filter((each) => each !== code))} /> ${name}</label>`)}</div></fieldset>`}
    <label class="field"><span>${t("token.days")}</span><select value=${String(days)} onChange=${(/** @type {any} */ event) => setDays(Number(event.target.value))}>${DAYS.map((n) => html`<option value=${n} selected=${n === days}>${t("days", { n })}</option>`)}</select></label>
    <footer class="dialog-foot"><button type="button" class="button" onClick=${() => close()}>${t("back")}</button><button class="button primary" disabled=${which === "some" && !chosen.length}>${t("token.add")}</button></footer></form>`;
}
