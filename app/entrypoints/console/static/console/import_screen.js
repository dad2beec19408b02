/** Importing: a file is chosen, tried without changing anything, and then carried out whole or not at all. */
import { hrefOf, Problem, sendText } from "./api.js";
import { Choice, chooseAnew } from "./fields.js";
import { language, number, t } from "./i18n.js";
import { Changes, Counts, Refused } from "./import_result.js";
import { Panel } from "./parts.js";
import { learnAll } from "./resources.js";
import { rolesOf } from "./rules.js";
import { html, signal, useEffect, useRef, useState } from "./view.js";

/** @typedef {import("./import_result.js").Answer} Answer */
/** @typedef {{name: string, text: string, type: string, encoding: string, bytes: number, lines: number}} Chosen */

export const KINDS = /** @type {const} */ (["resources", "depots", "contacts"]);
const MOST_ROWS = 20_000;
const PREVIEW_LINES = 4;
const frame = document.getElementById("app");
/** Bytes that the service reads at once. */
const MOST_BYTES = Number(frame?.dataset.bodyLimit) || 1024 * 1024;

/** Of the whole, the part (%) that is done when the file has been read; the rest is comparing and writing its rows. */
const READ_PERCENT = 25;

/** What is being sent just now, since when (ms) and how far it is (%); a screen that is left and come back to still knows. */
const atWork = signal(/** @type {{trial: boolean, since: number, percent: number} | null} */ (null));
/** What came of it; of an import that was carried out also for who has left the screen meanwhile, and comes back. */
const told = signal(/** @type {{answer?: Answer, problem?: Problem} | null} */ (null));

/** Who imports anything for their member. */
export const importers = () => [...new Set(KINDS.flatMap((kind) => rolesOf(`import_${kind}`)))];

