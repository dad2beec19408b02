/** One agreement: its terms as rules, its clauses, who has signed, its versions and what they say differently, and a case tried on it. */
import { memberName } from "./about.js";
import { myMember, Problem, read, readAll } from "./api.js";
import { RuleList } from "./agreement_rules.js";
import { discard, propose, taskOf } from "./agreement_task.js";
import { AgreementTrial } from "./agreement_try.js";
import { Versions } from "./agreement_versions.js";
import { agreementTone, day, partiesText, scopeText, termText } from "./agreement_words.js";
import { carryOutConfirmed } from "./doing.js";
import { link, onEntries } from "./feed.js";
import { openForm } from "./form.js";
import { codes, named, stateName, t, word } from "./i18n.js";
import { useKeys } from "./keys.js";
import { Missing } from "./missing.js";
import { useNewest } from "./newest.js";
import { Member, Nothing, Panel, State } from "./parts.js";
import { goTo } from "./router.js";
import { can, may } from "./rules.js";
import { titled } from "./space.js";
import { instantOf, localOf, now } from "./time.js";
import { html, useEffect, useState } from "./view.js";

/** @typedef {import("./agreement_words.js").Agreement} Agreement */
/** @typedef {import("./agreement_versions.js").Version} Version */

const YEAR_DAYS = 365;

/** The screen. @param {{id: string}} props */
export function AgreementScreen({ id }) {
  const [row, setRow] = useState(/** @type {Agreement | null} */ (null));
  const [versions, setVersions] = useState(/** @type {Version[]} */ ([]));
  const [failed, setFailed] = useState(/** @type {Problem | null} */ (null));
  const { live } = link.value;
  const newest = useNewest();
  const again = () => newest(() => Promise.all([read(`/agreements/${id}`), readAll(`/agreements/${id}/versions`)])).then((seen) => {
    if (!seen) return;
    setRow(seen[0]);
    setVersions(seen[1]);
    setFailed(null);
  }, (problem) => problem instanceof Problem && setFailed(problem));
  useEffect(() => {
    if (live) again();
    return onEntries((entries) => {
      if (entries.some((entry) => entry.type.startsWith("agreement"))) again();
    });
  }, [id, live]);
  useEffect(() => {
    titled(row ? named(row.names) : t("agreement"));
  });
  useKeys([{ key: "Escape", does: () => goTo("#/agreements"), text: "key.back_to_agreements" }], []);
  if (!row && failed) return html`<${Missing} problem=${failed} what="agreement" back="#/agreements" to="to_agreements" again=${again} />`;
  if (!row) return html`<div class="request-screen"><p class="back"><a href="#/agreements">‹ ${t("agreements")}</a></p><${Nothing} text=${t("loading")} /></div>`;
  return html`<div class="request-screen agreement-screen"><${Head} row=${row} versions=${versions} /><div class="request-grid">
    <div class="request-main"><${Rules} row=${row} /><${Clauses} row=${row} /><${Versions} row=${row} versions=${versions} /></div>
    <div class="request-side"><${Parties} row=${row} /><${AgreementTrial} only=${row.id} of=${row} /></div></div></div>`;
}

/** @param {{row: Agreement, versions: Version[]}} props */
function Head({ row, versions }) {
  return html`<header class="request-head"><p class="back"><a href="#/agreements">‹ ${t("agreements")}</a></p>
    <div class="request-title agreement-title"><div><h1>${named(row.names)}</h1><p class="dim"><span class="ref">${row.code}</span> · ${partiesText(row)} · ${scopeText(row)} · ${termText(row)}</p></div>
      <${State} text=${stateName("agreement", row.status)} tone=${agreementTone(row)} /></div>
    ${row.suspended_reason && html`<p class="request-note">${row.suspended_by.length ? `${row.suspended_by.map(memberName).join(", ")}: ` : ""}${t("agreement.suspended_because")} <q>${row.suspended_reason}</q></p>`}
    ${row.terminates_at && row.status === "terminated" && html`<p class="request-note">${t("agreement.ended", { day: day(row.terminates_at) })}</p>`}
    ${row.terminates_at && row.status !== "terminated" && html`<p class="request-note">${t("agreement.notice_given", { who: memberName(row.notice_by_member_id), day: day(row.terminates_at) })}</p>`}
    <div class="request-who"><span class="dim">${t("agreement.version_since", { n: row.version, day: day(row.effective_at) })}${row.review_at ? html` · <span class=${row.review_due ? "late" : ""}>${t("agreement.review_at", { day: day(row.review_at) })}</span>` : ""}</span>
      <span class="buttons"><${Actions} row=${row} versions=${versions} /></span></div></header>`;
}

