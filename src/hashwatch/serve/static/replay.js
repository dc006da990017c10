// A session minute by minute: the slider shows each minute's figures at once and its posts as soon as
// it rests; Play goes on by itself, a minute a second and a half. The address keeps the minute.
(() => {
  "use strict";
  const scrub = document.querySelector("[data-scrub]"), block = document.querySelector("[data-replay]");
  if (!scrub || !block) return;
  const { minutes, starts, ends, zone } = JSON.parse(block.textContent);
  const play = document.querySelector("[data-play]"), words = document.querySelector("[data-play-words]");
  const time = document.querySelector("[data-minute-time]"), link = document.querySelector("[data-minute-link]");
  const here = document.querySelector("[data-here]");
  const PACE = 1500, REST = 250;
  const { _, plural, moment: inWords } = window.hashwatch.words;
  let playing = 0, resting = 0, asked = 0;

  const address = (at) => `${location.pathname}?at=${at}`;
  const count = (n) => plural(n, "%(count)s post", "%(count)s posts");
  function figures(at) {
    const minute = minutes[(at - starts) / 60], moment = inWords(at, zone);
    time.textContent = moment;
    link.textContent = count(minute.posts);
    link.href = minute.href;
    here.setAttribute("x", String((at - starts) / 60));
    scrub.setAttribute("aria-valuetext", `${moment}, ${count(minute.posts)}`);
  }
  async function posts(at) {
    const turn = ++asked;
    try {
      const answer = await fetch(address(at), { headers: { Accept: "text/html" }, credentials: "same-origin" });
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (turn !== asked || !answer.ok) return;
      for (const name of ["[data-said]", "[data-minute]"]) {
        const old = document.querySelector(name), next = fresh.querySelector(name);
        if (old && next) old.replaceChildren(...[...next.childNodes].map((one) => document.importNode(one, true)));
      }
      for (const name of ["[data-before]", "[data-after]"]) {
        const old = document.querySelector(name), next = fresh.querySelector(name);
        if (old && next) old.href = next.getAttribute("href");
      }
      history.replaceState(history.state, "", address(at));
    } catch { /* the figures stand; the next minute asks again */ }
  }
  function go(at, soon) {
    scrub.value = String(at);
    figures(at);
    clearTimeout(resting);
    resting = setTimeout(posts, soon ? 0 : REST, at);
  }
  function stop() {
    clearInterval(playing);
    playing = 0;
    play.setAttribute("aria-pressed", "false");
    words.textContent = _("Play");
  }
  scrub.addEventListener("input", () => { stop(); go(Number(scrub.value), false); });
  play.addEventListener("click", () => {
    if (playing) { stop(); return; }
    play.setAttribute("aria-pressed", "true");
    words.textContent = _("Stop");
    playing = setInterval(() => {
      const at = Number(scrub.value) + 60;
      if (at >= ends) { stop(); return; }
      go(at, true);
    }, PACE);
  });
})();
