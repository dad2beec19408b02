/** Operations: the map, what is asked for, who can get there first, the situation of each side, what happened. */
import { linesOf, linesText } from "./about.js";
import { openCall } from "./call.js";
import { Candidates } from "./candidates.js";
import { ChosenCard } from "./chosen.js";
import { DayToDay } from "./day_to_day.js";
import { Events } from "./events.js";
import { t } from "./i18n.js";
import { useKeys } from "./keys.js";
import { MapPanel } from "./map_panel.js";
import { Requests } from "./requests.js";
import { chosen, part } from "./router.js";
import { Situation } from "./situation.js";
import { titled } from "./space.js";
import { tables } from "./store.js";
import { html, useEffect } from "./view.js";

const PARTS = /** @type {const} */ (["requests", "map", "situation", "events"]);

/** The screen. */
export function Operations() {
  useEffect(() => {
    titled(t("operations"));
  });
  useKeys([{ key: "i", does: callAboutChosen, text: "key.call" }, { key: "Escape", does: () => { chosen.value = null; }, text: "key.unchoose" }], []);
  const now = chosen.value;
  const request = now?.kind === "request" ? tables.request.get(now.id) : undefined;
  return html`<h1 class="sr">${t("operations")}</h1>
    <div class="operations" data-part=${part.value}>
      <div class="area-situation"><${Situation} /></div>
      <div class="area-map"><${MapPanel} />${now && now.kind !== "request" && html`<${ChosenCard} kind=${now.kind} id=${now.id} />`}</div>
      <div class="area-events"><${Events} /></div>
      <div class="area-requests">${request && html`<${Candidates} key=${request.id} request=${request} compact title=${`${request.ref} · ${linesText(linesOf(request.id))}`} />`}<${Requests} /><${DayToDay} /></div>
    </div>
    <nav class="parts" aria-label=${t("parts")}>${PARTS.map((name) => html`<button type="button" aria-pressed=${part.value === name} onClick=${() => { part.value = name; }}>${t(`part.${name}`)}</button>`)}</nav>`;
}

/** Somebody has rung about what is chosen: an incident, or the incident of a request. */
function callAboutChosen() {
  const now = chosen.peek();
  if (now?.kind === "request") openCall(tables.request.get(now.id)?.incident_id ?? "", now.id);
  else openCall(now?.kind === "incident" ? now.id : "");
}
