// Words, numbers and times for the other scripts, in the page's language. They mark their messages
// with `_` and `plural`, in English; what other languages say lies in <script id="script-words">.
(() => {
  "use strict";
  const block = document.getElementById("script-words");
  const { language, words } = block ? JSON.parse(block.textContent) : { language: "en-GB", words: {} };
  const rules = new Intl.PluralRules(language), numbers = new Intl.NumberFormat(language);
  const filled = (form, values) => form.replace(/%\((\w+)\)s|%%/g, (whole, name) => (name === undefined ? "%" : String(values[name])));
  const _ = (message, values = {}) => filled(words[message] ?? message, values);
  const number = (value) => numbers.format(value);
  /** `one` or `many` as the language has it, with the number as %(count)s. */
  function plural(count, one, many, values = {}) {
    const forms = words[one], form = forms ? forms[rules.select(count)] ?? forms.other : count === 1 ? one : many;
    return filled(form, { count: number(count), ...values });
  }
  function age(seconds) {
    if (seconds < 60) return _("%(count)s s ago", { count: Math.floor(seconds) });
    if (seconds < 3600) return _("%(count)s min ago", { count: Math.floor(seconds / 60) });
    if (seconds < 172800) return _("%(count)s h ago", { count: Math.floor(seconds / 3600) });
    return plural(Math.floor(seconds / 86400), "%(count)s day ago", "%(count)s days ago");
  }
  /** A moment (Unix seconds) in a zone, by the options of Intl.DateTimeFormat. */
  const formats = new Map();
  function time(seconds, zone, options) {
    const key = zone + JSON.stringify(options);
    if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat(language, { timeZone: zone, hourCycle: "h23", ...options }));
    return formats.get(key).format(new Date(seconds * 1000));
  }
  const day = (seconds, zone) => time(seconds, zone, { day: "numeric", month: "short" });
  const clock = (seconds, zone) => time(seconds, zone, { hour: "2-digit", minute: "2-digit" });
  const weekday = (seconds, zone) => time(seconds, zone, { weekday: "short", day: "numeric", month: "short" });
  const moment = (seconds, zone) => `${day(seconds, zone)} ${clock(seconds, zone)}`;
  window.hashwatch = Object.assign(window.hashwatch || {}, { words: { _, plural, number, age, time, day, clock, weekday, moment, language } });

  // The address that chose the language is passed on without it, where the browser remembers it.
  const here = new URL(location.href), chosen = here.searchParams.get("lang");
  if (chosen && document.cookie.split("; ").includes(`hashwatch_lang=${chosen}`)) {
    here.searchParams.delete("lang");
    history.replaceState(history.state, "", here.pathname + here.search + here.hash);
  }
})();
