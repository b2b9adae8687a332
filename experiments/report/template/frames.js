// The frame of a chart: controls, legend, zoom by mouse, button and key, hover values, downloads.
const ZOOM = 1.6;
const KEYS = "Arrow keys read values, plus and minus zoom, shift with an arrow moves, 0 shows all. "
  + "The button Numbers has a table.";
const csvMark = /^'*[=+\-@\t\r\n＝＋－＠]/;
const csvField = (value) => {
  let text = value === null || value === undefined ? "" : String(value);
  // a spreadsheet would run it as a formula
  const isNumber = text.trim() === text && Number.isFinite(Number(text));
  if (typeof value === "string" && csvMark.test(text) && !isNumber) text = `'${text}`;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};
const csvText = (rows) => rows.map((row) => `${row.map(csvField).join(",")}\n`).join("");
const fileName = (part, kind) => `${`${data.name}-${part}`.replace(/[^\p{L}\p{N}_.-]+/gu, "-")}.${kind}`;

function save(content, name, kind) {
  const address = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type: kind }));
  make("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}

const curveTable = (view) => {
  const hasBands = view.series.some((curve) => curve.low);
  const quartiles = hasBands ? ["lower quartile", "upper quartile"] : [];
  const head = ["solver", view.xLabel, hasBands ? `median ${view.yName}` : view.yName, ...quartiles];
  const rows = view.series.flatMap((curve) => view.x.flatMap((cost, at) => {
    if (curve.middle[at] === null) return [];
    const sides = hasBands ? [curve.low?.[at], curve.high?.[at]] : [];
    return [[data.solvers[curve.solver].name, cost, curve.middle[at], ...sides]];
  }));
  return [head, ...rows];
};

function lineSample({ colour, dash }) {
  const svg = (tag, attributes) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    Object.entries(attributes).forEach(([name, value]) => node.setAttribute(name, value));
    return node;
  };
  const sample = svg("svg", { viewBox: "0 0 26 8", "aria-hidden": "true" });
  sample.append(svg("path", { d: "M0 4H26", stroke: colour, "stroke-width": 2.5, "stroke-dasharray": dash.join(" ") }));
  return sample;
}

class Chart {
  constructor(figure) {
    this.figure = figure;
    this.name = figure.dataset.chart;
    this.kind = kinds[this.name];
    this.choice = {};
    this.cursor = 0;
    this.live = figure.querySelector(".live");
    this.tip = make("div", { class: "tip", hidden: true });
    this.spoken = make("p", { class: "spoken", role: "status" });
    this.message = make("p", { class: "note", hidden: true });
    this.numbers = make("div", { class: "numbers", hidden: true });
    const { title } = this.kind;
    const names = { role: "group", "aria-label": `${title}: solvers shown, in all charts` };
    this.legend = make("div", { class: "legend", ...names });
    this.place = make("div", {
      class: "plot", tabindex: "0", role: "group", "aria-roledescription": "chart", "aria-label": `${title}. ${KEYS}`,
    });
    this.live.append(this.tools(), this.message, this.place, this.spoken, this.legend, this.numbers);
    this.place.append(this.tip);
    this.place.addEventListener("keydown", (event) => this.key(event));
    this.place.addEventListener("mouseleave", () => (this.tip.hidden = true));
    this.place.addEventListener("blur", () => (this.tip.hidden = true));
    new ResizeObserver(() => this.resize()).observe(this.place);
    this.redraw();
  }

  tools() {
    const tools = make("div", { class: "tools" });
    for (const [key, label, options] of this.kind.controls) {
      const select = make("select", { name: key });
      for (const [value, text] of options) select.append(make("option", { value }, text));
      this.choice[key] = select.value;
      select.addEventListener("change", () => {
        this.choice[key] = select.value;
        this.redraw();
      });
      tools.append(make("label", {}, `${label} `, select));
    }
    const button = (text, label, act, more = {}) => {
      const name = `${label}: ${this.kind.title}`;
      const one = make("button", { type: "button", "aria-label": name, title: label, ...more }, text);
      one.addEventListener("click", () => act(one));
      tools.append(one);
    };
    tools.append(make("span", { class: "gap" }));
    button("+", "Zoom in", () => this.zoom(1 / ZOOM));
    button("−", "Zoom out", () => this.zoom(ZOOM));
    button("Reset", "Reset the zoom", () => this.redraw());
    button("Numbers", "Numbers as a table", (one) => this.list(one), { "aria-expanded": "false" });
    const csv = () => save(csvText(this.table()), fileName(this.name, "csv"), "text/csv");
    button("CSV", "Download the numbers as CSV", csv);
    button("PNG", "Download as PNG", () => this.picture());
    if (this.still()) button("SVG", "Download the whole figure as SVG", () => this.vector());
    return tools;
  }

