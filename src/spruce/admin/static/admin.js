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
    const row = section.querySelector("template").content.querySelector("tr").cloneNode(true);
    const number = total.value;
    for (const element of row.querySelectorAll("[name], [id]")) {
      for (const attribute of ["name", "id", "aria-controls"]) {
        const value = element.getAttribute(attribute);
        if (value) element.setAttribute(attribute, value.replace("__prefix__", number));
      }
    }
    section.querySelector("tbody").append(row);
    start(row);
    total.value = Number(number) + 1;
    row.querySelector("input, select, textarea")?.focus();
  });
}

// A field to type in with a list of what fits: arrows choose, Enter takes, Escape closes.
function complete(box) {
  const [key, text] = [box.querySelector("input[type=hidden]"), box.querySelector("[role=combobox]")];
  const list = box.querySelector("[role=listbox]");
  let chosen = { id: key.value, text: text.value };
  let timer = 0;
  let asked = 0;

  function close() {
    list.hidden = true;
    text.setAttribute("aria-expanded", "false");
    text.removeAttribute("aria-activedescendant");
  }
  function take(option) {
    chosen = { id: option.dataset.key, text: option.textContent };
    key.value = chosen.id;
    text.value = chosen.text;
    close();
  }
  function point(option) {
    for (const each of list.children) each.setAttribute("aria-selected", String(each === option));
    text.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  }
  function show(found) {
    list.replaceChildren(...found.map((each, index) => {
      const option = document.createElement("li");
      option.id = `${list.id}_${index}`;
      option.setAttribute("role", "option");
      option.setAttribute("aria-selected", "false");
      option.dataset.key = each.id;
      option.textContent = each.text;
      return option;
    }));
    list.hidden = found.length === 0;
    text.setAttribute("aria-expanded", String(found.length > 0));
    text.removeAttribute("aria-activedescendant");
  }
  async function ask() {
    const number = ++asked;
    const answer = await fetch(`${box.dataset.url}?q=${encodeURIComponent(text.value)}`, { credentials: "same-origin" });
    if (number === asked && answer.ok) show((await answer.json()).results);
  }
  text.addEventListener("input", () => {
    key.value = "";
    clearTimeout(timer);
    timer = setTimeout(ask, 150);
  });
  text.addEventListener("keydown", event => {
    const options = [...list.children];
    const at = options.findIndex(each => each.getAttribute("aria-selected") === "true");
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (list.hidden) ask();
      else point(options[(at + (event.key === "ArrowDown" ? 1 : options.length - 1)) % options.length] ?? options.at(-1));
    } else if (event.key === "Enter" && !list.hidden && at >= 0) {
      event.preventDefault();
      take(options[at]);
    } else if (event.key === "Escape") {
      close();
    }
  });
  list.addEventListener("mousedown", event => {
    event.preventDefault();
    if (event.target.dataset.key) take(event.target);
  });
  text.addEventListener("blur", () => {
    asked++;
    clearTimeout(timer);
    close();
    if (text.value && !key.value) {
      text.value = chosen.text;
      key.value = chosen.id;
    } else if (!text.value) {
      chosen = { id: "", text: "" };
    }
  });
}

// Everything that is in a part of a page, which is the page itself or what htmx has put there.
function start(part) {
  const each = (selector, what) => {
    for (const found of part.querySelectorAll(selector)) {
      if (found.closest("template") || found.dataset.ready) continue;
      found.dataset.ready = "yes";
      what(found);
    }
  };
  each(".autocomplete", complete);
  each("form[data-warn]", warnBeforeLeaving);
  each("form[data-prepopulated]", prepopulate);
  each("section.inline", addRows);
  part.querySelector(".error-summary")?.focus();
}

document.addEventListener("change", choose);
document.addEventListener("htmx:load", event => start(event.detail.elt));
start(document);
