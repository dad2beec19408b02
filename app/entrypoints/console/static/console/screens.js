/** Every screen there is, one line each: what the address calls it, what draws it, and where it stands in the navigation. */
import { Admin } from "./admin.js";
import { AgreementScreen } from "./agreement.js";
import { AgreementEditor } from "./agreement_editor.js";
import { AgreementsScreen } from "./agreements_screen.js";
import { ClaimScreen } from "./claim.js";
import { ClaimsScreen, dealsWithMoney } from "./claims.js";
import { CoordinationScreen } from "./coordination.js";
import { Operations } from "./operations.js";
import { ProtocolScreen, ProtocolsScreen } from "./protocols_screen.js";
import { RequestScreen } from "./request.js";
import { Resources } from "./resources_screen.js";
import { StatementScreen } from "./statement.js";
import { ResourceScreen } from "./unit_screen.js";

/**
 * `title`: the key of its name, where it stands in the navigation; `of`: the screen in the navigation that it belongs to, where
 * it is about one thing, whose id the address then names; `when`: whether there is anything on it for who is signed in.
 * @typedef {{screen: string, view: any, title?: string, of?: string, alone?: boolean, when?: () => boolean}} Screen
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
  { screen: "claims", view: ClaimsScreen, title: "claims", when: dealsWithMoney },
  { screen: "claim", view: ClaimScreen, of: "claims", when: dealsWithMoney },
  { screen: "statement", view: StatementScreen, of: "claims", when: dealsWithMoney },
  { screen: "protocols", view: ProtocolsScreen, of: "agreements", alone: true },
  { screen: "protocol", view: ProtocolScreen, of: "agreements" },
  { screen: "coordination", view: CoordinationScreen, of: "operations", alone: true },
  { screen: "admin", view: Admin, title: "admin" },
];

/** The screen of a place; of one that there is not, operations. @param {{screen: string, id: string}} place */
export function screenOf({ screen, id }) {
  return SCREENS.find((each) => each.screen === screen && (!each.of || each.alone || id) && each.when?.() !== false) ?? SCREENS[0];
}
