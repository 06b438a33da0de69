// What the pages of the admin do by themselves. Without it everything works, with a few more clicks.
"use strict";

function choose(event) {
  const form = event.target.closest?.("#actions");
  if (!form) return;
  const boxes = [...form.querySelectorAll("input[name=_selected_action]")];
  const all = form.querySelector("#all");
  if (event.target === all) for (const box of boxes) box.checked = all.checked;
  const chosen = boxes.filter(box => box.checked).length;
  if (all) {
    all.checked = chosen > 0 && chosen === boxes.length;
    all.indeterminate = chosen > 0 && chosen < boxes.length;
  }
  for (const text of form.querySelectorAll(".chosen")) {
    text.textContent = chosen ? text.dataset.text.replace("{0}", chosen).replace("{1}", boxes.length) : "";
  }
}

function warnBeforeLeaving(form) {
  let dirty = false;
  form.addEventListener("input", event => { dirty ||= event.target.name !== "_selected_action"; });
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
    const row = section.querySelector("template").content.querySelector("tr, fieldset").cloneNode(true);
    const number = total.value;
    for (const element of row.querySelectorAll("[name], [id], [for]")) {
      for (const attribute of ["name", "id", "for", "aria-controls", "aria-describedby"]) {
        const value = element.getAttribute(attribute);
        if (value) element.setAttribute(attribute, value.replace("__prefix__", number));
      }
    }
    section.querySelector(".rows-of").append(row);
    start(row);
    total.value = Number(number) + 1;
    row.querySelector("input, select, textarea")?.focus();
  });
}

const started = new WeakMap();

// Everything that is in a part of a page, which is the page itself or what htmx has put there.
function start(part) {
  const each = (selector, what) => {
    for (const found of part.querySelectorAll(selector)) {
      const done = started.get(found) ?? new Set();
      if (found.closest("template") || done.has(what)) continue;
      started.set(found, done.add(what));
      what(found);
    }
  };
  each(".autocomplete", complete);
  each("select[data-picker]", pick);
  each(".keyed .lookup", lookUp);
  each(".field[data-related]", relate);
  each("#done[data-popup]", tellOpener);
  each("body.popup #list", choosable);
  each("form[data-warn]", warnBeforeLeaving);
  each("form[data-prepopulated]", prepopulate);
  each("section.inline", addRows);
  part.querySelector(".error-summary")?.focus();
}

// "/" goes to the search.
document.addEventListener("keydown", event => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, select, textarea, [contenteditable]")) return;
  const field = document.querySelector("#everything");
  if (field) event.preventDefault();
  field?.focus();
});
document.addEventListener("change", choose);
document.addEventListener("htmx:load", event => start(event.detail.elt));
start(document);
