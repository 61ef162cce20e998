// Shows how far a job is, without loading the page again. Without this script the browser loads it every five seconds.
"use strict";
(() => {
  const first = document.getElementById("state");
  if (!first || !first.dataset.runs) return;
  async function look() {
    try {
      const answer = await fetch(location.href, { credentials: "same-origin" });
      if (answer.redirected) return location.replace(answer.url);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const now = page.getElementById("state");
      if (!answer.ok || !now || !now.dataset.runs) return location.reload();
      document.getElementById("progress").replaceWith(document.adoptNode(page.getElementById("progress")));
      const said = document.getElementById("said");
      if (said.textContent !== page.getElementById("said").textContent) said.textContent = page.getElementById("said").textContent;
    } catch {
      // Not reached just now: asked again.
    }
    setTimeout(look, 1000);
  }
  setTimeout(look, 1000);
})();
