// Remembers the columns of an event, so that its page comes back to them and a search can join them.
(() => {
  "use strict";
  const slug = (location.pathname.match(/^\/events\/([^/.]+)\//) || [])[1];
  if (!slug) return;
  const { _ } = window.hashwatch.words;
  const key = `hashwatch-columns-${slug}`;
  const share = document.querySelector("[data-columns-share]"), join = document.querySelector("[data-as-column]");
  let kept = null;
  try { kept = localStorage.getItem(key); } catch { /* a browser that keeps nothing still shows them */ }
  if (share) {
    if (!location.search && kept) { location.replace(location.pathname + kept); return; }
    const address = new URL(share.href);
    history.replaceState({}, "", address.pathname + address.search);
    try { localStorage.setItem(key, address.search); } catch { /* as above */ }
  }
  if (join && kept) {
    const address = new URL(join.href), added = [...address.searchParams].filter(([name]) => name !== "n1");
    address.search = kept;
    for (const [name, value] of added.length ? added : [["name", _("All posts")]]) address.searchParams.set(name, value);
    join.href = address.href;
  }
})();
