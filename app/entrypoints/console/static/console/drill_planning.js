/** Planning a drill, or changing one: a scenario that ships, or a script of one's own; what is wrong in it is told before it is sent. */
import { myMember, Problem, read, send } from "./api.js";
import { ProblemParts } from "./dialogs.js";
import { carryOut } from "./doing.js";
import { useDrills } from "./drill_parts.js";
import { Faults, ScriptField } from "./drill_script.js";
import { drillCalled } from "./drill_when.js";
import { Choice, chooseAnew, Quantity } from "./fields.js";
import { named, t, word } from "./i18n.js";
import { keep, kept } from "./kept.js";
import { Missing } from "./missing.js";
import { Nothing, Panel } from "./parts.js";
import { goTo } from "./router.js";
import { LIVE, titled } from "./space.js";
import { span } from "./time.js";
import { html, useEffect, useRef, useState } from "./view.js";

/** @typedef {import("./drill_script.js").Fault} Fault */
/** @typedef {{id: string, version: number, title: Record<string, string>, type: string, hazard: string, duration_s: number, players: string[], injects: number, objectives: number}} Scenario */
/** @typedef {{script: string, speed: number, virtual: string, retests: string, revision?: number}} Written */

const FRESH = "new";
/** How long to wait after the last letter before the script is checked (ms). */
const CHECK_MS = 800;
const FASTEST = 60;
const HELD = ["ended", "reviewed", "closed"];

/** The screen. @param {{id: string}} props `new`, or the id of the drill that is changed */
export function DrillPlanning({ id }) {
  const [from, setFrom] = useState(/** @type {Written | null} */ (null));
  const [failed, setFailed] = useState(/** @type {Problem | null} */ (null));
  const learn = async () => {
    try {
      if (id === FRESH) return setFrom({ script: "", speed: 1, virtual: "virtual", retests: "" });
      const [drill, told] = await Promise.all([read(`${LIVE}/drills/${id}`), read(`${LIVE}/drills/${id}/script`)]);
      setFrom({ script: told.script, speed: drill.speed, virtual: drill.virtual ?? "virtual", retests: drill.retests_id ?? "", revision: drill.revision });
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      setFailed(problem);
    }
  };
  useEffect(() => {
    learn();
  }, []);
  useEffect(() => {
    titled(t(id === FRESH ? "drill.plan_new" : "drill.change"));
  });
  if (failed) return html`<${Missing} problem=${failed} what="drill" back="#/drills" to="drills" again=${() => { setFailed(null); learn(); }} />`;
  return from ? html`<${Writing} id=${id} from=${from} />` : html`<div class="request-screen"><${Nothing} text=${t("loading")} /></div>`;
}

/** @param {{id: string, from: Written}} props */
function Writing({ id, from }) {
  const keptAs = `drill.${id}`;
  const [now, setNow] = useState(() => /** @type {Written} */ ({ ...from, ...kept(keptAs) }));
  const [problem, setProblem] = useState(/** @type {Problem | null} */ (null));
  const [busy, setBusy] = useState(false);
  const [line, setLine] = useState(/** @type {number | null} */ (null));
  const faults = useCheck(now.script);
  const write = (/** @type {Partial<Written>} */ part) => {
    const next = { ...now, ...part };
    setNow(next);
    keep(keptAs, next);
  };
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      const fresh = id === FRESH;
      const body = { script: now.script, speed: now.speed, virtual: now.virtual, ...(fresh && now.retests && { retests_id: now.retests }) };
      const receipt = await carryOut(fresh ? { path: `${LIVE}/drills`, body } : { path: `${LIVE}/drills/${id}`, method: "PATCH", body, revision: from.revision }, { done: t(fresh ? "done.drill_planned" : "done.drill_changed"), quiet: true });
      if (!receipt) return;
      keep(keptAs, null);
      goTo(`#/drill/${receipt.id}`);
    } catch (refusal) {
      if (!(refusal instanceof Problem)) throw refusal;
      setProblem(refusal);
      if (refusal.body.faults?.[0]?.line) go(refusal.body.faults[0].line);
    } finally {
      setBusy(false);
    }
  };
  const drop = () => {
    keep(keptAs, null);
    goTo(id === FRESH ? "#/drills" : `#/drill/${id}`);
  };
  const go = (/** @type {number} */ to) => {
    setLine(null);
    setTimeout(() => setLine(to));
  };
  return html`<form class="request-screen drill-planning" onSubmit=${submit}><h1>${t(id === FRESH ? "drill.plan_new" : "drill.change")}</h1>
    ${id !== FRESH && html`<p class="notice">${t("drill.change.text")}</p>`}
    <div class="request-grid"><div class="request-main"><${Panel} id="script" title=${t("drill.script")} tools=${html`<${Upload} onText=${(/** @type {string} */ script) => write({ script })} />`}>
      <${ScriptField} text=${now.script} faults=${faults ?? []} at=${line} onText=${(/** @type {string} */ script) => write({ script })} />
      <div aria-live="polite">${!now.script.trim() ? html`<${Nothing} text=${t("script.empty")} />` : faults === null ? html`<${Nothing} text=${t("script.checking")} />` : faults.length === 0 ? html`<p class="panel-text calm">✓ ${t("script.fine")}</p>` : html`<p class="panel-text late">${t("script.faults", { n: faults.length })}</p><${Faults} faults=${faults} go=${go} />`}</div><//></div>
    <div class="request-side">${id === FRESH && html`<${Shipped} taken=${now.script} onText=${(/** @type {string} */ script) => write({ script })} />`}
      <${Panel} id="planning" title=${t("drill.how")}><div class="panel-text">
        <${Quantity} label=${t("drill.speed")} value=${now.speed} most=${FASTEST} onChange=${(/** @type {number} */ speed) => write({ speed })} />
        <${Choice} label=${t("drill.virtual")} value=${now.virtual} onChange=${(/** @type {string} */ virtual) => write({ virtual })} options=${["virtual", "all"].map((value) => ({ value, text: t(`drill.virtual.${value}`) }))} />
        ${id === FRESH && html`<${Retests} value=${now.retests} onValue=${(/** @type {string} */ retests) => write({ retests })} />`}
        ${problem && html`<div class="form-problem" role="alert"><${ProblemParts} problem=${problem} />${problem.body.faults && html`<${Faults} faults=${problem.body.faults} go=${go} />`}</div>`}
        <p class="buttons"><button type="button" class="button" onClick=${drop}>${t("drill.drop")}</button><button class="button primary" disabled=${busy || !now.script.trim() || Boolean(faults?.length)}>${t(id === FRESH ? "drill.plan_it" : "drill.change_it")}</button></p></div><//></div></div></form>`;
}

