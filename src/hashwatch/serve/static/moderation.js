// Judging without leaving the list: decisions are sent as they are taken, what was decided leaves the
// list, and the last can be undone. Keys: a, r, h on the chosen post, x ticks it, u undoes.
(() => {
  "use strict";
  const form = document.querySelector("[data-moderation]");
  const toast = document.querySelector("[data-toast]");
  const announce = document.querySelector("[data-announce]");
  let undo = null, asleep = 0;
  if (!form) return;
  const { _, plural } = window.hashwatch.words;
  const DONE = { approve: _("Approved"), reject: _("Kept off public surfaces"), hide: _("Hidden everywhere"), back: _("Back to waiting") };

  const judged = () => [...form.querySelectorAll("[data-judged]")];
  const chosen = () => judged().find((one) => one.contains(document.activeElement)) || form.querySelector(".is-chosen") || judged()[0];
  function choose(one) {
    for (const other of judged()) other.classList.toggle("is-chosen", other === one);
  }
  function say(words, ids) {
    undo = ids;
    toast.querySelector("[data-toast-words]").textContent = words;
    toast.hidden = false;
    announce.textContent = words;
    clearTimeout(asleep);
    asleep = setTimeout(() => { toast.hidden = true; undo = null; }, 12000);
  }
  async function send(fields) {
    const answer = await fetch(form.action, {
      method: "POST", body: new URLSearchParams(fields), headers: { Accept: "application/json" }, credentials: "same-origin",
    });
    const said = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Error(said.error || _("It could not be sent; try again."));
    return said;
  }
  function gone(one) {
    const all = judged(), next = all[all.indexOf(one) + 1] || all[all.indexOf(one) - 1];
    const wasFocused = one.contains(document.activeElement);
    one.remove();
    if (next) {
      choose(next);
      if (wasFocused) next.querySelector("[data-key], button").focus({ preventScroll: false });
    }
  }
  function none() {
    const line = document.createElement("p");
    line.className = "empty-line";
    line.append(`${_("That was all here.")} `, Object.assign(document.createElement("a"), { href: location.href, textContent: _("Look again") }));
    return line;
  }
  function problem(one, words) {
    const place = one ? one.querySelector("[data-problem]") : null;
    if (place) { place.textContent = words; place.hidden = false; } else say(words, null);
  }
  async function decide(button) {
    const [subject, verdict, ref] = button.value.split(" ");
    const fields = new FormData(form);
    const ticked = judged().filter((one) => one.querySelector("input[type=checkbox]").checked);
    const meant = subject === "bulk" ? ticked : judged().filter((one) => one.dataset.judged === ref);
    if (subject === "bulk" && !ticked.length) { say(_("Tick the posts that are meant, then decide."), null); return; }
    fields.append("do", button.value);
    for (const one of meant) one.inert = true;
    try {
      const said = await send(fields);
      if (subject === "pin" || subject === "author") { location.reload(); return; }
      for (const one of meant) gone(one);
      say(meant.length > 1 ? plural(meant.length, "%(count)s post: %(verdict)s", "%(count)s posts: %(verdict)s", { verdict: DONE[verdict].toLowerCase() }) : DONE[verdict], said.undo);
      if (!judged().length) form.querySelector(".posts").replaceChildren(none());
    } catch (error) {
      for (const one of meant) one.inert = false;
      problem(meant[0], error.message);
    }
  }
  async function takeBack() {
    if (!undo || !undo.length) return;
    const fields = new FormData();
    fields.append("token", form.querySelector("[name=token]").value);
    fields.append("do", `undo ${undo.join(",")}`);
    try { await send(fields); location.reload(); } catch (error) { say(error.message, null); }
  }
  form.addEventListener("submit", (event) => {
    if (!event.submitter || !event.submitter.value) return;
    event.preventDefault();
    decide(event.submitter);
  });
  form.addEventListener("focusin", () => choose(chosen()));
  toast.querySelector("[data-undo]").addEventListener("click", takeBack);
  const all = form.querySelector("[data-all]");
  all.addEventListener("change", () => {
    for (const one of judged()) one.querySelector("input[type=checkbox]").checked = all.checked;
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || document.querySelector("dialog[open]")) return;
    if (event.target.matches("textarea, select, input:not([type=checkbox])")) return;
    let keys = "on";
    try { keys = localStorage.getItem("hashwatch-keys"); } catch { /* no storage: keys stay on */ }
    if (keys === "off" || !["a", "r", "h", "x", "u"].includes(event.key)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (event.key === "u") { takeBack(); return; }
    const one = chosen();
    if (!one) return;
    if (event.key === "x") { const box = one.querySelector("input[type=checkbox]"); box.checked = !box.checked; return; }
    const button = one.querySelector(`[data-key="${event.key}"]`);
    if (button) decide(button);
  }, true);
})();
