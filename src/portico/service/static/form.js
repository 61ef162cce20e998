// Asks again which answers matter most whenever an answer of the case form changes, and brings questions forward
// that concern the case now. Without this script the second button at the foot of the form does the same.
"use strict";
(() => {
  const form = document.querySelector("form[data-hints]");
  if (!form) return;
  let newest = 0;
  async function ask() {
    const mine = ++newest;
    const body = new URLSearchParams(new FormData(form));
    body.set("do", "hints");
    try {
      const answer = await fetch(form.action, { method: "POST", body, credentials: "same-origin" });
      if (mine !== newest || !(answer.ok || answer.status === 422)) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (mine === newest) show(page);
    } catch {
      // Offline or ended: the form still works as it stands.
    }
  }
  function show(page) {
    const hints = page.getElementById("hints");
    if (hints) document.getElementById("hints").replaceWith(document.adoptNode(hints));
    for (const wanted of page.querySelectorAll(".field[id]")) {
      const here = document.getElementById(wanted.id);
      if (!here) continue;
      here.classList.toggle("matters", wanted.classList.contains("matters"));
      const folded = here.closest("details.later");
      if (folded && !wanted.closest("details.later")) {
        folded.before(here);
        folded.hidden = !folded.querySelector(".field");
      }
    }
  }
  let waiting;
  form.addEventListener("change", () => {
    clearTimeout(waiting);
    waiting = setTimeout(ask, 150);
  });
  // A link of the hints opens the part in which its question is folded.
  document.addEventListener("click", (event) => {
    const link = event.target.closest('a[href^="#f-"]');
    const field = link && document.getElementById(link.hash.slice(1));
    const folded = field && field.closest("details.later");
    if (folded) folded.open = true;
    if (field) setTimeout(() => field.focus(), 0);
  });
})();
