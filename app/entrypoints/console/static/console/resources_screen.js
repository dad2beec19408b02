/** Resources: what each side has, by type and state, on a list and on the map; and what can be at a place in time. */
import { ChosenCard } from "./chosen.js";
import { link } from "./feed.js";
import { t } from "./i18n.js";
import { useKeys } from "./keys.js";
import { LenderWords } from "./lender_words.js";
import { goal, spotlight } from "./map.js";
import { MapPanel } from "./map_panel.js";
import { learnAll } from "./resources.js";
import { chosen, part } from "./router.js";
import { titled } from "./space.js";
import { CountRow, Stock } from "./unit_counts.js";
import { filter, shownRows, useReach } from "./unit_filter.js";
import { UnitList } from "./unit_list.js";
import { effect, html, useEffect } from "./view.js";

const PARTS = /** @type {const} */ (["units", "map", "stock"]);
/** What others reserve and commit among themselves the feed does not tell us: read anew this often. */
const AGAIN_MS = 5 * 60_000;

/** The screen. */
export function Resources() {
  const { live } = link.value;
  useEffect(() => {
    titled(t("resources"));
  });
  useEffect(() => {
    if (!live) return undefined;
    learnAll();
    const timer = setInterval(learnAll, AGAIN_MS);
    return () => clearInterval(timer);
  }, [live]);
  useReach();
  useSpotlight();
  useKeys([{ key: "Escape", does: () => { chosen.value = null; }, text: "key.unchoose" }], []);
  const now = chosen.value;
  const shown = PARTS.find((name) => name === part.value) ?? "units";
  return html`<h1 class="sr">${t("resources")}</h1>
    <div class="resources" data-part=${shown}>
      <div class="area-units"><${CountRow} /><${UnitList} /></div>
      <div class="area-map"><${MapPanel} plain />${now && now.kind !== "request" && html`<${ChosenCard} kind=${now.kind} id=${now.id} />`}</div>
      <div class="area-stock"><${LenderWords} /><${Stock} /></div>
    </div>
    <nav class="parts parts-3" aria-label=${t("parts")}>${PARTS.map((name) => html`<button type="button" aria-pressed=${shown === name} onClick=${() => { part.value = name; }}>${t(`part.${name}`)}</button>`)}</nav>`;
}

/** While the screen is shown, the map shows what the list shows, and the place that is to be reached. */
function useSpotlight() {
  useEffect(() => {
    const stop = effect(() => {
      const { lon, lat } = filter.value;
      spotlight.value = shownRows.value;
      goal.value = lon && lat ? { id: "goal", lon: Number(lon), lat: Number(lat) } : null;
    });
    return () => {
      stop();
      spotlight.value = null;
      goal.value = null;
      if (part.peek() === "units" || part.peek() === "stock") part.value = "requests";
    };
  }, []);
}
