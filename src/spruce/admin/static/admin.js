// What the pages of the admin do by themselves. Without it everything works, with a few more clicks.
"use strict";

function selectAll(event) {
  if (event.target.id !== "all") return;
  for (const box of document.querySelectorAll("input[name=_selected_action]")) box.checked = event.target.checked;
}

function warnBeforeLeaving(form) {
  let dirty = false;
  form.addEventListener("input", () => { dirty = true; });
  form.addEventListener("submit", () => { dirty = false; });
  window.addEventListener("beforeunload", event => { if (dirty) event.preventDefault(); });
}

function slug(text) {
  return text.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase()
    .replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 50);
}

function prepopulate(form) {
  for (const [target, sources] of Object.entries(JSON.parse(form.dataset.prepopulated))) {
    const field = form.elements[target];
    const inputs = sources.map(name => form.elements[name]).filter(Boolean);
    if (!field || field.value) continue;
    let touched = false;
    field.addEventListener("input", () => { touched = true; });
    for (const input of inputs) {
      input.addEventListener("input", () => {
        if (!touched) field.value = slug(inputs.map(each => each.value).join(" "));
      });
    }
  }
}

function addRows(section) {
  const button = section.querySelector(".add-row");
  if (!button) return;
  const total = section.querySelector(`[name="${section.dataset.prefix}-TOTAL_FORMS"]`);
  button.hidden = false;
  button.addEventListener("click", () => {
    const row = section.querySelector("template").content.querySelector("tr").cloneNode(true);
    const number = total.value;
    for (const element of row.querySelectorAll("[name], [id]")) {
      for (const attribute of ["name", "id"]) {
        const value = element.getAttribute(attribute);
        if (value) element.setAttribute(attribute, value.replace("__prefix__", number));
      }
    }
    section.querySelector("tbody").append(row);
    total.value = Number(number) + 1;
    row.querySelector("input, select, textarea")?.focus();
  });
}

document.addEventListener("change", selectAll);
for (const form of document.querySelectorAll("form[data-warn]")) warnBeforeLeaving(form);
for (const form of document.querySelectorAll("form[data-prepopulated]")) prepopulate(form);
for (const section of document.querySelectorAll("section.inline")) addRows(section);
document.querySelector(".error-summary")?.focus();
