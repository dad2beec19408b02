/** What the member's users tried and were refused: who, what, why, when. For its admins. */
import { FilterBox, useListKeys } from "./admin_parts.js";
import { Problem, read, readAll } from "./api.js";
import { commandName, folded, t } from "./i18n.js";
import { Nothing, Panel } from "./parts.js";
import { allCommands } from "./rules.js";
import { stamp } from "./time.js";
import { problemText } from "./told.js";
import { html, useEffect, useState } from "./view.js";

/** @typedef {{id: number, at: string, space: string, actor: string, user_id: string | null, display_name: string | null, command: string, target: string | null, slug: string, detail: string}} Refusal */

const PAGE = 50;

/** The section. */
export function Audit() {
  const [rows, setRows] = useState(/** @type {Refusal[] | null} */ (null));
  const [next, setNext] = useState(/** @type {string | null} */ (null));
  const [failed, setFailed] = useState("");
  const [users, setUsers] = useState(/** @type {any[]} */ ([]));
  const [who, setWho] = useState("");
  const [command, setCommand] = useState("");
  const [text, setText] = useState("");
  const learn = async (/** @type {string} */ cursor) => {
    const asked = new URLSearchParams({ limit: String(PAGE), ...(who && { user: who }), ...(command && { command }), ...(cursor && { cursor }) });
    try {
      const page = await read(`/api/v1/audit?${asked}`);
      setRows((was) => (cursor ? [...(was ?? []), ...page.items] : page.items));
      setNext(page.next);
      setFailed("");
    } catch (problem) {
      if (problem instanceof Problem) setFailed(problemText(problem));
    }
  };
  useEffect(() => {
    learn("");
  }, [who, command]);
  useEffect(() => {
    readAll("/api/v1/users").then(setUsers, () => undefined);
  }, []);
  const shown = (rows ?? []).filter((row) => folded(`${row.display_name ?? ""} ${commandName(row.command)} ${reason(row)} ${row.detail}`).includes(folded(text)));
  const box = useListKeys("entry", () => shown.map((row) => String(row.id)));
  return html`<div class="one-column"><${Panel} id="audit" class="audit" title=${t("admin.audit")} count=${shown.length} tools=${html`<button type="button" class="button small" onClick=${() => learn("")}>${t("again")}</button>`}>
    <div class="filter"><${FilterBox} box=${box} value=${text} hint=${t("filter.list.hint")} onInput=${setText} />
      <label class="narrow-pick"><span class="sr">${t("user")}</span><select class=${who ? "set" : ""} value=${who} onChange=${(/** @type {any} */ event) => setWho(event.target.value)}><option value="">${t("any.user")}</option>${users.map((user) => html`<option value=${user.id} selected=${user.id === who}>${user.display_name}</option>`)}</select></label>
      <label class="narrow-pick"><span class="sr">${t("audit.command")}</span><select class=${command ? "set" : ""} value=${command} onChange=${(/** @type {any} */ event) => setCommand(event.target.value)}><option value="">${t("any.command")}</option>${allCommands().map((code) => ({ code, name: commandName(code) })).sort((a, b) => a.name.localeCompare(b.name)).map(({ code, name }) => html`<option value=${code} selected=${code === command}>${name}</option>`)}</select></label></div>
    <p class="panel-note">${t("audit.note")}</p>
    ${failed && html`<p class="late nothing" role="alert">${failed}</p>`}
    ${rows === null ? html`<${Nothing} text=${t("loading")} />` : shown.length === 0 ? html`<${Nothing} text=${t("audit.none")} />` : ""}
    <ol class="refusals">${shown.map((row) => html`<li key=${row.id} id=${`entry-${row.id}`} class="refusal"><time class="dim" datetime=${row.at}>${stamp(row.at)}</time><span class="refusal-who">${row.display_name ?? html`<span class="dim">${t("unknown")}</span>`}${row.space === "live" ? "" : html` <span class="tag">${row.space}</span>`}</span>
      <span class="refusal-what"><strong>${commandName(row.command)}</strong> <span class="refusal-why">${reason(row)}</span></span></li>`)}</ol>
    ${next && html`<p class="panel-text"><button type="button" class="button" onClick=${() => learn(next)}>${t("more_of_them")}</button></p>`}<//></div>`;
}

/** Why, of somebody else and in the reader's language: the words for who was refused speak to that person. @param {Refusal} row */
function reason(row) {
  const code = row.command === "consent_to_agreement" && row.slug === "out-of-range" ? "own-consent" : row.slug;
  const told = t(`refused.${code}`);
  return told === `refused.${code}` ? row.detail : told;
}
