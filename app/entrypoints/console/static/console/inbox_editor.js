/** The text of a mapping, with what is wrong in it by its place; and a message to try it on, with what would become of it beside. */
import { myMember, Problem, read, send } from "./api.js";
import { openProblem, ProblemParts } from "./dialogs.js";
import { carryOut } from "./doing.js";
import { inSpace, SpacePick } from "./inbox_parts.js";
import { Trial } from "./inbox_trial.js";
import { t } from "./i18n.js";
import { brokenAt, laidOut, placeOf, placesOf } from "./json_places.js";
import { Panel } from "./parts.js";
import { may } from "./rules.js";
import { firstSpace } from "./space.js";
import { html, useRef, useState } from "./view.js";

/** @typedef {import("./inbox_parts.js").Source} Source */
/** @typedef {import("./inbox_mappings.js").Version} Version */
/** @typedef {{at: number, line: number, pointer: string, text: string}} Wrong */

/** What is written and not kept, by source and version, and the message that it is tried on: they outlast a look at something else. @type {Map<string, string>} */
const written = new Map();
const BELOW = "/mapping";
/** In which order a mapping is read; what stands here comes first. */
const ORDER = ["schema", "title", "discipline", "fictional", "sources", "at", "kind", "unit", "unit_status", "position", "incident", "mission"];

/** A mapping as a person reads it. @param {Record<string, any>} mapping */
function textOf(mapping) {
  const known = ORDER.filter((name) => name in mapping);
  return laidOut(Object.fromEntries([...known, ...Object.keys(mapping).filter((name) => !ORDER.includes(name))].map((name) => [name, mapping[name]])));
}

/** Why the server refused a mapping, by its places in the text. @param {Problem} problem @param {string} text @returns {Wrong[]} */
function wrongIn(problem, text) {
  const places = placesOf(text);
  return (problem.body.errors ?? []).filter((each) => each.pointer.startsWith(BELOW)).map((each) => {
    const pointer = each.pointer.slice(BELOW.length);
    const found = placeOf(places, pointer);
    return { pointer, text: each.detail, at: found?.from ?? 0, line: found?.line ?? 1 };
  });
}

