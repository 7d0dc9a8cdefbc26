// The lock: the page's content leaves the document, and comes back as it was when it is unlocked.
"use strict";
(() => {
  const body = document.body;
  const csrf = body.dataset.csrf || JSON.parse(body.getAttribute("hx-headers") || "{}")["X-CSRF-Token"] || "";
  const idle = Number(body.dataset.lockMinutes || 0) * 60000;
  const SEEN_EVERY = 60000;
  let kept = null, last = Date.now(), told = Date.now(), title = "";

  const send = (path, fields = {}) => fetch(path, {
    method: "POST", body: new URLSearchParams(fields), credentials: "same-origin",
    headers: { "X-CSRF-Token": csrf, "HX-Request": "true", "Content-Type": "application/x-www-form-urlencoded" },
  });

  function cover() {
    if (kept) return;
    kept = document.createDocumentFragment();
    const screen = document.getElementById("lock-screen").content.cloneNode(true);
    const open = [...document.querySelectorAll("dialog[open]")];
    for (const box of open) { box.close(); box.dataset.wasOpen = ""; }
    const at = document.activeElement;
    kept.focus = at && at.id;
    title = document.title; document.title = "Locked";
    while (body.firstChild) kept.append(body.firstChild);
    body.append(screen);
    wire();
  }
  function uncover() {
    last = told = Date.now();
    if (!kept) return location.reload();
    const back = kept; kept = null;
    body.replaceChildren(back);
    document.title = title;
    for (const box of document.querySelectorAll("[data-was-open]")) { delete box.dataset.wasOpen; box.showModal(); }
    const at = back.focus && document.getElementById(back.focus); if (at) at.focus();
  }
  function wire() {
    const form = document.querySelector("[data-unlock]"), secret = form.elements.secret;
    secret.focus();
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const said = form.querySelector("[data-error]");
      try {
        const answer = await send("/session/unlock", { secret: secret.value });
        if (answer.status === 204) return uncover();
        if ((answer.headers.get("HX-Trigger") || "").includes("console:ended") || answer.status === 403) return location.assign("/sign-in");
        said.textContent = answer.status === 503 ? "Not just now: try again." : "That is not your PIN or password.";
      } catch { said.textContent = "The server does not answer. Your work is kept."; }
      secret.select();
    });
    document.querySelector("[data-leave]").addEventListener("submit", async (event) => {
      event.preventDefault(); await send("/session/sign-out"); location.assign("/sign-in");
    });
  }
  window.consoleLock = () => { send("/session/lock").catch(() => {}); cover(); };
  if (body.hasAttribute("data-locked")) return wire();

  document.addEventListener("console:locked", cover);
  document.addEventListener("console:ended", () => location.assign("/sign-in?onward=" + encodeURIComponent(location.pathname)));
  document.addEventListener("click", (event) => { if (event.target.closest("[data-lock]")) window.consoleLock(); });
  for (const kind of ["pointerdown", "keydown", "wheel", "touchstart"]) document.addEventListener(kind, () => {
    last = Date.now();
    if (!kept && last - told > SEEN_EVERY) { told = last; send("/session/seen").then((answer) => { if (answer.status === 423) cover(); }).catch(() => {}); }
  }, { passive: true, capture: true });
  if (idle) setInterval(() => { if (!kept && Date.now() - last > idle) window.consoleLock(); }, 5000);
})();