/** What a party can do about it; whatever binds is confirmed. @param {{row: Agreement, versions: Version[]}} props */
function Actions({ row, versions }) {
  const party = { party: row.parties.map((each) => each.member_id) };
  const task = taskOf(row, versions);
  const proposed = versions.find((each) => each.status === "proposed");
  const name = named(row.names);
  const own = row.suspended_by.includes(myMember());
  const act = (/** @type {string} */ command, /** @type {string} */ path, /** @type {{danger?: boolean, body?: Record<string, any>, text?: string}} */ how = {}) => () => carryOutConfirmed({ title: t(command), text: html`<p>${t(how.text ?? `${command}.text`, { name, n: proposed?.version ?? row.version, days: row.notice_days })}</p>`, action: t(command), why: "asked", danger: how.danger },
    (answer) => ({ path: `/agreements/${row.id}/${path}`, body: { ...how.body, ...answer }, revision: row.revision }), { done: t(`done.${command}`, { name }) });
  const reasoned = (/** @type {string} */ command, /** @type {string} */ path) => () => openForm({
    title: t(command), text: html`<p>${t(`${command}.text`, { name, n: proposed?.version ?? row.version })}</p>`, fields: [{ name: "reason", label: t("why"), required: true, most: 300 }], action: t(command), danger: true,
    command: (values) => ({ path: `/agreements/${row.id}/${path}`, body: values, revision: row.revision }), how: () => ({ done: t(`done.${command}`, { name }) }),
  });
  const button = (/** @type {string} */ command, /** @type {() => void} */ does, primary = false) => html`<button type="button" class=${primary ? "button primary" : "button"} onClick=${does}>${t(command)}</button>`;
  const write = `#/agreement-edit/${row.id}`;
  const dropped = async () => {
    if (task && (await discard(task)) && row.status === "draft") goTo("#/agreements");
  };
  return html`
    ${task?.kind === "draft" && may("propose_agreement", party) ? button("propose_agreement", () => propose(task), true) : ""}
    ${task?.kind === "draft" && may("change_agreement_draft", party) ? html`<a class="button" href=${write}>${t("edit.draft")}</a>` : ""}
    ${task && (task.kind === "draft" || row.status === "draft") && may(row.status === "draft" ? "terminate_agreement" : "withdraw_agreement", party) ? button("edit.discard", dropped) : ""}
    ${proposed?.awaiting.includes(myMember()) && may("consent_to_agreement", party) ? button("consent_to_agreement", act("consent_to_agreement", "consent", { body: { version: proposed.version } }), true) : ""}
    ${proposed && may("withdraw_agreement", party) ? button("withdraw_agreement", reasoned("withdraw_agreement", "withdraw")) : ""}
    ${task?.kind === "version" && may("draft_agreement_version", party) ? html`<a class="button" href=${write}>${t("draft_agreement_version")}</a>` : ""}
    ${row.review_at && ["in_force", "suspended"].includes(row.status) && may("review_agreement", party) ? button("review_agreement", () => review(row)) : ""}
    ${can("agreement", row.status, "suspend_agreement") && !own && may("suspend_agreement", party) ? button("suspend_agreement", reasoned("suspend_agreement", "suspend")) : ""}
    ${can("agreement", row.status, "resume_agreement") && (own || !row.suspended_by.length) && may("resume_agreement", party) ? button("resume_agreement", act("resume_agreement", "resume"), true) : ""}
    ${row.status !== "draft" && can("agreement", row.status, "terminate_agreement") && !row.terminates_at && may("terminate_agreement", party) ? button("terminate_agreement", act("terminate_agreement", "terminate", { danger: true, text: row.notice_days ? "terminate_agreement.text" : "terminate_agreement.text.now" })) : ""}`;
}

/** What came of looking at it again, and when the parties do so next. @param {Agreement} row */
function review(row) {
  const next = localOf(now() + YEAR_DAYS * 86_400_000).slice(0, 10);
  return openForm({
    title: t("review_agreement"), text: html`<p>${t("review_agreement.text", { name: named(row.names) })}</p>`, action: t("review_agreement"),
    fields: [{ name: "note", label: t("review_agreement.note"), kind: "area", required: true, most: 300 }, { name: "next", label: t("review_agreement.next"), kind: "day", required: true, value: next }],
    command: ({ note, next: on }) => ({ path: `/agreements/${row.id}/review`, body: { note, next_review_at: instantOf(`${on}T00:00`) }, revision: row.revision }), how: () => ({ done: t("done.review_agreement", { name: named(row.names) }) }),
  });
}

/** @param {{row: Agreement}} props */
function Rules({ row }) {
  return html`<${Panel} id="rules" title=${t("agreement.rules")}><${RuleList} row=${row} /><//>`;
}

/** Clauses are settled, open, or do not apply; one that nobody has spoken of is said to be so. @param {{row: Agreement}} props */
function Clauses({ row }) {
  const clauses = /** @type {Record<string, import("./agreement_words.js").Clause | null>} */ (row.terms.clauses ?? {});
  const names = codes("agreement_clauses");
  const settled = names.filter((name) => clauses[name] && clauses[name].status !== "open").length;
  return html`<${Panel} id="clauses" title=${t("agreement.clauses")} count=${`${settled}/${names.length}`}><ul class="plain clauses">${names.map((name) => {
    const clause = clauses[name];
    const status = clause?.status ?? "unsaid";
    return html`<li key=${name} class="clause"><span class="clause-name">${word("agreement_clauses", name)}</span> <${State} text=${t(`clause.${status}`)} tone=${["open", "unsaid"].includes(status) ? "notice" : ""} />
      ${clause && Object.keys(clause.texts).length > 0 && html`<p>${named(clause.texts)}</p>`}</li>`;
  })}</ul><//>`;
}

/** Each party, on which side it stands, and since when it has consented. @param {{row: Agreement}} props */
function Parties({ row }) {
  return html`<${Panel} id="parties" title=${t("agreement.parties")} count=${row.parties.length}><ul class="plain">${row.parties.map((party) => html`<li key=${party.member_id} class="party"><${Member} id=${party.member_id} /> <span class="dim">${t(party.lends && party.borrows ? "party.both" : party.lends ? "party.lends" : "party.borrows")}</span>
    <span class="party-consent ${party.consented_at ? "" : "soon"}">${party.consented_at ? html`✓ ${t("party.consented", { at: day(party.consented_at) })}` : t("party.awaited")}</span></li>`)}</ul><//>`;
}
