/** Administration: members, users with their roles and tokens, dispatch systems, what was refused, and how the service is. The server decides who sees what. */
import { Account } from "./admin_account.js";
import { Audit } from "./admin_audit.js";
import { Health } from "./admin_health.js";
import { Members } from "./admin_members.js";
import { People } from "./admin_people.js";
import { Users } from "./admin_users.js";
import { Dispatch } from "./dispatch.js";
import { DISPATCH_ROLES } from "./dispatch_tabs.js";
import { t } from "./i18n.js";
import { Import, importers } from "./import_screen.js";
import { NeedsRole } from "./needs_role.js";
import { holdsOne } from "./rules.js";
import { IS_LIVE, titled } from "./space.js";
import { html, useEffect } from "./view.js";

const ADMINS = () => ["admin"];

/** `roles`: who holds none of them finds nothing there; `tried`: whether it is also there in `integration`. @type {{id: string, view: any, roles?: () => string[], tried?: boolean}[]} */
const SECTIONS = [
  { id: "members", view: Members },
  { id: "users", view: Users, roles: ADMINS },
  { id: "people", view: People, roles: ADMINS },
  { id: "import", view: Import, roles: importers },
  { id: "dispatch", view: Dispatch, roles: () => DISPATCH_ROLES, tried: true },
  { id: "account", view: Account },
  { id: "audit", view: Audit, roles: ADMINS },
  { id: "health", view: Health, roles: ADMINS },
];

/** The screen. @param {{id: string}} props the section */
export function Admin({ id }) {
  const here = SECTIONS.filter((each) => IS_LIVE || each.tried);
  const there = here.filter((each) => !each.roles || holdsOne(each.roles()));
  const { id: now, view: Shown, roles } = here.find((each) => each.id === id) ?? there[0] ?? here[0];
  useEffect(() => {
    titled(`${t(`admin.${now}`)} · ${t("admin")}`);
  });
  return html`<h1 class="sr">${t("admin")}</h1><div class="admin">
    <nav class="sections" aria-label=${t("admin.sections")}>${there.map((each) => html`<a key=${each.id} href=${`#/admin/${each.id}`} aria-current=${each.id === now ? "page" : undefined}>${t(`admin.${each.id}`)}</a>`)}</nav>
    <div class="admin-body">${roles && !holdsOne(roles()) ? html`<${NeedsRole} title=${t(`admin.${now}`)} roles=${roles()} back=${IS_LIVE ? "#/admin" : "#/operations"} />` : html`<${Shown} />`}</div></div>`;
}
