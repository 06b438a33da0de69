// Renews what is in flight once a second while the page is looked at; what is open stays open.
"use strict";
const box = document.getElementById("flights");
const pause = document.getElementById("pause");
let paused = false;

async function renew() {
  if (!paused && !document.hidden && !box.contains(document.activeElement)) {
    try {
      const answer = await fetch(box.dataset.source, { credentials: "same-origin" });
      if (answer.ok) {
        const open = new Set(Array.from(box.querySelectorAll("details[open]"), (one) => one.dataset.key));
        box.innerHTML = await answer.text();
        for (const one of box.querySelectorAll("details")) one.open = open.has(one.dataset.key);
      }
    } catch {
      // the server is away: the next turn tries again
    }
  }
  setTimeout(renew, 1000);
}

if (box) {
  pause.hidden = false;
  pause.addEventListener("click", () => {
    paused = !paused;
    pause.setAttribute("aria-pressed", String(paused));
  });
  setTimeout(renew, 1000);
}
