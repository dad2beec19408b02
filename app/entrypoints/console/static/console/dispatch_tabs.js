/** The tabs of the dispatch systems, one line each: what the address calls it (`#/admin/dispatch?tab=endpoints`), what draws it, and who finds it there. */
import { Conformance } from "./conformance.js";
import { Endpoints } from "./hook_standings.js";
import { Receipts } from "./hook_receipts.js";
import { Mappings } from "./inbox_mappings.js";
import { HeldElsewhere, heldHere, Quarantine } from "./inbox_quarantine.js";
import { InboxSources } from "./inbox_sources.js";

/**
 * `title`: the key of its name; `waits`: how much there waits for somebody, where that is counted; `elsewhere`: tells of what waits in another space.
 * @typedef {{tab: string, title: string, view: any, roles: string[], waits?: () => number, elsewhere?: any}} Tab
 */

/** @type {Tab[]} */
export const TABS = [
  { tab: "endpoints", title: "hooks", view: Endpoints, roles: ["admin", "dispatcher"] },
  { tab: "receipts", title: "receipts", view: Receipts, roles: ["admin", "dispatcher"] },
  { tab: "sources", title: "inbox", view: InboxSources, roles: ["admin", "dispatcher"] },
  { tab: "mappings", title: "mappings", view: Mappings, roles: ["admin", "dispatcher"] },
  { tab: "quarantine", title: "quarantine", view: Quarantine, roles: ["admin", "dispatcher"], waits: heldHere, elsewhere: HeldElsewhere },
  { tab: "conformance", title: "conformance", view: Conformance, roles: ["admin", "dispatcher"] },
];
/** Who finds any of them. */
export const DISPATCH_ROLES = [...new Set(TABS.flatMap((each) => each.roles))];
