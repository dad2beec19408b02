/** One's own account: who one is here, which roles one holds, one's tokens, and what is held on one. */
import { session } from "./api.js";
import { Tokens } from "./admin_tokens.js";
import { roleName, t } from "./i18n.js";
import { Member, Panel } from "./parts.js";
import { stamp } from "./time.js";
import { html } from "./view.js";

/** The section. */
export function Account() {
  const user = session.value?.user;
  if (!user) return null;
  return html`<div class="one-column"><${Panel} id="account" title=${user.display_name}>
      <dl class="facts wide-facts"><div><dt>${t("member")}</dt><dd><${Member} id=${user.member.id} /></dd></div><div><dt>${t("user.login")}</dt><dd><code>${user.login}</code></dd></div>
        <div><dt>${t("roles")}</dt><dd>${user.roles.map(roleName).join(" · ") || t("roles.none")}</dd></div><div><dt>${t("account.signed_in_until")}</dt><dd>${stamp(session.value?.expires_at ?? "")}</dd></div></dl>
      <div class="panel-text"><p class="dim">${t("account.note")}</p><div class="buttons"><a class="button" href=${`/api/v1/users/${user.id}/personal-data`} download>${t("user.export")}</a></div></div><//>
    <${Tokens} user=${{ ...user, active: true }} /></div>`;
}