/** The section. */
export function Import() {
  const [kind, setKind] = useState(/** @type {string} */ ("resources"));
  const [file, setFile] = useState(/** @type {Chosen | null} */ (null));
  const [decimal, setDecimal] = useState("point");
  const [wrong, setWrong] = useState("");
  const forget = () => { told.value = null; };
  const here = useRef(true);
  useEffect(() => () => {
    here.current = false;
    forget(); // it was seen
  }, []);
  const choose = async (/** @type {File | undefined} */ picked) => {
    forget();
    setFile(null);
    setWrong("");
    if (!picked) return;
    if (picked.size > MOST_BYTES) return setWrong(t("import.too_large", { size: size(picked.size), most: size(MOST_BYTES) }));
    const found = readFile(picked.name, new Uint8Array(await picked.arrayBuffer()));
    if (found.bytes > MOST_BYTES) return setWrong(t("import.too_large", { size: size(found.bytes), most: size(MOST_BYTES) }));
    setFile(found);
  };
  const heard = (/** @type {string} */ step, /** @type {number} */ done, /** @type {number} */ total) => {
    const part = done / Math.max(1, total);
    const percent = Math.floor(step === "reading" ? part * READ_PERCENT : READ_PERCENT + part * (100 - READ_PERCENT));
    if (atWork.peek()) atWork.value = { .../** @type {any} */ (atWork.peek()), percent: Math.min(percent, 99) };
  };
  const run = async (/** @type {boolean} */ trial) => {
    if (!file || atWork.peek()) return;
    atWork.value = { trial, since: Date.now(), percent: 0 };
    forget();
    try {
      const answer = await sendText(`/imports/${kind}?dry_run=${trial}&decimal=${decimal}&language=${language.value}`, file.text, file.type, !trial, heard);
      if (here.current || !trial) told.value = { answer };
      if (!trial && kind !== "contacts") learnAll();
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      if (here.current || !trial) told.value = { problem };
    } finally {
      atWork.value = null;
    }
  };
  const busy = atWork.value;
  const answer = told.value?.answer;
  const fits = file && answer?.dry_run && answer.added + answer.changed > 0;
  return html`<div class="one-column import"><${Panel} id="import" title=${t("import")}><div class="panel-text">
      <p class="dim">${t("import.text")}</p>
      <fieldset disabled=${busy}><${Choice} label=${t("import.kind")} value=${kind} options=${KINDS.map((each) => ({ value: each, text: t(`import.${each}`) }))} onChange=${(/** @type {string} */ next) => { setKind(next); forget(); }} /></fieldset>
      <p class="import-links">${t("import.template")}: ${link(kind, "template", "csv", "semicolon", t("import.csv_semicolon"))} · ${link(kind, "template", "csv", "comma", t("import.csv_comma"))} · ${link(kind, "template", "geojson", "", "GeoJSON")}</p>
      <p class="import-links">${t("import.export")}: ${link(kind, "", "csv", "semicolon", t("import.csv_semicolon"))} · ${link(kind, "", "geojson", "", "GeoJSON")}</p>
      <label class="file-field"><span class="file-label">${t("import.file")}</span><input type="file" class="sr" disabled=${busy} accept=".csv,.txt,.geojson,.json,text/csv,application/geo+json" onClick=${chooseAnew} onChange=${(/** @type {any} */ event) => choose(event.target.files?.[0])} /><span class="button" aria-disabled=${Boolean(busy)}>${t(file ? "import.choose_other" : "import.choose")}</span></label>
      <p class="dim note">${t("import.limits", { rows: number(MOST_ROWS), size: size(MOST_BYTES) })}</p>
      ${wrong && html`<p class="late" role="alert">${wrong}</p>`}
      ${file && html`<${Seen} file=${file} />`}
      ${file?.type.startsWith("text/csv") && html`<fieldset disabled=${busy}><${Choice} label=${t("import.decimal")} value=${decimal} options=${[{ value: "point", text: t("import.decimal.point") }, { value: "comma", text: t("import.decimal.comma") }]} onChange=${(/** @type {string} */ next) => { setDecimal(next); forget(); }} /></fieldset>`}
      <div class="buttons"><button type="button" class=${fits ? "button" : "button primary"} disabled=${!file || busy} onClick=${() => run(true)}>${t("import.try")}</button>
        <button type="button" class=${fits ? "button primary" : "button"} disabled=${!fits || busy} onClick=${() => run(false)}>${t("import.do")}</button></div>
      ${busy && html`<${Progress} ...${busy} />`}</div><//>
    ${answer && html`<${Panel} id="import-result" title=${t(answer.dry_run ? "import.would" : "import.done")}><div class="panel-text" role="status"><${Counts} answer=${answer} />${answer.dry_run ? html`<p class="dim">${t(fits ? "import.would.text" : "import.nothing")}</p>` : html`<p>${t("import.done.text", { seq: answer.seq ?? 0 })}${answer.kind === "contacts" ? "" : html` <a href="#/resources">${t("to_resources")}</a>`}</p>`}</div><${Changes} key=${`${answer.dry_run}`} answer=${answer} /><//>`}
    ${told.value?.problem && html`<${Refused} problem=${told.value.problem} />`}</div>`;
}

/** @param {string} kind @param {string} what @param {string} format @param {string} separator @param {string} text */
function link(kind, what, format, separator, text) {
  const query = `format=${format}${separator && `&separator=${separator}`}`;
  return html`<a href=${hrefOf(what ? `/imports/${kind}/${what}?${query}` : `/exports/${kind}?${query}`)} download>${text}</a>`;
}

/** What was chosen, as it was read: who sees its first lines sees whether the letters are right. @param {{file: Chosen}} props */
function Seen({ file }) {
  return html`<div class="import-seen"><p><strong>${file.name}</strong> <span class="dim">${size(file.bytes)} · ${t("import.lines", { n: file.lines })} · ${file.encoding}</span></p>
    ${file.encoding !== "UTF-8" && html`<p class="note">${t("import.encoding", { encoding: file.encoding })}</p>`}
    <pre class="import-preview" tabindex="0" aria-label=${t("import.preview")}>${file.text.split("\n").slice(0, PREVIEW_LINES).join("\n")}</pre></div>`;
}

/** That it is at work, how far it is and for how long; a screen reader hears of it at the beginning, and may ask. @param {{trial: boolean, since: number, percent: number}} props */
function Progress({ trial, since, percent }) {
  const [seconds, setSeconds] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setSeconds(Math.round((Date.now() - since) / 1000)), 500);
    return () => clearInterval(timer);
  }, [since]);
  const text = t(trial ? "import.trying" : "import.doing");
  return html`<div class="import-progress"><progress max="100" value=${percent} aria-label=${text}></progress> <b aria-hidden="true">${t("import.percent", { n: percent })}</b> <span role="status">${text}</span> <span class="dim" aria-hidden="true">${t("import.seconds", { n: seconds })}</span></div>`;
}

/** @param {number} bytes */
function size(bytes) {
  return bytes < 1024 * 1024 ? `${number(Math.max(1, Math.round(bytes / 1024)))} KiB` : `${number(bytes / 1024 / 1024)} MiB`;
}

/** A file as text: UTF-8 where it is that, else what older spreadsheets write. @param {string} name @param {Uint8Array} bytes @returns {Chosen} */
function readFile(name, bytes) {
  let text;
  let encoding = "UTF-8";
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    text = new TextDecoder("windows-1252").decode(bytes);
    encoding = "Windows-1252";
  }
  const json = /\.(geo)?json$/i.test(name) || /^\s*\{/.test(text);
  const lines = text.split("\n").filter((line) => line.trim()).length;
  return { name, text, encoding, lines, bytes: encoding === "UTF-8" ? bytes.length : new TextEncoder().encode(text).length, type: json ? "application/geo+json" : "text/csv; charset=utf-8" };
}
