/** What is held on a person: looked up by name, exported, and erased, which nothing takes back. For admins. */
import { myMember, Problem, read, send } from "./api.js";
import { openDialog, ProblemParts } from "./dialogs.js";
import { onEntries } from "./feed.js";
import { t } from "./i18n.js";
import { Nothing, Panel } from "./parts.js";
import { may } from "./rules.js";
import { useSending } from "./sending.js";
import { stamp } from "./time.js";
import { html, useEffect, useState } from "./view.js";

/** @typedef {{space: string, kind: string, id: string, field: string, name: string | null, phone: string | null, more: Record<string, string>}} Mention */
/** @typedef {{space: string, seq: number | null, kind: string, id: string, field: string, text: string}} Text */
/** @typedef {{exported_at: string, mentions: Mention[], texts: Text[]}} Held */
/** @typedef {{seq: number, at: string, kind: "user" | "person", by: string | null, why: string | null}} Erasure */

/** The section. */
export function People() {
  return html`<div class="one-column"><${LookUp} /><${Erasures} /></div>`;
}

/** @param {string} typed one a line */
const linesOf = (typed) => typed.split("\n").map((line) => line.trim()).filter(Boolean);

/** Who is no user asks what is known of them: by name and number, as they were written down. */
function LookUp() {
  const [typed, setTyped] = useState("");
  const [held, setHeld] = useState(/** @type {{of: string[], data: Held} | null} */ (null));
  const [problem, setProblem] = useState(/** @type {Problem | null} */ (null));
  const [busy, setBusy] = useState(false);
  const names = linesOf(typed);
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    setBusy(true);
    try {
      setHeld({ of: names, data: /** @type {any} */ (await send(`/api/v1/members/${myMember()}/personal-data`, { names })) });
      setProblem(null);
    } catch (refusal) {
      if (!(refusal instanceof Problem)) throw refusal;
      setHeld(null);
      setProblem(refusal);
    } finally {
      setBusy(false);
    }
  };
  return html`<${Panel} id="held" title=${t("held")}><form class="panel-text" onSubmit=${submit}><p class="dim">${t("held.note")}</p>
      <label class="field"><span>${t("held.names")}</span><textarea rows="3" required value=${typed} onInput=${(/** @type {any} */ event) => { setTyped(event.target.value); setHeld(null); }}></textarea></label>
      ${problem && html`<div class="form-problem" role="alert"><${ProblemParts} problem=${problem} /></div>`}
      <div class="buttons"><button class="button primary" disabled=${busy || !names.length}>${t("held.look")}</button></div></form>
    <div role="status">${held && html`<${Found} of=${held.of} data=${held.data} />`}</div><//>`;
}

