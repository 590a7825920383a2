// Folding, sorting and filtering, the way from a number to its cell, and a cell's trials as a picture.
"use strict";
(function () {
  const keyOf = (row, place) => row.cells[place].dataset.key ?? row.cells[place].textContent;

  // A number as JavaScript reads it, with Python's name for infinity; NaN for a word.
  function numberOf(text) {
    if (text === "inf") return Infinity;
    return text === "-inf" ? -Infinity : Number(text);
  }

  // Rows without a number come last in both directions.
  function compare(a, b, sign) {
    const blank = (text) => text === "" || text === "–";
    if (blank(a) || blank(b)) return blank(a) - blank(b);
    const x = numberOf(a), y = numberOf(b);
    if (Number.isNaN(x) || Number.isNaN(y)) return sign * a.localeCompare(b);
    return x === y ? 0 : sign * (x < y ? -1 : 1);
  }

  function sortBy(table, place) {
    const heads = Array.from(table.tHead.rows[0].cells);
    const descending = heads[place].getAttribute("aria-sort") === "ascending";
    heads.forEach((head) => head.removeAttribute("aria-sort"));
    heads[place].setAttribute("aria-sort", descending ? "descending" : "ascending");
    const body = table.tBodies[0];
    closeTrials(body);
    const sign = descending ? -1 : 1;
    body.append(...Array.from(body.rows).sort((a, b) => compare(keyOf(a, place), keyOf(b, place), sign)));
  }

  function narrow(filter) {
    const body = document.getElementById(filter.dataset.table).tBodies[0];
    closeTrials(body);
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const row of body.rows) {
      // How many rows a cell has is not searched: it would match almost any number.
      const texts = Array.from(row.cells).filter((cell) => !cell.classList.contains("rows"))
        .map((cell) => cell.textContent.toLowerCase());
      row.hidden = !words.every((word) => texts.some((text) =>
        /^[0-9]+$/.test(word) ? text === word : text.includes(word)));
      count += row.hidden ? 0 : 1;
    }
    filter.closest("p").querySelector(".count").textContent = count + " of " + body.rows.length + " rows";
  }

  // An element with attributes and children; of SVG where its name begins with "svg:".
  function make(name, attributes, ...children) {
    const found = name.startsWith("svg:") ? document.createElementNS("http://www.w3.org/2000/svg", name.slice(4))
      : document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) found.setAttribute(key, value);
    found.append(...children);
    return found;
  }

  const data = document.getElementById("trials");
  const trials = data ? JSON.parse(data.textContent) : {};
  const COLOURS = 12, LANE = 16, WIDEST = 620, LEFT = 76, TOP = 6;
  // The columns that name a cell: driver, workload, parameters, variant, threads.
  const NAMES = 5;

  function digits(value) {
    return value >= 1000 ? Math.round(value).toLocaleString("en") : String(Number(value.toPrecision(3)));
  }

  // A step of 1, 2 or 5 times a power of ten, so that an axis of this length has four to ten.
  function step(length) {
    const power = 10 ** Math.floor(Math.log10(length / 4));
    return [5, 2, 1].map((one) => one * power).find((one) => length / one >= 4) ?? power;
  }

  // The ends of the axis: those of the good trials, or of all where none is good. One that is far off, as disturbed
  // ones may be, stands at the edge instead of squeezing the others.
  function axisOf(values, marks) {
    const known = values.filter((one) => one !== null);
    const good = values.filter((one, place) => one !== null && !marks[place]);
    const from = (good.length ? good : known).sort((a, b) => a - b);
    const middle = from[from.length >> 1];
    const low = Math.max(from[0], middle / 3), high = Math.min(from[from.length - 1], middle * 3);
    const margin = (high - low) * 0.08 || Math.abs(middle) * 0.02 || 1;
    return [low - margin, high + margin];
  }

  // One trial: a dot where it is good, a ring where it was disturbed, a cross where it is invalid, an arrow at the edge
  // where it is further off.
  function sign(x, y, colour, mark, beyond, title) {
    const shape = beyond ? (beyond < 0 ? "M3 -4 L-4 0 L3 4" : "M-3 -4 L4 0 L-3 4")
      : mark.includes("invalid") ? "M-3.5 -3.5 L3.5 3.5 M-3.5 3.5 L3.5 -3.5" : "M-4 0 A4 4 0 1 0 4 0 A4 4 0 1 0 -4 0";
    const filled = !mark && !beyond;
    return make("svg:path", { d: shape, transform: "translate(" + x.toFixed(1) + " " + y + ")", stroke: colour,
      "stroke-width": 1.5, fill: filled ? colour : "none", "fill-opacity": filled ? 0.55 : 0 },
    make("svg:title", {}, title));
  }

  // The trials of a cell over their values, a lane for each process.
  function picture(found, width) {
    const values = found.typical ?? found.values, marks = found.marks ?? [];
    const lanes = Array.from(new Set(found.processes));
    const [low, high] = axisOf(values, marks);
    const at = (one) => LEFT + (one - low) / (high - low) * (width - LEFT - 12);
    const bottom = TOP + lanes.length * LANE, apart = step(high - low);
    const text = (x, y, anchor, words) => make("svg:text", { x: x, y: y, "text-anchor": anchor }, words);
    const svg = make("svg:svg", { viewBox: "0 0 " + width + " " + (bottom + 34), width: width, role: "img",
      "aria-label": "The trials of this cell, a row for each process" });
    for (let tick = Math.ceil(low / apart) * apart; tick <= high; tick += apart) {
      svg.append(make("svg:path", { d: "M" + at(tick) + " " + TOP + " V" + bottom, stroke: "var(--line)" }),
        text(at(tick), bottom + 14, "middle", String(Number(tick.toPrecision(6)))));
    }
    svg.append(text(width - 12, bottom + 30, "end",
      found.unit === "ns" ? "ns per operation" : "million operations per second"));
    lanes.forEach((process, lane) => svg.append(text(0, TOP + lane * LANE + 12, "start", "process " + process)));
    values.forEach((one, place) => {
      if (one === null) return;
      const lane = lanes.indexOf(found.processes[place]), beyond = one < low ? -1 : one > high ? 1 : 0;
      svg.append(sign(at(Math.min(high, Math.max(low, one))), TOP + lane * LANE + LANE / 2,
        "var(--series-" + lane % COLOURS + ")", marks[place] ?? "", beyond, told(found, place)));
    });
    return svg;
  }

  function told(found, place) {
    const one = found.values[place], mark = (found.marks ?? [])[place];
    return found.lines[place] + ": " + (one === null ? "no number" : digits(one) + " " + found.unit)
      + (mark ? " (" + mark + ")" : "");
  }

  function legendOf(found) {
    const marks = found.marks ?? [];
    const invalid = marks.some((one) => one.includes("invalid"));
    const disturbed = marks.some((one) => one && !one.includes("invalid"));
    return ["Each process has a line and a colour.",
      disturbed && "A ring is a trial that was disturbed.", invalid && "A cross is an invalid trial.",
      "An arrow at the edge is a trial further off.",
      found.typical && "Dots show each trial at the run’s typical clock, from which the cell’s number is made; the "
        + "list below shows what was measured."].filter(Boolean).join(" ");
  }

  // What stands below a cell's row: a picture of its trials, their lines and values, and how to find them.
  function trialsOf(row) {
    const found = trials[row.id], button = row.querySelector("td.rows button");
    const source = row.closest("table").dataset.source;
    const width = row.closest(".wide").clientWidth;
    const name = Array.from(row.cells).slice(0, NAMES).map((cell) => cell.textContent).filter(Boolean).join(" ");
    const parts = [make("p", {}, make("strong", {}, name), ": " + button.textContent)];
    if (found && found.values.some((one) => one !== null)) {
      parts.push(picture(found, Math.min(WIDEST, width - 24)), make("p", {}, legendOf(found)));
    }
    if (found) {
      parts.push(make("p", { class: "list" }, "Lines of " + source + ": "
        + found.lines.map((_, place) => told(found, place)).join("; ")));
    }
    if (button.dataset.search) parts.push(make("p", {}, make("code", {}, button.dataset.search)));
    const inner = make("div", {}, ...parts);
    inner.style.width = width + "px";
    return make("tr", { class: "trials" }, make("td", { colspan: row.cells.length }, inner));
  }

  const shownBelow = (row) => row.nextElementSibling?.classList.contains("trials") ? row.nextElementSibling : null;

  function openTrials(row) {
    const button = row.querySelector("td.rows button");
    if (!button || shownBelow(row)) return;
    button.setAttribute("aria-expanded", "true");
    row.after(trialsOf(row));
  }

  function closeTrials(body) {
    for (const below of body.querySelectorAll("tr.trials")) {
      below.previousElementSibling.querySelector("td.rows button").setAttribute("aria-expanded", "false");
      below.remove();
    }
  }

  function toggleTrials(row) {
    const below = shownBelow(row);
    if (!below) {
      openTrials(row);
      return;
    }
    row.querySelector("td.rows button").setAttribute("aria-expanded", "false");
    below.remove();
  }

  function openAround(element) {
    for (let one = element; one; one = one.parentElement) {
      if (one.tagName === "DETAILS") one.open = true;
    }
    const own = element.querySelector(":scope > details");
    if (element.classList.contains("fold") && own) own.open = true;
  }

  // A link opens the section that its target is in, and shows a cell, however its table is filtered, with its trials.
  function reveal() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    openAround(target);
    if (target.tagName !== "TR") {
      target.scrollIntoView();
      return;
    }
    const filter = document.querySelector('[data-table="' + target.closest("table").id + '"]');
    if (target.hidden && filter) {
      filter.value = "";
      narrow(filter);
    }
    openTrials(target);
    const box = target.closest(".wide");
    box.scrollIntoView({ block: "nearest" });
    box.scrollLeft = 0;
    box.scrollTop += target.getBoundingClientRect().top - box.getBoundingClientRect().top
      - box.querySelector("thead").offsetHeight - 8;
    target.focus({ preventScroll: true });
  }

  for (const table of document.querySelectorAll("table.sortable")) {
    Array.from(table.tHead.rows[0].cells).forEach((head, place) => {
      const button = head.querySelector("button");
      if (button) button.addEventListener("click", () => sortBy(table, place));
    });
  }
  for (const filter of document.querySelectorAll("input.filter")) {
    filter.addEventListener("input", () => narrow(filter));
    if (filter.value) narrow(filter);
  }
  for (const button of document.querySelectorAll("td.rows button")) {
    button.setAttribute("aria-expanded", "false");
    const row = button.closest("tr");
    row.addEventListener("click", () => {
      if (!String(getSelection())) toggleTrials(row);
    });
  }
  const all = document.getElementById("open-all");
  if (all) {
    const folds = Array.from(document.querySelectorAll(".fold > details"));
    const label = () => {
      all.textContent = folds.every((one) => one.open) ? "Close all sections" : "Open all sections";
    };
    all.addEventListener("click", () => {
      const open = !folds.every((one) => one.open);
      folds.forEach((one) => { one.open = open; });
    });
    folds.forEach((one) => one.addEventListener("toggle", label));
  }
  // Paper has no folds.
  let opened = [];
  window.addEventListener("beforeprint", () => {
    opened = Array.from(document.querySelectorAll("details:not([open])"));
    opened.forEach((one) => { one.open = true; });
  });
  window.addEventListener("afterprint", () => opened.forEach((one) => { one.open = false; }));
  // The same link may be followed twice, which changes no address; the browser's own way would end below the head.
  document.addEventListener("click", (event) => {
    const link = event.target.closest('a[href^="#"]');
    if (!link || link.getAttribute("href") !== location.hash) return;
    event.preventDefault();
    reveal();
  });
  window.addEventListener("hashchange", reveal);
  reveal();
})();
