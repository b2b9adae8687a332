"use strict";
// A click on a heading sorts its table by that column; another click reverses the order.
const value = (row, column) => {
  const cell = row.cells[column];
  return "key" in cell.dataset ? Number(cell.dataset.key) : cell.textContent;
};
const order = (a, b) => {
  if (typeof a === "string" && typeof b === "string") return a.localeCompare(b, "en", { numeric: true });
  return a < b ? -1 : a > b ? 1 : 0;
};
for (const button of document.querySelectorAll("th button")) {
  const heading = button.parentElement;
  const table = heading.closest("table");
  const column = heading.cellIndex;
  button.addEventListener("click", () => {
    const up = heading.getAttribute("aria-sort") !== "ascending";
    table.querySelectorAll("th[aria-sort]").forEach((other) => other.removeAttribute("aria-sort"));
    heading.setAttribute("aria-sort", up ? "ascending" : "descending");
    const rows = [...table.tBodies[0].rows].map((row) => [value(row, column), row]);
    const missing = rows.filter(([key]) => Number.isNaN(key));
    const known = rows.filter(([key]) => !Number.isNaN(key));
    known.sort(([a], [b]) => (up ? order(a, b) : order(b, a)));
    table.tBodies[0].append(...[...known, ...missing].map(([, row]) => row));
  });
}
