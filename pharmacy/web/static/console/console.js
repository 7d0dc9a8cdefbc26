// Keys, scans, focus, news and toasts. Everything else is HTML that the server sends.
"use strict";
(() => {
  const BURST = 45;      // milliseconds: faster than this types no person, but every scanner
  const LEAST = 4;       // letters of the shortest code
  const MEANT = 60;      // a key waits so long before it acts, in case it begins a scan
  const STAYS = 6000;    // a toast at least; one that offers to undo stays twice as long
  const READ = 90;       // and every one as long as its letters take to read
  const $ = (selector, within = document) => within.querySelector(selector);
  const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];
  const shown = (element) => element.checkVisibility ? element.checkVisibility() : !!element.offsetParent;
  const layer = () => $$("dialog[open]").pop() || document;

  // ---- scans: letters that come faster than a person types, ended by Enter
  let letters = "", times = [], before = null, waiting = 0, prefix = "";

  function forget() { letters = ""; times = []; before = null; }
  function isBurst() {
    const span = times[times.length - 1] - times[0];
    return letters.length >= LEAST && span / (times.length - 1) < BURST;
  }
  function note(event) {
    const now = event.timeStamp; // when it was pressed, however busy the page is
    if (times.length && now - times[times.length - 1] > BURST * 2) forget();
    if (!times.length) {
      const field = event.target;
      before = isField(field) ? { field, value: field.value } : null;
    }
    letters += event.key;
    times.push(now);
  }
  function scanned(code) {
    const clean = code.replace(/[\x00-\x1f]/g, "").replace(/^\]\w\d/, "").trim();
    document.dispatchEvent(new CustomEvent("console:scan", { detail: clean }));
    const act = /^ACT-([A-Z0-9-]+)$/.exec(clean);
    if (act) return perform(act[1]);
    const here = $$("[data-scan-here]", layer()).find(shown) || (layer() === document ? null : $("[data-scan-here]", layer()));
    const field = here || $("#scan");
    if (!field) return;
    field.value = clean;
    field.form.requestSubmit();
    if (field.id === "scan") field.value = "";
  }
  function perform(name) {
    if (name === "HELP") return help();
    if (name === "LOCK") return window.consoleLock();
    const found = $$(`[data-scan="${CSS.escape(name)}"]`, layer()).find(shown);
    if (found) found.click(); else toast(`Nothing on this page answers to ACT-${name}.`);
  }

  // ---- keys
  const isField = (element) => element.matches && element.matches("input:not([type=checkbox]):not([type=radio]):not([type=button]), textarea, select, [contenteditable]");
  function press(key) {
    if (prefix === "g") { prefix = ""; const area = $(`[data-goto="${CSS.escape(key)}"]`); if (area) area.click(); return; }
    if (key === "g" && layer() === document) { prefix = "g"; setTimeout(() => { prefix = ""; }, 1500); return; }
    if (key === "?") return help();
    if (key === "L") return window.consoleLock && window.consoleLock();
    if (reply(key)) return;
    const focus = $(`[data-key-focus="${CSS.escape(key)}"]`);
    if (focus && layer() === document) { focus.focus(); if (focus.select) focus.select(); return; }
    const found = $$(`[data-key="${CSS.escape(key)}"]`, layer()).find(shown);
    if (!found) return key === "r" && layer() === document ? fresh() : move(key);
    if (found.dataset.whyNot) return toast(found.dataset.whyNot);
    found.click();
  }
  function reply(key) { // to the question that somebody stands on; then on to its details, or to the next
    const question = document.activeElement.closest("fieldset");
    const choice = question && $(`[data-key-here="${CSS.escape(key)}"]`, question);
    if (!choice) return false;
    choice.click();
    const all = $$("fieldset:has([data-key-here])").filter(shown), next = all[all.indexOf(question) + 1];
    const to = "more" in choice.dataset ? $$("input", question).filter(shown).find((each) => each.type !== "radio") : next ? $("[data-key-here]", next) : choice;
    to.focus(); (to === choice ? choice : to.closest("fieldset")).scrollIntoView({ block: "center" });
    return true;
  }
  function move(key) { // rows: j and k, Enter opens
    const rows = $$("[data-row]").filter(shown);
    if (!rows.length || layer() !== document) return;
    const at = rows.findIndex((row) => row.classList.contains("at"));
    if (key === "Enter") { if (at >= 0) $("a", rows[at]).click(); return; }
    const to = key === "j" || key === "ArrowDown" ? Math.min(at + 1, rows.length - 1) : key === "k" || key === "ArrowUp" ? Math.max(at - 1, 0) : -1;
    if (to < 0) return;
    if (at >= 0) rows[at].classList.remove("at");
    rows[to].classList.add("at");
    $("a", rows[to]).focus({ preventScroll: true });
    rows[to].scrollIntoView({ block: "nearest" });
  }
  function help() {
    const box = $("#keys"), list = $("dl", box);
    if (!box || box.open) return;
    const add = (keys, words) => {
      const term = document.createElement("dt"), text = document.createElement("dd");
      for (const key of keys) { const mark = document.createElement("kbd"); mark.textContent = key; term.append(mark, " "); }
      const pair = document.createElement("div"); // so that a column never parts a key from its words
      text.textContent = words; pair.append(term, text); list.append(pair);
    };
    list.replaceChildren();
    for (const each of $$("[data-key]").filter(shown)) add([each.dataset.key], words(each) + (each.dataset.scan ? `  (ACT-${each.dataset.scan})` : ""));
    if ($("[data-key-here]")) add($$("[data-key-here]", $("fieldset:has([data-key-here])")).map((each) => each.dataset.keyHere), "Reply no, yes or does not know, and on to the next question");
    if ($("[data-row]")) add(["j", "k"], "Next and previous row; Enter opens it");
    for (const each of $$("[data-key-focus]")) add([each.dataset.keyFocus], each.dataset.says || "Search");
    for (const each of $$("[data-goto]")) add(["g", each.dataset.goto], words(each));
    if (!$("[data-key=r]")) add(["r"], "Show the page afresh");
    add(["L"], "Lock"); add(["?"], "This list"); add(["Esc"], "Close");
    box.showModal();
  }
  function words(element) {
    const copy = element.cloneNode(true);
    for (const mark of $$("kbd", copy)) mark.remove();
    return copy.textContent.trim();
  }
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.target.type === "password") return forget(); // a secret is never taken for a scan
    const inField = isField(event.target);
    if (event.key === "Enter" || event.key === "Tab") {
      clearTimeout(waiting);
      if (isBurst()) {
        event.preventDefault(); event.stopPropagation();
        const code = letters;
        if (before && !before.field.matches("[data-scan-here], #scan")) before.field.value = before.value;
        forget(); scanned(code); return;
      }
      forget();
      if (event.key === "Enter" && !inField && event.target === document.body) move("Enter");
      return;
    }
    if (event.key === "Escape") {
      forget();
      if (inField && layer() === document) event.target.blur();
      const menu = $("details.person[open]"); if (menu) menu.open = false;
      return;
    }
    if (event.target.type === "radio" && event.key.startsWith("Arrow")) return; // its own group moves
    if (event.key === "ArrowDown" || event.key === "ArrowUp") { if (!inField) { event.preventDefault(); move(event.key); } return; }
    if (event.key.length !== 1) return;
    note(event);
    clearTimeout(waiting);
    if (inField || event.repeat) return;
    const key = event.key;
    if (key === "/") event.preventDefault();
    if (times.length > 1) return;
    waiting = setTimeout(() => { forget(); press(key); }, MEANT);
  }, true);

  document.addEventListener("click", (event) => {
    const on = (selector) => event.target.closest(selector);
    let found;
    if ((found = on("[data-opens]"))) { event.preventDefault(); const box = document.getElementById(found.dataset.opens); box.showModal(); const first = $("input:not([type=hidden]), select, textarea", box); if (first) first.focus(); }
    else if ((found = on("[data-close]"))) found.closest("dialog").close();
    else if (on("[data-help]")) help();
    else if (on("[data-fresh]")) fresh();
    else if (on("[data-dismiss]")) on("[data-dismiss]").closest(".trouble").remove();
    else if ((found = on("[data-why-not]"))) toast(found.dataset.whyNot);
  });
  function fresh() { $("#alerts").replaceChildren(); const at = $("[data-row].at"); place = at ? at.id : ""; const again = $("#page form[data-again]"); if (again && $("[data-row]")) return again.requestSubmit(); if (window.htmx) htmx.ajax("GET", location.pathname + location.search, { target: "#page", select: "#page", swap: "outerHTML" }); else location.reload(); }

  let place = ""; // the row that somebody stood on when the page was shown afresh

  // ---- what the server says beside the page
  function toast(text, undo) {
    const box = document.createElement("div"), said = document.createElement("span");
    box.className = "toast"; said.textContent = text; box.append(said);
    if (undo) {
      const button = document.createElement("button");
      button.type = "button"; button.textContent = "Undo"; button.dataset.key = "u";
      const mark = document.createElement("kbd"); mark.textContent = "u"; button.append(mark);
      button.addEventListener("click", () => { box.remove(); htmx.ajax("POST", undo, { swap: "none" }); });
      box.append(button);
    }
    for (const old of $$(".toast")) if (!$("button", old)) old.remove(); // the newest is what counts
    $("#toasts").append(box);
    setTimeout(() => box.remove(), undo ? STAYS * 2 : Math.max(STAYS, text.length * READ));
  }
  document.addEventListener("console:toast", (event) => toast(event.detail.text, event.detail.undo));
  document.addEventListener("console:fields", (event) => {
    const form = event.target.closest && event.target.closest("form") || document;
    for (const [name, text] of Object.entries(event.detail)) {
      if (name === "elt") continue;
      const field = $(`[name="${CSS.escape(name)}"]`, form);
      if (!field) continue;
      const said = document.getElementById((field.getAttribute("aria-describedby") || "").split(" ")[0]);
      field.setAttribute("aria-invalid", "true");
      if (said) { const error = document.createElement("span"); error.className = "error"; error.textContent = text; said.replaceChildren(error); }
    }
    const first = $("[aria-invalid=true]", form); if (first) first.focus();
  });
  document.addEventListener("input", (event) => event.target.removeAttribute && event.target.removeAttribute("aria-invalid"));
  document.addEventListener("htmx:beforeRequest", (event) => !event.target.closest("[data-quiet]") && $("#alerts") && $("#alerts").replaceChildren());
  document.addEventListener("htmx:sendError", () => toast("The server does not answer. Nothing was sent; your work is still here."));
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.target.id === "alerts" && layer() !== document) { // an alert under a dialog is not seen
      const box = layer();
      if (box.id === "prove") return event.target.replaceChildren(); // it says so beside the field
      $(".trouble", box) && $(".trouble", box).remove(); box.prepend(...event.target.childNodes); box.scrollTop = 0;
    }
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.id !== "page") return;
    for (const box of $$("dialog[open]")) if (box.id !== "keys") box.close();
    const first = $("#page [autofocus]") || $("#main"); if (first) first.focus({ preventScroll: true });
    const row = place && document.getElementById(place); place = "";
    if (row) { row.classList.add("at"); $("a", row).focus({ preventScroll: true }); row.scrollIntoView({ block: "nearest" }); }
  });

  // ---- timers: seconds that were left when the page came, counted down here; the server decides
  const since = new WeakMap();
  setInterval(() => {
    for (const box of $$("[data-left]")) {
      if (!since.has(box)) since.set(box, Date.now());
      const left = Math.ceil(Number(box.dataset.left) - (Date.now() - since.get(box)) / 1000);
      const text = left > 0 ? `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}` : "Time is over";
      if (box.textContent !== text) box.textContent = text;
      box.classList.toggle("over", left <= 0);
    }
  }, 250);

  // ---- a decision that is signed: ask who it is, then send the same decision again
  let owed = null;
  document.addEventListener("console:prove", (event) => { owed = event.target; const box = $("#prove"); $("form", box).reset(); $("[data-error]", box).textContent = ""; box.showModal(); $("#prove-secret").focus(); });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (!event.target.matches || !event.target.matches("[data-prove]")) return;
    if (event.detail.xhr.status === 204) {
      $("#prove").close();
      const again = owed; owed = null;
      if (again) again.tagName === "FORM" ? again.requestSubmit() : again.click();
    } else { if (!$("#prove-secret-note").textContent) $("[data-error]", event.target).textContent = "The server does not answer: try again."; $("#prove-secret").select(); }
  });

  // ---- a step says which version of the order it was decided on
  document.addEventListener("htmx:configRequest", (event) => {
    const seen = $("#news[data-version]");
    if (seen && event.detail.verb !== "get" && event.detail.path.startsWith("/orders/")) event.detail.headers["If-Match"] = `"${seen.dataset.version}"`;
  });

  // ---- what the system owed is done: show it, unless somebody is in the middle of something
  document.addEventListener("htmx:load", (event) => {
    const news = event.detail.elt;
    if (news.id === "news" && $("[data-fresh]", news) && $("[data-waits]") && layer() === document && !isField(document.activeElement)) fresh();
  });

  // ---- a row that is shown anew stays the one that somebody stands on
  let stood = null;
  document.addEventListener("htmx:beforeSwap", (event) => {
    const row = event.target.matches("[data-row]") && event.target;
    stood = row ? { id: row.id, at: row.classList.contains("at"), on: row.contains(document.activeElement) } : null;
  });
  document.addEventListener("htmx:load", (event) => {
    const row = event.detail.elt;
    if (!stood || row.id !== stood.id) return;
    row.classList.toggle("at", stood.at);
    if (stood.on) $("a", row).focus({ preventScroll: true });
    stood = null;
  });

  // ---- what came and went: the page says which rows it shows, and moves none of them by itself
  document.addEventListener("htmx:configRequest", (event) => {
    if (event.target.id !== "arrivals") return;
    event.detail.parameters.set("shown", $$("[data-row]").map((row) => `${row.id}:${row.dataset.version}`).join(","));
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.target.id === "arrivals" && event.target.textContent.trim() === told(event.detail.serverResponse)) event.detail.shouldSwap = false;
  });
  function told(html) { return new DOMParser().parseFromString(html, "text/html").body.textContent.trim(); }
  document.addEventListener("console:changed", (event) => { for (const id of event.detail.rows) { const row = document.getElementById(id); if (row) htmx.trigger(row, `sse:${id}`); } });
  function missed() { const arrivals = $("#arrivals"); arrivals ? htmx.trigger(arrivals, "console:recount") : fresh(); }

  // ---- news: rows ask for themselves; here only whether news comes at all, and all of it
  let lost = false;
  document.addEventListener("htmx:sseError", () => { lost = true; const link = $("#link"); if (link) link.hidden = false; });
  document.addEventListener("htmx:sseOpen", (event) => { event.detail.source.addEventListener("gap", missed); const link = $("#link"); if (link) link.hidden = true; if (lost) { lost = false; missed(); } });
})();