/** @param {{of: string[], data: Held}} props */
function Found({ of, data }) {
  const { mentions, texts } = data;
  const erase = async () => {
    await openDialog(t("erase_person"), (close) => html`<${Erase} text=${t("erase_person.text")} given=${of} path=${`/api/v1/members/${myMember()}/erase-person`} close=${close} />`);
  };
  return html`<div class="panel-text held"><p><strong>${t("held.found", { n: mentions.length + texts.length })}</strong></p>
    ${mentions.length > 0 && html`<h3>${t("held.mentions")}</h3><ul class="plain">${mentions.map((each) => html`<li key=${`${each.space}${each.id}${each.field}`}><span class="tag">${t(`held.in.${each.kind}`)}</span> <strong>${each.name ?? "–"}</strong> ${[each.phone, ...Object.values(each.more)].filter(Boolean).join(" · ")}<${Where} space=${each.space} /></li>`)}</ul>`}
    ${texts.length > 0 && html`<h3>${t("held.texts")}</h3><ul class="plain">${texts.map((each) => html`<li key=${`${each.space}${each.seq}${each.id}${each.field}`}><span class="tag">${t(`held.in.${each.kind}`)}</span> <q>${each.text}</q> ${each.seq !== null && html`<span class="dim">#${each.seq}</span>`}<${Where} space=${each.space} /></li>`)}</ul>`}
    <div class="buttons"><button type="button" class="button" onClick=${() => download(data)}>${t("held.download")}</button>${may("erase_person", { member: myMember() }) && html`<button type="button" class="button danger" onClick=${erase}>${t("erase_person")} …</button>`}</div></div>`;
}

/** Another space than the live one. @param {{space: string}} props */
function Where({ space }) {
  return space === "live" ? null : html` <span class="tag">${space}</span>`;
}

/** Hand over what was found as a file. @param {Held} data */
function download(data) {
  const url = URL.createObjectURL(new Blob([`${JSON.stringify(data, null, 1)}\n`], { type: "application/json" }));
  const link = Object.assign(document.createElement("a"), { href: url, download: "personal-data.json" });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

/** What was erased, at whose word, and why; of whom, nobody can tell any more. */
function Erasures() {
  const [rows, setRows] = useState(/** @type {Erasure[] | null} */ (null));
  const learn = () => read(`/api/v1/members/${myMember()}/erasures`).then((found) => setRows(found.items), () => setRows([]));
  useEffect(() => {
    learn();
    return onEntries((entries) => entries.some((entry) => entry.type.endsWith(".erased")) && learn());
  }, []);
  return html`<${Panel} id="erasures" title=${t("erasures")} count=${rows?.length}>${rows === null ? html`<${Nothing} text=${t("loading")} />` : rows.length === 0 ? html`<${Nothing} text=${t("erasures.none")} />` : ""}
    <ol class="refusals">${(rows ?? []).map((row) => html`<li key=${row.seq} class="refusal"><time class="dim" datetime=${row.at}>${stamp(row.at)}</time><span class="refusal-who">${row.by ?? html`<span class="dim">${t("unknown")}</span>`}</span>
      <span class="refusal-what"><strong>${t(`erasures.${row.kind}`)}</strong> <span class="dim">#${row.seq}</span> ${row.why ? html`<q>${row.why}</q>` : html`<span class="dim">${t("erasures.no_why")}</span>`}</span></li>`)}</ol><//>`;
}

/** Erase a user: account, sessions, tokens and names. @param {any} user @returns {Promise<boolean>} */
export async function eraseUser(user) {
  return Boolean(await openDialog(t("erase_user"), (close) => html`<${Erase} text=${t("erase_user.text", { who: user.display_name })} word=${user.login} path=${`/api/v1/users/${user.id}/erase`} revision=${user.revision} close=${close} />`));
}

/** @param {{text: string, path: string, word?: string, given?: string[], revision?: number, close: (answer?: any) => void}} props word: to be typed, so that nobody erases by a slip; given: names of who is no user */
function Erase({ text, path, word, given, revision, close }) {
  const [names, setNames] = useState((given ?? []).join("\n"));
  const [typed, setTyped] = useState("");
  const [why, setWhy] = useState("");
  const { problem, busy, send: erase } = useSending(close);
  const lines = linesOf(names);
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    return erase({ path, body: { [given ? "names" : "also"]: lines, why: why.trim() }, ...(revision !== undefined && { revision }) }, { done: t("done.erased") });
  };
  return html`<form class="dialog-body" onSubmit=${submit}><p class="dialog-text">${text}</p>
    <label class="field"><span>${t(given ? "held.names" : "erase.names")}${given ? "" : ` (${t("optional")})`}</span><textarea rows="3" required=${Boolean(given)} autofocus value=${names} onInput=${(/** @type {any} */ event) => setNames(event.target.value)}></textarea></label>
    <label class="field"><span>${t("why")}</span><input type="text" maxlength="300" required value=${why} onInput=${(/** @type {any} */ event) => setWhy(event.target.value)} /></label><p class="dim note">${t("erase.why.note")}</p>
    ${word && html`<label class="field"><span>${t("erase.type", { word })}</span><input type="text" autocomplete="off" required value=${typed} onInput=${(/** @type {any} */ event) => setTyped(event.target.value)} /></label>`}
    <p class="binds">${t("erase.final")}</p>
    ${problem && html`<div class="form-problem" role="alert"><${ProblemParts} problem=${problem} /></div>`}
    <footer class="dialog-foot"><button type="button" class="button" onClick=${() => close()}>${t("back")}</button><button class="button danger" disabled=${busy || !why.trim() || (word && typed !== word) || (given && !lines.length)}>${t("erase")}</button></footer></form>`;
}