  // Return the still image of the same numbers that the page shows on paper.
  still() {
    const [axis, problem] = [state.axis, this.choice.problem];
    const stills = [...this.figure.querySelectorAll(".static img")].filter((image) => image.dataset.axis === axis);
    if (problem === undefined || problem === "all") return stills[0];
    return stills.find((image) => image.dataset.problem === data.problems[problem]);
  }

  vector() {
    const image = this.still();
    if (!image) return this.say("There is no SVG of this view; PNG has it.");
    const code = decodeURIComponent(image.getAttribute("src").replace(/^[^,]*,/, ""));
    return save(code, fileName(this.name, "svg"), "image/svg+xml");
  }

  picture() {
    const source = this.plot?.ctx.canvas;
    if (!source) return this.say("There is nothing to draw.");
    const canvas = make("canvas", { width: source.width, height: source.height });
    const pen = canvas.getContext("2d");
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(source, 0, 0);
    return canvas.toBlob((blob) => save(blob, fileName(this.name, "png"), "image/png"));
  }

  say(text) {
    this.spoken.textContent = text;
  }

  table() {
    return this.view.reason ? [[this.view.reason]] : this.view.table ?? curveTable(this.view);
  }

  list(button) {
    this.numbers.hidden = !this.numbers.hidden;
    button?.setAttribute("aria-expanded", String(!this.numbers.hidden));
    this.fill();
  }

  // Fill the table of numbers, if it is open.
  fill() {
    if (this.numbers.hidden) return;
    const most = 500;
    const [head, ...rows] = this.table();
    const text = (value) => (typeof value === "number" ? shown(value) : value ?? "");
    const cells = (row, tag) => make("tr", {}, ...row.map((value) => make(tag, {}, text(value))));
    const caption = make("caption", {}, `${this.kind.title}: the numbers drawn`);
    const body = make("tbody", {}, ...rows.slice(0, most).map((row) => cells(row, "td")));
    const table = make("table", {}, caption, make("thead", {}, cells(head, "th")), body);
    const more = `The first ${most} of ${rows.length} rows; the CSV has all.`;
    const rest = rows.length > most ? [make("p", { class: "note" }, more)] : [];
    const region = { class: "scroll", tabindex: "0", role: "region", "aria-label": caption.textContent };
    this.numbers.replaceChildren(make("div", region, table), ...rest);
  }

  redraw() {
    this.view = this.kind.view(this.choice);
    if (this.view.series?.length === 0) this.view = { reason: "No run has a schedule." };
    this.plot?.destroy();
    this.plot = null;
    this.tip.hidden = true;
    this.cursor = 0;
    this.hasRead = false;
    this.message.hidden = !this.view.reason && !this.view.note;
    this.message.textContent = this.view.reason ?? this.view.note ?? "";
    this.place.hidden = Boolean(this.view.reason);
    if (!this.view.reason) this.draw();
    this.fillLegend();
    this.fill();
  }

  draw() {
    const width = this.width = Math.floor(this.place.clientWidth);
    if (!width) return;
    const [options, columns] = this.view.rows ? rowOptions(this.view, width) : curveOptions(this.view);
    const pitch = this.view.isGantt ? 24 : 26;
    const height = this.view.rows
      ? Math.max(140, Math.min(900, 70 + pitch * this.view.rows.length)) : width < 500 ? 280 : 360;
    options.hooks = { ...options.hooks, setCursor: [(plot) => this.hover(plot)] };
    this.plot = new uPlot({ ...options, width, height, legend: { show: false } }, columns, this.place);
  }

  // Show what solvers are on now, at the same zoom.
  showSolvers() {
    for (const button of this.legend.querySelectorAll("[data-solver]")) {
      button.setAttribute("aria-pressed", String(solverIsShown(Number(button.dataset.solver))));
    }
    this.tip.hidden = true;
    if (!this.plot || this.view.isGantt) return;
    if (this.view.rows) {
      const { min, max } = this.plot.scales.x;
      this.redraw();
      this.plot?.setScale("x", { min, max });
      return;
    }
    this.plot.batch(() => this.plot.series.forEach((series, at) => {
      if (at && series.show !== solverIsShown(series.solver)) this.plot.setSeries(at, { show: !series.show });
    }));
  }

  resize() {
    const width = Math.floor(this.place.clientWidth);
    if (width && width !== this.width && this.view && !this.view.reason) this.redraw();
  }

  fillLegend() {
    const isEmpty = this.view.isGantt || this.view.reason;
    const used = this.view.series?.map((curve) => curve.solver) ?? (isEmpty ? [] : all(data.solvers.length));
    const listed = [...this.legend.querySelectorAll("[data-solver]")].map((button) => Number(button.dataset.solver));
    if (used.length && listed.join() === used.join()) return undefined;
    if (!used.length) return this.legend.replaceChildren();
    const buttons = used.map((number) => {
      const button = make("button", {
        type: "button", "aria-pressed": String(solverIsShown(number)), "data-solver": String(number),
        title: "Click to switch off or on, double-click for this one alone",
      }, lineSample(data.solvers[number]), data.solvers[number].name);
      const others = (each) => each !== number;
      button.addEventListener("click", () => choose((each) => solverIsShown(each) === others(each)));
      button.addEventListener("dblclick", () => choose((each) => !others(each)));
      return button;
    });
    const one = (text, act) => {
      const button = make("button", { type: "button", class: "every" }, text);
      button.addEventListener("click", act);
      return button;
    };
    return this.legend.replaceChildren(...buttons,
      one("all", () => choose(() => true)), one("none", () => choose(() => false)));
  }

