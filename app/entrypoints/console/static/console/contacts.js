/** A member's phone book: whom to ring for what; one's own, and of the others what they share. */
import { Problem, readAll } from "./api.js";
import { carryOutConfirmed } from "./doing.js";
import { openForm } from "./form.js";
import { t } from "./i18n.js";
import { Panel } from "./parts.js";
import { may } from "./rules.js";
import { problemText } from "./told.js";
import { html, useEffect, useState } from "./view.js";

/** @typedef {{id: string, revision: number, member_id: string, code: string, function: string, name: string | null, phone: string | null, phone_2: string | null, email: string | null, note: string | null, shared: boolean}} Contact */

const FIELDS = /** @type {const} */ (["function", "name", "phone", "phone_2", "email", "note"]);
const NEEDED = ["function", "phone"];

/** The panel. @param {{member: string}} props */
export function Contacts({ member }) {
  const [found, setFound] = useState(/** @type {Contact[] | null} */ (null));
  const [failed, setFailed] = useState("");
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    let late = false;
    readAll(`/contacts?member=${member}`).then(
      (rows) => { if (!late) { setFound(rows); setFailed(""); } },
      (problem) => { if (!late && problem instanceof Problem) setFailed(problemText(problem)); },
    );
    return () => { late = true; };
  }, [member, turn]);
  const own = may("add_contact", { owner: member });
  const again = () => setTurn((was) => was + 1);
  const edit = async (/** @type {Contact | null} */ row) => {
    await openForm({
      title: t(row ? "contact.change" : "contact.add"), action: t(row ? "write" : "contact.add"), text: html`<p>${t("contact.text")}</p>`,
      fields: [
        ...(row ? [] : [{ name: "code", label: t("field.code"), required: true, most: 60, hint: "hazmat-duty" }]),
        ...FIELDS.map((name) => ({ name, label: t(`contact.${name}`), required: NEEDED.includes(name), value: row?.[name] ?? "", most: name.startsWith("phone") ? 40 : 120, kind: name.startsWith("phone") ? /** @type {const} */ ("tel") : name === "note" ? /** @type {const} */ ("area") : /** @type {const} */ ("text") })),
        { name: "shared", label: t("contact.shared"), kind: "choice", value: row?.shared ? "yes" : "no", options: [{ value: "no", text: t("contact.shared.no") }, { value: "yes", text: t("contact.shared.yes") }] },
      ],
      command: (values) => {
        const said = { ...Object.fromEntries(FIELDS.map((name) => [name, values[name] ?? null])), shared: values.shared === "yes" };
        if (row) return { path: `/contacts/${row.id}`, method: "PATCH", revision: row.revision, body: Object.fromEntries(Object.entries(said).filter(([name, value]) => value !== /** @type {any} */ (row)[name])) };
        return { path: "/contacts", body: { code: values.code, member_id: member, ...Object.fromEntries(Object.entries(said).filter(([, value]) => value !== null)) } };
      },
      how: () => ({ done: t("done.contact") }),
    });
    again();
  };
  const remove = async (/** @type {Contact} */ row) => {
    const done = await carryOutConfirmed({ title: t("contact.remove"), text: html`<p>${t("contact.remove.text", { what: row.function })}</p>`, action: t("contact.remove"), why: "asked", danger: true },
      (answer) => ({ path: `/contacts/${row.id}/remove`, body: answer, revision: row.revision }), { done: t("done.contact_removed") });
    if (done) again();
  };
  const ring = (/** @type {string | null} */ phone) => phone && html`<a href=${`tel:${phone.replace(/[^+\d]/g, "")}`}><span aria-hidden="true">☎ </span>${phone}</a>`;
  return html`<${Panel} id="contacts" title=${t("contacts")} count=${found?.length ?? 0} tools=${own && html`<button type="button" class="button small" onClick=${() => edit(null)}>${t("contact.add")}</button>`}>
    ${failed && html`<p class="late nothing" role="alert">${failed}</p>`}
    ${!found && !failed && html`<p class="nothing">${t("loading")}</p>`}
    ${found?.length === 0 && html`<p class="nothing">${t(own ? "contacts.none" : "contacts.none_shared")}</p>`}
    <ul class="plain contacts">${(found ?? []).map((row) => html`<li key=${row.id}><span class="contact-who"><strong>${row.function}</strong>${row.name ? html` · ${row.name}` : ""}${own && row.shared ? html` <b class="badge">${t("contact.is_shared")}</b>` : ""}</span>
      <span class="ring">${ring(row.phone)} ${ring(row.phone_2)} ${row.email && html`<a href=${`mailto:${row.email}`}>${row.email}</a>`}</span>${row.note ? html`<span class="dim contact-note">${row.note}</span>` : ""}
      ${own && html`<span class="buttons"><button type="button" class="button small" aria-label=${`${t("contact.change")}: ${row.function}`} onClick=${() => edit(row)}>${t("unit.change")}</button><button type="button" class="button small" aria-label=${`${t("contact.remove")}: ${row.function}`} onClick=${() => remove(row)}>${t("remove")}</button></span>`}</li>`)}</ul><//>`;
}
