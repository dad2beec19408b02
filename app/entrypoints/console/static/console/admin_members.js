/** Members: whom to ring, what each may ask for, whom it keeps informed, who may bind it. Its own admin keeps it up to date. */
import { members } from "./about.js";
import { BackToList, chooseIn, chosenIn, FilterBox, joined, useListKeys } from "./admin_parts.js";
import { Representatives } from "./admin_representatives.js";
import { myMember, read } from "./api.js";
import { Contacts } from "./contacts.js";
import { openDialog } from "./dialogs.js";
import { carryOut } from "./doing.js";
import { codes, folded, LANGUAGES, named, t, word } from "./i18n.js";
import { Member, Nothing, Panel, Phone } from "./parts.js";
import { may } from "./rules.js";
import { tables } from "./store.js";
import { html, useEffect, useState } from "./view.js";

const NAME = "member";

/** The section. */
export function Members() {
  const [text, setText] = useState("");
  const rows = members(myMember()).filter((row) => folded([row.code, row.country, ...Object.values(row.names), ...row.other_names].join(" ")).includes(folded(text)));
  const now = chosenIn(NAME);
  const box = useListKeys(NAME, () => rows.map((row) => row.id));
  const shown = tables.member.get(now || myMember());
  return html`<div class="master-detail" data-open=${now ? "yes" : "no"}>
    <${Panel} id="members" class="master" title=${t("admin.members")} count=${rows.length}>
      <div class="filter"><${FilterBox} box=${box} value=${text} hint=${t("filter.list.hint")} onInput=${setText} /></div>
      <ul class="plain entries">${rows.map((row) => html`<li key=${row.id} id=${`${NAME}-${row.id}`} class=${shown?.id === row.id ? "now" : ""}><button type="button" class="row-button entry" aria-pressed=${shown?.id === row.id} onClick=${() => chooseIn(NAME, row.id)}><span><${Member} id=${row.id} />${row.id === myMember() ? html` <b class="own">${t("own_member")}</b>` : ""}</span><span class="dim">${row.phone}</span></button></li>`)}</ul><//>
    <div class="detail">${shown ? html`<${Detail} key=${shown.id} row=${shown} />` : html`<${Nothing} text=${t("loading")} />`}</div></div>`;
}

/** @param {{row: import("./store.js").Row}} props */
function Detail({ row }) {
  const [seen, setSeen] = useState(/** @type {any} */ (null));
  useEffect(() => {
    read(`/members/${row.id}`).then(setSeen, () => undefined);
  }, [row.id, row.revision]);
  const own = may("change_member", { member: row.id });
  const change = async () => {
    const body = await openDialog(t("member.change"), (close) => html`<${Form} row=${seen} close=${close} />`, { wide: true });
    if (body && Object.keys(body).length) await carryOut({ path: `/members/${row.id}`, method: "PATCH", body, revision: seen.revision }, { done: t("done.member", { who: named(row.names) }) });
  };
  const all = seen ?? row;
  return html`<${BackToList} name=${NAME} text=${t("admin.members")} />
    <${Panel} id="member" title=${html`<${Member} id=${row.id} />`} tools=${own && seen && html`<button type="button" class="button small" onClick=${change}>${t("member.change")}</button>`}>
      <dl class="facts wide-facts">
        <div><dt>${t("member.phone")}</dt><dd class="ring"><${Phone} id=${row.id} /></dd></div>
        <div><dt>${t("member.other_names")}</dt><dd>${joined([...new Set([...Object.values(all.names), ...all.other_names])])}</dd></div>
        <div><dt>${t("languages")}</dt><dd>${all.languages.join(" · ").toUpperCase()}</dd></div>
        <div><dt>${t("member.zone")}</dt><dd>${all.time_zone} · ${all.currency}</dd></div>
        <div><dt>${t("member.hazards")}</dt><dd>${joined((all.jurisdiction?.hazards ?? []).map((/** @type {string} */ code) => word("hazards", code)))}</dd></div>
        <div><dt>${t("member.kinds")}</dt><dd>${joined((all.jurisdiction?.kinds ?? []).map((/** @type {string} */ code) => word("request_kinds", code)))}</dd></div>
        <div><dt>${t("member.code")}</dt><dd><code>${row.code}</code> <span class="dim">${t("revision")} ${row.revision}</span></dd></div></dl><//>
    <${Panel} id="informed" title=${t("member.informed")} count=${all.informed_authorities?.length ?? 0}>
      ${all.informed_authorities?.length ? html`<ul class="plain">${all.informed_authorities.map((/** @type {any} */ each) => html`<li><strong>${each.name}</strong> <span class="dim">${word("authority_kinds", each.kind)}</span>${each.contact ? html` · ${each.contact}` : ""}</li>`)}</ul>` : html`<${Nothing} text=${t("member.informed.none")} />`}
      <p class="panel-note">${t("member.inform_on")}: ${joined((all.inform_on ?? []).map((/** @type {string} */ code) => word("inform_events", code)))}</p><//>
    <${Contacts} member=${row.id} />
    <${Representatives} member=${row.id} />`;
}

