/** Every screen there is, one line each: what the address calls it, what draws it, and where it stands in the navigation. */
import { Admin } from "./admin.js";
import { AgreementScreen } from "./agreement.js";
import { AgreementEditor } from "./agreement_editor.js";
import { AgreementsScreen } from "./agreements_screen.js";
import { ClaimScreen } from "./claim.js";
import { ClaimsScreen, DEALS_WITH_MONEY } from "./claims.js";
import { CoordinationScreen } from "./coordination.js";
import { DrillScreen } from "./drill.js";
import { DrillPlanning } from "./drill_planning.js";
import { DrillsScreen } from "./drills_screen.js";
import { ExerciseScreen } from "./exercise_screen.js";
import { ImprovementScreen } from "./improvement.js";
import { t } from "./i18n.js";
import { NeedsRole } from "./needs_role.js";
import { Operations } from "./operations.js";
import { PlanScreen } from "./plan.js";
import { ProtocolScreen, ProtocolsScreen } from "./protocols_screen.js";
import { RequestScreen } from "./request.js";
import { Resources } from "./resources_screen.js";
import { holdsOne } from "./rules.js";
import { IS_DRILL, IS_LIVE } from "./space.js";
import { StatementScreen } from "./statement.js";
import { ResourceScreen } from "./unit_screen.js";
import { html } from "./view.js";

/**
 * `title`: the key of its name, where it stands in the navigation; `of`: the screen in the navigation that it belongs to, where
 * it is about one thing, whose id the address then names; `roles`: who holds none of them finds nothing on it; `in`: where it is
 * there, if not everywhere: users, tokens and drills are the same whatever is played, and are dealt with in live; dispatch systems also where they are tried.
 * @typedef {{screen: string, view: any, title?: string, of?: string, alone?: boolean, roles?: string[], in?: readonly ("live" | "integration" | "drill")[]}} Screen
 */

/** @type {Screen[]} */
const ALL = [
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
  { screen: "drills", view: DrillsScreen, title: "drills", in: ["live"] },
  { screen: "drill", view: DrillScreen, of: "drills", in: ["live"] },
  { screen: "drill-plan", view: DrillPlanning, of: "drills", in: ["live"] },
  { screen: "improvement", view: ImprovementScreen, of: "drills", alone: true, in: ["live"] },
  { screen: "protocols", view: ProtocolsScreen, of: "agreements", alone: true },
  { screen: "protocol", view: ProtocolScreen, of: "agreements" },
  { screen: "plan", view: PlanScreen, of: "operations", alone: true },
  { screen: "coordination", view: CoordinationScreen, of: "operations", alone: true },
  { screen: "exercise", view: ExerciseScreen, title: "exercise", in: ["drill"] },
  { screen: "admin", view: Admin, title: "admin", in: ["live", "integration"] },
];
/** Those that there are in the space that is shown. */
export const SCREENS = ALL.filter((each) => !each.in || each.in.includes(IS_LIVE ? "live" : IS_DRILL ? "drill" : "integration"));

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
