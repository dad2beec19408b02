/** Administration: members, users with their roles and tokens, what was refused, and how the service is. The server decides who sees what. */
import { Account } from "./admin_account.js";
import { Audit } from "./admin_audit.js";
import { Health } from "./admin_health.js";
import { Members } from "./admin_members.js";
import { Users } from "./admin_users.js";
import { t } from "./i18n.js";
import { Import, importers } from "./import_screen.js";
import { NeedsRole } from "./needs_role.js";
import { holdsOne } from "./rules.js";
import { html, useEffect } from "./view.js";

const ADMINS = () => ["admin"];

/** `roles`: who holds none of them finds nothing there. @type {{id: string, view: any, roles?: () => string[]}[]} */
const SECTIONS = [
  { id: "members", view: Members },
  { id: "users", view: Users, roles: ADMINS },
  { id: "import", view: Import, roles: importers },
  { id: "account", view: Account },
  { id: "audit", view: Audit, roles: ADMINS },
  { id: "health", view: Health, roles: ADMINS },
];

/** The screen. @param {{id: string}} props the section */
export function Admin({ id }) {
  const there = SECTIONS.filter((each) => !each.roles || holdsOne(each.roles()));
  const { id: now, view: Shown, roles } = SECTIONS.find((each) => each.id === id) ?? there[0];
  useEffect(() => {
    document.title = `${t(`admin.${now}`)} · ${t("admin")} · Concord`;
  });
  return html`<h1 class="sr">${t("admin")}</h1><div class="admin">
    <nav class="sections" aria-label=${t("admin.sections")}>${there.map((each) => html`<a key=${each.id} href=${`#/admin/${each.id}`} aria-current=${each.id === now ? "page" : undefined}>${t(`admin.${each.id}`)}</a>`)}</nav>
    <div class="admin-body">${roles && !holdsOne(roles()) ? html`<${NeedsRole} title=${t(`admin.${now}`)} roles=${roles()} back="#/admin" />` : html`<${Shown} />`}</div></div>`;
}
