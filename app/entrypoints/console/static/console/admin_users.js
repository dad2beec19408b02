/** Users of one's own member: who they are, what they may, and how they get in. For its admins. */
import { BackToList, chooseIn, chosenIn, FilterBox, useListKeys } from "./admin_parts.js";
import { eraseUser } from "./admin_people.js";
import { Tokens } from "./admin_tokens.js";
import { readAll, session } from "./api.js";
import { openDialog, ProblemParts } from "./dialogs.js";
import { carryOut, carryOutConfirmed } from "./doing.js";
import { onEntries } from "./feed.js";
import { folded, LANGUAGES, roleName, roles, t } from "./i18n.js";
import { Nothing, Panel, State } from "./parts.js";
import { useSending } from "./sending.js";
import { html, useEffect, useState } from "./view.js";

/** @typedef {{id: string, revision: number, member_id: string, kind: string, login: string, display_name: string, language: string, roles: string[], active: boolean, erased_at?: string | null}} User */

const NAME = "user";
const SHORTEST_PASSWORD = 12;
/** Without letters and digits that are taken for one another when they are read out. */
const LETTERS = "abcdefghjkmnpqrstuvwxyz23456789";

/** The section. */
export function Users() {
  const [users, setUsers] = useState(/** @type {User[] | null} */ (null));
  const [text, setText] = useState("");
  const [gone, setGone] = useState(false);
  const learn = () => readAll("/api/v1/users").then(setUsers, () => setUsers([]));
  useEffect(() => {
    learn();
    return onEntries((entries) => entries.some((entry) => entry.type.startsWith("user.")) && learn());
  }, []);
  const rows = (users ?? []).filter((row) => row.active !== gone && folded(`${row.display_name} ${row.login} ${row.roles.map(roleName).join(" ")}`).includes(folded(text))).sort((a, b) => a.kind.localeCompare(b.kind) || a.display_name.localeCompare(b.display_name));
  const now = chosenIn(NAME);
  const box = useListKeys(NAME, () => rows.map((row) => row.id));
  const shown = (users ?? []).find((row) => row.id === now);
  const add = async () => {
    const receipt = await openDialog(t("user.add"), (close) => html`<${AddForm} close=${close} />`);
    if (!receipt) return;
    await learn();
    chooseIn(NAME, receipt.id);
  };
  return html`<div class="master-detail" data-open=${now ? "yes" : "no"}>
    <${Panel} id="users" class="master" title=${t("admin.users")} count=${rows.length} tools=${html`<button type="button" class="button primary small" onClick=${add}>${t("user.add")}</button>`}>
      <div class="filter"><${FilterBox} box=${box} value=${text} hint=${t("filter.list.hint")} onInput=${setText} />
        <div class="choices" role="group" aria-label=${t("filter.list")}><button type="button" aria-pressed=${!gone} onClick=${() => setGone(false)}>${t("users.active")}</button><button type="button" aria-pressed=${gone} onClick=${() => setGone(true)}>${t("users.inactive")}</button></div></div>
      ${users === null && html`<${Nothing} text=${t("loading")} />`}${users !== null && rows.length === 0 && html`<${Nothing} text=${t("users.none")} />`}
      <ul class="plain entries">${rows.map((row) => html`<li key=${row.id} id=${`${NAME}-${row.id}`} class=${row.id === now ? "now" : ""}><button type="button" class="row-button entry" aria-pressed=${row.id === now} onClick=${() => chooseIn(NAME, row.id)}>
        <span><strong>${row.display_name}</strong> ${row.kind === "service" ? html`<span class="tag">${t("user.kind.service")}</span>` : ""}${row.id === session.value?.user.id ? html` <b class="own">${t("you")}</b>` : ""}</span><span class="dim">${row.login}</span><span class="entry-more dim">${row.roles.map(roleName).join(" · ") || t("roles.none")}</span></button></li>`)}</ul><//>
    <div class="detail">${shown ? html`<${Detail} key=${shown.id} user=${shown} again=${learn} />` : html`<section class="panel"><${Nothing} text=${t("users.choose")} /></section>`}</div></div>`;
}

