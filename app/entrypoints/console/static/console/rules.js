/** Which steps there are and who may take them: a copy of the server's rules, so that a button stands only where it works. */
import { myMember, session } from "./api.js";
import { frozen } from "./space.js";

/** @typedef {{from: string[], to: string, by: string[], only_if: string | null, unless: string | null}} Step */
/** @typedef {{machines: Record<string, Step[]>, authority: Record<string, {side: string, roles: string[], when: Record<string, string[]>}[]>, event_areas: string[]}} Rules */

/** @type {Rules} */
let rules = { machines: {}, authority: {}, event_areas: [] };

/** Read the rules. */
export async function loadRules() {
  const answer = await fetch(new URL("./steps.json", import.meta.url));
  rules = await answer.json();
}

/** Whether the signed-in user holds one of these roles. @param {readonly string[]} roles */
export function holdsOne(roles) {
  return (session.value?.user.roles ?? []).some((role) => roles.includes(role));
}

/** The roles that may use a command, at least sometimes. @param {string} command @returns {string[]} */
export function rolesOf(command) {
  return [...new Set((rules.authority[command] ?? []).flatMap((grant) => grant.roles))];
}

/**
 * Whether the signed-in user may use a command; nobody may where nothing can be done any more.
 * @param {string} command
 * @param {Record<string, string | string[]>} sides side → the id (or ids) of the member that holds it
 * @param {Record<string, string>} [facts]
 */
export function may(command, sides = {}, facts = {}) {
  if (frozen.value) return false;
  const roles = session.value?.user.roles ?? [];
  const own = myMember();
  return (rules.authority[command] ?? []).some(
    (grant) =>
      grant.roles.some((role) => roles.includes(role)) &&
      Object.entries(grant.when).every(([fact, values]) => values.includes(facts[fact])) &&
      (grant.side === "any_member" || held(grant.side, sides).includes(own)),
  );
}

/** The commands that somebody with these roles may use at all. @param {string[]} roles */
export function commandsOf(roles) {
  return allCommands().filter((command) => rules.authority[command].some((grant) => grant.roles.some((role) => roles.includes(role))));
}

/** Every command that people use. */
export function allCommands() {
  return Object.keys(rules.authority).filter((command) => rules.authority[command].length > 0);
}

/** The areas of events that a webhook can ask for. */
export function eventAreas() {
  return rules.event_areas;
}

/** @param {string} side @param {Record<string, string | string[]>} sides */
function held(side, sides) {
  if (side === "either") return [sides.requester, sides.lender].flat();
  return [sides[side] ?? []].flat();
}

/**
 * The states that a command leads to from here.
 * @param {string} machine
 * @param {string} state
 * @param {string} command
 * @param {Record<string, boolean>} [facts]
 * @returns {string[]}
 */
export function next(machine, state, command, facts = {}) {
  return (rules.machines[machine] ?? [])
    .filter(
      (step) =>
        step.by.includes(command) &&
        step.from.includes(state) &&
        (step.only_if === null || facts[step.only_if] === true) &&
        (step.unless === null || facts[step.unless] === false),
    )
    .map((step) => step.to);
}

/** Whether a command takes any step from here. @param {string} machine @param {string} state @param {string} command @param {Record<string, boolean>} [facts] */
export function can(machine, state, command, facts) {
  return next(machine, state, command, facts).length > 0;
}
