// The wall: scenes take turns, all drawn from what the server last said may be shown. When it says
// that something has gone, that leaves the screen at once, whatever scene is on; when it has not
// answered for a minute, nothing is shown that it might have taken back.
(() => {
  "use strict";
  const root = document.documentElement, stage = document.querySelector("[data-stage]");
  const name = document.querySelector("[data-scene-name]"), dots = document.querySelector("[data-dots]"), note = document.querySelector("[data-note]");
  const { _, plural, number, age } = window.hashwatch.words;
  const NAMES = { latest: _("Latest"), top: _("Most shared"), pulse: _("On stage"), themes: _("What it is about"), questions: _("Questions") };
  const BLIND = 60000, POLL = 5000, AT_ONCE = 2, LONG = 200, SHORT = 90;
  let data = JSON.parse(document.querySelector("[data-wall]").textContent);
  let steps = [], step = 0, shown = "", turn = 0, stream = null, lastAnswer = Date.now(), tag = null, asking = false;

  if (new URLSearchParams(location.search).get("_look") === "light") root.dataset.theme = "light";

  // Drawing -----------------------------------------------------------------------------------------
  function el(tagName, className, ...children) {
    const made = document.createElement(tagName);
    if (className) made.className = className;
    made.append(...children.filter((one) => one !== null && one !== undefined));
    return made;
  }
  const bdi = (text) => el("bdi", "", text);
  function ago(seconds) {
    return seconds < 60 ? _("just now") : age(seconds);
  }
  function bar(wide, high) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const rect = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    svg.setAttribute("viewBox", "0 0 100 100");
    svg.setAttribute("preserveAspectRatio", "none");
    rect.setAttribute("width", String(wide * 100));
    rect.setAttribute("height", String(high * 100));
    rect.setAttribute("y", String(100 - high * 100));
    svg.append(rect);
    return svg;
  }
  function postCard(post) {
    const text = el("p", "wall-text", post.text);
    text.dir = "auto";
    if (post.language && post.language !== "und") text.lang = post.language;
    const by = el("p", "wall-by", bdi(post.author), " ", el("span", "wall-handle", bdi(`@${post.handle}`), ` · ${ago(post.age_seconds)}`));
    const card = el("article", "wall-post", post.session ? el("p", "wall-about", post.session) : null, text, by);
    card.classList.toggle("is-long", post.text.length > LONG);
    card.classList.toggle("is-short", post.text.length < SHORT);
    card.dataset.post = post.id;
    return card;
  }
  const draw = {
    posts: (one) => one.posts.map(postCard),
    pulse: () => {
      const pulse = data.pulse, most = Math.max(1, ...pulse.bars);
      const words = plural(pulse.posts, "%(count)s post shown here in the last %(minutes)s minutes", "%(count)s posts shown here in the last %(minutes)s minutes", { minutes: pulse.minutes });
      const bars = el("div", "wall-bars", ...pulse.bars.map((posts) => bar(1, posts / most)));
      bars.setAttribute("role", "img");
      bars.setAttribute("aria-label", words);
      return [el("div", "", el("p", "wall-big", pulse.title), pulse.speakers.length ? el("p", "wall-sub", pulse.speakers.join(", ")) : null, el("p", "wall-sub", words), bars)];
    },
    themes: () => {
      const most = Math.max(1, ...data.themes.map((one) => one.posts));
      return [el("div", "wall-rows", ...data.themes.map((one) => el("div", "wall-row", el("span", "", one.name), el("span", "n", number(one.posts)), bar(one.posts / most, 1))))];
    },
    empty: () => [el("div", "wall-empty", el("p", "wall-call", data.event.hashtags.map((one) => `#${one}`).join(" ")))],
  };

  // Which scenes there are, and whose turn it is ----------------------------------------------------
  function pages(scene, posts) {
    const found = [];
    for (let i = 0; i < posts.length;) {
      const isLong = posts[i].text.length > LONG || (posts[i + 1] && posts[i + 1].text.length > LONG);
      const many = isLong ? 1 : AT_ONCE;
      found.push({ scene, kind: "posts", posts: posts.slice(i, i + many) });
      i += many;
    }
    return found;
  }
  function plan() {
    if (Date.now() - lastAnswer > BLIND) return [{ scene: "waiting", kind: "empty" }];
    const found = [];
    for (const scene of data.scenes) {
      if (scene === "pulse") { if (data.pulse) found.push({ scene, kind: "pulse" }); }
      else if (scene === "themes") { if (data.themes.length) found.push({ scene, kind: "themes" }); }
      else found.push(...pages(scene, data[scene]));
    }
    return found.length ? found : [{ scene: "waiting", kind: "empty" }];
  }
  function show() {
    steps = plan();
    step %= steps.length;
    const one = steps[step];
    const ids = one.kind === "posts" ? one.posts.map((post) => [post.id, post.text]) : [data.pulse, data.themes];
    const content = JSON.stringify([one.scene, one.kind, ids]);
    if (content !== shown) stage.replaceChildren(...draw[one.kind](one));
    shown = content;
    name.textContent = one.scene === "pulse" && !data.pulse.is_on_stage ? _("The last hour") : NAMES[one.scene] || "";
    dots.replaceChildren(...steps.map((_, i) => el("i", i === step ? "is-on" : "")));
    note.textContent = data.clock.local;
    root.dataset.scene = one.scene;
  }
  function turnTo(next) { step = (next + steps.length) % Math.max(1, steps.length); show(); }
  function pace() { clearInterval(turn); turn = setInterval(() => turnTo(step + 1), data.pace * 1000); }

  // Hearing of changes ------------------------------------------------------------------------------
  async function ask() {
    if (asking) return;
    asking = true;
    try {
      const answer = await fetch(`${location.pathname}.json${location.search}`, { cache: "no-store", credentials: "omit", headers: tag ? { "If-None-Match": tag } : {} });
      if (answer.status === 304 || answer.ok) lastAnswer = Date.now();
      if (answer.ok) { tag = answer.headers.get("ETag"); data = await answer.json(); }
    } catch { /* no answer: plan() sees for how long */ } finally { asking = false; show(); }
  }
  function connect() {
    if (!window.EventSource || stream) return;
    stream = new EventSource(`/public/${encodeURIComponent(document.body.dataset.event)}/live`);
    // The server may give out an answer up to a second old: look once more after a change.
    stream.addEventListener("changed", () => { ask(); setTimeout(ask, 1100); });
    stream.addEventListener("error", () => { stream.close(); stream = null; setTimeout(connect, 3000 + Math.random() * 3000); });
  }
  async function stayAwake() {
    try { if (navigator.wakeLock && !document.hidden) await navigator.wakeLock.request("screen"); } catch { /* not allowed here */ }
  }
  document.addEventListener("visibilitychange", () => { if (!document.hidden) { ask(); connect(); stayAwake(); } });
  addEventListener("online", () => { ask(); connect(); });
  document.addEventListener("keydown", (event) => {
    if (event.key === "ArrowRight") { turnTo(step + 1); pace(); }
    if (event.key === "ArrowLeft") { turnTo(step - 1); pace(); }
    if (event.key === "f" && document.fullscreenEnabled) { if (document.fullscreenElement) document.exitFullscreen(); else root.requestFullscreen(); }
  });
  setInterval(ask, POLL);
  connect();
  pace();
  show();
  stayAwake();
})();