/** @param {{row: any, close: (answer?: any) => void}} props */
function Form({ row, close }) {
  const [now, setNow] = useState(() => ({ phone: row.phone, talkgroup: row.talkgroup ?? "", languages: [...row.languages], informed_authorities: row.informed_authorities.map((/** @type {any} */ each) => ({ ...each, contact: each.contact ?? "" })), inform_on: [...row.inform_on] }));
  const set = (/** @type {any} */ part) => setNow((was) => ({ ...was, ...part }));
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    const body = { ...now, talkgroup: now.talkgroup.trim() || null, informed_authorities: now.informed_authorities.map((/** @type {any} */ { name, kind, contact }) => ({ name, kind, contact: contact.trim() || null })) };
    close(Object.fromEntries(Object.entries(body).filter(([field, value]) => JSON.stringify(value) !== JSON.stringify(row[field]))));
  };
  const tick = (/** @type {"languages" | "inform_on"} */ field, /** @type {string} */ code, /** @type {boolean} */ on) => set({ [field]: on ? [...now[field], code] : now[field].filter((/** @type {string} */ each) => each !== code) });
  const told = (/** @type {number} */ at, /** @type {any} */ part) => set({ informed_authorities: now.informed_authorities.map((/** @type {any} */ each, /** @type {number} */ n) => (n === at ? { ...each, ...part } : each)) });
  return html`<form class="dialog-body" onSubmit=${submit}>
    <div class="two even"><label class="field"><span>${t("member.phone")}</span><input type="tel" required maxlength="40" autofocus value=${now.phone} onInput=${(/** @type {any} */ event) => set({ phone: event.target.value })} /></label>
      <label class="field"><span>${t("talkgroup")} (${t("optional")})</span><input type="text" maxlength="60" value=${now.talkgroup} onInput=${(/** @type {any} */ event) => set({ talkgroup: event.target.value })} /></label></div>
    <fieldset><legend>${t("languages")}</legend><div class="ticks">${[...new Set([...LANGUAGES, ...row.languages])].map((code) => html`<label><input type="checkbox" checked=${now.languages.includes(code)} onChange=${(/** @type {any} */ event) => tick("languages", code, event.target.checked)} /> ${code.toUpperCase()}</label>`)}</div></fieldset>
    <fieldset><legend>${t("member.informed")}</legend>${now.informed_authorities.map((/** @type {any} */ each, /** @type {number} */ at) => html`<div class="authority-row" key=${at}>
      <input type="text" required maxlength="120" aria-label=${t("field.name")} placeholder=${t("field.name")} value=${each.name} onInput=${(/** @type {any} */ event) => told(at, { name: event.target.value })} />
      <select aria-label=${t("kind_of")} value=${each.kind} onChange=${(/** @type {any} */ event) => told(at, { kind: event.target.value })}>${codes("authority_kinds").map((code) => html`<option value=${code} selected=${code === each.kind}>${word("authority_kinds", code)}</option>`)}</select>
      <input type="text" maxlength="120" aria-label=${t("member.contact")} placeholder=${t("member.contact")} value=${each.contact} onInput=${(/** @type {any} */ event) => told(at, { contact: event.target.value })} />
      <button type="button" class="icon-button" aria-label=${`${t("remove")} ${each.name}`} title=${t("remove")} onClick=${() => set({ informed_authorities: now.informed_authorities.filter((/** @type {any} */ _, /** @type {number} */ n) => n !== at) })}>✕</button></div>`)}
      <button type="button" class="button small" onClick=${() => set({ informed_authorities: [...now.informed_authorities, { name: "", kind: codes("authority_kinds")[0], contact: "" }] })}>${t("member.informed.add")}</button></fieldset>
    <fieldset><legend>${t("member.inform_on")}</legend><div class="ticks">${codes("inform_events").map((code) => html`<label><input type="checkbox" checked=${now.inform_on.includes(code)} onChange=${(/** @type {any} */ event) => tick("inform_on", code, event.target.checked)} /> ${word("inform_events", code)}</label>`)}</div></fieldset>
    <footer class="dialog-foot"><button type="button" class="button" onClick=${() => close()}>${t("back")}</button><button class="button primary" disabled=${!now.languages.length}>${t("write")}</button></footer></form>`;
}
