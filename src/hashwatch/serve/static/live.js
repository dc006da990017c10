// Keeps a page up to date: hears "changed", fetches the same page again, and swaps what is marked
// with data-live. New posts wait behind a button. Everything can be paused.
(() => {
  "use strict";
  const body = document.body, root = document.documentElement;
  const { _, plural, age: inWords } = window.hashwatch.words;
  const address = body.dataset.liveAddress;
  if (!address) return;
  const POLL = 5000, KEPT = 1100, PATIENCE = 30000, LONGEST_WAIT = 60000, SELDOM = 30000, TOP = 24;
  // Seconds between two looks at most; longer for those who pay for what they load.
  const CALM = navigator.connection && navigator.connection.saveData ? 5000 : 900, SPREAD = 300;
  const announce = document.querySelector("[data-announce]");
  const pauseButton = document.querySelector("[data-pause]");
  const newButton = document.querySelector("[data-new-posts]");
  const offline = document.querySelector("[data-offline]");
  const isOver = body.dataset.clock === "over";
  let paused = sessionStorage.getItem("hashwatch-paused") === "1";
  let stream = null, failures = 0, reconnect = 0, poll = 0, planned = 0, lastFetch = 0, lastChange = 0, lastAnswer = Date.now();
  let seenTag = null, held = null, fetching = false;

  // Swapping ----------------------------------------------------------------------------------
  function openDetails(node) {
    return [...node.querySelectorAll("details")].map((one) => one.open);
  }
  function busy(node) {
    const selection = document.getSelection();
    if (selection && !selection.isCollapsed && node.contains(selection.anchorNode)) return true;
    // Somebody reads further down: nothing moves under their eyes until they are back at the top.
    return "waits" in node.dataset && node.scrollTop > TOP;
  }
  /** Where the focus is inside `node`, so that it can be found again after the swap. */
  function focusMark(node) {
    const focused = document.activeElement;
    if (!focused || !node.contains(focused) || focused === node) return null;
    const all = [...node.querySelectorAll("a, button, summary, input, select, [tabindex]")];
    return { href: focused.getAttribute("href"), index: all.indexOf(focused) };
  }
  function refocus(node, mark) {
    const all = [...node.querySelectorAll("a, button, summary, input, select, [tabindex]")];
    const found = all.find((one) => mark.href && one.getAttribute("href") === mark.href) || all[mark.index];
    if (found) found.focus({ preventScroll: true });
  }
  function swap(old, fresh) {
    if (old.isEqualNode(fresh) || busy(old)) return;
    const mark = focusMark(old), opened = openDetails(old), scrolled = [old.scrollLeft, old.scrollTop];
    const inner = [...old.querySelectorAll(".scroll")].map((one) => [one.scrollLeft, one.scrollTop]);
    for (const name of ["class", "title", "data-age", "aria-label"]) {
      if (fresh.hasAttribute(name)) old.setAttribute(name, fresh.getAttribute(name)); else old.removeAttribute(name);
    }
    old.replaceChildren(...[...fresh.childNodes].map((one) => document.importNode(one, true)));
    old.querySelectorAll("details").forEach((one, i) => { if (opened[i]) one.open = true; });
    old.querySelectorAll(".scroll").forEach((one, i) => { if (inner[i]) [one.scrollLeft, one.scrollTop] = inner[i]; });
    [old.scrollLeft, old.scrollTop] = scrolled;
    if (mark) refocus(old, mark);
  }
  const idsIn = (list) => [...list.querySelectorAll("[data-post]")].map((post) => post.dataset.post);

  function apply(fresh, asked) {
    for (const name of ["data-stale"]) {
      if (fresh.documentElement.hasAttribute(name)) root.setAttribute(name, ""); else root.removeAttribute(name);
    }
    for (const name of ["version", "now", "speed", "clock"]) body.dataset[name] = fresh.body.dataset[name] || "";
    if (!asked && hasGrown(fresh)) { location.reload(); return; }
    applyPosts(fresh, asked);
    for (const old of document.querySelectorAll("[data-live]")) {
      const next = fresh.querySelector(`[data-live="${CSS.escape(old.dataset.live)}"]`);
      if (next) swap(old, next);
      if (next && "waits" in old.dataset) offer(old, next);
    }
    const block = document.querySelector("[data-live-data]"), data = fresh.querySelector("[data-live-data]");
    if (block && data && block.textContent !== data.textContent) {
      block.textContent = data.textContent;
      document.dispatchEvent(new CustomEvent("hashwatch:data", { detail: { asked } }));
    }
    document.dispatchEvent(new CustomEvent("hashwatch:fresh"));
  }
  /** Whether the page has parts by now that this one was made without: the first posts bring the
      chart, the first session its table. Then it is loaded anew, unless somebody types, and seldom. */
  function hasGrown(fresh) {
    const parts = [...fresh.querySelectorAll("[data-live]")].filter((one) => !one.closest("[data-live-posts]") && !one.dataset.live.startsWith("post-"));
    if (parts.every((one) => document.querySelector(`[data-live="${CSS.escape(one.dataset.live)}"]`))) return false;
    const typing = document.activeElement && document.activeElement.matches("input, textarea, select");
    const last = Number(sessionStorage.getItem("hashwatch-grown") || 0);
    if (typing || Date.now() - last < SELDOM) return false;
    sessionStorage.setItem("hashwatch-grown", String(Date.now()));
    return true;
  }
  // A list that scrolls by itself: what is new waits above while somebody reads further down.
  const offered = new Map();
  function offer(list, fresh) {
    const button = document.querySelector(`[data-new-in="${CSS.escape(list.dataset.live)}"]`);
    if (!button) return;
    dropTaken(list, fresh);
    const known = new Set(idsIn(list)), count = idsIn(fresh).filter((id) => !known.has(id)).length;
    button.hidden = !count;
    offered.delete(list);
    if (!count) return;
    offered.set(list, fresh);
    button.textContent = plural(count, "%(count)s new post", "%(count)s new posts");
  }
  function bring(list) {
    const fresh = offered.get(list);
    if (!fresh) return;
    list.scrollTop = 0;
    swap(list, fresh);
    offer(list, fresh);
  }
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-new-in]");
    if (button) bring(document.querySelector(`[data-live="${CSS.escape(button.dataset.newIn)}"]`));
  });
  document.addEventListener("scroll", (event) => {
    if (offered.has(event.target) && event.target.scrollTop <= TOP) bring(event.target);
  }, true);
  function applyPosts(fresh, asked) {
    const list = document.querySelector("[data-live-posts]"), next = fresh.querySelector("[data-live-posts]");
    if (!list || !next) return;
    const changedPlace = list.dataset.livePosts !== next.dataset.livePosts;
    // In an empty list nobody reads: nothing has to wait.
    if (asked || changedPlace || !idsIn(list).length) { replaceList(list, next); return; }
    if (dropTaken(list, next)) { replaceList(list, next); return; }
    if (!list.hasAttribute("data-holds-new") || !newButton) return;
    const known = new Set(idsIn(list)), unseen = idsIn(next).filter((id) => !known.has(id));
    if (!unseen.length) { held = null; newButton.hidden = true; return; }
    if (!held || held.count !== unseen.length) {
      const all = unseen.length === idsIn(next).length && known.size > 0;
      const words = all ? plural(unseen.length, "%(count)s or more new post", "%(count)s or more new posts") : plural(unseen.length, "%(count)s new post", "%(count)s new posts");
      newButton.textContent = _("Show %(words)s", { words });
      newButton.hidden = false;
      if (!held) announce.textContent = _("%(words)s waiting", { words });
    }
    held = { page: next, count: unseen.length };
  }
  /** Takes out at once what is there no more (hidden, deleted, erased): only new posts wait. What new
      posts pushed off the end stays. True where nothing is left, so that the page says so. */
  function dropTaken(list, next) {
    const there = new Set(idsIn(next)), known = [...list.querySelectorAll("[data-post]")];
    const grown = [...there].some((id) => !known.some((post) => post.dataset.post === id));
    const last = grown ? known.findLastIndex((post) => there.has(post.dataset.post)) : known.length;
    const taken = known.slice(0, Math.max(last, 0)).filter((post) => !there.has(post.dataset.post));
    if (!taken.length) return false;
    const focused = taken.some((post) => post.contains(document.activeElement));
    taken.forEach((post) => post.remove());
    if (focused) list.querySelector("[data-post] a")?.focus({ preventScroll: true });
    return !list.querySelector("[data-post]") && !there.size;
  }
  function replaceList(list, next) {
    const copy = document.importNode(next, true);
    list.replaceWith(copy);
    held = null;
    if (newButton) newButton.hidden = true;
    document.dispatchEvent(new CustomEvent("hashwatch:fresh"));
    return copy;
  }
  function showNew() {
    if (!held || !newButton) return;
    const count = held.count, list = replaceList(document.querySelector("[data-live-posts]"), held.page);
    announce.textContent = plural(count, "%(count)s new post shown", "%(count)s new posts shown");
    const first = list.querySelector("[data-post] a");
    if (first) first.focus({ preventScroll: true });
  }
  if (newButton) newButton.addEventListener("click", showNew);

  // Fetching ----------------------------------------------------------------------------------
  async function load(href) {
    const answer = await fetch(href, { headers: { Accept: "text/html" }, cache: "no-cache", credentials: "same-origin" });
    if (!answer.ok) throw new Error(String(answer.status));
    return { text: await answer.text(), tag: answer.headers.get("ETag"), address: answer.url };
  }
  async function refresh() {
    planned = 0;
    if (paused || document.hidden || fetching) return;
    fetching = true;
    lastFetch = Date.now();
    try {
      const { text, tag } = await load(location.href);
      answered();
      if (paused || (tag && tag === seenTag)) return;
      seenTag = tag;
      apply(new DOMParser().parseFromString(text, "text/html"), false);
    } catch {
      noAnswer();
    } finally {
      fetching = false;
      // The server may give out an answer up to a second old: look once more after the last change.
      if (lastFetch < lastChange + KEPT) plan();
    }
  }
  /** Soon, but not all viewers at once, and not more often than about once a second. */
  function plan() {
    if (planned || paused) return;
    planned = setTimeout(refresh, Math.max(lastFetch + CALM - Date.now(), 0) + Math.random() * SPREAD);
  }
  /** Go to another state of this page: new figures in place, and the address with them. */
  async function visit(href, remember = true) {
    try {
      const { text, tag } = await load(href);
      const fresh = new DOMParser().parseFromString(text, "text/html");
      if (remember) history.pushState({}, "", href);
      seenTag = tag;
      apply(fresh, true);
      answered();
    } catch {
      location.assign(href);
    }
  }
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-visit]");
    if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    visit(link.href);
  });
  addEventListener("popstate", () => visit(location.href, false));

  // Hearing of changes ------------------------------------------------------------------------------
  function connect() {
    clearTimeout(reconnect);
    if (paused || stream || isOver || !window.EventSource) return;
    let first = true;
    stream = new EventSource(address);
    stream.addEventListener("open", () => { failures = 0; answered(); });
    stream.addEventListener("changed", (event) => {
      answered();
      let version = null;
      try { version = JSON.parse(event.data).version; } catch { /* the bare event is enough */ }
      // The first word on a new stream says where things stand; every later one is a change.
      if (!first || version === null || String(version) !== body.dataset.version) {
        lastChange = Date.now();
        plan();
      }
      first = false;
    });
    stream.addEventListener("message", answered);
    stream.addEventListener("heartbeat", answered);
    stream.addEventListener("error", () => {
      disconnect();
      failures += 1;
      const wait = Math.min(LONGEST_WAIT, 1000 * 2 ** Math.min(failures, 6));
      reconnect = setTimeout(connect, wait / 2 + Math.random() * wait / 2);
    });
  }
  function disconnect() {
    if (stream) stream.close();
    stream = null;
  }
  // Without a stream the page asks by itself; the ETag makes an unchanged answer cheap.
  poll = setInterval(() => { if (!stream && !paused && !isOver && !document.hidden) refresh(); }, POLL);
  addEventListener("pagehide", () => { disconnect(); clearInterval(poll); });
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) plan(); });

  // Age and stale -----------------------------------------------------------------------------------
  let ageFrom = Date.now();
  function answered() {
    lastAnswer = Date.now();
    if (!offline.hidden) offline.hidden = true;
  }
  function noAnswer() {
    if (Date.now() - lastAnswer < PATIENCE) return;
    root.setAttribute("data-stale", "");
    const words = offline.querySelector("[data-offline-words]");
    words.textContent = _("The figures are those of %(age)s; this page keeps asking.", { age: inWords((Date.now() - lastAnswer) / 1000) });
    offline.hidden = false;
  }
  document.addEventListener("hashwatch:fresh", () => { ageFrom = Date.now(); });
  function tick() {
    const age = document.querySelector("[data-age]");
    if (!age || age.dataset.age === "" || isOver) return;
    const seconds = Number(age.dataset.age) + (Date.now() - ageFrom) / 1000;
    const words = age.querySelector(".words");
    const stale = root.hasAttribute("data-stale") || age.classList.contains("is-stale");
    words.textContent = paused ? _("paused, %(age)s", { age: inWords(seconds) }) : (stale ? _("stale, %(age)s", { age: inWords(seconds) }) : inWords(seconds));
  }
  setInterval(tick, 1000);

  // Pause ---------------------------------------------------------------------------------------------
  function setPaused(value, said) {
    paused = value;
    sessionStorage.setItem("hashwatch-paused", paused ? "1" : "0");
    pauseButton.setAttribute("aria-pressed", String(paused));
    pauseButton.querySelector(".label").textContent = paused ? _("Go on") : _("Pause");
    pauseButton.setAttribute("aria-label", paused ? _("Go on with updates") : _("Pause updates"));
    if (paused) { disconnect(); clearTimeout(planned); planned = 0; } else { lastAnswer = Date.now(); connect(); if (said) plan(); }
    if (said) announce.textContent = paused ? _("Updates are paused") : _("Updates go on");
    tick();
  }
  pauseButton.addEventListener("click", () => setPaused(!paused, true));

  window.hashwatch = Object.assign(window.hashwatch || {}, {
    visit, showNew, pause: () => setPaused(!paused, true), refresh,
  });
  setPaused(paused, false);
})();
