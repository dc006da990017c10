// Labelling by single keys: 1, 2, 3 and 0 press the answers, u takes the last one back. These keys
// come before those that lead to other pages.
(() => {
  "use strict";
  let pressed = false;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || document.querySelector("dialog[open]")) return;
    if (event.target.matches("input, textarea, select")) return;
    let keys = "on";
    try { keys = localStorage.getItem("hashwatch-keys"); } catch { /* no storage: keys stay on */ }
    const button = keys === "off" ? null : document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (!button) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    button.click();
  }, true);
  // One answer a page, however quickly keys follow each other.
  document.addEventListener("submit", (event) => {
    if (pressed) event.preventDefault();
    pressed = true;
  });
  addEventListener("pageshow", () => { pressed = false; });
})();
