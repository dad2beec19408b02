/** The one place that knows where the libraries are: everything else imports what it draws with from here. */
import { Fragment, h, render } from "../vendor/preact/preact.js";
import htm from "../vendor/htm/htm.js";

export { Fragment, render };
export { useEffect, useLayoutEffect, useMemo, useRef, useState } from "../vendor/preact/hooks.js";
export { batch, computed, effect, signal, useComputed, useSignal } from "../vendor/preact-signals/signals.js";

/** Markup as a tagged template: html`<p>${text}</p>`. */
export const html = htm.bind(h);
