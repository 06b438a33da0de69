// Renews what is in flight once a second, the rest of the first page every other one, while the page is looked at; what
// is open stays open.
// In a flame graph the arrow keys go from box to box.
"use strict";
const boxes = document.querySelectorAll("[data-source]");
const pause = document.getElementById("pause");
let paused = false;
let turns = 0;

async function renew(box) {
  if (box.contains(document.activeElement)) return;
  const answer = await fetch(box.dataset.source, { credentials: "same-origin" });
  if (!answer.ok) return;
  const text = await answer.text();
  if (box.contains(document.activeElement)) return;
  const open = new Set(Array.from(box.querySelectorAll("details[open]"), (one) => one.dataset.key));
  box.innerHTML = text;
  for (const one of box.querySelectorAll("details")) one.open = open.has(one.dataset.key);
}

async function turn() {
  if (!paused && !document.hidden) {
    // a server that is away is asked again in the next turn
    turns += 1;
    await Promise.allSettled(Array.from(boxes).filter((box) => turns % Number(box.dataset.every || 1) === 0).map(renew));
  }
  setTimeout(turn, 1000);
}

if (boxes.length) {
  pause.hidden = false;
  pause.addEventListener("click", () => {
    paused = !paused;
    pause.setAttribute("aria-pressed", String(paused));
  });
  setTimeout(turn, 1000);
}

const flame = document.getElementById("flame");
const calls = flame ? Array.from(flame.querySelectorAll("a")) : [];

// The box that an arrow key leads to: below or above the one that has the focus, or beside it in its row.
function next(from, key) {
  const row = Number(from.dataset.row);
  const left = Number(from.dataset.left);
  const end = left + Number(from.dataset.width);
  const inRow = (wanted) => calls.filter((one) => Number(one.dataset.row) === wanted);
  if (key === "ArrowDown") return inRow(row + 1).find((one) => Number(one.dataset.left) >= left - 0.01 && Number(one.dataset.left) < end);
  if (key === "ArrowUp") return inRow(row - 1).findLast((one) => Number(one.dataset.left) <= left + 0.01);
  const beside = inRow(row);
  const step = { ArrowRight: 1, ArrowLeft: -1 }[key];
  return step && beside[beside.indexOf(from) + step];
}

if (flame) {
  flame.addEventListener("keydown", (event) => {
    const from = event.target.closest("a");
    const zoomed = flame.querySelector("a[data-up]");
    if (event.key === "Escape" && zoomed) {
      location.assign(zoomed.dataset.up);
      return;
    }
    const to = from && next(from, event.key);
    if (to) {
      event.preventDefault();
      for (const one of calls) one.tabIndex = -1;
      to.tabIndex = 0;
      to.focus();
    }
  });
  if (location.hash === "#graph") flame.querySelector('a[tabindex="0"]').focus({ preventScroll: true });
}
