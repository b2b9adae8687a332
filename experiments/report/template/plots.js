// Drawing with uPlot: curves over costs, and rows of boxes, intervals or bars.
const INK = "#444", GRID = "#ddd", FONT = "12px system-ui, sans-serif";
const log = (isLog) => (isLog ? 3 : 1);
const axisLook = { stroke: INK, font: FONT, labelFont: FONT, labelSize: 22, ticks: { stroke: GRID, width: 1 } };
const gridLook = { stroke: GRID, width: 0.5 };
const ticks = (plot, values) => values.map((value) => (value === null ? "" : shown(value)));
// where smaller gaps are drawn, as a logarithmic axis has no place for 0
const gapTicks = (plot, values) => values.map((value) => (
  value === null ? "" : Math.abs(value - data.smallest) < 1e-9 ? `≤ ${shown(value)}` : shown(value)));
const faint = (colour, alpha) => colour + Math.round(255 * alpha).toString(16).padStart(2, "0");
// Return places of ticks on a logarithmic axis: decades if there are many, else also between them.
function logTicks(plot, axis, low, high) {
  const room = Math.max(3, Math.floor((axis ? plot.bbox.height : plot.bbox.width) / uPlot.pxRatio / 60));
  const at = (steps) => {
    const found = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high) + 1e-9; power += 1) {
      for (const step of steps) {
        const value = Number(`${step}e${power}`);
        if (value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9)) found.push(value);
      }
    }
    return found;
  };
  const decades = at([1]);
  if (decades.length >= 3) return decades.filter((_, number) => number % Math.ceil(decades.length / room) === 0);
  const fits = (places) => places.length >= 2 && places.length <= Math.max(room, 6);
  const between = [[1, 2, 5], [1, 3]].map(at).find(fits);
  if (between) return between;
  const rough = (high - low) / 4;
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = unit * [1, 2, 5, 10].find((times) => times * unit >= rough);
  const first = Math.ceil(low / step);
  return all(Math.floor(high / step) - first + 1).map((number) => (first + number) * step);
}
const ticksOf = (isLog) => (isLog ? { splits: logTicks, filter: (_, places) => places } : {});
const drawnOn = (value, isLog, floor) => (value === null || !isLog ? value : Math.max(value, floor));

// Return the options and the numbers of uPlot for curves: three series a solver, of which two limit its band.
function curveOptions(view) {
  const series = [{}], bands = [], columns = [view.x];
  for (const curve of view.series) {
    const { colour, dash, single } = data.solvers[curve.solver];
    const look = {
      paths: uPlot.paths.stepped({ align: 1 }), points: { show: false },
      solver: curve.solver, show: solverIsShown(curve.solver),
    };
    series.push({ ...look, stroke: colour, width: single ? 1 : 1.8, dash: [...dash] });
    columns.push(curve.middle.map((value) => drawnOn(value, view.isLogY, view.floor)));
    if (curve.low && !single) {
      for (const side of [curve.high, curve.low]) {
        series.push({ ...look, width: 0 });
        columns.push(side.map((value) => drawnOn(value, view.isLogY, view.floor)));
      }
      bands.push({ series: [series.length - 2, series.length - 1], fill: faint(colour, 0.14) });
    }
  }
  const xEnds = (_, low, high) => (low < high ? [low, high] : [low / 2, high * 2]);
  const yEnds = (_, low, high) => view.range ?? (low === null ? [1, 10] : ends([low, high], view.isLogY));
  return [{
    series, bands,
    scales: {
      x: { time: false, distr: log(view.isLogX), range: xEnds },
      y: { distr: log(view.isLogY), range: yEnds },
    },
    axes: [
      { ...axisLook, grid: gridLook, label: view.xLabel, values: ticks, size: 30, ...ticksOf(view.isLogX) },
      {
        ...axisLook, grid: gridLook, label: view.yLabel, values: view.floor && view.isLogY ? gapTicks : ticks,
        size: 62, ...ticksOf(view.isLogY),
      },
    ],
    cursor: { drag: { x: true, y: true, uni: 24, dist: 5 }, points: { show: false } },
  }, columns];
}

// Return the same for rows; what is in them is drawn by hand.
function rowOptions(view, width) {
  const count = view.rows.length;
  const room = Math.max(6, Math.min(26, Math.floor(width / 34)));
  const cut = (name) => (name.length > room ? `${name.slice(0, room - 1)}…` : name);
  const names = view.rows.map(cut);
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = FONT;
  const size = 16 + Math.max(24, ...names.map((name) => pen.measureText(name).width));
  const every = Math.max(1, Math.ceil(count / 50));
  return [{
    series: [{}, { show: true, points: { show: false } }],
    scales: {
      x: { time: false, distr: log(view.isLog), range: () => view.range },
      y: { range: () => [-0.6, count - 0.4], dir: -1 },
    },
    axes: [
      {
        ...axisLook, grid: gridLook, label: view.xLabel, values: view.boxes && view.isLog ? gapTicks : ticks,
        size: 30, ...ticksOf(view.isLog),
      },
      {
        ...axisLook, grid: { show: false }, ticks: { show: false }, size, label: view.isGantt ? "node" : null,
        splits: () => all(count).filter((row) => row % every === 0),
        values: (_, rows) => rows.map((row) => names[row]),
      },
    ],
    cursor: { drag: { x: true, y: false, dist: 5 }, points: { show: false }, y: false },
    hooks: { draw: [(plot) => drawRows(plot, view)] },
  }, [view.range, [null, null]]];
}