/** @param {{user: User, again: () => Promise<void>}} props */
function Detail({ user, again }) {
  const path = `/api/v1/users/${user.id}`;
  const rename = async () => {
    await openDialog(t("user.change"), (close) => html`<${NameForm} user=${user} close=${close} />`);
    await again();
  };
  const reset = async () => {
    await openDialog(t("user.reset"), (close) => html`<${PasswordForm} user=${user} close=${close} />`);
    await again();
  };
  const deactivate = async () => {
    await carryOutConfirmed({ title: t("user.deactivate"), text: html`<p>${t("user.deactivate.text", { who: user.display_name })}</p>`, action: t("user.deactivate"), danger: true },
      () => ({ path: `${path}/deactivate`, body: {}, revision: user.revision }), { done: t("done.deactivated", { who: user.display_name }) });
    await again();
  };
  const erase = async () => {
    if (await eraseUser(user)) await again();
  };
  return html`<${BackToList} name=${NAME} text=${t("admin.users")} />
    <${Panel} id="user" title=${user.display_name} tools=${user.active ? html`<button type="button" class="button small" onClick=${rename}>${t("user.change")}</button>` : html`<${State} text=${user.erased_at ? t("user.erased") : t("user.inactive")} tone="alert" />`}>
      <dl class="facts wide-facts"><div><dt>${t("user.login")}</dt><dd><code>${user.login}</code></dd></div><div><dt>${t("kind_of")}</dt><dd>${t(`user.kind.${user.kind}`)}</dd></div><div><dt>${t("language")}</dt><dd>${user.language.toUpperCase()}</dd></div></dl>
      <div class="panel-text buttons">${user.active && user.kind === "person" ? html`<button type="button" class="button" onClick=${reset}>${t("user.reset")}</button>` : ""}
        <a class="button" href=${`${path}/personal-data`} download>${t("user.export")}</a>
        ${user.active ? html`<button type="button" class="button" onClick=${deactivate}>${t("user.deactivate")}</button>` : ""}${!user.erased_at ? html`<button type="button" class="button" onClick=${erase}>${t("erase_user")} …</button>` : ""}</div><//>
    ${user.active && html`<${Roles} user=${user} again=${again} />`}
    <${Tokens} user=${user} />`;
}

/**
 * What is ticked here stays as it is until it is written, also where it is refused, or somebody else changes the user meanwhile: it
 * is then sent as meant for the revision that was seen, and both are laid side by side.
 * @param {{user: User, again: () => Promise<void>}} props
 */
function Roles({ user, again }) {
  const [edit, setEdit] = useState(/** @type {{roles: string[], revision: number} | null} */ (null));
  const now = edit?.roles ?? user.roles;
  const changed = [...now].sort().join() !== [...user.roles].sort().join();
  const set = (/** @type {string[]} */ next) => setEdit({ roles: next, revision: edit?.revision ?? user.revision });
  const write = async () => {
    const command = { path: `/api/v1/users/${user.id}`, method: /** @type {const} */ ("PATCH"), body: { roles: now }, revision: edit?.revision ?? user.revision };
    const receipt = await carryOut(command, { done: t("done.roles", { who: user.display_name }), theirs: () => setEdit(null) });
    await again();
    if (receipt) setEdit(null);
  };
  return html`<${Panel} id="roles" title=${t("roles")} count=${now.length} tools=${changed && html`<button type="button" class="button small" onClick=${() => setEdit(null)}>${t("back")}</button><button type="button" class="button primary small" onClick=${write}>${t("write")}</button>`}><div class="panel-text"><${RoleTicks} now=${now} set=${set} /></div><//>`;
}

/** @param {{now: string[], set: (roles: string[]) => void}} props */
function RoleTicks({ now, set }) {
  return html`<div class="ticks role-ticks">${roles().map((code) => html`<label key=${code}><input type="checkbox" checked=${now.includes(code)} onChange=${(/** @type {any} */ event) => set(event.target.checked ? [...now, code] : now.filter((each) => each !== code))} /> ${roleName(code)}</label>`)}</div>`;
}

/** A password to be read out once: five groups, some 96 bits. */
function newPassword() {
  const random = crypto.getRandomValues(new Uint32Array(20));
  const letters = Array.from(random, (each) => LETTERS[each % LETTERS.length]);
  return [0, 4, 8, 12, 16].map((at) => letters.slice(at, at + 4).join("")).join("-");
}

