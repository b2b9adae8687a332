// Tables: sorted by a click on a heading, filtered by words and limits, saved as CSV.
const keyOf = (cell) => {
  if (!("key" in cell.dataset)) return cell.textContent;
  return cell.dataset.key === "inf" ? Infinity : Number(cell.dataset.key);
};
const order = (a, b) => {
  if (typeof a === "string" && typeof b === "string") return a.localeCompare(b, "en", { numeric: true });
  return a < b ? -1 : a > b ? 1 : 0;
};
const headings = (table) => [...table.tHead.rows[0].cells].map((cell) => cell.textContent);

function makeSortable(table) {
  for (const heading of table.tHead.rows[0].cells) {
    heading.firstElementChild.addEventListener("click", () => {
      const up = heading.getAttribute("aria-sort") !== "ascending";
      table.querySelectorAll("th[aria-sort]").forEach((other) => other.removeAttribute("aria-sort"));
      heading.setAttribute("aria-sort", up ? "ascending" : "descending");
      const rows = [...table.tBodies[0].rows].map((row) => [keyOf(row.cells[heading.cellIndex]), row]);
      const missing = rows.filter(([key]) => Number.isNaN(key));
      const known = rows.filter(([key]) => !Number.isNaN(key));
      known.sort(([a], [b]) => (up ? order(a, b) : order(b, a)));
      table.tBodies[0].append(...[...known, ...missing].map(([, row]) => row));
    });
  }
}

// Return whether a row has a word, or keeps a limit such as gap<5; the column is named by its beginning.
function matcher(word, columns) {
  const limit = /^(.+?)(<=|>=|<|>|=)(-?[\d.]+)$/.exec(word);
  const plain = (text) => text.toLowerCase().replaceAll(/\s/g, "");
  const at = limit ? columns.findIndex((name) => plain(name).startsWith(limit[1])) : -1;
  if (at < 0) return (row) => [...row.cells].some((cell) => cell.textContent.toLowerCase().includes(word));
  const [sign, end] = [limit[2], Number(limit[3])];
  return (row) => {
    const number = Number(row.cells[at].textContent.replaceAll(/[, ]/g, "").replace("∞", "Infinity"));
    if (sign === "=") return number === end;
    if (sign === "<" || sign === ">") return sign === "<" ? number < end : number > end;
    return sign === "<=" ? number <= end : number >= end;
  };
}

function filterRows(table, text) {
  const columns = headings(table);
  const tests = text.toLowerCase().split(/\s+/).filter(Boolean).map((word) => matcher(word, columns));
  let count = 0;
  for (const row of table.tBodies[0].rows) {
    row.hidden = !tests.every((test) => test(row));
    count += row.hidden ? 0 : 1;
  }
  return count;
}

// Return the rows in view; numbers in full, intervals as they are written.
const rowsOf = (table) => [headings(table), ...[...table.tBodies[0].rows].filter((row) => !row.hidden)
  .map((row) => [...row.cells].map((cell) => {
    const key = keyOf(cell);
    const isNumber = typeof key === "number" && !cell.textContent.startsWith("[");
    return isNumber && cell.textContent ? key : cell.textContent;
  }))];

function addTools(table) {
  const title = table.caption.textContent;
  const count = make("span", { role: "status", class: "count" });
  const field = make("input", {
    type: "search", placeholder: "Filter: words, gap<5", "aria-label": `Filter the rows of: ${title}`,
  });
  field.addEventListener("input", () => {
    const kept = filterRows(table, field.value);
    count.textContent = field.value ? `${kept} of ${table.tBodies[0].rows.length} rows` : "";
  });
  const button = make("button", { type: "button", "aria-label": `Download as CSV: ${title}` }, "CSV");
  button.addEventListener("click", () => save(csvText(rowsOf(table)), fileName(table.id, "csv"), "text/csv"));
  table.parentElement.before(make("div", { class: "tools" }, field, count, make("span", { class: "gap" }), button));
}

document.querySelectorAll("main table").forEach((table) => {
  makeSortable(table);
  addTools(table);
});

// Charts follow the switches of the page; on paper, those without a still image are pictures.
const chosen = (name) => document.querySelector(`input[name=${name}]:checked`)?.id.slice(name.length + 1);
function follow() {
  state.axis = chosen("axis");
  state.unit = chosen("unit") ?? "problems";
  charts.forEach((chart) => chart.redraw());
}
document.documentElement.classList.add("js");
follow();
try {
  for (const figure of document.querySelectorAll("[data-chart]")) charts.push(new Chart(figure));
} catch (error) {
  document.documentElement.classList.remove("js");  // in a browser that is too old: still figures
  throw error;
}
document.querySelectorAll("input[name=axis], input[name=unit]")
  .forEach((box) => box.addEventListener("change", follow));
addEventListener("beforeprint", () => charts.forEach((chart) => {
  if (!chart.plot || chart.figure.querySelector(".static")) return;
  chart.place.before(make("img", { class: "print", alt: chart.kind.title, src: chart.plot.ctx.canvas.toDataURL() }));
}));
addEventListener("afterprint", () => document.querySelectorAll("img.print").forEach((image) => image.remove()));
