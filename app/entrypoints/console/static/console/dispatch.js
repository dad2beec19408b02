/** Dispatch systems of one's own member: what goes out to them, what they have taken over, and what comes in. For its admins; dispatchers see what concerns a mission. */
import { TABS } from "./dispatch_tabs.js";
import { t } from "./i18n.js";
import { place, showing } from "./router.js";
import { holdsOne } from "./rules.js";
import { consoleOf, INTEGRATION, IS_LIVE } from "./space.js";
import { html } from "./view.js";

/** The section. */
export function Dispatch() {
  const tabs = TABS.filter((each) => holdsOne(each.roles));
  const { tab, view: Shown } = tabs.find((each) => each.tab === place.value.query.tab) ?? tabs[0];
  return html`<div class="dispatch"><div class="choices dispatch-tabs" role="group" aria-label=${t("dispatch.tabs")}>${tabs.map((each) => html`<button key=${each.tab} type="button" aria-pressed=${each.tab === tab} onClick=${() => showing({ tab: each.tab })}>${t(each.title)}${each.waits ? html`<${Waits} count=${each.waits} />` : ""}${each.elsewhere ? html`<${each.elsewhere} />` : ""}</button>`)}${IS_LIVE && html`<span class="grow"></span><a class="button small to-integration" href=${consoleOf(INTEGRATION, `#/admin/dispatch?tab=${tab}`)} title=${t("dispatch.try.note")}>${t("dispatch.try")} →</a>`}</div>
    <${Shown} key=${tab} /></div>`;
}

/** How much waits on a tab; nothing where nothing does. @param {{count: () => number}} props */
function Waits({ count }) {
  const n = count();
  return n ? html` <b class="waits-count">${n}</b>` : null;
}
