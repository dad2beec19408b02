/** Every screen there is, one line each: what the address calls it, what draws it, and where it stands in the navigation. */
import { Admin } from "./admin.js";
import { AgreementScreen } from "./agreement.js";
import { AgreementEditor } from "./agreement_editor.js";
import { AgreementsScreen } from "./agreements_screen.js";
import { ClaimScreen } from "./claim.js";
import { ClaimsScreen, DEALS_WITH_MONEY } from "./claims.js";
import { CoordinationScreen } from "./coordination.js";
import { t } from "./i18n.js";
import { NeedsRole } from "./needs_role.js";
import { Operations } from "./operations.js";
import { ProtocolScreen, ProtocolsScreen } from "./protocols_screen.js";
import { RequestScreen } from "./request.js";
import { Resources } from "./resources_screen.js";
import { holdsOne } from "./rules.js";
import { StatementScreen } from "./statement.js";
import { ResourceScreen } from "./unit_screen.js";
import { html } from "./view.js";

/**
 * `title`: the key of its name, where it stands in the navigation; `of`: the screen in the navigation that it belongs to, where
 * it is about one thing, whose id the address then names; `roles`: who holds none of them finds nothing on it.
 * @typedef {{screen: string, view: any, title?: string, of?: string, alone?: boolean, roles?: string[]}} Screen
 */

/** @type {Screen[]} */
export const SCREENS = [
  { screen: "operations", view: Operations, title: "operations" },
  { screen: "request", view: RequestScreen, of: "operations" },
  { screen: "resources", view: Resources, title: "resources" },
  { screen: "resource", view: ResourceScreen, of: "resources" },
  { screen: "agreements", view: AgreementsScreen, title: "agreements" },
  { screen: "agreement", view: AgreementScreen, of: "agreements" },
  { screen: "agreement-edit", view: AgreementEditor, of: "agreements" },
  { screen: "claims", view: ClaimsScreen, title: "claims", roles: DEALS_WITH_MONEY },
  { screen: "claim", view: ClaimScreen, of: "claims", roles: DEALS_WITH_MONEY },
  { screen: "statement", view: StatementScreen, of: "claims", roles: DEALS_WITH_MONEY },
  { screen: "protocols", view: ProtocolsScreen, of: "agreements", alone: true },
  { screen: "protocol", view: ProtocolScreen, of: "agreements" },
  { screen: "coordination", view: CoordinationScreen, of: "operations", alone: true },
  { screen: "admin", view: Admin, title: "admin" },
];

/** Whether there is anything on a screen for who is signed in. @param {Screen} screen */
export function isFor({ roles }) {
  return !roles || holdsOne(roles);
}

/** The screen of a place; of one that there is not, operations. Who lacks the role for it is told so in its place. @param {{screen: string, id: string}} place */
export function screenOf({ screen, id }) {
  const found = SCREENS.find((each) => each.screen === screen && (!each.of || each.alone || id)) ?? SCREENS[0];
  return isFor(found) ? found : { ...found, view: NEEDED[found.screen] };
}

/** @param {Screen} screen */
const told = ({ of, screen, title, roles }) => () => html`<${NeedsRole} title=${t(title ?? of ?? screen)} roles=${roles} />`;

/** What stands in the place of a screen: always the same component, so that it is drawn once. @type {Record<string, any>} */
const NEEDED = Object.fromEntries(SCREENS.filter((each) => each.roles).map((each) => [each.screen, told(each)]));