/** What is wrong in a script; null while it is not known. @param {string} script @returns {Fault[] | null} */
function useCheck(script) {
  const [faults, setFaults] = useState(/** @type {Fault[] | null} */ (null));
  const turn = useRef(0);
  useEffect(() => {
    setFaults(null);
    const mine = ++turn.current;
    if (!script.trim()) return undefined;
    const timer = setTimeout(() => {
      send(`${LIVE}/drill-scenarios/check`, { script }).then((/** @type {any} */ told) => mine === turn.current && setFaults(told.faults), () => mine === turn.current && setFaults([]));
    }, CHECK_MS);
    return () => clearTimeout(timer);
  }, [script]);
  return faults;
}

/** The scenarios that ship: one is taken over as the text to begin with. @param {{taken: string, onText: (script: string) => void}} props */
function Shipped({ taken, onText }) {
  const [rows, setRows] = useState(/** @type {Scenario[] | null} */ (null));
  useEffect(() => {
    read(`${LIVE}/drill-scenarios`).then((told) => setRows(told.items ?? told), () => setRows([]));
  }, []);
  const take = (/** @type {string} */ id) => read(`${LIVE}/drill-scenarios/${id}`).then((told) => onText(told.script), () => undefined);
  return html`<${Panel} id="scenarios" title=${t("drill.scenarios")} count=${rows?.length}>${!rows ? html`<${Nothing} text=${t("loading")} />` : html`<ul class="plain">${rows.map((each) => html`<li key=${each.id} class="scenario"><div><strong>${named(each.title)}</strong> <span class="dim">${[word("drill_types", each.type), word("hazards", each.hazard), span(each.duration_s * 1000), t("scenario.injects", { n: each.injects }), t("scenario.objectives", { n: each.objectives })].join(" · ")}</span></div>
    <button type="button" class="button small" aria-label=${`${t("scenario.take")} · ${named(each.title)}`} onClick=${() => take(each.id)}>${t(taken.includes(`id: ${each.id}\n`) ? "scenario.taken" : "scenario.take")}</button></li>`)}</ul>`}<//>`;
}

/** A script out of a file. @param {{onText: (script: string) => void}} props */
function Upload({ onText }) {
  const chosen = async (/** @type {any} */ event) => onText(await event.target.files[0]?.text());
  return html`<label class="file-field script-file"><input type="file" class="sr" accept=".yaml,.yml,text/yaml" onClick=${chooseAnew} onChange=${chosen} /><span class="button small">${t("script.file")}</span></label>`;
}

/** Which earlier drill it tests again. @param {{value: string, onValue: (id: string) => void}} props */
function Retests({ value, onValue }) {
  const { found } = useDrills(HELD.map((status) => `status=${status}`).join("&"));
  const mine = (found ?? []).filter((each) => each.participants.some((one) => one.member_id === myMember()));
  if (!mine.length) return null;
  return html`<label class="field"><span>${t("drill.retests")} (${t("optional")})</span><select value=${value} onChange=${(/** @type {any} */ event) => onValue(event.target.value)}><option value="">–</option>${mine.map((each) => html`<option key=${each.id} value=${each.id} selected=${each.id === value}>${drillCalled(each)}</option>`)}</select></label>`;
}
