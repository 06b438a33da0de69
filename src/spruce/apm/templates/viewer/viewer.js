// Renews what is in flight and the newest requests once a second while the page is looked at; what is open stays open.
"use strict";
const boxes = document.querySelectorAll("[data-source]");
const pause = document.getElementById("pause");
let paused = false;

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
    await Promise.allSettled(Array.from(boxes, renew));
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
