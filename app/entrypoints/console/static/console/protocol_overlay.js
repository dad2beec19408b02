/** Doing otherwise than a shared protocol says: one difference at a time, each with why. */
import { PRIORITIES } from "./about.js";
import { openForm } from "./form.js";
import { allTypes, codes, language, named, t, typeName, word } from "./i18n.js";
import { tables } from "./store.js";

const KINDS = ["change_quantity", "add_line", "remove_line", "add_item", "change_item", "remove_item", "set_radio_plan", "add_rendezvous_kind", "remove_rendezvous_kind"];

/** @param {any} said the protocol as the member has it @param {string} of the member */
export function addDifference(said, of) {
  const { shared, effective } = said;
  const taken = (/** @type {string} */ part) => said.difference.filter((/** @type {any} */ each) => each.part === part).map((/** @type {any} */ each) => each.key);
  const free = (/** @type {any[]} */ rows, /** @type {string} */ part, /** @type {string} */ key) => rows.filter((row) => !taken(part).includes(row[key]));
  const lines = free(shared.package, "line", "type_code").map((row) => ({ value: row.type_code, text: typeName(row.type_code) }));
  const items = free(shared.checklist, "item", "code").map((row) => ({ value: row.code, text: named(row.texts) }));
  const more = allTypes().filter((each) => !effective.package.some((/** @type {any} */ row) => row.type_code === each.code) && !taken("line").includes(each.code)).map((each) => ({ value: each.code, text: typeName(each.code) }));
  const wanted = shared.rendezvous_kinds.filter((/** @type {string} */ code) => !taken("rendezvous").includes(code)).map((/** @type {string} */ code) => ({ value: code, text: word("rendezvous_kinds", code) }));
  const others = codes("rendezvous_kinds").filter((code) => !shared.rendezvous_kinds.includes(code) && !taken("rendezvous").includes(code)).map((code) => ({ value: code, text: word("rendezvous_kinds", code) }));
  const parts = /** @type {Record<string, {value: string, text: any}[]>} */ ({ change_quantity: lines, add_line: more, remove_line: lines, change_item: items, remove_item: items, add_rendezvous_kind: others, remove_rendezvous_kind: wanted });
  const kinds = KINDS.filter((op) => (op === "set_radio_plan" ? !taken("radio_plan").length : !parts[op] || parts[op].length > 0));
  const whole = (/** @type {Record<string, any>} */ typed) => {
    const op = typed.op ?? kinds[0];
    const part = typed[`part_${op}`] ?? parts[op]?.[0]?.value;
    return { op, part };
  };
  return openForm({
    title: t("protocol.adapt"),
    text: t("protocol.adapt.text"),
    wide: true,
    fields: (typed) => {
      const { op, part } = whole(typed);
      const line = shared.package.find((/** @type {any} */ row) => row.type_code === part);
      const item = shared.checklist.find((/** @type {any} */ row) => row.code === part);
      return [
        { name: "op", label: t("protocol.kind"), kind: "select", value: kinds[0], options: kinds.map((each) => ({ value: each, text: t(`protocol.op.${each}`) })) },
        ...(parts[op] ? [{ name: `part_${op}`, label: t("protocol.part"), kind: /** @type {const} */ ("select"), value: parts[op][0]?.value, options: parts[op] }] : []),
        ...(["change_quantity", "add_line"].includes(op) ? [{ name: "quantity", label: t("quantity"), kind: /** @type {const} */ ("number"), value: line?.quantity ?? 1, least: 1, most: 10_000, required: true }] : []),
        ...(op === "add_line" ? [{ name: "priority", label: t("priority.label"), kind: /** @type {const} */ ("select"), value: "incident_stabilisation", options: PRIORITIES.map((code) => ({ value: code, text: word("priorities", code) })) }] : []),
        ...(["add_item", "set_radio_plan"].includes(op) ? [{ name: "text", label: t(op === "add_item" ? "protocol.to_do" : "radio_plan"), kind: /** @type {const} */ ("area"), required: true }] : []),
        ...(["add_line", "add_item", "change_item"].includes(op) ? [{ name: "minutes", label: t("protocol.minutes"), kind: /** @type {const} */ ("number"), value: item?.due_min ?? 60, least: 0, most: 10_080, required: true }] : []),
        { name: "why", label: t("why"), kind: "area", required: true },
      ];
    },
    action: t("protocol.adapt"),
    command: (values) => {
      const { op, part } = whole(values);
      const operation = { op, why: values.why, ...detail(op, part, values) };
      const current = tables.protocol_overlay.get(said.overlay_id);
      if (!current) return { path: `/members/${of}/protocol-overlays`, body: { code: shared.code, operations: [operation] } };
      const before = current.operations.map((/** @type {any} */ each) => { const { was, ...sent } = each; return sent; });
      return { path: `/protocol-overlays/${current.id}`, method: "PUT", body: { operations: [...before, operation] }, revision: current.revision };
    },
    how: () => ({ done: t("done.protocol") }),
  });
}

/** What an operation says beside its kind and why. @param {string} op @param {string} part @param {Record<string, any>} values */
function detail(op, part, values) {
  const texts = { [language.value]: values.text };
  if (op === "change_quantity") return { type_code: part, quantity: values.quantity };
  if (op === "add_line") return { type_code: part, quantity: values.quantity, priority: values.priority, within_min: values.minutes };
  if (op === "remove_line") return { type_code: part };
  if (op === "add_item") return { code: codeOf(values.text), texts, due_min: values.minutes };
  if (op === "change_item") return { code: part, due_min: values.minutes };
  if (op === "remove_item") return { code: part };
  if (op === "set_radio_plan") return { texts };
  return { kind: part };
}

/** A code for what is said in words. @param {string} text */
function codeOf(text) {
  const plain = text.normalize("NFD").toLowerCase().replace(/[^a-z0-9]+/g, "_").replace(/^_+|_+$/g, "").slice(0, 50).replace(/_+$/, "");
  return `own_${plain || "item"}`;
}
