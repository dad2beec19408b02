/** Administration: members, users with their roles and tokens, what was refused, and how the service is. The server decides who sees what. */
import { session } from "./api.js";
import { Account } from "./admin_account.js";
import { Audit } from "./admin_audit.js";
import { Health } from "./admin_health.js";
import { Members } from "./admin_members.js";
import { Users } from "./admin_users.js";
import { t } from "./i18n.js";
import { Import, mayImport } from "./import_screen.js";
import { html, useEffect } from "./view.js";

/** Whether who is signed in keeps the member's users. */
export function isAdmin() {
  return session.value?.user.roles.includes("admin") ?? false;
}

/** @type {{id: string, view: any, admins?: boolean, when?: () => boolean}[]} */
const SECTIONS = [
  { id: "members", view: Members },
  { id: "users", view: Users, admins: true },
  { id: "import", view: Import, when: mayImport },
  { id: "account", view: Account },
  { id: "audit", view: Audit, admins: true },
  { id: "health", view: Health, admins: true },
];

/** The screen. @param {{id: string}} props the section */
export function Admin({ id }) {
  const there = SECTIONS.filter((each) => (!each.admins || isAdmin()) && (!each.when || each.when()));
  const { id: now, view: Shown } = there.find((each) => each.id === id) ?? there[0];
  useEffect(() => {
    document.title = `${t(`admin.${now}`)} · ${t("admin")} · Concord`;
  });
  return html`<h1 class="sr">${t("admin")}</h1><div class="admin">
    <nav class="sections" aria-label=${t("admin.sections")}>${there.map((each) => html`<a key=${each.id} href=${`#/admin/${each.id}`} aria-current=${each.id === now ? "page" : undefined}>${t(`admin.${each.id}`)}</a>`)}</nav>
    <div class="admin-body"><${Shown} /></div></div>`;
}