/** @param {{close: (answer?: any) => void}} props */
function AddForm({ close }) {
  const [now, setNow] = useState(() => ({ display_name: "", login: "", kind: "person", language: document.documentElement.lang, roles: /** @type {string[]} */ ([]), password: newPassword() }));
  const { problem, busy, send } = useSending(close);
  const set = (/** @type {any} */ part) => setNow((was) => ({ ...was, ...part }));
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    const { password, ...rest } = now;
    return send({ path: "/api/v1/users", body: { ...rest, ...(now.kind === "person" && password && { password }) } }, { done: t("done.user_added", { who: now.display_name }) });
  };
  return html`<form class="dialog-body" onSubmit=${submit}>
    <div class="two even"><label class="field"><span>${t("field.name")}</span><input type="text" required maxlength="120" autocomplete="off" autofocus value=${now.display_name} onInput=${(/** @type {any} */ event) => set({ display_name: event.target.value })} /></label>
      <label class="field"><span>${t("user.login")}</span><input type="text" required maxlength="100" autocomplete="off" autocapitalize="none" pattern="[a-z0-9][a-z0-9._@+\\-]+" title=${t("user.login.note")} value=${now.login} onInput=${(/** @type {any} */ event) => set({ login: event.target.value })} /></label></div>
    <div class="two even"><label class="field"><span>${t("kind_of")}</span><select value=${now.kind} onChange=${(/** @type {any} */ event) => set({ kind: event.target.value })}>${["person", "service"].map((kind) => html`<option value=${kind} selected=${kind === now.kind}>${t(`user.kind.${kind}`)}</option>`)}</select></label>
      <label class="field"><span>${t("language")}</span><select value=${now.language} onChange=${(/** @type {any} */ event) => set({ language: event.target.value })}>${LANGUAGES.map((code) => html`<option value=${code} selected=${code === now.language}>${code.toUpperCase()}</option>`)}</select></label></div>
    <fieldset><legend>${t("roles")}</legend><${RoleTicks} now=${now.roles} set=${(/** @type {string[]} */ next) => set({ roles: next })} /></fieldset>
    ${now.kind === "person" ? html`<${PasswordField} value=${now.password} onInput=${(/** @type {string} */ password) => set({ password })} />` : html`<p class="dim note">${t("user.service.note")}</p>`}
    ${problem && html`<div class="form-problem" role="alert"><${ProblemParts} problem=${problem} /></div>`}
    <footer class="dialog-foot"><button type="button" class="button" onClick=${() => close()}>${t("back")}</button><button class="button primary" disabled=${busy}>${t("user.add")}</button></footer></form>`;
}

/** @param {{value: string, onInput: (password: string) => void}} props */
function PasswordField({ value, onInput }) {
  return html`<label class="field"><span>${t("password.new")}</span><input type="text" class="secret" required minlength=${SHORTEST_PASSWORD} maxlength="256" autocomplete="off" spellcheck=${false} value=${value} onInput=${(/** @type {any} */ event) => onInput(event.target.value)} /></label>
    <p class="dim note">${t("password.note")}</p>`;
}

/** @param {{user: User, close: (answer?: any) => void}} props */
function PasswordForm({ user, close }) {
  const [password, setPassword] = useState(newPassword);
  const { problem, busy, send } = useSending(close);
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    return send({ path: `/api/v1/users/${user.id}`, method: "PATCH", body: { password }, revision: user.revision }, { done: t("done.password", { who: user.display_name }) });
  };
  return html`<form class="dialog-body" onSubmit=${submit}><p class="dialog-text">${t("user.reset.text", { who: user.display_name })}</p><${PasswordField} value=${password} onInput=${setPassword} />
    ${problem && html`<div class="form-problem" role="alert"><${ProblemParts} problem=${problem} /></div>`}
    <footer class="dialog-foot"><button type="button" class="button" onClick=${() => close()}>${t("back")}</button><button class="button primary" disabled=${busy} autofocus>${t("user.reset")}</button></footer></form>`;
}

/** @param {{user: User, close: (answer?: any) => void}} props */
function NameForm({ user, close }) {
  const [name, setName] = useState(user.display_name);
  const [language, setLanguage] = useState(user.language);
  const { problem, busy, send } = useSending(close);
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    const body = { ...(name.trim() !== user.display_name && { display_name: name.trim() }), ...(language !== user.language && { language }) };
    return Object.keys(body).length ? send({ path: `/api/v1/users/${user.id}`, method: "PATCH", body, revision: user.revision }, { done: t("done.user", { who: name.trim() }) }) : close();
  };
  return html`<form class="dialog-body" onSubmit=${submit}><label class="field"><span>${t("field.name")}</span><input type="text" required maxlength="120" autofocus value=${name} onInput=${(/** @type {any} */ event) => setName(event.target.value)} /></label>
    <label class="field"><span>${t("language")}</span><select value=${language} onChange=${(/** @type {any} */ event) => setLanguage(event.target.value)}>${LANGUAGES.map((code) => html`<option value=${code} selected=${code === language}>${code.toUpperCase()}</option>`)}</select></label>
    ${problem && html`<div class="form-problem" role="alert"><${ProblemParts} problem=${problem} /></div>`}
    <footer class="dialog-foot"><button type="button" class="button" onClick=${() => close()}>${t("back")}</button><button class="button primary" disabled=${busy}>${t("write")}</button></footer></form>`;
}
