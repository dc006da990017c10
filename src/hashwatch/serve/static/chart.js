// Posts over time, stacked by tone, on uPlot. The figures lie in <script id="series">; this draws
// them, reads them off, and turns a drag into a new address. Nothing here makes HTML from text.
(() => {
  "use strict";
  const section = document.querySelector("[data-chart]");
  const place = section && section.querySelector("[data-plot]");
  if (!place || typeof uPlot === "undefined") return;

  const BUCKET = 0, POSTS = 1, BOOSTS = 2, POSITIVE = 3, NEUTRAL = 4, NEGATIVE = 5, UNKNOWN = 6;
  // From the ground up; boosts lie on top, as the quiet layer.
  const LAYERS = [
    { at: POSITIVE, name: "positive" }, { at: NEUTRAL, name: "neutral" },
    { at: NEGATIVE, name: "negative" }, { at: UNKNOWN, name: "unknown" }, { at: BOOSTS, name: "boosts" },
  ];
  const ICONS = [["▲", LAYERS[0]], ["■", LAYERS[1]], ["▼", LAYERS[2]], ["?", LAYERS[3]]];
  const PARTING = 2;
  const lane = section.querySelector("[data-lane]");
  const read = section.querySelector("[data-read]");
  const announce = document.querySelector("[data-announce]");
  const hint = read ? read.cloneNode(true) : null;
  const { _, plural, number, day: dayIn, clock: clockIn, weekday } = window.hashwatch.words;
  const NAMES = { positive: _("positive"), neutral: _("neutral"), negative: _("negative"), unknown: _("unknown"), boosts: _("boosts") };
  const noteLink = section.querySelector("[data-note]"), noteAddress = noteLink && noteLink.getAttribute("href");
  let series = null, plot = null, colours = null, at = -1, waiting = null, looked = false;

  // Colours come resolved from the design system, so that light and dark stay in one place.
  function resolve(names) {
    const probe = document.createElement("span");
    probe.hidden = true;
    document.body.append(probe);
    const found = {};
    for (const name of names) {
      probe.style.color = `var(--${name})`;
      found[name] = getComputedStyle(probe).color;
    }
    probe.remove();
    return found;
  }

  function hatch(context, line, ground, gap) {
    const size = Math.round(gap * devicePixelRatio);
    const tile = document.createElement("canvas");
    tile.width = tile.height = size;
    const pen = tile.getContext("2d");
    if (ground) { pen.fillStyle = ground; pen.fillRect(0, 0, size, size); }
    pen.strokeStyle = line;
    pen.lineWidth = Math.max(1, 1.4 * devicePixelRatio);
    pen.beginPath();
    for (const shift of [-size, 0, size]) { pen.moveTo(shift - 1, size + 1); pen.lineTo(shift + size + 1, -1); }
    pen.stroke();
    return context.createPattern(tile, "repeat");
  }

  const zoneNow = () => (window.hashwatch && window.hashwatch.zone()) || series.zone;
  const day = (s) => dayIn(s, zoneNow());
  const clock = (s) => clockIn(s, zoneNow());

  /** A minute as the filters take it, local to the event; "to" names the last minute, itself included. */
  function forAddress(seconds) {
    const parts = {};
    for (const part of new Intl.DateTimeFormat("en-CA", { timeZone: series.zone, hourCycle: "h23", year: "numeric",
      month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" }).formatToParts(new Date(seconds * 1000))) parts[part.type] = part.value;
    return `${parts.year}-${parts.month}-${parts.day}T${parts.hour}:${parts.minute}`;
  }
  const endOf = (i) => i + 1 < series.points.length ? series.points[i + 1][BUCKET] : Math.max(series.to, series.points[i][BUCKET] + 1);
  function span(i) {
    const start = series.points[i][BUCKET];
    if (series.grain === "day") return weekday(start, zoneNow());
    return series.grain === "minute" ? `${day(start)} ${clock(start)}` : `${day(start)} ${clock(start)}–${clock(endOf(i))}`;
  }
  function addressOf(i) {
    const address = new URL(series.address, location.href);
    address.searchParams.set("from", forAddress(series.points[i][BUCKET]));
    address.searchParams.set("to", forAddress(endOf(i) - 60));
    return address.pathname + address.search;
  }
  const posts = (n) => plural(n, "%(count)s post", "%(count)s posts");
  const boosts = (n) => plural(n, "%(count)s boost", "%(count)s boosts");
  function words(i) {
    const p = series.points[i];
    return _("%(posts)s: %(positive)s positive, %(neutral)s neutral, %(negative)s negative, %(unknown)s unknown, %(boosts)s", {
      posts: posts(p[POSTS]), positive: number(p[POSITIVE]), neutral: number(p[NEUTRAL]), negative: number(p[NEGATIVE]), unknown: number(p[UNKNOWN]), boosts: boosts(p[BOOSTS]),
    });
  }
  function gapAt(i) {
    const start = series.points[i][BUCKET], end = endOf(i);
    return series.gaps.find((gap) => gap.from < end && (gap.to === null || gap.to > start));
  }

  // Reading off -------------------------------------------------------------------------------
  function show(i, spoken) {
    at = i;
    if (i < 0 || i >= series.points.length) { read.replaceChildren(...hint.cloneNode(true).childNodes); return; }
    const when = document.createElement("span");
    when.className = "when";
    when.textContent = span(i);
    const noted = (series.notes || []).filter((n) => n.at >= series.points[i][BUCKET] && n.at < endOf(i)).map((n) => n.words);
    const onStage = series.sessions.filter((s) => s.from < endOf(i) && s.to > series.points[i][BUCKET]).map((s) => s.title);
    const during = onStage.length && series.grain !== "day" ? (onStage.length > 2 ? _("; during %(sessions)s and others", { sessions: onStage.slice(0, 2).join(", ") }) : _("; during %(sessions)s", { sessions: onStage.join(", ") })) : "";
    const figures = document.createElement("span");
    figures.className = "figures";
    figures.append(_("%(posts)s: ", { posts: posts(series.points[i][POSTS]) }));
    for (const [icon, layer] of ICONS) {
      const mark = document.createElement("span"), word = document.createElement("span");
      mark.className = `tone-icon ${layer.name}`;
      mark.textContent = icon;
      word.className = "word";
      word.textContent = ` ${NAMES[layer.name]}`;
      figures.append(mark, ` ${number(series.points[i][layer.at])}`, word, "  ");
    }
    figures.append(boosts(series.points[i][BOOSTS]));
    const note = document.createElement("span");
    note.className = "word";
    note.textContent = during + (noted.length ? `; ${noted.join("; ")}` : "");
    figures.append(note, gapAt(i) ? _(" (in a gap)") : "");
    const link = document.createElement("a");
    link.href = addressOf(i);
    link.textContent = _("Open these posts");
    read.replaceChildren(when, figures, link);
    if (noteLink) noteLink.href = `${noteAddress}?at=${forAddress(series.points[i][BUCKET])}`;
    if (spoken && announce) announce.textContent = `${span(i)}, ${words(i)}${noted.length ? `; ${noted.join("; ")}` : ""}`;
  }
  function stepTo(i) {
    const to = Math.max(0, Math.min(series.points.length - 1, i));
    plot.setCursor({ left: plot.valToPos((series.points[to][BUCKET] + endOf(to)) / 2, "x"), top: 10 }, false);
    show(to, true);
  }
  function indexAt(left) {
    const value = plot.posToVal(left, "x");
    let low = 0, high = series.points.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (series.points[middle][BUCKET] <= value) low = middle; else high = middle - 1;
    }
    return low;
  }
  place.addEventListener("keydown", (event) => {
    if (!series.points.length || event.ctrlKey || event.metaKey || event.altKey) return;
    const nowAt = series.now ? indexAt(plot.valToPos(series.now, "x")) : series.points.length - 1;
    const moves = { ArrowLeft: (at < 0 ? nowAt + 1 : at) - 1, ArrowRight: (at < 0 ? nowAt - 1 : at) + 1, Home: 0, End: series.points.length - 1,
      PageUp: (at < 0 ? nowAt : at) - 10, PageDown: (at < 0 ? nowAt : at) + 10 };
    if (event.key in moves) { event.preventDefault(); stepTo(moves[event.key]); }
    else if (event.key === "Enter" && at >= 0) { event.preventDefault(); location.assign(addressOf(at)); }
    else if (event.key === "Escape") { plot.setCursor({ left: -10, top: -10 }, false); show(-1); }
  });
  // One finger reads off; sideways it follows, up and down the page scrolls.
  function touch(event) {
    if (event.pointerType !== "touch" || !plot) return;
    const left = event.clientX - plot.over.getBoundingClientRect().left;
    plot.setCursor({ left, top: 10 }, false);
    show(indexAt(left));
  }
  place.addEventListener("pointerdown", touch);
  place.addEventListener("pointermove", touch);

  // Drawing -----------------------------------------------------------------------------------
  /** Pixel columns to draw: buckets as they are, or the highest of those that share a column. */
  function columns(u) {
    const found = [];
    for (let i = 0; i < series.points.length; i++) {
      const left = u.valToPos(series.points[i][BUCKET], "x", true), right = u.valToPos(endOf(i), "x", true);
      const x = Math.round(left), last = found[found.length - 1];
      if (right - left < 1 && last && last.x === x) {
        if (series.points[i][POSTS] > series.points[last.i][POSTS]) last.i = i;
      } else found.push({ i, x, width: Math.max(1, Math.round(right) - x) });
    }
    return found;
  }
  function drawStack(u) {
    const pen = u.ctx, ratio = devicePixelRatio;
    const fills = { positive: colours.positive, neutral: colours.neutral, negative: colours.negative,
      unknown: hatch(pen, colours.neutral, colours.surface, 5), boosts: colours.boost };
    pen.save();
    pen.beginPath();
    pen.rect(u.bbox.left, u.bbox.top, u.bbox.width, u.bbox.height);
    pen.clip();
    const partings = new Path2D(), paths = LAYERS.map(() => new Path2D());
    for (const { i, x, width } of columns(u)) {
      const between = width >= 8 * ratio ? Math.round(2 * ratio) : (width >= 4 * ratio ? Math.round(ratio) : 0);
      let sum = 0;
      LAYERS.forEach((layer, k) => {
        const value = series.points[i][layer.at];
        if (!value) return;
        const low = u.valToPos(sum, "y", true);
        sum += value;
        const high = u.valToPos(sum, "y", true), height = low - high;
        paths[k].rect(x, high, width - between, height);
        // A line of the surface's colour parts the layers, as far as there is room for it.
        const line = Math.min(PARTING * ratio, Math.max(0, height - 2 * ratio));
        if (line && sum > value) partings.rect(x, low - line, width - between, line);
      });
    }
    LAYERS.forEach((layer, k) => { pen.fillStyle = fills[layer.name]; pen.fill(paths[k]); });
    pen.fillStyle = colours.surface;
    pen.fill(partings);
    pen.restore();
  }
  function drawGround(u) {
    const pen = u.ctx, { top, height, left, width } = u.bbox;
    const clamp = (v) => Math.max(left, Math.min(left + width, u.valToPos(v, "x", true)));
    pen.save();
    pen.fillStyle = colours.accent;
    pen.globalAlpha = 0.07;
    for (const session of series.sessions) if (session.from < series.to && session.to > series.from) pen.fillRect(clamp(session.from), top, clamp(session.to) - clamp(session.from), height);
    // A spike is a line along the top.
    pen.globalAlpha = 1;
    pen.fillStyle = colours.accent;
    for (const spike of series.spikes || []) {
      const end = spike.to === null ? (series.now || series.to) : spike.to;
      if (spike.from < series.to && end > series.from) pen.fillRect(clamp(spike.from), top, Math.max(2 * devicePixelRatio, clamp(end) - clamp(spike.from)), 3 * devicePixelRatio);
    }
    // A note is a dotted line through the whole height.
    pen.strokeStyle = colours.ink;
    pen.globalAlpha = 0.6;
    pen.lineWidth = Math.max(1, devicePixelRatio);
    pen.setLineDash([devicePixelRatio, 3 * devicePixelRatio]);
    pen.beginPath();
    for (const note of series.notes || []) {
      if (note.at < series.from || note.at > series.to) continue;
      const x = Math.round(clamp(note.at)) + 0.5;
      pen.moveTo(x, top);
      pen.lineTo(x, top + height);
    }
    pen.stroke();
    pen.setLineDash([]);
    const lines = hatch(pen, colours.muted, null, 8);
    for (const gap of series.gaps) {
      const end = gap.to === null ? (series.now || series.to) : gap.to;
      if (gap.from >= series.to || end <= series.from) continue;
      const x = clamp(gap.from), wide = Math.max(2, clamp(end) - x);
      pen.fillStyle = lines;
      pen.globalAlpha = 0.3;
      pen.fillRect(x, top, wide, height);
      pen.fillStyle = colours.muted;
      pen.globalAlpha = 0.9;
      pen.fillRect(x, top, wide, 2 * devicePixelRatio);
    }
    pen.restore();
  }
  function drawNow(u) {
    if (!series.now || series.now <= series.from || series.now >= series.to) return;
    const pen = u.ctx, x = Math.round(u.valToPos(series.now, "x", true)) + 0.5;
    pen.save();
    pen.strokeStyle = colours.muted;
    pen.lineWidth = Math.max(1, devicePixelRatio);
    pen.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
    pen.beginPath();
    pen.moveTo(x, u.bbox.top);
    pen.lineTo(x, u.bbox.top + u.bbox.height);
    pen.stroke();
    pen.restore();
  }

  // What stands over the plot: the flag on the peak, the word "now", the lane of sessions ------------
  function overlay(u) {
    for (const old of place.querySelectorAll(".flag, .now-flag")) old.remove();
    const inset = u.over.offsetLeft, width = u.over.clientWidth;
    if (series.now && series.now > series.from && series.now < series.to) {
      const flag = document.createElement("span");
      flag.className = "now-flag";
      const left = u.valToPos(series.now, "x");
      // The flag on the peak goes before the word; the line stands anyway.
      flag.textContent = series.peak && Math.abs(left - u.valToPos(series.peak.bucket, "x")) < 64 ? "" : _("now");
      place.append(flag);
      flag.style.left = `${inset + Math.max(0, Math.min(left, width - flag.offsetWidth))}px`;
      flag.style.top = `${u.over.offsetTop}px`;
    }
    const peak = series.peak;
    // A spike's flag says more than the peak's.
    const spiked = peak && (series.spikes || []).some((s) => peak.bucket < (s.to === null ? Infinity : s.to) && peak.bucket + series.seconds > s.from);
    if (peak && !spiked && peak.posts > 1 && series.points.length > 3) {
      const flag = document.createElement("a");
      flag.className = "flag";
      flag.href = peak.href;
      flag.textContent = _("peak %(count)s", { count: number(peak.posts) });
      flag.setAttribute("aria-label", _("Peak: %(posts)s, %(time)s", { posts: posts(peak.posts), time: peak.local }));
      place.append(flag);
      const i = series.points.findIndex((p) => p[BUCKET] === peak.bucket);
      const middle = i < 0 ? peak.bucket : (peak.bucket + endOf(i)) / 2;
      const half = flag.offsetWidth / 2;
      flag.style.left = `${inset + Math.max(half, Math.min(width - half, u.valToPos(middle, "x")))}px`;
      flag.style.top = `${Math.max(0, u.over.offsetTop + u.valToPos(peak.posts, "y") - flag.offsetHeight - 4)}px`;
    }
    flagSpikes(u, inset, width);
    flagNotes(u, inset, width);
    lane.replaceChildren();
    const ends = [];
    let shown = series.sessions.filter((s) => s.from < series.to && s.to > series.from).sort((a, b) => a.from - b.from);
    // Where none is wide enough for its name, the bands in the plot and the read-out must do.
    const pixels = width / (series.to - series.from);
    if (!shown.some((s) => (s.to - s.from) * pixels >= 64)) shown = [];
    for (const session of shown) {
      const left = u.valToPos(Math.max(session.from, series.from), "x"), right = u.valToPos(Math.min(session.to, series.to), "x");
      let row = ends.findIndex((end) => end <= left + 0.5);
      if (row < 0) row = ends.length;
      if (row > 3) continue;
      ends[row] = right;
      const link = document.createElement("a");
      link.href = session.href;
      link.textContent = right - left > 40 ? session.title : "";
      link.title = `${clock(session.from)}–${clock(session.to)} ${session.title}`;
      link.setAttribute("aria-label", link.title);
      link.style.left = `${inset + left}px`;
      link.style.width = `${Math.max(24, right - left - 2)}px`;
      link.style.top = `${row * 27}px`;
      lane.append(link);
    }
    lane.style.height = `${ends.length * 27}px`;
  }

  /** A flag for each spike, at the top; of those that would lie on each other the later ones stand. */
  function flagSpikes(u, inset, width) {
    let free = Infinity;
    for (const spike of [...(series.spikes || [])].reverse()) {
      if (spike.at < series.from || spike.at > series.to) continue;
      const flag = document.createElement("a");
      flag.className = "flag flag-spike";
      flag.href = spike.href;
      flag.textContent = (spike.times ? `▲ ${number(spike.times >= 10 ? Math.round(spike.times) : spike.times)}×` : _("▲ spike")) + (spike.words ? ` ${spike.words}` : "");
      if (spike.words) { flag.classList.add("flag-note"); flag.title = spike.words; }
      flag.setAttribute("aria-label", _("Spike, %(time)s: %(posts)s in five minutes", { time: [spike.local, spike.words].filter(Boolean).join(", "), posts: posts(spike.peak) }));
      place.append(flag);
      const half = flag.offsetWidth / 2;
      const left = Math.max(half, Math.min(width - half, u.valToPos(spike.at - 150, "x")));
      if (left + half > free) { flag.remove(); continue; }
      free = left - half - 4;
      flag.style.left = `${inset + left}px`;
      flag.style.top = `${u.over.offsetTop + 5}px`;
    }
  }

  /** A flag for each note under those of the spikes; one that would lie on a later one is left out. */
  function flagNotes(u, inset, width) {
    let free = Infinity;
    for (const note of [...(series.notes || [])].reverse()) {
      if (note.at < series.from || note.at > series.to) continue;
      const flag = document.createElement("a");
      flag.className = "flag flag-note";
      flag.href = note.href;
      flag.title = note.words;
      flag.textContent = note.words;
      flag.setAttribute("aria-label", _("Note, %(time)s: %(words)s", { time: note.local, words: note.words }));
      place.append(flag);
      const half = flag.offsetWidth / 2, at = u.valToPos(note.at, "x");
      const left = Math.max(half, Math.min(width - half, at));
      if (left + half > free) { flag.remove(); continue; }
      free = left - half - 4;
      flag.style.left = `${inset + left}px`;
      flag.style.top = `${u.over.offsetTop + 33}px`;
      const peak = place.querySelector(".flag:not(.flag-spike, .flag-note)"), high = peak && peak.getBoundingClientRect(), own = flag.getBoundingClientRect();
      if (high && own.left < high.right + 4 && own.right > high.left - 4 && own.top < high.bottom + 4 && own.bottom > high.top - 4) flag.style.top = `${peak.offsetTop + peak.offsetHeight + 6}px`;
    }
  }

  // The plot --------------------------------------------------------------------------------------
  function niceTop(largest) {
    if (largest <= 4) return 4;
    const unit = 10 ** Math.floor(Math.log10(largest));
    for (const step of [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10]) if (unit * step >= largest * 1.04) return Math.ceil(unit * step);
    return unit * 10;
  }
  const table = () => [series.points.map((p) => p[BUCKET]), series.points.map((p) => p[POSTS])];
  const top = () => niceTop(series.points.reduce((most, p) => Math.max(most, p[POSTS]), 0));
  function ticks(u, values) {
    let before = "";
    return values.map((value) => {
      if (series.grain === "day") return day(value);
      const today = day(value), shown = clock(value);
      const label = before === today && shown !== "00:00" ? shown : (shown === "00:00" ? today : `${shown}\n${today}`);
      before = today;
      return label;
    });
  }
  function sizes() {
    const narrow = matchMedia("(max-width: 859px)").matches;
    return { width: Math.max(200, place.clientWidth), height: narrow ? 208 : 268 };
  }
  function make() {
    colours = resolve(["surface", "line", "ink", "muted", "accent", "positive", "neutral", "negative", "boost"]);
    const font = `12px ${getComputedStyle(document.body).fontFamily}`;
    const axis = { stroke: () => colours.muted, font, ticks: { show: false } };
    if (plot) plot.destroy();
    plot = new uPlot({
      ...sizes(),
      padding: [10, 20, 0, 0],
      legend: { show: false },
      tzDate: (stamp) => uPlot.tzDate(new Date(stamp * 1e3), zoneNow()),
      scales: { x: { time: true, range: () => [series.from, series.to] }, y: { range: () => [0, top()] } },
      series: [{}, { paths: () => null, points: { show: false } }],
      axes: [
        { ...axis, ...(series.grain === "day" ? { incrs: [1, 2, 5, 10, 20, 50, 100].map((n) => n * 86400) } : {}), size: 38, gap: 6, space: 90, grid: { show: false }, values: ticks, ticks: { show: true, size: 4, stroke: () => colours.line, width: 1 } },
        { ...axis, size: 40, gap: 6, space: 56, incrs: [1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1000, 2000, 2500, 5000, 10000, 20000, 50000, 100000],
          grid: { stroke: () => colours.line, width: 1 }, values: (u, found) => found.map((v) => number(v)) },
      ],
      cursor: { y: false, points: { show: false }, drag: { x: true, y: false, setScale: false, dist: 6 } },
      hooks: {
        drawClear: [drawGround],
        draw: [(u) => { drawStack(u); drawNow(u); overlay(u); }],
        setCursor: [(u) => {
          if (u.cursor.left >= 0) show(indexAt(u.cursor.left)); else if (document.activeElement !== place) show(-1);
        }],
        setSelect: [zoom],
      },
    }, table(), place);
    plot.over.addEventListener("click", (event) => {
      if (at >= 0 && event.pointerType !== "touch" && !(plot.select.width > 0) && !zoomed) location.assign(addressOf(at));
      zoomed = false;
    });
  }
  let zoomed = false;
  function zoom(u) {
    if (u.select.width < 6) return;
    zoomed = true;
    const first = indexAt(u.select.left), last = indexAt(u.select.left + u.select.width);
    const from = series.points[first][BUCKET], to = endOf(last);
    const address = new URL(location.href);
    address.searchParams.set("from", forAddress(from));
    address.searchParams.set("to", forAddress(to - 60));
    // Finer where it helps: under three hours by minute, under three days by hour.
    const finer = to - from <= 3 * 3600 ? "minute" : (to - from <= 3 * 86400 ? "hour" : "day");
    const order = ["day", "hour", "minute"];
    address.searchParams.set("grain", order[Math.max(order.indexOf(finer), order.indexOf(series.grain))]);
    u.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
    if (window.hashwatch && window.hashwatch.visit) window.hashwatch.visit(address.href); else location.assign(address.href);
  }

  // Rows of the table are made when it is opened; short ones came with the page ------------------------
  const details = section.querySelector("[data-table]");
  function fill() {
    const rows = section.querySelector("[data-rows]");
    if (!details.open || series.points.length <= 200) return;
    rows.replaceChildren(...series.points.map((p, i) => {
      const row = document.createElement("tr"), head = document.createElement("th"), link = document.createElement("a");
      head.scope = "row";
      link.href = addressOf(i);
      link.textContent = span(i);
      head.append(link);
      row.append(head, ...[POSTS, BOOSTS, POSITIVE, NEUTRAL, NEGATIVE, UNKNOWN].map((key) => {
        const cell = document.createElement("td");
        cell.className = "num";
        cell.textContent = number(p[key]);
        return cell;
      }));
      return row;
    }));
  }
  if (details) details.addEventListener("toggle", fill);

  // Updates wait while somebody looks, so that nothing moves under the cursor ---------------------------
  function take(next) {
    const same = series && next.from === series.from && next.grain === series.grain;
    series = next;
    at = -1;
    if (!plot || !same) { make(); show(-1); } else plot.setData(table());
    fill();
  }
  function settle() {
    looked = place.matches(":hover") || place.contains(document.activeElement);
    if (!looked && waiting) { const next = waiting; waiting = null; take(next); }
  }
  place.addEventListener("pointerenter", () => { looked = true; });
  place.addEventListener("pointerleave", () => setTimeout(settle, 300));
  place.addEventListener("focusin", () => { looked = true; });
  place.addEventListener("focusout", () => setTimeout(settle, 0));

  function parse() {
    const block = document.getElementById("series");
    if (!block) return null;
    const found = JSON.parse(block.textContent);
    for (const edge of ["from", "to"]) if (typeof found[edge] === "string") found[edge] = Date.parse(found[edge]) / 1000;
    return found;
  }
  const first = parse();
  if (!first) return;
  take(first);
  new ResizeObserver(() => { if (plot) plot.setSize(sizes()); }).observe(place);
  const redraw = () => { make(); if (at >= 0) show(at); };
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  document.addEventListener("hashwatch:look", redraw);
  document.addEventListener("hashwatch:data", (event) => {
    const next = parse();
    if (!next) return;
    if (looked && !event.detail.asked) waiting = next; else take(next);
  });
})();
