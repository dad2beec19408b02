/** The script of a drill as text with the numbers of its lines: read by its staff, written by its directors; what is wrong stands beside the line. */
import { Problem, read } from "./api.js";
import { Mark } from "./exercise_band.js";
import { t } from "./i18n.js";
import { Nothing, Panel } from "./parts.js";
import { LIVE } from "./space.js";
import { problemText } from "./told.js";
import { html, useLayoutEffect, useRef, useState } from "./view.js";

/** @typedef {{line: number | null, pointer?: string, path?: string, detail?: string, message?: string, code?: string | null, figures?: Record<string, any>}} Fault of a check (pointer, detail), or of a refusal (path, message) */

/** To read, once it is asked for: who looks over one's shoulder sees no script. @param {{drill: import("./drill_parts.js").DrillView}} props */
export function Script({ drill }) {
  const [text, setText] = useState(/** @type {string | null} */ (null));
  const [failed, setFailed] = useState("");
  const show = () => read(`${LIVE}/drills/${drill.id}/script`).then((told) => setText(told.script), (problem) => problem instanceof Problem && setFailed(problemText(problem)));
  return html`<${Panel} id="drill-script" title=${t("drill.script")} tools=${text === null ? html`<button type="button" class="button small" onClick=${show}>${t("drill.script.show")}</button>` : html`<button type="button" class="button small" onClick=${() => setText(null)}>${t("drill.script.hide")}</button>`}>
    ${failed ? html`<p class="nothing" role="alert">${failed}</p>` : text === null ? html`<${Nothing} text=${t("drill.script.hidden")} />` : html`<${Mark} class="of-script" /><div class="script" tabindex="0" role="group" aria-label=${t("drill.script")}><ol class="script-lines">${text.replace(/\n$/, "").split("\n").map((line, n) => html`<li key=${n}><code>${line || " "}</code></li>`)}</ol></div><${Mark} class="of-script" />`}<//>`;
}

/**
 * To write: lines with their numbers, those at fault marked. Tab stays what it is for who has no mouse: it leads on.
 * @param {{text: string, faults: Fault[], onText: (text: string) => void, at: number | null}} props at: the line that somebody asked for
 */
export function ScriptField({ text, faults, onText, at }) {
  const box = useRef(/** @type {HTMLTextAreaElement | null} */ (null));
  const gutter = useRef(/** @type {HTMLElement | null} */ (null));
  const lines = text.split("\n");
  const bad = new Set(faults.map((each) => each.line));
  const follow = () => {
    if (box.current && gutter.current) gutter.current.scrollTop = box.current.scrollTop;
  };
  const show = (/** @type {number} */ line) => {
    if (!box.current) return;
    box.current.scrollTop = Math.max(0, (line - 5) * (box.current.scrollHeight / lines.length));
    follow();
  };
  const first = faults.find((each) => each.line)?.line;
  useLayoutEffect(() => {
    if (first && document.activeElement !== box.current) show(first); // not under the hands of who writes
  }, [first]);
  useLayoutEffect(() => {
    if (!at || !box.current) return;
    const from = lines.slice(0, at - 1).reduce((sum, line) => sum + line.length + 1, 0);
    box.current.focus();
    box.current.setSelectionRange(from, from + (lines[at - 1]?.length ?? 0));
    show(at);
  }, [at]);
  return html`<div class="script-field"><ol class="script-gutter" ref=${gutter} aria-hidden="true">${lines.map((_, n) => html`<li key=${n} class=${bad.has(n + 1) ? "bad" : ""}>${n + 1}</li>`)}</ol>
    <textarea ref=${box} class="script-text" wrap="off" spellcheck="false" autocapitalize="off" autocomplete="off" aria-label=${t("drill.script")} aria-invalid=${faults.length > 0} aria-describedby="script-faults" value=${text}
      onScroll=${follow} onInput=${(/** @type {any} */ event) => onText(event.target.value)}></textarea></div>`;
}

/** A fault in the reader's language; where it has no code, as another program says it, in English. @param {Fault} fault */
function faultText({ code, figures = {}, detail, message }) {
  const key = `fault.${code}`;
  const text = code ? t(key, { ...figures, what: figures.what ? t(`fault_what.${String(figures.what).replaceAll(" ", "_")}`) : "" }) : key;
  return code && text !== key ? text : html`<span lang="en">${detail ?? message}</span>`;
}

/** What is wrong, line by line. Each leads there. @param {{faults: Fault[], go: (line: number) => void}} props */
export function Faults({ faults, go }) {
  return html`<ul id="script-faults" class="plain faults">${faults.map((each, n) => html`<li key=${n}>${each.line ? html`<button type="button" class="button small" onClick=${() => go(each.line ?? 1)}>${t("script.line", { n: each.line })}</button> ` : ""}${each.pointer ?? each.path ? html`<code>${each.pointer ?? each.path}</code> ` : ""}${faultText(each)}</li>`)}</ul>`;
}
