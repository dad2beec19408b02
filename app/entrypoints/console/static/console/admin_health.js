/** How the service is, in words: release, database, where the journal ends, what is due, who follows. For admins. */
import { Problem, read } from "./api.js";
import { heard, link, silentFor } from "./feed.js";
import { language, t } from "./i18n.js";
import { Age, Nothing, Panel, State } from "./parts.js";
import { minute, stamp } from "./time.js";
import { problemText } from "./told.js";
import { html, useEffect, useState } from "./view.js";

const MB = 1024 * 1024;
const SHORT_HASH = 16;

/** The section. */
export function Health() {
  const [told, setTold] = useState(/** @type {any} */ (null));
  const [failed, setFailed] = useState("");
  const tick = minute.value;
  useEffect(() => {
    read("/api/v1/system").then((seen) => { setTold(seen); setFailed(""); }, (problem) => problem instanceof Problem && setFailed(problemText(problem)));
  }, [tick]);
  if (failed) return html`<section class="panel"><p class="late nothing" role="alert">${failed}</p></section>`;
  if (!told) return html`<section class="panel"><${Nothing} text=${t("loading")} /></section>`;
  const { process: here, store } = told;
  const late = store.due.late > 0 || store.due.failing > 0;
  const number = new Intl.NumberFormat(language.value);
  return html`<div class="health">
    <${Panel} id="service" title=${t("health.service")} tools=${html`<span class="as-of">${t("as_of", { time: stamp(told.at) })}</span>`}><dl class="facts wide-facts">
      <div><dt>${t("health.state")}</dt><dd>${late ? html`<${State} text=${t("health.behind")} tone="alert" />` : html`<span class="calm">● ${t("health.well")}</span>`}</dd></div>
      <div><dt>${t("health.release")}</dt><dd>Concord ${told.version}</dd></div>
      <div><dt>${t("health.up")}</dt><dd><${Age} at=${here.started_at} /> <span class="dim">${t("since")} ${stamp(here.started_at)}</span></dd></div>
      <div><dt>${t("health.commands")}</dt><dd>${t("health.commands.text", { done: number.format(here.commands_done), refused: number.format(here.commands_refused) })}</dd></div>
      <div><dt>${t("health.pace")}</dt><dd>${here.command_ms === null ? "–" : t("health.ms", { n: number.format(here.command_ms) })}</dd></div>
      <div><dt>${t("health.feed")}</dt><dd>${t("health.feed.text", { n: here.feed_readers })}</dd></div>
      <div><dt>${t("health.sessions")}</dt><dd>${t("health.sessions.text", { n: store.sessions })}</dd></div></dl><//>
    <${Panel} id="due" title=${t("health.due")} tone=${late ? "alert" : ""}><dl class="facts wide-facts">
      <div><dt>${t("health.due.late")}</dt><dd class=${store.due.late ? "late" : "calm"}>${t("health.due.n", { n: store.due.late })}</dd></div>
      <div><dt>${t("health.due.failing")}</dt><dd class=${store.due.failing ? "late" : "calm"}>${t("health.due.n", { n: store.due.failing })}</dd></div>
      <div><dt>${t("health.due.waiting")}</dt><dd>${t("health.due.n", { n: store.due.waiting })}${store.due.next_at ? html` <span class="dim">${t("health.due.next", { time: stamp(store.due.next_at) })}</span>` : ""}</dd></div></dl><p class="panel-note">${t("health.due.note")}</p><//>
    <${Panel} id="journals" title=${t("health.journal")}><dl class="facts wide-facts">${store.journals.map((/** @type {any} */ each) => html`<div key=${each.space}><dt>${each.space}</dt><dd>${t("health.journal.seq", { n: number.format(each.seq) })} ${each.at ? html`<span class="dim">· <${Age} at=${each.at} /> ${t("ago")}</span>` : ""}${each.seq > 0 && html`<br /><code class="dim" title=${each.hash}>${each.hash.slice(0, SHORT_HASH)}…</code>`}</dd></div>`)}</dl><p class="panel-note">${t("health.journal.note")}</p><//>
    <${Panel} id="database" title=${t("health.database")}><dl class="facts wide-facts">
      <div><dt>PostgreSQL</dt><dd>${store.database.version}</dd></div><div><dt>${t("health.size")}</dt><dd>${number.format(Math.round(store.database.size_bytes / MB))} MB</dd></div><div><dt>${t("health.schema")}</dt><dd><code>${store.database.revision}</code></dd></div></dl><//>
    <${Panel} id="safety" title=${t("health.safety")}><dl class="facts wide-facts">
      <div><dt>${t("health.refusals")}</dt><dd><a href="#/admin/audit">${t("health.refusals.text", { n: store.refusals })}</a></dd></div><div><dt>${t("health.sign_ins")}</dt><dd class=${here.sign_ins_refused ? "notice" : ""}>${t("health.due.n", { n: here.sign_ins_refused })}</dd></div></dl><//>
    <${Panel} id="here" title=${t("health.here")}><dl class="facts wide-facts"><div><dt>${t("health.link")}</dt><dd>${link.value.live ? html`<span class="calm">● ${t("link.live")}</span>` : html`<span class="late">○</span>`}</dd></div><div><dt>${t("health.heard")}</dt><dd>${t("span.s", { n: Math.round(silentFor() / 1000) })} <span class="dim">${t("health.heard.every", { n: heard.every / 1000 })}</span></dd></div></dl><//></div>`;
}
