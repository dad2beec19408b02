/** One drill, in tabs: the plan for everybody; control, evaluation and report for who has a part in them. */
import { SafetyPause } from "./drill_control_acts.js";
import { toneOfDrill, useDrill } from "./drill_parts.js";
import { firstTab, TABS } from "./drill_tabs.js";
import { Mark } from "./exercise_band.js";
import { mayStop, StopButton } from "./exercise_stop.js";
import { named, stateName, t } from "./i18n.js";
import { Missing } from "./missing.js";
import { Nothing, State } from "./parts.js";
import { place, showing } from "./router.js";
import { titled } from "./space.js";
import { html, useEffect, useRef } from "./view.js";

/** The screen. @param {{id: string}} props */
export function DrillScreen({ id }) {
  const { found: drill, failed, again } = useDrill(id);
  const first = useRef("");
  useEffect(() => {
    titled(drill ? `${drill.code} ${named(drill.title)}` : t("drill"));
  });
  if (failed && !drill) return html`<${Missing} problem=${failed} what="drill" back="#/drills" to="drills" again=${again} />`;
  if (!drill) return html`<div class="request-screen"><${Nothing} text=${t("loading")} /></div>`;
  const tabs = TABS.filter((each) => each.shown(drill));
  first.current ||= firstTab(drill); // where one is, one stays when the drill goes on
  const { tab, marked, view: Shown } = tabs.find((each) => each.tab === (place.value.query.tab ?? first.current)) ?? tabs[0];
  return html`<div class="drill-screen">
    <header class="claims-head"><p class="back"><a href="#/drills">← ${t("drills")}</a></p><h1><span class="ref">${drill.code}</span> ${named(drill.title)}</h1> <${State} text=${stateName("drill", drill.status)} tone=${toneOfDrill(drill)} />
      <${SafetyPause} drill=${drill} again=${again} />${mayStop(drill) && html`<${StopButton} id=${drill.id} />`}
      ${tabs.length > 1 && html`<div class="choices" role="group" aria-label=${t("drill.tabs")}>${tabs.map((each) => html`<button key=${each.tab} type="button" aria-pressed=${each.tab === tab} onClick=${() => showing({ ...place.peek().query, tab: each.tab })}>${t(each.title)}</button>`)}</div>`}</header>
    ${marked && html`<${Mark} class="of-script" />`}<${Shown} key=${tab} drill=${drill} again=${again} />${marked && html`<${Mark} class="of-script" />`}</div>`;
}
