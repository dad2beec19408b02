/** The console begins: who is signed in, in which language; then the screen, and the feed. */
import { loadSession, read, readAll, signedOut } from "./api.js";
import { startAlarms } from "./alarms.js";
import { App } from "./app.js";
import { startDayToDay } from "./day_to_day.js";
import { startDrillsNow } from "./drills_now.js";
import { startEvents } from "./events.js";
import { startExercise } from "./exercise.js";
import { startTold } from "./exercise_told.js";
import { startFeed } from "./feed.js";
import { LANGUAGES, setLanguage, setVocabulary } from "./i18n.js";
import { startKeys } from "./keys.js";
import { startMoneyDue } from "./money_due.js";
import { startResources } from "./resources.js";
import { loadRules } from "./rules.js";
import { startTheme } from "./theme.js";
import { startClock } from "./time.js";
import { html, render } from "./view.js";

const PATIENCE_MS = 2000;

async function begin() {
  const frame = document.getElementById("app");
  if (!frame) return;
  try {
    const [, words, types] = await Promise.all([loadSession(), read("/api/v1/vocabulary"), readAll("/api/v1/resource-types"), loadRules()]);
    setVocabulary(words, types);
    const wanted = document.documentElement.lang; // the server knows what was chosen here, or at the form
    await setLanguage(LANGUAGES.find((code) => code === wanted) ?? "en");
  } catch (problem) {
    if (signedOut.value) location.assign(`/sign-in?next=${encodeURIComponent(location.pathname + location.hash)}`);
    else {
      frame.textContent = frame.dataset.noServer ?? "";
      setTimeout(begin, PATIENCE_MS); // no server yet, or no more: as soon as there is one
    }
    return;
  }
  frame.textContent = "";
  startClock();
  startKeys();
  startEvents();
  startMoneyDue();
  startAlarms();
  startDayToDay();
  startResources();
  startExercise();
  startTold();
  startDrillsNow();
  render(html`<${App} />`, frame);
  startFeed();
}

startTheme();
begin();
