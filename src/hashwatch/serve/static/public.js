// Says when there are newer posts; the page itself stays as it is until one asks.
(() => {
  "use strict";
  const body = document.body, note = document.querySelector("[data-new]");
  if (!window.EventSource || !note) return;
  note.querySelector("a").href = location.href;
  let stream = null;
  function connect() {
    stream = new EventSource(`/public/${encodeURIComponent(body.dataset.event)}/live`);
    stream.addEventListener("changed", (event) => {
      let version = null;
      try { version = JSON.parse(event.data).version; } catch { return; }
      if (String(version) !== body.dataset.version) note.hidden = false;
    });
    stream.addEventListener("error", () => { stream.close(); setTimeout(connect, 10000 + Math.random() * 20000); });
  }
  connect();
})();
