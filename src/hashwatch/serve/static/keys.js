// Colours, time zone, menus, and the single keys listed under "?".
(() => {
  "use strict";
  const root = document.documentElement;
  const dialog = document.getElementById("keys");
  const announce = document.querySelector("[data-announce]");
  const hashwatch = window.hashwatch, { _, moment } = hashwatch.words;
  const store = {
    get(key) { try { return localStorage.getItem(key); } catch { return null; } },
    set(key, value) { try { localStorage.setItem(key, value); } catch { /* closed storage: this page only */ } },
  };

  // Light and dark ----------------------------------------------------------------------------
  function switchTheme() {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    store.set("hashwatch-theme", root.dataset.theme);
    document.dispatchEvent(new CustomEvent("hashwatch:look"));
    announce.textContent = dark ? _("Light colours") : _("Dark colours");
  }
  for (const button of document.querySelectorAll("[data-theme-switch]")) button.addEventListener("click", switchTheme);

  // The event's time zone, the viewer's, or UTC, in turn ----------------------------------------
  const zoneButton = document.querySelector("[data-zone-switch]");
  const eventZone = document.body.dataset.zone;
  const zones = { event: eventZone, own: Intl.DateTimeFormat().resolvedOptions().timeZone, utc: "UTC" };
  const turns = ["event", "own", "utc"].filter((one, i, all) => all.findIndex((other) => zones[other] === zones[one]) === i);
  let shown = store.get("hashwatch-zone");
  if (!turns.includes(shown)) shown = "event";
  const next = () => turns[(turns.indexOf(shown) + 1) % turns.length];
  hashwatch.zone = () => zones[shown];
  function showTimes() {
    if (!zoneButton) return;
    for (const time of document.querySelectorAll("time[datetime]")) {
      if (time.dataset.local === undefined) time.dataset.local = time.textContent;
      const at = new Date(time.dateTime).getTime() / 1000;
      if (Number.isNaN(at)) continue;
      const text = shown === "event" ? time.dataset.local : moment(at, zones[shown]);
      if (time.textContent !== text) time.textContent = text;
    }
    const after = next();
    const words = { event: _("show %(zone)s", { zone: eventZone }), own: _("show my zone, %(zone)s", { zone: zones.own }), utc: _("show UTC") };
    zoneButton.setAttribute("aria-pressed", String(shown !== "event"));
    zoneButton.textContent = _("Times of posts in %(zone)s: %(action)s", { zone: zones[shown], action: words[after] });
    zoneButton.hidden = turns.length < 2;
  }
  function switchZone() {
    shown = next();
    store.set("hashwatch-zone", shown);
    showTimes();
    document.dispatchEvent(new CustomEvent("hashwatch:look"));
    announce.textContent = _("Times in %(zone)s", { zone: hashwatch.zone() });
  }
  if (zoneButton) zoneButton.addEventListener("click", switchZone);
  document.addEventListener("hashwatch:fresh", showTimes);
  showTimes();

  // Menus close when one clicks elsewhere or presses Escape ---------------------------------------
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details[data-menu][open]")) if (!menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll("details[data-menu][open]")) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });

  // On a narrow screen what comes last starts folded.
  if (matchMedia("(max-width: 639px)").matches) for (const fold of document.querySelectorAll("[data-fold]")) fold.open = false;

  // What is wider than the window shows its latest end first, and no column half under the names.
  for (const wide of document.querySelectorAll("[data-from-end]")) {
    wide.scrollLeft = wide.scrollWidth;
    const names = wide.querySelector("tbody th"), edge = names ? names.getBoundingClientRect().right : 0;
    for (const cell of wide.querySelectorAll("tbody tr:first-child td")) {
      const { left, right } = cell.getBoundingClientRect();
      if (wide.scrollLeft && left < edge && right > edge) {
        wide.firstElementChild.style.borderInlineEnd = `${Math.ceil(right - edge)}px solid transparent`;
        wide.scrollLeft = wide.scrollWidth;
        break;
      }
    }
  }

  // A short address: fields that were left empty stay out of it ------------------------------------
  for (const form of document.querySelectorAll("form[method=get]")) {
    form.addEventListener("formdata", (event) => {
      for (const [key, value] of [...event.formData]) if (value === "") event.formData.delete(key);
    });
  }

  // Keys ----------------------------------------------------------------------------------------------
  const keySwitch = document.querySelector("[data-keys-switch]");
  let keysOn = store.get("hashwatch-keys") !== "off";
  keySwitch.checked = keysOn;
  keySwitch.addEventListener("change", () => {
    keysOn = keySwitch.checked;
    store.set("hashwatch-keys", keysOn ? "on" : "off");
  });
  const openKeys = () => { if (!dialog.open) dialog.showModal(); };
  for (const button of document.querySelectorAll("[data-keys-open]")) button.addEventListener("click", openKeys);
  dialog.querySelector("[data-keys-close]").addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });

  function stepPost(by) {
    const posts = [...document.querySelectorAll("[data-post]")];
    if (!posts.length) return;
    const now = posts.findIndex((post) => post.classList.contains("is-current"));
    const next = posts[Math.max(0, Math.min(posts.length - 1, now < 0 ? 0 : now + by))];
    for (const post of posts) post.classList.toggle("is-current", post === next);
    const link = next.querySelector(".when a") || next.querySelector("a");
    link.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
  }
  function openPost() {
    const link = document.querySelector("[data-post].is-current [data-open]");
    if (link) link.click();
  }
  function search() {
    const box = document.querySelector("[data-search-box]");
    if (box) { box.focus(); box.select(); return; }
    const posts = document.querySelectorAll(".places a")[1];
    if (eventZone && posts) location.assign(posts.href);
  }
  function goTo(place) {
    const links = document.querySelectorAll(".places a");
    if (eventZone && links[place]) location.assign(links[place].href);
  }
  const actions = {
    "?": openKeys, "/": search, p: () => hashwatch.pause && hashwatch.pause(), " ": () => hashwatch.pause && hashwatch.pause(),
    n: () => hashwatch.showNew && hashwatch.showNew(), j: () => stepPost(1), k: () => stepPost(-1), o: openPost,
    t: switchTheme, z: () => zoneButton && !zoneButton.hidden && switchZone(),
    1: () => goTo(0), 2: () => goTo(1), 3: () => goTo(2), 4: () => goTo(3), 5: () => goTo(4),
  };
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || dialog.open) return;
    const on = event.target;
    if (on.matches("input, textarea, select, [contenteditable]")) return;
    if (event.key === " " && on.matches("a, button, summary, [tabindex]:not(main)")) return;
    if (!keysOn && event.key !== "?") return;
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });
})();
