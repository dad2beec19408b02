/** What members themselves say: for a time they can, below what they keep at home, or they cannot. */
import { myMember } from "./api.js";
import { confirmAct } from "./dialogs.js";
import { carryOut } from "./doing.js";
import { openForm } from "./form.js";
import { codes, findTypes, named, t, typeName, word } from "./i18n.js";
import { Left, Member, Nothing, Panel, State, useMark } from "./parts.js";
import { may } from "./rules.js";
import { tables } from "./store.js";
import { stamp } from "./time.js";
import { html } from "./view.js";

/** @typedef {import("./store.js").Row} Row */

/** What a word is about. @param {Row} row */
export function wordAbout(row) {
  return row.type_code ? typeName(row.type_code) : t("lender_word.all");
}

/** On the resources screen: what stands, and for one's own member the way to say it. */
export function LenderWords() {
  const own = { member: myMember() };
  const standing = tables.lender_word.all.value.filter((row) => row.status === "standing").sort((a, b) => Number(b.member_id === myMember()) - Number(a.member_id === myMember()) || a.until_at.localeCompare(b.until_at));
  const tools = html`<span class="buttons">${["cannot", "can"].map((each) => may("say_lender_word", own, { lender_word: each }) && html`<button type="button" class="button small" onClick=${() => say(each)}>${t(`lender_word.say_${each}`)}</button>`)}</span>`;
  return html`<${Panel} id="lender-words" class="lender-words" title=${t("lender_words")} count=${standing.length || undefined} tools=${tools}>
    ${standing.length ? html`<ul class="plain">${standing.map((row) => html`<${Word} key=${row.id} row=${row} />`)}</ul>` : html`<${Nothing} text=${t("lender_words.none")} />`}<//>`;
}

/** @param {{row: Row}} props */
function Word({ row }) {
  const mark = useMark("lender_word", row.id, row.revision);
  const withdraw = async () => {
    const sure = await confirmAct({ title: t("lender_word.withdraw"), text: html`<p>${wordAbout(row)}: ${t(`lender_word.${row.word}`)}</p>`, action: t("lender_word.withdraw") });
    if (sure) await carryOut({ path: `/lender-words/${row.id}/withdraw`, body: {}, revision: row.revision }, { done: t("done.lender_word_withdrawn") });
  };
  return html`<li class=${`lender-word ${mark}`}>
    <p><${Member} id=${row.member_id} /> <${State} text=${t(`lender_word.${row.word}`)} tone=${row.word === "can" ? "good" : "notice"} /> <strong>${wordAbout(row)}</strong></p>
    <p class="dim">${t("lender_word.until", { time: stamp(row.until_at) })} (<${Left} at=${row.until_at} />)${row.reason ? ` · ${word("decline_reasons", row.reason)}` : ""}</p>
    ${row.note && html`<q>${row.note}</q>`}
    ${may("withdraw_lender_word", { member: row.member_id }) && html`<div class="buttons"><button type="button" class="button small" onClick=${withdraw}>${t("lender_word.withdraw")}</button></div>`}</li>`;
}

/** @param {string} what `can` or `cannot` */
function say(what) {
  const mine = new Set(tables.resource.where("member_id", myMember()).map((unit) => unit.type_code));
  const types = findTypes("").filter((each) => mine.has(each.code)).sort((a, b) => named(a.names).localeCompare(named(b.names)));
  return openForm({
    title: t(`lender_word.say_${what}`),
    text: html`<p>${t(`lender_word.say_${what}.text`)}</p>`,
    fields: [
      { name: "type_code", label: t("type"), kind: "select", value: "", options: [{ value: "", text: t("lender_word.all") }, ...types.map((each) => ({ value: each.code, text: named(each.names) }))] },
      { name: "until_at", label: t("lender_word.until_when"), kind: "time", required: true },
      ...(what === "cannot" ? [{ name: "reason", label: t("why"), kind: /** @type {const} */ ("select"), value: "own_emergency", options: codes("decline_reasons").map((code) => ({ value: code, text: word("decline_reasons", code) })) }] : []),
      { name: "note", label: what === "can" ? t("why") : t("note"), kind: "area", required: what === "can" },
    ],
    action: t(`lender_word.say_${what}`),
    command: (values) => ({ path: "/lender-words", body: { ...values, word: what } }),
    how: () => ({ done: t("done.lender_word_said") }),
  });
}
