// Datasette's table pages: a menu for each column, and Shift and Enter to run SQL.
(() => {
  "use strict";
  for (const form of document.querySelectorAll("[data-sql]")) {
    form.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.shiftKey || event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        form.requestSubmit();
      }
    });
  }

  const page = document.querySelector("[data-rows-page]");
  if (!page || !("popover" in HTMLElement.prototype)) return;
  const { _ } = window.hashwatch.words;
  const allowsFacets = page.dataset.allowFacet === "true";
  const keys = page.querySelectorAll('th[data-is-pk="1"]').length;
  const shown = new Set([...page.querySelectorAll(".facet-info")].map((facet) => facet.dataset.column));

  function address(change) {
    const parameters = new URLSearchParams(location.search);
    parameters.delete("_next");
    change(parameters);
    const text = parameters.toString();
    return text ? `?${text}` : location.pathname;
  }
  const choices = (head) => {
    const column = head.dataset.column, isKey = head.dataset.isPk === "1", found = [];
    found.push([_("Sort, smallest first"), (p) => { p.set("_sort", column); p.delete("_sort_desc"); }]);
    found.push([_("Sort, largest first"), (p) => { p.set("_sort_desc", column); p.delete("_sort"); }]);
    if (allowsFacets && !shown.has(column) && !(isKey && keys === 1)) found.push([_("Count its values"), (p) => p.append("_facet", column)]);
    if (!isKey) found.push([_("Hide this column"), (p) => p.append("_nocol", column)]);
    found.push([_("Only rows that have it"), (p) => p.set(`${column}__notblank`, "1")]);
    const all = new URLSearchParams(location.search);
    if (all.has("_nocol") || all.has("_col")) found.push([_("Show all columns"), (p) => { p.delete("_nocol"); p.delete("_col"); }]);
    return found;
  };
  page.querySelectorAll(".rows-and-columns th[data-column]").forEach((head, n) => {
    if (!head.querySelector("a")) return;
    const menu = document.createElement("div"), button = document.createElement("button");
    menu.popover = "auto";
    menu.id = `column-menu-${n}`;
    menu.className = "column-menu";
    for (const [words, change] of choices(head)) {
      const link = document.createElement("a");
      link.href = address(change);
      link.textContent = words;
      menu.append(link);
    }
    const type = document.createElement("p");
    type.textContent = [head.dataset.columnType.toUpperCase(), head.title].filter(Boolean).join(": ");
    if (type.textContent) menu.append(type);
    button.type = "button";
    button.className = "column-button";
    button.textContent = "⋮";
    button.setAttribute("aria-label", _("Menu of %(column)s", { column: head.dataset.column }));
    button.setAttribute("popovertarget", menu.id);
    menu.addEventListener("toggle", () => {
      const at = button.getBoundingClientRect();
      menu.style.top = `${at.bottom + 4}px`;
      menu.style.left = `${Math.max(8, Math.min(at.left, innerWidth - menu.offsetWidth - 8))}px`;
    });
    head.append(button);
    document.body.append(menu);
  });
})();