function drawRows(plot, view) {
  const { ctx: pen, bbox } = plot;
  const x = (value) => plot.valToPos(value, "x", true);
  const y = (row) => plot.valToPos(row, "y", true);
  const unit = Math.abs(y(1) - y(0)), line = uPlot.pxRatio;
  pen.save();
  pen.beginPath();
  pen.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  pen.clip();
  const bar = (from, to, row, part, colour) => {
    pen.fillStyle = colour;
    pen.fillRect(x(from), y(row) - (part * unit) / 2, Math.max(x(to) - x(from), line), part * unit);
  };
  const stroke = (from, to, row, width, colour) => {
    pen.strokeStyle = colour;
    pen.lineWidth = width * line;
    pen.beginPath();
    pen.moveTo(x(from), y(row));
    pen.lineTo(x(to), y(row));
    pen.stroke();
  };
  const count = view.rows.length;
  if (view.band) bar(...view.band, (count - 1) / 2, count + 1, faint("#777777", 0.15));
  if (view.ready) view.ready.forEach((until, row) => until && bar(0, until, row, 0.8, GRID));
  if (view.isGantt) {
    pen.font = `${11 * line}px system-ui, sans-serif`;
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    let [last, shade] = [-1, 0];
    for (const item of view.items) {
      shade = item.row === last ? 1 - shade : 0;
      last = item.row;
      bar(item.from, item.to, item.row, 0.8, faint(data.solvers[item.solver].colour, shade ? 0.65 : 1));
      const wide = x(item.to) - x(item.from);
      if (unit > 12 * line && wide > 14 * line && pen.measureText(item.name).width < wide - 4 * line) {
        pen.fillStyle = "#fff";
        pen.fillText(item.name, (x(item.from) + x(item.to)) / 2, y(item.row));
      }
    }
  } else if (view.boxes) {
    view.boxes.forEach((box, row) => {
      const colour = data.solvers[box.solver].colour;
      pen.fillStyle = faint(colour, 0.45);
      const dot = (box.dots.length > 500 ? 2 : 3) * line;
      box.dots.forEach((one, number) => {
        const shift = (((number * 0.618) % 1) - 0.5) * 0.6 * unit;
        pen.fillRect(x(view.place(one.gap)) - dot / 2, y(row) + shift - dot / 2, dot, dot);
      });
      if (!box.dots.length) return;
      const [low, middle, high] = [box.low, box.middle, box.high].map(view.place);
      stroke(view.place(box.whiskers[0]), view.place(box.whiskers[1]), row, 1, colour);
      bar(low, high, row, 0.5, faint(colour, 0.25));
      pen.fillStyle = colour;
      pen.fillRect(x(middle) - 1.5 * line, y(row) - 0.35 * unit, 3 * line, 0.7 * unit);
    });
  } else {
    for (const item of view.items) {
      const colour = data.solvers[item.solver].colour;
      stroke(item.from, item.to, item.row, 2, colour);
      pen.fillStyle = colour;
      pen.beginPath();
      pen.arc(x(item.middle), y(item.row), 5 * line, 0, 7);
      pen.fill();
    }
  }
  if (view.line !== undefined) {
    pen.strokeStyle = INK;
    pen.setLineDash([6 * line, 4 * line]);
    pen.beginPath();
    pen.moveTo(x(view.line), bbox.top);
    pen.lineTo(x(view.line), bbox.top + bbox.height);
    pen.stroke();
  }
  pen.restore();
}

// Return the solver curves at a place of the x axis, the best first; between two costs the earlier one holds.
function valuesAt(view, cost) {
  let at = view.x.findLastIndex((each) => each <= cost * (1 + 1e-12));
  at = Math.max(at, 0);
  const found = view.series.filter((curve) => solverIsShown(curve.solver) && curve.middle[at] !== null)
    .map(({ solver, middle, low, high }) => ({ solver, value: middle[at], low: low?.[at], high: high?.[at] }));
  found.sort((a, b) => (view.lowIsGood ? a.value - b.value : b.value - a.value));
  return { at, found };
}

// Return what is under a place of a chart of rows, null if there is nothing.
function itemAt(plot, view, left, top) {
  const row = Math.round(plot.posToVal(top, "y"));
  if (view.boxes) {
    let [best, least] = [null, 64];
    const box = view.boxes[row];
    for (const dot of box?.dots ?? []) {
      const far = (plot.valToPos(view.place(dot.gap), "x") - left) ** 2;
      if (far < least) [best, least] = [dot, far];
    }
    const about = view.items[row]?.text;
    if (!about || !best) return about ? { text: about } : null;
    const run = `${data.problems[best.at]}, repetition ${best.repetition}`;
    return { text: [...about, `nearest run: ${shown(best.gap)} %, ${run}`] };
  }
  if (!view.isGantt) return view.items[row] ?? null;
  const time = plot.posToVal(left, "x");
  return view.items.find((item) => item.row === row && item.from <= time && time <= item.to) ?? null;
}
