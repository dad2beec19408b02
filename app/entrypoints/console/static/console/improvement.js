/** The improvement plan over all drills: what is to be put right, by whom, until when; and whether each objective gets better. */
import { memberName } from "./about.js";
import { hrefOf, read } from "./api.js";
import { Action, standingName, standingOf, useActions } from "./drill_report_actions.js";
import { onEntries } from "./feed.js";
import { Trends } from "./improvement_trends.js";
import { named, t } from "./i18n.js";
import { Nothing, Panel } from "./parts.js";
import { place, showing } from "./router.js";
import { titled } from "./space.js";
import { html, useEffect, useState } from "./view.js";

const STANDINGS = ["overdue", "open", "done", "retested", "dropped"];
const SOON_MS = 400;

/** The plan as the server computes it: what retests found, and the trends. */
function usePlan() {
  const [plan, setPlan] = useState(/** @type {any} */ (null));
  useEffect(() => {
    const look = () => void read("/improvement-plan").then((answer) => setPlan(answer.improvement_plan ?? answer), () => undefined);
    look();
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let soon;
    const stop = onEntries((entries) => {
      if (!entries.some((entry) => /^(corrective_action\.|drill\.(ended|rating_overruled|reviewed))/.test(entry.type ?? ""))) return;
      clearTimeout(soon);
      soon = setTimeout(look, SOON_MS);
    });
    return () => {
      clearTimeout(soon);
      stop();
    };
  }, []);
  return plan;
}

/** The screen. */
export function ImprovementScreen() {
  useEffect(() => {
    titled(t("improvement"));
  });
  const { actions, drills, again } = useActions();
  const plan = usePlan();
  const { standing = "", owner = "", drill = "" } = place.value.query;
  const choose = (/** @type {Record<string, string>} */ part) => showing({ ...place.peek().query, ...part });
  const followed = new Map((plan?.actions ?? []).map((/** @type {any} */ each) => [each.action.id, each]));
  const withStanding = (actions ?? []).map((row) => ({ row, stands: followed.get(row.ref)?.standing && row.status !== "dropped" ? followed.get(row.ref).standing : standingOf(row) }));
  const among = withStanding.filter(({ row }) => (!owner || row.owner_member_id === owner) && (!drill || row.drill_id === drill));
  const shown = among.filter(({ stands }) => !standing || stands === standing).sort((a, b) => STANDINGS.indexOf(a.stands) - STANDINGS.indexOf(b.stands) || a.row.due_on.localeCompare(b.row.due_on));
  const owners = [...new Set((actions ?? []).map((row) => row.owner_member_id))];
  const of = drills.filter((each) => (actions ?? []).some((row) => row.drill_id === each.id));
  const objectives = (plan?.trends ?? []).map((/** @type {any} */ each) => ({ objective: each.objective, name: each.name }));
  return html`<div class="claims-screen improvement-screen"><header class="claims-head"><h1>${t("improvement")}</h1>
      <div class="choices" role="group" aria-label=${t("improvement.standing")}><button type="button" aria-pressed=${!standing} onClick=${() => choose({ standing: "" })}>${t("improvement.all")} <span class="count">${among.length}</span></button>
        ${STANDINGS.map((each) => html`<button key=${each} type="button" aria-pressed=${standing === each} onClick=${() => choose({ standing: each })}>${standingName(each)} <span class="count">${among.filter(({ stands }) => stands === each).length}</span></button>`)}</div>
      <span class="grow"></span><span class="buttons"><a class="button small" href="#/drills">${t("drills")}</a><a class="button small" href=${hrefOf("/improvement-plan.csv")} download>CSV</a></span></header>
    <div class="improvement-filter"><${Pick} label=${t("action.owner")} value=${owner} onChange=${(/** @type {string} */ value) => choose({ owner: value })} options=${owners.map((id) => ({ value: id, text: memberName(id) }))} />
      <${Pick} label=${t("action.from")} value=${drill} onChange=${(/** @type {string} */ value) => choose({ drill: value })} options=${of.map((each) => ({ value: each.id, text: `${each.code} ${named(each.title)}` }))} /></div>
    <${Panel} id="actions" title=${t("actions")} count=${shown.length}>${!actions ? html`<${Nothing} text=${t("loading")} />` : shown.length === 0 ? html`<${Nothing} text=${t("actions.none")} />`
      : html`<ul class="plain">${shown.map(({ row }) => html`<${Action} key=${row.id} action=${row} drills=${drills} objectives=${objectives} retest=${followed.get(row.ref)?.retest} from again=${again} />`)}</ul>`}<//>
    ${plan && html`<${Trends} trends=${plan.trends} drills=${drills} />`}</div>`;
}

/** One of several, or all. @param {{label: string, value: string, options: {value: string, text: string}[], onChange: (value: string) => void}} props */
function Pick({ label, value, options, onChange }) {
  return html`<label class="narrow-pick"><span>${label}</span><select class=${value ? "set" : ""} value=${value} onChange=${(/** @type {any} */ event) => onChange(event.target.value)}><option value="">${t("improvement.all")}</option>${options.map((each) => html`<option key=${each.value} value=${each.value} selected=${each.value === value}>${each.text}</option>`)}</select></label>`;
}
