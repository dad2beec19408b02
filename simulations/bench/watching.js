// Stands in the page before anything else: when the feed was heard, when rows were painted, and how evenly frames came.
// Times are milliseconds since 1970 by the page's own clock, which is the machine's.
(() => {
  const now = () => performance.timeOrigin + performance.now();
  const told = { snapshot: 0, painted: 0, heard: new Map(), changes: [], frames: [], watching: false };
  window.__told = told;
  const painted = (then) => requestAnimationFrame(() => setTimeout(() => then(now())));
  const Real = window.WebSocket;
  window.WebSocket = class extends Real {
    constructor(...all) {
      super(...all);
      this.addEventListener("message", ({ data }) => {
        if (data.includes('"kind":"snapshot"')) told.snapshot ||= now();
        else if (told.watching && data.includes("acknowledgement")) {
          const entry = JSON.parse(data);
          for (const row of entry.rows?.acknowledgement ?? []) told.heard.set(row.request_id, { recorded: Date.parse(entry.at), heard: now() });
        }
      });
    }
  };
  new MutationObserver((records) => {
    if (!told.painted && document.querySelectorAll(".request-row").length >= window.__wanted) painted((at) => { told.painted = at; });
    if (!told.watching) return;
    for (const { target } of records) {
      const id = target.id?.startsWith?.("request-") ? target.id.slice(8) : "";
      const known = told.heard.get(id);
      if (!known || target.classList.contains("fresh")) continue;
      told.heard.delete(id);
      painted((at) => told.changes.push([at - known.recorded, at - known.heard]));
    }
  }).observe(document, { childList: true, subtree: true, attributes: true, attributeFilter: ["class"] });
  let last = 0;
  const frame = (at) => {
    if (told.watching && last) told.frames.push(at - last);
    last = at;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
})();
