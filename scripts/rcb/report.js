// Sorting and filtering of the report's table of cells.
"use strict";
(function () {
  const table = document.getElementById("all-cells");
  const body = table.tBodies[0];
  const heads = Array.from(table.tHead.rows[0].cells);
  const filter = document.getElementById("filter");
  const shown = document.getElementById("shown");

  const keyOf = (row, place) => row.cells[place].dataset.key ?? row.cells[place].textContent;

  function compare(a, b) {
    if (a === "" || b === "") return (a === "") - (b === "");
    const difference = Number(a) - Number(b);
    return Number.isNaN(difference) ? a.localeCompare(b) : difference;
  }

  function sortBy(place) {
    const descending = heads[place].getAttribute("aria-sort") === "ascending";
    heads.forEach((head) => head.removeAttribute("aria-sort"));
    heads[place].setAttribute("aria-sort", descending ? "descending" : "ascending");
    const rows = Array.from(body.rows).sort((a, b) => compare(keyOf(a, place), keyOf(b, place)));
    if (descending) rows.reverse();
    body.append(...rows);
  }

  function narrow() {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const row of body.rows) {
      const texts = Array.from(row.cells, (cell) => cell.textContent.toLowerCase());
      row.hidden = !words.every((word) => texts.some((text) =>
        /^[0-9]+$/.test(word) ? text === word : text.includes(word)));
      count += row.hidden ? 0 : 1;
    }
    shown.textContent = count + " of " + body.rows.length + " cells";
  }

  heads.forEach((head, place) => head.firstElementChild.addEventListener("click", () => sortBy(place)));
  filter.addEventListener("input", narrow);
})();
