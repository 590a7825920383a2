// Sorting and filtering of the page's tables, and the way from a number to its cell.
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
    const sign = descending ? -1 : 1;
    body.append(...Array.from(body.rows).sort((a, b) => compare(keyOf(a, place), keyOf(b, place), sign)));
  }

  function narrow(filter) {
    const body = document.getElementById(filter.dataset.table).tBodies[0];
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const row of body.rows) {
      // The list of a cell's trials is not searched: it would match almost any number.
      const texts = Array.from(row.cells).filter((cell) => !cell.classList.contains("rows"))
        .map((cell) => cell.textContent.toLowerCase());
      row.hidden = !words.every((word) => texts.some((text) =>
        /^[0-9]+$/.test(word) ? text === word : text.includes(word)));
      count += row.hidden ? 0 : 1;
    }
    filter.closest("p").querySelector(".count").textContent = count + " of " + body.rows.length + " rows";
  }

  // A link to a cell shows that cell, however the table is filtered, and its trials.
  function reveal() {
    const row = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!row || row.tagName !== "TR") return;
    const filter = document.querySelector('[data-table="' + row.closest("table").id + '"]');
    if (row.hidden && filter) {
      filter.value = "";
      narrow(filter);
    }
    const trials = row.querySelector("details");
    if (trials) trials.open = true;
    row.scrollIntoView({ block: "center" });
    row.focus({ preventScroll: true });
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
  window.addEventListener("hashchange", reveal);
  reveal();
})();
