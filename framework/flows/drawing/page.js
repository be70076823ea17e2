"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const by = id => document.getElementById(id);
  const all = (what, where = document) => [...where.querySelectorAll(what)];
  const made = (tag, cls, text) => {
    const node = document.createElement(tag);
    if (cls) node.className = cls;
    if (text !== undefined && text !== null) node.textContent = text;
    return node;
  };
  const stage = by("stage"), panel = by("panel"), search = by("search");
  const story = data.story;
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const views = data.flows.map(() => null);
  let flow = 0, chosen = null, moment = 0;

  // --- Moving about ---------------------------------------------------------

  const sheet = () => document.querySelector(`.sheet[data-flow="${flow}"]`);
  const view = () => views[flow];
  const put = () => {
    const { x, y, s } = view();
    sheet().querySelector(".world").setAttribute("transform", `translate(${x} ${y}) scale(${s})`);
    let dots = 24 * s;
    while (dots < 16) dots *= 2;
    stage.style.backgroundSize = `${dots}px ${dots}px`;
    stage.style.backgroundPosition = `${x}px ${y}px`;
    document.querySelector(".scale").textContent = `${Math.round(s * 100)}%`;
  };
  let gliding = 0;
  const glide = goal => {
    cancelAnimationFrame(gliding);
    if (calm || !view()) { views[flow] = goal; put(); return; }
    const from = { ...view() }, begin = performance.now();
    const frame = now => {
      const part = Math.min(1, (now - begin) / 180), eased = 1 - (1 - part) ** 3;
      for (const key of ["x", "y", "s"]) view()[key] = from[key] + (goal[key] - from[key]) * eased;
      put();
      if (part < 1) gliding = requestAnimationFrame(frame);
    };
    gliding = requestAnimationFrame(frame);
  };
  const size = () => stage.getBoundingClientRect();
  const fitted = () => {
    const box = size(), w = +sheet().dataset.width, h = +sheet().dataset.height;
    const s = Math.max(0.08, Math.min(1.1, box.width / w, box.height / h));
    return { s, x: (box.width - w * s) / 2, y: Math.max(0, (box.height - h * s) / 2) };
  };
  const begin = () => {
    const whole = fitted();
    if (whole.s >= 0.5) { views[flow] = whole; put(); return; }
    const s = 0.8, card = by(data.flows[flow].first), at = card && place(card);
    views[flow] = { s, x: 40, y: at ? size().height * 0.4 - at.y * s : 40 };
    put();
  };
  const zoom = (factor, cx, cy) => {
    const box = size(), old = view();
    const s = Math.max(0.08, Math.min(3, old.s * factor));
    const px = cx === undefined ? box.width / 2 : cx - box.left, py = cy === undefined ? box.height / 2 : cy - box.top;
    views[flow] = { s, x: px - (px - old.x) * s / old.s, y: py - (py - old.y) * s / old.s };
    put();
  };
  // A card's middle in the drawing's own units, however the drawing has been moved.
  const place = card => {
    const group = card.closest("g[transform]");
    const { e, f } = group.transform.baseVal.consolidate().matrix, box = card.querySelector(".shape").getBBox();
    return { x: e + box.width / 2, y: f + box.height / 2, w: box.width, h: box.height };
  };
  const show = (card, always) => {
    const at = place(card), box = size(), { x, y, s } = view();
    const left = at.x * s + x, top = at.y * s + y, edge = 150;
    if (!always && left > edge && left < box.width - edge && top > edge / 2 && top < box.height - edge / 2) return;
    const scale = Math.max(s, 0.55);
    glide({ s: scale, x: box.width / 2 - at.x * scale, y: box.height / 2 - at.y * scale });
  };

  const fingers = new Map();
  let moved = false;
  stage.addEventListener("pointerdown", event => {
    if (event.target.closest(".tools,.legend")) return;
    fingers.set(event.pointerId, event);
    moved = false;
  });
  stage.addEventListener("pointermove", event => {
    const before = fingers.get(event.pointerId);
    if (!before) return;
    const dx = event.clientX - before.clientX, dy = event.clientY - before.clientY;
    if (!moved && Math.hypot(dx, dy) < 4) return;
    if (!moved) { stage.setPointerCapture(event.pointerId); stage.classList.add("moving"); cancelAnimationFrame(gliding); }
    moved = true;
    if (fingers.size === 2) {
      const [a, b] = [...fingers.values()], other = a.pointerId === event.pointerId ? b : a;
      const was = Math.hypot(before.clientX - other.clientX, before.clientY - other.clientY);
      const is = Math.hypot(event.clientX - other.clientX, event.clientY - other.clientY);
      zoom(is / Math.max(was, 1), (event.clientX + other.clientX) / 2, (event.clientY + other.clientY) / 2);
    } else {
      view().x += dx;
      view().y += dy;
      put();
    }
    fingers.set(event.pointerId, event);
  });
  for (const end of ["pointerup", "pointercancel"]) stage.addEventListener(end, event => {
    fingers.delete(event.pointerId);
    stage.classList.remove("moving");
  });
  stage.addEventListener("wheel", event => {
    if (event.target.closest(".legend")) return;
    event.preventDefault();
    const unit = event.deltaMode === 1 ? 16 : 1;
    if (event.ctrlKey || event.metaKey) zoom(Math.exp(-event.deltaY * unit * 0.008), event.clientX, event.clientY);
    else {
      view().x -= (event.shiftKey ? event.deltaY : event.deltaX) * unit;
      view().y -= (event.shiftKey ? 0 : event.deltaY) * unit;
      put();
    }
  }, { passive: false });
  new ResizeObserver(() => view() || begin()).observe(stage);

  // --- Which flow is shown --------------------------------------------------

  const open = number => {
    if (!(number in data.flows)) return;
    if (chosen) choose(null);
    flow = number;
    for (const one of all("[data-flow]")) {
      const here = +one.dataset.flow === flow;
      if (one.matches("button")) one.setAttribute("aria-selected", here);
      else one.toggleAttribute("hidden", !here);
    }
    const about = data.flows[flow];
    by("about").textContent = about.about;
    by("names").replaceChildren(...Object.keys(about.ids).map(name => {
      const option = made("option");
      option.value = name;
      return option;
    }));
    by("totals").replaceChildren(...Object.entries(about.totals).map(([part, [used, whole]]) =>
      made("b", used === whole ? "all" : "some", `${part} ${used}/${whole}`)));
    view() ? put() : begin();
  };

  // --- One node -------------------------------------------------------------

  const coloured = text => {
    const pre = made("pre");
    for (const line of text.split("\n")) {
      let rest = line;
      const key = /^(\s*(?:- )?)([^\s#'"{[][^:#'"]*?|"[^"]*"|'[^']*')(:)(?=\s|$)/.exec(rest);
      if (key) {
        pre.append(key[1], made("span", "k", key[2]), key[3]);
        rest = rest.slice(key[0].length);
      }
      for (const part of rest.split(/("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|(?:^|\s)#.*$|(?<=[{,]\s*)[\w-]+(?=:))/)) {
        if (!part) continue;
        const cls = /^["']/.test(part) ? "s" : /^\s*#/.test(part) ? "c" : /^[\w-]+$/.test(part) && rest.includes(part + ":") ? "k" : "";
        pre.append(cls ? made("span", cls, part) : part);
      }
      pre.append("\n");
    }
    return pre;
  };
  const wayrow = (label, small, to, id, hits) => {
    const row = made(id ? "button" : "div", "wayrow"), what = made("span", "what", label);
    if (small) what.append(made("small", "", small));
    row.append(what);
    if (hits !== null && hits !== undefined) row.append(made("span", hits ? "n" : "n zero", `${hits}×`));
    if (to) row.append(made("span", id ? "to" : "to plain", to));
    if (id) row.addEventListener("click", () => { choose(id); show(by(id)); });
    return row;
  };
  const about = id => data.flows[flow].cards[id];
  const choose = id => {
    if (chosen) by(chosen)?.classList.remove("chosen");
    for (const way of all(".way.lit")) way.classList.remove("lit");
    chosen = id;
    panel.hidden = !id;
    sheet().classList.toggle("choosing", !!id);
    if (!id) return;
    const card = by(id), one = about(id);
    card.classList.add("chosen");
    const ways = all(".way", sheet());
    for (const way of ways) if (way.dataset.from === id || way.dataset.to === id) way.classList.add("lit");
    by("panel-title").textContent = one.title;
    by("panel-sub").textContent = [one.does, one.title !== one.name && one.name, ...one.badges, one.place].filter(Boolean).join(" · ");
    const body = by("panel-body");
    body.replaceChildren();
    const part = (title, nodes) => nodes.length && body.append(made("h3", "part", title), ...nodes);
    part("Ways out", one.rows.map(row => wayrow(row.label, row.effects, row.to ? `→ ${row.to}` : row.end ? `■ ${row.end}` : "stays", row.id, row.hits)));
    const before = [...new Set(ways.filter(way => way.dataset.to === id).map(way => way.dataset.from))];
    part("From", before.map(from => wayrow(about(from).title, "", "", from)));
    if (one.yaml) part("Written", [coloured(one.yaml)]);
    panel.scrollTop = 0;
  };
  stage.addEventListener("click", event => {
    const link = event.target.closest("[data-goto]"), away = event.target.closest(".flow-link");
    if (link || away) event.preventDefault();
    if (moved || event.target.closest(".tools,.legend")) return;
    if (link && link.dataset.goto) { choose(link.dataset.goto); show(by(link.dataset.goto), true); return; }
    const card = event.target.closest(".card");
    if (away && card && (event.detail > 1 || event.target.closest(".open"))) {
      open(+away.getAttribute("href").slice(6));
      return;
    }
    choose(card ? card.id : null);
  });

  // --- The story ------------------------------------------------------------

  const waysOf = entry => {
    const from = data.flows[entry.flow]?.ids[entry.from], to = data.flows[entry.flow]?.ids[entry.to];
    if (!from) return [];
    const ways = all(`.sheet[data-flow="${entry.flow}"] .way`).filter(way => way.dataset.from === from);
    const named = ways.filter(way => way.dataset.key === entry.key);
    const other = ways.find(way => to && way.dataset.to === to);
    return named.length ? named : other ? ways.filter(way => way.dataset.key === other.dataset.key) : [];
  };
  const worded = line => line.split(/(`[^`]*`)/).map(part => /^`.*`$/.test(part) ? made("code", "", part.slice(1, -1)) : part);
  const tell = (number, jump) => {
    moment = Math.max(0, Math.min(story.entries.length - 1, number));
    const now = story.entries[moment];
    if (now.flow !== undefined && now.flow !== flow && data.flows[now.flow]) open(now.flow);
    for (const one of all(".been,.now,.taking")) one.classList.remove("been", "now", "taking");
    story.entries.slice(0, moment + 1).forEach((entry, at) => {
      const card = by(data.flows[entry.flow]?.ids[entry.node] || "");
      card?.classList.add("been");
      if (entry.kind !== "move") return;
      const ways = waysOf(entry);
      for (const way of ways) way.classList.add("been");
      if (at !== moment) return;
      for (const way of ways) way.classList.add("taking");
      const row = by(data.flows[entry.flow]?.ids[entry.from] || "")?.querySelector(`.row[data-key="${CSS.escape(entry.key || "")}"]`);
      row?.classList.add("taking");
    });
    const card = by(data.flows[now.flow]?.ids[now.node] || "");
    if (card) { card.classList.add("now"); if (view()) show(card, jump); }
    all("#talk li").forEach((line, at) => {
      line.setAttribute("aria-current", at === moment);
      line.classList.toggle("later", at > moment);
    });
    by("talk").children[moment]?.scrollIntoView({ block: "nearest" });
    by("why-title").replaceChildren(...worded(now.title));
    by("why-body").replaceChildren(...(now.why || []).map(line => {
      const text = made("p");
      text.append(...worded(line));
      return text;
    }));
    const old = moment ? story.entries[moment - 1].slots : {};
    const names = Object.keys(now.slots);
    by("slots").replaceChildren(...(names.length ? names.map(name => {
      const row = made("tr", JSON.stringify(old[name]) === JSON.stringify(now.slots[name]) ? "" : "new"), value = now.slots[name];
      row.append(made("td", "", name), made("td", "", typeof value === "string" ? value : JSON.stringify(value)));
      return row;
    }) : [made("tr", "", "none is set")]));
    by("count").textContent = `${moment + 1} of ${story.entries.length}`;
  };
  const unfold = () => {
    by("story-title").textContent = story.title;
    by("story-sub").textContent = story.remark;
    by("story-sub").classList.toggle("bad", !story.same);
    by("talk").replaceChildren(...story.entries.map((entry, at) => {
      const line = made("li", entry.kind, entry.text);
      line.title = entry.time || "";
      line.addEventListener("click", () => tell(at));
      return line;
    }));
  };

  // --- Keys and buttons -----------------------------------------------------

  const beside = key => {
    const cards = all(".card", sheet()), here = cards.includes(document.activeElement) ? document.activeElement : null;
    if (!here) return by(chosen || data.flows[flow].first);
    const at = place(here), [dx, dy] = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] }[key];
    let best = null, least = Infinity;
    for (const card of cards) {
      const to = place(card), along = (to.x - at.x) * dx + (to.y - at.y) * dy, across = Math.abs((to.x - at.x) * dy) + Math.abs((to.y - at.y) * dx);
      if (card !== here && along > 1 && along + 2 * across < least) { best = card; least = along + 2 * across; }
    }
    return best;
  };
  const acts = {
    in: () => zoom(1.25), out: () => zoom(0.8), fit: () => glide(fitted()), close: () => choose(null),
    scale: () => zoom(1 / view().s),
    theme: () => {
      const root = document.documentElement, dark = matchMedia("(prefers-color-scheme: dark)").matches;
      root.dataset.theme = (root.dataset.theme || (dark ? "dark" : "light")) === "dark" ? "light" : "dark";
    },
    next: () => tell(moment + 1), previous: () => tell(moment - 1), first: () => tell(0), last: () => tell(story.entries.length - 1),
  };
  document.addEventListener("click", event => {
    const button = event.target.closest("button[data-do]"), tab = event.target.closest("button[data-flow]");
    if (button) acts[button.dataset.do]();
    else if (tab) open(+tab.dataset.flow);
  });
  document.addEventListener("keydown", event => {
    if (event.target === search || event.ctrlKey || event.metaKey || event.altKey) return;
    const card = event.target.closest?.(".card");
    const keys = { "+": "in", "=": "in", "-": "out", 0: "fit", 1: "scale", d: "theme", Escape: "close" };
    if (story) Object.assign(keys, { j: "next", k: "previous", n: "next", p: "previous", Home: "first", End: "last" });
    if (story && !card) Object.assign(keys, { ArrowRight: "next", ArrowLeft: "previous" });
    if (keys[event.key]) acts[keys[event.key]]();
    else if (event.key === "/") search.focus();
    else if (card && (event.key === "Enter" || event.key === " ")) choose(card.id);
    else if (event.key.startsWith("Arrow")) {
      const next = beside(event.key);
      if (next) { next.focus({ preventScroll: true }); show(next); if (chosen) choose(next.id); }
    } else return;
    event.preventDefault();
  });
  search.addEventListener("input", () => {
    const text = search.value.trim().toLowerCase();
    const hits = all(".card", sheet()).filter(card => {
      const one = about(card.id), hit = !!text && [one.name, one.title, ...one.lines].some(part => part.toLowerCase().includes(text));
      card.classList.toggle("found", hit);
      return hit;
    });
    if (hits.length) show(hits.find(card => about(card.id).name.toLowerCase().startsWith(text)) || hits[0]);
  });
  search.addEventListener("keydown", event => {
    if (event.key === "Escape") { search.value = ""; search.dispatchEvent(new Event("input")); search.blur(); }
    const hit = document.querySelector(".sheet:not([hidden]) .card.found");
    if (event.key === "Enter" && hit) { choose(hit.id); show(hit, true); hit.focus({ preventScroll: true }); }
  });

  open(0);
  if (story) { unfold(); tell(0, true); }
})();
