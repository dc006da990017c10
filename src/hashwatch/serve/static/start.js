// Runs before the page is drawn: marks that scripts run, and sets the colours a person chose.
(() => {
  "use strict";
  const root = document.documentElement;
  root.classList.add("js");
  try {
    const theme = localStorage.getItem("hashwatch-theme");
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  } catch {
    // Storage may be closed; the system's colours then stay.
  }
})();
