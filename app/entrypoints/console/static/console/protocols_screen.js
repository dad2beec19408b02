/** Protocols: the shared ones, and one as a member has it, with what is different and why. */
import { memberName, members } from "./about.js";
import { myMember, read, readAll } from "./api.js";
import { confirmAct } from "./dialogs.js";
import { carryOut } from "./doing.js";
import { named, t, typeName, word } from "./i18n.js";
import { Nothing, Panel, State } from "./parts.js";
import { addDifference } from "./protocol_overlay.js";
import { place, showing } from "./router.js";
import { may } from "./rules.js";
import { titled } from "./space.js";
import { tables } from "./store.js";
import { html, useEffect, useState } from "./view.js";

/** The list. */
export function ProtocolsScreen() {
  const [rows, setRows] = useState(/** @type {any[] | null} */ (null));
  useEffect(() => {
    titled(t("protocols"));
    readAll("/protocols").then(setRows, () => setRows([]));
  }, []);
  return html`<div class="request-screen"><header class="request-head"><div class="request-title"><div><h1>${t("protocols")}</h1><p class="dim">${t("protocols.text")}</p></div></div></header>
    <${Panel} id="protocols" title=${t("protocols")} count=${rows?.length}>
      ${rows === null ? html`<${Nothing} text=${t("loading")} />` : html`<ul class="plain">${rows.map((each) => html`<li key=${each.code}><a href=${`#/protocol/${each.code}`}>${named(each.names)}</a>
        <span class="dim protocol-for">${word("hazards", each.hazard)} · ${t("severity")} ${each.severity_from}–${each.severity_to} · ${t("protocol.version", { n: each.version })}</span>
        ${tables.protocol_overlay.all.value.filter((row) => row.code === each.code).map((row) => html` <${State} key=${row.id} text=${t("protocol.adapted_by", { who: memberName(row.member_id) })} />`)}</li>`)}</ul>`}<//></div>`;
}

/** One of them. */
export function ProtocolScreen() {
  const { id: code, query } = place.value;
  const of = query.of || myMember();
  const overlay = tables.protocol_overlay.all.value.find((row) => row.code === code && row.member_id === of);
  const [said, setSaid] = useState(/** @type {any} */ (null));
  useEffect(() => {
    let stays = true;
    read(`/members/${of}/protocols/${code}`).then((found) => stays && setSaid(found), () => stays && setSaid(undefined));
    return () => { stays = false; };
  }, [code, of, overlay?.revision]);
  useEffect(() => {
    titled(said ? named(said.shared.names) : t("protocol"));
  });
  if (said === null) return html`<div class="request-screen"><${Nothing} text=${t("loading")} /></div>`;
  if (said === undefined) return html`<div class="request-screen"><h1>${t("protocol")}</h1><p class="nothing">${t("problem.not-found")} <a href="#/protocols">${t("protocols")}</a></p></div>`;
  const own = said.effective;
  return html`<div class="request-screen protocol-screen"><header class="request-head"><div class="request-title"><div><p><a href="#/protocols">${t("protocols")}</a></p><h1>${named(own.names)}</h1>
      <p class="dim">${word("hazards", own.hazard)} · ${t("severity")} ${own.severity_from}–${own.severity_to} · ${t("protocol.version", { n: own.version })}</p></div></div>
      <label class="field protocol-of"><span>${t("protocol.as_of")}</span><select value=${of} onChange=${(/** @type {any} */ event) => showing({ of: event.target.value === myMember() ? "" : event.target.value })}>${members(myMember()).map((each) => html`<option value=${each.id} selected=${each.id === of}>${memberName(each.id)}</option>`)}</select></label></header>
    <${Differences} said=${said} of=${of} />
    <${Panel} id="protocol-package" title=${t("package")} count=${own.package.length}><ul class="plain">${own.package.map((/** @type {any} */ each) => html`<li key=${each.type_code}>${each.quantity} × ${typeName(each.type_code)} <span class="dim">${word("priorities", each.priority)} · ${t("protocol.within", { n: each.within_min })}</span></li>`)}</ul><//>
    <${Panel} id="protocol-checklist" title=${t("checklist")} count=${own.checklist.length}><ol class="plain">${own.checklist.map((/** @type {any} */ each) => html`<li key=${each.code}>${named(each.texts)} <span class="dim">${t("protocol.within", { n: each.due_min })}</span></li>`)}</ol><//>
    <${Panel} id="protocol-radio" title=${t("radio_plan")}><p class="panel-note">${named(own.radio_plan)}</p><//>
    <${Panel} id="protocol-more" title=${t("protocol.more")}><dl class="facts panel-note">
      <div><dt>${t("protocol.rendezvous")}</dt><dd>${own.rendezvous_kinds.map((/** @type {string} */ each) => word("rendezvous_kinds", each)).join(", ") || "–"}</dd></div>
      <div><dt>${t("protocol.notify")}</dt><dd>${own.notify.map((/** @type {string} */ each) => word("authority_kinds", each)).join(", ") || "–"}</dd></div></dl><//></div>`;
}

/** @param {{said: any, of: string}} props */
function Differences({ said, of }) {
  const writes = may("change_protocol_overlay", { member: of });
  const current = tables.protocol_overlay.get(said.overlay_id);
  const operations = (/** @type {number} */ without) => (current?.operations ?? []).filter((/** @type {any} */ _, /** @type {number} */ n) => n !== without).map((/** @type {any} */ each) => { const { was, ...sent } = each; return sent; });
  const takeBack = async (/** @type {number} */ at) => {
    const sure = await confirmAct({ title: t("protocol.take_back"), text: html`<p>${partText(said.difference[at])}</p>`, action: t("protocol.take_back") });
    if (!sure || !current) return;
    const left = operations(at);
    const path = `/protocol-overlays/${current.id}`;
    await carryOut(left.length ? { path, method: "PUT", body: { operations: left }, revision: current.revision } : { path: `${path}/remove`, body: {}, revision: current.revision }, { done: t("done.protocol") });
  };
  const keep = () => current && carryOut({ path: `/protocol-overlays/${current.id}`, method: "PUT", body: { operations: operations(-1), reviewed: true }, revision: current.revision }, { done: t("done.protocol") });
  return html`<${Panel} id="protocol-difference" title=${t("protocol.difference")} count=${said.difference.length}
      tools=${writes && html`<button type="button" class="button small" onClick=${() => addDifference(said, of)}>${t("protocol.adapt")}</button>`}>
    ${said.to_review > 0 && html`<p class="panel-note"><${State} tone="alert" text=${t("protocol.to_review", { n: said.to_review })} /> ${writes && html`<button type="button" class="button small" onClick=${keep}>${t("protocol.keep")}</button>`}</p>`}
    ${said.difference.length === 0 ? html`<${Nothing} text=${t("protocol.as_shared")} />` : html`<ul class="plain">${said.difference.map((/** @type {any} */ each, /** @type {number} */ at) => html`<li key=${at} class="protocol-difference ${each.fits ? "" : "unfit"}"><div>
      <p><strong>${partText(each)}</strong> ${!each.fits && html`<${State} tone="alert" text=${t("protocol.review")} />`}</p>
      <p><span class="dim">${t("protocol.shared")}</span> ${valueText(each, each.base)} <span aria-hidden="true">→</span> <span class="dim">${t("protocol.own")}</span> ${valueText(each, each.own)}</p>
      <p class="dim">${each.why}</p></div>${writes && html`<button type="button" class="button small" onClick=${() => takeBack(at)}>${t("protocol.take_back")}</button>`}</li>`)}</ul>`}<//>`;

  /** @param {any} each */
  function partText(each) {
    if (each.part === "line") return typeName(each.key);
    if (each.part === "rendezvous") return word("rendezvous_kinds", each.key);
    if (each.part === "radio_plan") return t("radio_plan");
    const item = [...said.shared.checklist, ...said.effective.checklist].find((row) => row.code === each.key);
    return item ? named(item.texts) : each.own?.texts ? named(each.own.texts) : each.key;
  }
}

/** One side of a difference, in words. @param {any} each @param {any} value */
function valueText(each, value) {
  if (value === null || value === undefined) return t("protocol.nothing");
  if (each.part === "rendezvous") return t("protocol.wanted");
  if (each.part === "radio_plan") return named(value);
  if (each.part === "line") return typeof value === "number" ? String(value) : `${value.quantity} · ${word("priorities", value.priority)} · ${t("protocol.within", { n: value.within_min })}`;
  return [value.texts && named(value.texts), value.due_min !== undefined && t("protocol.within", { n: value.due_min })].filter(Boolean).join(" · ");
}
