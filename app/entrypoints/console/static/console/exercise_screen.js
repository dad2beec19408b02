/** A participant's page: what exercise control has told one's own member, the clock, the stop words, the handbook. Nothing of the script. */
import { ClockText } from "./drill_clock.js";
import { Handbook, StopWords } from "./drill_handbook.js";
import { drillTime } from "./drill_parts.js";
import { Stands } from "./drill_stands.js";
import { exercise, mySite } from "./exercise.js";
import { acknowledge, readHere, readOlder, senderName, told, unmarked } from "./exercise_told.js";
import { named, number, t, word } from "./i18n.js";
import { useKeys } from "./keys.js";
import { Age, Member, Nothing, Panel } from "./parts.js";
import { titled } from "./space.js";
import { tables } from "./store.js";
import { html, useEffect } from "./view.js";

/** @typedef {import("./exercise_told.js").Delivery} Delivery */

/** The screen. */
export function ExerciseScreen() {
  const known = exercise.value;
  useEffect(() => {
    titled(known ? `${known.code} ${named(known.title)}` : t("exercise"));
  });
  const { items, next, loaded } = told.value;
  const unread = items.filter((each) => !readHere.value.has(each.id));
  useKeys([{ key: "a", does: () => acknowledge(unread.map((each) => each.id)), text: "key.told_read" }], [unread.length]);
  return html`<div class="request-screen exercise-screen"><h1 class="sr">${t("exercise")}</h1><div class="request-grid">
    <div class="request-main"><${Panel} live id="told" title=${t("told")} count=${items.length || undefined} tools=${unread.length > 1 && html`<button type="button" class="button small" onClick=${() => acknowledge(unread.map((each) => each.id))}>${t("told.all_read")}</button>`}>
      ${!loaded ? html`<${Nothing} text=${t("loading")} />` : items.length === 0 ? html`<${Nothing} text=${t("told.none")} />`
        : html`<ol class="plain">${items.map((each) => html`<${Told} key=${each.id} delivery=${each} unread=${unread.includes(each)} />`)}</ol>`}
      ${next && html`<p class="pages"><button type="button" class="button small" onClick=${readOlder}>${t("older")}</button></p>`}<//></div>
    <div class="request-side">
      ${known && html`<${Panel} id="exercise-now" title=${named(known.title)}><div class="exercise-facts">
        <p class="exercise-big"><${ClockText} clock=${known.clock} site=${mySite.value} /></p>
        <${Waits} known=${known} />
        ${mySite.value && html`<p>${t("exercise.my_site")} <strong>${mySite.value.name}</strong></p>`}
        <h3>${t("handbook.stop_words")}</h3><${StopWords} words=${known.stop_words} /><p class="dim">${t("exercise.stop_how")}</p></div><//>
      <${Panel} id="handbook" title=${t("handbook")}><${Handbook} handbook=${known.handbook} /><//>`}</div></div></div>`;
}

/** Where one waits: who has to say that it goes on, and their telephones. @param {{known: import("./exercise.js").Exercise}} props */
function Waits({ known: { clock, handbook } }) {
  const site = mySite.value;
  const participants = handbook.roles.map((/** @type {any} */ each) => ({ id: `${each.role} ${each.member}`, role: each.role, member_id: tables.member.all.value.find((row) => row.code === each.member)?.id }));
  return html`<${Stands} drill=${{ participants }} clock=${{ ...clock, paused_sites: clock.paused_sites.filter((each) => each === site?.id) }} siteName=${() => site?.name ?? ""} />`;
}

/** One thing that was told: when in the drill, by whom and by what means, in the reader's language. @param {{delivery: Delivery, unread: boolean}} props */
function Told({ delivery, unread }) {
  const { sender, means, text, sensor } = delivery.told;
  return html`<li class="told ${unread ? "unread" : ""}"><div class="told-head"><time class="told-at">${drillTime(delivery.at_us)}</time> <strong><${Sender} told=${delivery.told} /></strong> <span class="dim">${word("drill_means", means)}</span> <span class="grow"></span><${Age} at=${delivery.delivered_at} class="dim" />
      ${unread && html`<button type="button" class="button small primary" onClick=${() => acknowledge([delivery.id])}><span class="sr">${senderName(delivery.told) || sender}: </span>${t("told.read")}</button>`}</div>
    <p class="told-text">${unmarked(named(text))}</p>
    ${sensor && html`<p class="told-sensor">${sensor.station}: ${word("drill_sensors", sensor.quantity)} <strong>${number(sensor.value)}</strong>${sensor.threshold != null ? html` <span class="dim">(${t("told.threshold", { n: number(sensor.threshold) })})</span>` : ""}</p>`}</li>`;
}

/** Who says so: a voice by its name, exercise control, or a member. @param {{told: Delivery["told"]}} props */
function Sender({ told: { sender, sender_name } }) {
  const found = sender_name ? undefined : tables.member.all.value.find((row) => row.code === sender);
  return found ? html`<${Member} id=${found.id} />` : senderName({ sender, sender_name });
}
