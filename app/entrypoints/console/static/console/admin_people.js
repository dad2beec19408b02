/** What is held on a person: its export, and its erasure, which nothing takes back. */
import { openDialog } from "./dialogs.js";
import { carryOut } from "./doing.js";
import { t } from "./i18n.js";
import { html, useState } from "./view.js";

/** Erase a user: account, sessions, tokens and names. @param {any} user @returns {Promise<boolean>} */
export async function eraseUser(user) {
  const answer = await openDialog(t("erase_user"), (close) => html`<${Erase} text=${t("erase_user.text", { who: user.display_name })} word=${user.login} close=${close} />`);
  if (!answer) return false;
  return (await carryOut({ path: `/api/v1/users/${user.id}/erase`, body: { also: answer }, revision: user.revision }, { done: t("done.erased") })) !== null;
}

/** Erase somebody who is no user: who was rung, a guide, an officer. @param {string} member */
export async function erasePerson(member) {
  const answer = await openDialog(t("erase_person"), (close) => html`<${Erase} text=${t("erase_person.text")} needed close=${close} />`);
  if (answer) await carryOut({ path: `/api/v1/members/${member}/erase-person`, body: { names: answer } }, { done: t("done.erased") });
}

/** @param {{text: string, word?: string, needed?: boolean, close: (answer?: any) => void}} props word: to be typed, so that nobody erases by a slip */
function Erase({ text, word, needed, close }) {
  const [names, setNames] = useState("");
  const [typed, setTyped] = useState("");
  const lines = names.split("\n").map((line) => line.trim()).filter(Boolean);
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    close(lines);
  };
  return html`<form class="dialog-body" onSubmit=${submit}><p class="dialog-text">${text}</p>
    <label class="field"><span>${t("erase.names")}${needed ? "" : ` (${t("optional")})`}</span><textarea rows="3" required=${needed} autofocus value=${names} onInput=${(/** @type {any} */ event) => setNames(event.target.value)}></textarea></label>
    ${word && html`<label class="field"><span>${t("erase.type", { word })}</span><input type="text" autocomplete="off" required value=${typed} onInput=${(/** @type {any} */ event) => setTyped(event.target.value)} /></label>`}
    <p class="binds">${t("erase.final")}</p>
    <footer class="dialog-foot"><button type="button" class="button" onClick=${() => close()}>${t("back")}</button><button class="button danger" disabled=${(word && typed !== word) || (needed && !lines.length)}>${t("erase")}</button></footer></form>`;
}
