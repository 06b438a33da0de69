// Fields of the admin's pages that do more than HTML does: they are complete without this too, in a plainer way.
"use strict";

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
    const answer = await fetch(`${box.dataset.url}${encodeURIComponent(text.value)}`, { credentials: "same-origin" });
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
  box.addEventListener("given", event => {
    chosen = { id: String(event.detail.key), text: event.detail.text };
    key.value = chosen.id;
    text.value = chosen.text;
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

// Two lists out of one: what can be chosen, with a field to look in it, and what is. The one list stays, unseen.
function pick(select) {
  const texts = select.dataset;
  const box = document.createElement("div");
  box.className = `picker ${texts.picker}`;
  const part = (title, content) => {
    const made = document.createElement("div");
    const label = document.createElement("span");
    label.className = "picker-title";
    label.textContent = title;
    made.append(label, ...content);
    return made;
  };
  const list = name => {
    const made = document.createElement("select");
    made.multiple = true;
    made.size = 8;
    made.setAttribute("aria-label", `${name}: ${select.labels[0]?.textContent.replace(/:\s*$/, "") ?? ""}`);
    return made;
  };
  const button = name => {
    const made = document.createElement("button");
    made.type = "button";
    made.className = "small";
    made.textContent = name;
    return made;
  };
  const [from, to] = [list(texts.available), list(texts.chosen)];
  const [add, remove] = [button(texts.add), button(texts.remove)];
  const look = document.createElement("input");
  look.type = "search";
  look.placeholder = texts.look;
  look.setAttribute("aria-label", texts.look);

  function show() {
    const wanted = look.value.toLowerCase();
    const made = option => new Option(option.text, option.value);
    const options = [...select.options];
    from.replaceChildren(...options.filter(each => !each.selected && each.text.toLowerCase().includes(wanted)).map(made));
    to.replaceChildren(...options.filter(each => each.selected).map(made));
  }
  function move(list, selected) {
    const keys = new Set([...list.selectedOptions].map(each => each.value));
    if (!keys.size) return;
    for (const option of select.options) if (keys.has(option.value)) option.selected = selected;
    show();
    select.dispatchEvent(new Event("input", { bubbles: true }));
  }
  for (const [side, other, mover, selected] of [[from, to, add, true], [to, from, remove, false]]) {
    mover.addEventListener("click", () => move(side, selected));
    side.addEventListener("dblclick", () => move(side, selected));
    side.addEventListener("keydown", event => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      move(side, selected);
    });
  }
  look.addEventListener("input", event => { event.stopPropagation(); show(); });
  look.addEventListener("keydown", event => { if (event.key === "Enter") event.preventDefault(); });
  select.addEventListener("given", show);
  box.append(part(texts.available, [look, from, add]), part(texts.chosen, [to, remove]));
  select.after(box);
  select.hidden = true;
  if (select.labels[0]) select.labels[0].addEventListener("click", () => from.focus());
  show();
}

// Windows that this page has opened, and what is done with what they tell.
const popups = new Map();

function openPopup(href, take) {
  const opened = window.open(href, "_blank", "popup,width=900,height=700");
  if (opened) popups.set(opened, take);
  return Boolean(opened);
}

window.addEventListener("message", event => {
  const take = popups.get(event.source);
  if (event.origin !== location.origin || !take || typeof event.data?.key !== "string") return;
  popups.delete(event.source);
  take(event.data);
});

function tell(data) {
  if (!window.opener) return false;
  window.opener.postMessage(data, location.origin);
  window.close();
  return true;
}

function tellOpener(element) {
  tell(JSON.parse(element.dataset.popup));
}

// A list in a window of its own: the links to its objects choose one.
function choosable(list) {
  list.addEventListener("click", event => {
    const link = event.target.closest("tbody a[data-key]");
    if (link && tell({ action: "choose", key: link.dataset.key, text: link.textContent })) event.preventDefault();
  });
}

// Put an object into the field in `box`, or its new name.
function give(box, data) {
  const inner = box.querySelector(".autocomplete");
  const select = box.querySelector("select[name]");
  const keyed = box.querySelector(".keyed");
  if (inner) {
    inner.dispatchEvent(new CustomEvent("given", { detail: data }));
  } else if (select) {
    const known = [...select.options].find(each => each.value === data.key);
    if (known) known.text = data.text;
    else select.add(new Option(data.text, data.key));
    [...select.options].find(each => each.value === data.key).selected = true;
    select.dispatchEvent(new CustomEvent("given"));
  } else if (keyed) {
    const input = keyed.querySelector("input");
    const several = keyed.dataset.several === "yes" && input.value;
    input.value = several ? `${input.value},${data.key}` : data.key;
    const names = keyed.querySelector(".names");
    names.textContent = several ? `${names.textContent}, ${data.text}` : data.text;
  }
  box.dispatchEvent(new Event("input", { bubbles: true }));
}

function lookUp(link) {
  link.addEventListener("click", event => {
    const box = link.closest(".keyed").parentElement;
    if (openPopup(link.href, data => give(box, data))) event.preventDefault();
  });
}

// Ways to add an object for a field, and to open the one that is chosen.
function relate(box) {
  const [add, change] = [box.querySelector(".add-related"), box.querySelector(".change-related")];
  const field = box.querySelector("input[type=hidden][name], select[name], .keyed input");
  add?.addEventListener("click", event => {
    if (openPopup(add.href, data => give(box, data))) event.preventDefault();
  });
  if (!change || !field || field.multiple) return;
  const follow = () => {
    change.hidden = !field.value;
    change.href = change.dataset.href.replace("__key__", encodeURIComponent(field.value));
  };
  change.addEventListener("click", event => {
    if (openPopup(change.href, data => { if (data.action !== "delete") give(box, data); })) event.preventDefault();
  });
  for (const kind of ["input", "change", "focusout"]) box.addEventListener(kind, follow);
  follow();
}