  // Zoom about the middle, or move by a part of what is shown.
  zoom(factor, shift = 0) {
    if (!this.plot) return;
    const axes = this.view.rows ? ["x"] : ["x", "y"];
    const wanted = axes.map((name) => {
      const scale = this.plot.scales[name];
      const isLog = scale.distr === 3;
      const [low, high] = [scale.min, scale.max].map((value) => (isLog ? Math.log(value) : value));
      const part = name === "x" ? shift : 0;
      const middle = (low + high) / 2 + part * (high - low);
      const half = ((high - low) / 2) * (shift ? 1 : factor);
      const [min, max] = [middle - half, middle + half].map((value) => (isLog ? Math.exp(value) : value));
      return [name, { min, max }];
    });
    this.plot.batch(() => wanted.forEach(([name, range]) => this.plot.setScale(name, range)));
  }

  hover(plot) {
    const { left, top } = plot.cursor;
    if (left === undefined || left < 0 || this.byKey) return;
    if (this.view.rows) {
      const item = itemAt(plot, this.view, left, top);
      this.show(item?.text ?? null, left, top);
    } else {
      this.show(this.lines(plot.posToVal(left, "x")), left, top);
    }
  }

  // Return the texts of a tip for the curves at a cost.
  lines(cost, most = 14) {
    const { found } = valuesAt(this.view, cost);
    const texts = found.slice(0, most).map(({ solver, value, low, high }) => {
      const band = low === undefined || low === null || low === high ? "" : ` (${shown(low)} to ${shown(high)})`;
      return [solver, `${data.solvers[solver].name}: ${shown(value)}${band}`];
    });
    const rest = found.length > most ? [`and ${found.length - most} more`] : [];
    return [`${this.view.xLabel}: ${shown(cost)}`, ...texts, ...rest];
  }

  show(lines, left, top) {
    this.tip.hidden = lines === null;
    if (lines === null) return;
    this.tip.replaceChildren(...lines.map((line) => {
      if (typeof line === "string") return make("div", {}, line);
      const swatch = make("i", {});
      swatch.style.background = data.solvers[line[0]].colour;
      return make("div", {}, swatch, line[1]);
    }));
    const { over } = this.plot;
    const right = left > over.clientWidth / 2;
    const x = over.offsetLeft + left;
    this.tip.style.left = right ? "auto" : `${x + 14}px`;
    this.tip.style.right = right ? `${this.place.clientWidth - x + 14}px` : "auto";
    const lowest = this.place.clientHeight - this.tip.offsetHeight;
    this.tip.style.top = `${Math.max(0, Math.min(over.offsetTop + top - 20, lowest))}px`;
  }

  key(event) {
    if (!this.plot || event.ctrlKey || event.metaKey || event.altKey) return;
    const step = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
    if (event.key === "+" || event.key === "=") this.zoom(1 / ZOOM);
    else if (event.key === "-") this.zoom(ZOOM);
    else if (event.key === "0") this.redraw();
    else if (event.key === "Escape") this.tip.hidden = true;
    else if (event.key === "Home") this.read(-Infinity);
    else if (event.key === "End") this.read(Infinity);
    else if (step && event.shiftKey) this.zoom(1, step / 4);
    else if (step) this.read(step);
    else return;
    event.preventDefault();
  }

  // Move the reading place among the costs or items that are in view, and say what is there.
  read(step) {
    const { min, max } = this.plot.scales.x;
    const places = this.view.rows ? this.view.items : this.view.x.filter((cost) => cost >= min && cost <= max);
    if (!places.length) return;
    const next = this.hasRead ? this.cursor + step : step > 1 ? places.length - 1 : 0;
    this.cursor = Math.max(0, Math.min(places.length - 1, next));
    this.hasRead = true;
    const here = places[this.cursor];
    const lines = this.view.rows ? here.text : this.lines(here);
    const left = this.plot.valToPos(this.view.rows ? (here.from + here.to) / 2 : here, "x");
    const top = this.view.rows ? this.plot.valToPos(here.row, "y") : 40;
    this.byKey = true;
    this.plot.setCursor({ left, top }, false);
    this.byKey = false;
    this.show(lines, left, top);
    this.say(lines.map((line) => (typeof line === "string" ? line : line[1])).join("; "));
  }
}

// Show the solvers for which this holds in all charts, and no others.
function choose(isWanted) {
  state.off = new Set(all(data.solvers.length).filter((solver) => !isWanted(solver)));
  charts.forEach((chart) => chart.showSolvers());
}
