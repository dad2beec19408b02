/** Questions about a request and their answers, in the language they were typed in. */
import { myMember } from "./api.js";
import { carryOut } from "./doing.js";
import { language, named, t } from "./i18n.js";
import { Age, Member, Nothing, Panel, useMark } from "./parts.js";
import { may } from "./rules.js";
import { tables } from "./store.js";
import { html, useState } from "./view.js";
import { members } from "./about.js";

/** @typedef {import("./store.js").Row} Row */

/** @param {{request: Row}} props */
export function Questions({ request }) {
  const rows = [...tables.question.where("request_id", request.id)].sort((a, b) => a.occurred_at.localeCompare(b.occurred_at));
  const asks = may("ask_question") && request.opened_at;
  if (!rows.length && !asks) return null;
  return html`<${Panel} live id="questions" class="questions" title=${t("questions")} count=${rows.length}>
    ${rows.length === 0 && html`<${Nothing} text=${t("questions.none")} />`}
    <ul class="plain">${rows.map((row) => html`<${Question} key=${row.id} id=${row.id} />`)}</ul>
    ${asks && html`<${AskForm} request=${request} />`}<//>`;
}

/** @param {{id: string}} props */
function Question({ id }) {
  const row = tables.question.get(id);
  const mark = useMark("question", id, row?.revision);
  const [text, setText] = useState("");
  if (!row) return null;
  const mine = row.to_member_id === myMember();
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (await carryOut({ path: `/questions/${id}/answer`, body: { text: text.trim(), language: language.peek() }, revision: row.revision }, { done: t("done.answered") })) setText("");
  };
  return html`<li class="question ${mark}"><p><${Member} id=${row.member_id} /> → <${Member} id=${row.to_member_id} /> <span class="dim"><${Age} at=${row.occurred_at} /></span></p>
    <p class="question-text" lang=${row.language ?? undefined}>${row.text}</p>
    ${row.answer ? html`<p class="answer-text" lang=${row.answer_language ?? undefined}>${row.answer} <span class="dim"><${Age} at=${row.answered_at} /></span></p>`
      : mine && may("answer_question", { addressed: row.to_member_id }) ? html`<form class="inline" onSubmit=${submit}><input type="text" required maxlength="1000" aria-label=${t("answer")} placeholder=${t("answer")} value=${text} onInput=${(/** @type {any} */ event) => setText(event.target.value)} /><button class="button primary small" disabled=${!text.trim()}>${t("answer")}</button></form>`
      : html`<p class="dim">${t("question.waits")}</p>`}</li>`;
}

/** @param {{request: Row}} props */
function AskForm({ request }) {
  const [text, setText] = useState("");
  const own = myMember();
  const others = members(own).filter((each) => each.id !== own);
  // Who asked is asked back; whoever is asked by them is chosen, unless only one has offered anything.
  const offering = [...new Set(tables.offer.where("request_id", request.id).map((offer) => offer.lender_id))];
  const [to, setTo] = useState(request.member_id !== own ? request.member_id : offering.length === 1 ? offering[0] : "");
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (await carryOut({ path: `/requests/${request.id}/questions`, body: { text: text.trim(), language: language.peek(), to_member_id: to } }, { done: t("done.question") })) setText("");
  };
  return html`<form class="ask-question" onSubmit=${submit}>
    <select required aria-label=${t("question.to")} value=${to} onChange=${(/** @type {any} */ event) => setTo(event.target.value)}><option value="" disabled selected=${!to}>${t("question.to")}</option>${others.map((each) => html`<option value=${each.id} selected=${each.id === to}>${each.country} · ${named(each.names)}</option>`)}</select>
    <div class="inline"><input type="text" required maxlength="1000" aria-label=${t("question")} placeholder=${t("question.hint")} value=${text} onInput=${(/** @type {any} */ event) => setText(event.target.value)} /><button class="button small" disabled=${!text.trim() || !to}>${t("question.ask")}</button></div></form>`;
}