/** @param {{source: Source, version?: Version, mapping: any, tools?: any, kept: (version: number) => Promise<void>, again: () => Promise<void>}} props version: the one whose text this was */
export function MappingEditor({ source, version, mapping, tools, kept, again }) {
  const was = textOf(mapping);
  const key = `${source.id}/${version?.version ?? mapping.title}`;
  const [text, setText] = useState(() => written.get(key) ?? was);
  const [message, setMessage] = useState(() => written.get(source.id) ?? "");
  const [space, setSpace] = useState(() => firstSpace(source.space_kinds));
  const [note, setNote] = useState("");
  const [wrong, setWrong] = useState(/** @type {Wrong[] | null} */ (null));
  const [problem, setProblem] = useState(/** @type {Problem | null} */ (null));
  const [trial, setTrial] = useState(/** @type {any} */ (null));
  const [busy, setBusy] = useState(false);
  const box = useRef(/** @type {HTMLTextAreaElement | null} */ (null));
  const path = `/api/v1/inbox-sources/${source.id}`;
  const changed = text !== was || !version;
  const write = (/** @type {string} */ next) => { written.set(key, next); setText(next); setWrong(null); setTrial(null); };
  const paste = (/** @type {string} */ next) => { written.set(source.id, next); setMessage(next); setTrial(null); };
  const lookAt = (/** @type {number} */ at) => {
    const area = box.current;
    if (!area) return;
    area.focus();
    area.setSelectionRange(at, Math.min(text.length, at + 1));
    area.scrollTop = (area.scrollHeight / text.split("\n").length) * (text.slice(0, at).split("\n").length - 4);
  };
  /** Do something with the text, where it is JSON; what the server finds wrong in it is shown by its place. @param {(written: any) => Promise<void>} does */
  const attempt = async (does) => {
    const broken = brokenAt(text);
    setProblem(null);
    if (broken) {
      setWrong([{ ...broken, pointer: "", text: t("mappings.no_json") }]);
      lookAt(broken.at);
      return;
    }
    setBusy(true);
    try {
      await does(JSON.parse(text));
      setWrong(null);
    } catch (refusal) {
      if (!(refusal instanceof Problem)) throw refusal;
      const found = wrongIn(refusal, text);
      setTrial(null);
      setWrong(found.length ? found : null);
      if (found.length) lookAt(found[0].at);
      else setProblem(refusal);
    } finally {
      setBusy(false);
    }
  };
  const tryOut = async (/** @type {any} */ by) => {
    const told = await send(`${path}/try`, { space, message, ...by });
    setTrial({ told, space });
    await again(); // it says when it was tried
  };
  const keep = () => attempt(async (content) => {
    /** @type {any} */
    const receipt = await carryOut({ path: `${path}/mappings`, body: { mapping: content, ...(note.trim() && { note: note.trim() }) } }, { quiet: true, done: t("done.mapping_kept") });
    if (!receipt) return;
    written.delete(key);
    if (message.trim()) await send(`${path}/try`, { space, message, version: receipt.subject.version });
    await kept(receipt.subject.version);
  });
  const last = async () => {
    try {
      const page = await read(inSpace(space, `/inbox/${source.id}/messages?limit=1`));
      if (!page.items[0]) return;
      const told = await read(inSpace(space, `/inbox/${source.id}/messages/${page.items[0].id}`));
      paste(told.body === null ? told.text : laidOut(told.body)); // what is no JSON stays as it came
    } catch (refusal) {
      if (!(refusal instanceof Problem)) throw refusal;
      openProblem(refusal);
    }
  };
  const keeps = may("add_inbox_mapping", { member: myMember() });
  return html`<${Panel} id="mapping" title=${version ? t("inbox.version", { n: version.version }) : t("mappings.new")} tools=${tools}>
      ${version && !version.tried_at && html`<p class="panel-note notice">${t("mappings.try_first")}</p>`}
      <div class="panel-text"><label class="field"><span>${t("mapping")} (JSON)</span><textarea ref=${box} class="code-area" rows="20" wrap="off" spellcheck=${false} autocapitalize="none" readonly=${!keeps} aria-invalid=${wrong ? "true" : undefined} aria-describedby="mapping-wrong" value=${text} onInput=${(/** @type {any} */ event) => write(event.target.value)}></textarea></label>
        <div id="mapping-wrong" role="status">${wrong && html`<div class="form-problem"><p><strong>${t("mappings.wrong", { n: wrong.length })}</strong></p><ul class="wrong-places">${wrong.map((each, n) => html`<li key=${n}><button type="button" class="button small" onClick=${() => lookAt(each.at)}>${t("mappings.line", { n: each.line })}</button> ${each.pointer && html`<code>${each.pointer}</code> `}${each.text}</li>`)}</ul></div>`}</div>
        ${keeps && changed && html`<div class="two even keep-version"><label class="field"><span>${t("mappings.note")} (${t("optional")})</span><input type="text" maxlength="120" value=${note} onInput=${(/** @type {any} */ event) => setNote(event.target.value)} /></label><div class="buttons"><button type="button" class="button primary" disabled=${busy} onClick=${keep}>${t("mappings.keep")}</button>${version && html`<button type="button" class="button" onClick=${() => { written.delete(key); setText(was); setWrong(null); setTrial(null); }}>${t("mappings.undo")}</button>`}</div></div>`}</div><//>
    <${Panel} id="trial" title=${t("mappings.try")}><div class="panel-text trial-pair"><div>
        <label class="field"><span>${t("mappings.message")}</span><textarea class="code-area" rows="9" wrap="off" spellcheck=${false} autocapitalize="none" value=${message} placeholder='{"…": "…"}' onInput=${(/** @type {any} */ event) => paste(event.target.value)}></textarea></label>
        <div class="buttons"><${SpacePick} value=${space} onChange=${setSpace} label=${t("mappings.try_in")} /><button type="button" class="button" onClick=${last}>${t("mappings.last")}</button><button type="button" class="button primary" disabled=${busy || !message.trim()} onClick=${() => attempt((content) => tryOut(changed ? { mapping: content } : { version: version?.version }))}>${t("mappings.try")}</button></div></div>
      <div role="status" class="trial-result">${trial ? html`<${Trial} trial=${trial.told} space=${trial.space} />` : html`<p class="dim">${t("mappings.try.note")}</p>`}</div></div>
      ${problem && html`<div class="panel-text"><div class="form-problem" role="alert"><${ProblemParts} problem=${problem} /></div></div>`}<//>`;
}
