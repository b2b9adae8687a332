// The charts: each is a figure with controls, a legend, a plot, and the numbers behind it.
const data = JSON.parse(document.getElementById("data").textContent);
const state = { axis: "", unit: "", off: new Set() };
const charts = [];
const unpack = (text) => text.split(",").flatMap((word) => {
  const [value, times = 1] = word.split("*");
  return Array(Number(times)).fill(value === "x" ? null : Number(value));
});
const numbers = (text) => (text ? text.split(",").map(Number) : []);
const shown = (value) => {
  if (value === null || value === undefined) return "–";
  const size = Math.abs(value);
  if (size && (size < 1e-4 || size >= 1e6)) return value.toExponential(2);
  return String(size >= 1e4 ? Math.round(value) : Number(value.toPrecision(4)));
};
const make = (tag, attributes = {}, ...children) => {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name in node && typeof value !== "string") node[name] = value;
    else node.setAttribute(name, value);
  }
  node.append(...children);  // texts become text nodes, never markup
  return node;
};
const all = (number) => [...Array(number).keys()];
const solverIsShown = (solver) => !state.off.has(solver);

// What each chart shows. Gaps are in per cent.

const costLabel = () => data.axes[state.axis];
const problemChoice = (first) => [
  "problem", "Problem", [...first, ...data.problems.map((name, at) => [String(at), name])],
];
const ofProblem = (choice, has) => (choice === "all" ? all(data.problems.length) : [Number(choice)]).filter(has);

function convergenceView({ problem, measure, scale }) {
  const at = Number(problem);
  const found = data.convergence[state.axis][at];
  if (!found) return { reason: "No run on this problem has a schedule." };
  const bound = data.bounds[at];
  const value = (gap) => (gap === null || measure === "gap" ? gap : bound * (1 + gap / 100));
  const series = data.solvers.flatMap((solver, number) => {
    if (!found.curves[number]) return [];
    const curves = found.curves[number].map((text) => unpack(text).map(value));
    const [low, middle, high] = curves.length === 1 ? [null, curves[0], null] : curves;
    return [{ solver: number, middle, low, high }];
  });
  const isGap = measure === "gap";
  return {
    x: unpack(found.x), series, xLabel: costLabel(), isLogX: true, isLogY: scale === "log",
    yLabel: isGap ? "gap to lower bound (%)" : "makespan (s)", floor: isGap ? data.smallest : 0,
    yName: isGap ? "gap in %" : "makespan in s", lowIsGood: true, place: data.problems[at],
  };
}

function ecdfView({ problem, target }) {
  const problems = ofProblem(problem, () => true);
  const base = {
    xLabel: costLabel(), isLogX: true, isLogY: false, range: [-2, 102], lowIsGood: false,
    place: problem === "all" ? "all problems" : data.problems[Number(problem)],
  };
  const times = (at, solver) => data.times[state.axis][at][solver];
  const runs = (solver) => problems.reduce((sum, at) => sum + (times(at, solver)?.[0] ?? 0), 0);
  if (target === "all") {
    const { x, counts } = data.shares[state.axis][problem === "all" ? "all" : "each"];
    const costs = unpack(x);
    const series = data.solvers.flatMap((_, solver) => {
      const pairs = data.many * runs(solver);
      const met = counts[problem === "all" ? 0 : Number(problem)][solver];
      return pairs && met ? [{ solver, middle: unpack(met).map((count) => (100 * count) / pairs) }] : [];
    });
    return { ...base, x: costs, series, yLabel: "runs × targets met (%)", yName: "runs × targets met in %" };
  }
  const place = data.targets.indexOf(Number(target)) + 1;
  const met = data.solvers.map((_, solver) => problems
    .flatMap((at) => numbers(times(at, solver)?.[place]))
    .sort((a, b) => a - b));
  const positive = met.flat().filter((time) => time > 0);
  if (!positive.length) return { reason: `No run met a gap of ${target} %.` };
  const least = positive.reduce((a, b) => Math.min(a, b));
  const x = [...new Set([least / 1.05, ...positive])].sort((a, b) => a - b);
  const series = met.flatMap((own, solver) => {
    let count = 0;
    const total = runs(solver);
    const share = x.map((cost) => {
      while (count < own.length && own[count] <= cost) count += 1;
      return (100 * count) / total;
    });
    return own.length ? [{ solver, middle: share }] : [];
  });
  return { ...base, x, series, yLabel: "share of runs (%)", yName: "share of runs in %" };
}

function profileView() {
  const { x, curves } = data.profiles[state.axis];
  const series = curves.flatMap((text, solver) => (text ? [{ solver, middle: unpack(text) }] : []));
  return {
    x: unpack(x), series, xLabel: "makespan / best makespan", isLogX: false, isLogY: false,
    yLabel: "share of runs (%)", yName: "share of runs in %", range: [-2, 102], lowIsGood: false,
    place: "all problems",
  };
}

const quantile = (ordered, share) => {
  const at = share * (ordered.length - 1);
  const low = Math.floor(at);
  return ordered[low] + (at - low) * ((ordered[low + 1] ?? ordered[low]) - ordered[low]);
};

function gapsView({ problem, scale }) {
  const problems = ofProblem(problem, () => true);
  const isLog = scale === "log";
  const place = (gap) => (isLog ? Math.max(gap, data.smallest) : gap);
  const boxes = data.solvers.flatMap((solver, number) => {
    const dots = [];
    let missing = 0;
    for (const at of problems) {
      (data.gaps[at][number] ?? "").split(",").forEach((word, run) => {
        if (word === "x") missing += 1;
        else if (word !== "") dots.push({ gap: Number(word), at, repetition: data.repetitions[run] });
      });
    }
    if (!dots.length && !missing) return [];
    const ordered = dots.map((dot) => dot.gap).sort((a, b) => a - b);
    const [low, middle, high] = ordered.length ? [0.25, 0.5, 0.75].map((q) => quantile(ordered, q)) : [];
    const reach = 1.5 * (high - low);
    const whiskers = [ordered.find((gap) => gap >= low - reach), ordered.findLast((gap) => gap <= high + reach)];
    return [{ solver: number, dots, missing, low, middle, high, whiskers }];
  });
  const rows = boxes.filter((box) => solverIsShown(box.solver))
    .sort((a, b) => (a.middle ?? Infinity) - (b.middle ?? Infinity));
  const items = rows.map((box, row) => ({
    row, from: place(box.low ?? 0), to: place(box.high ?? 0), solver: box.solver,
    text: [
      data.solvers[box.solver].name,
      `median ${shown(box.middle)} %, quartiles ${shown(box.low)} to ${shown(box.high)} %`,
      `${box.dots.length} runs${box.missing ? `, ${box.missing} more without a schedule` : ""}`,
    ],
  }));
  const drawn = rows.flatMap((box) => box.dots.map((dot) => place(dot.gap)));
  const head = ["problem", "solver", "repetition", "gap in %"];
  return {
    rows: rows.map((box) => data.solvers[box.solver].name), items, isLog, xLabel: "gap to lower bound (%)",
    range: ends(drawn, isLog), boxes: rows, place,
    table: [head, ...boxes.flatMap((box) => box.dots.map((dot) => [
      data.problems[dot.at], data.solvers[box.solver].name, dot.repetition, dot.gap]))],
  };
}

function ranksView() {
  const { difference, rows } = data.ranks[state.axis][state.unit];
  const kept = rows.filter(([solver]) => solverIsShown(solver));
  const items = kept.map(([solver, rank, low, high], row) => ({
    row, from: low ?? rank, to: high ?? rank, middle: rank, solver,
    text: [data.solvers[solver].name, `average rank ${shown(rank)}, 95 % interval ${shown(low)} to ${shown(high)}`],
  }));
  return {
    rows: items.map((item) => item.text[0]), items, isLog: false, range: [0.8, rows.length + 0.2],
    xLabel: `average rank among all ${rows.length} solvers`,
    band: difference && rows.length ? [rows[0][1], rows[0][1] + difference] : null,
    table: [["solver", "average rank", "95 % interval from", "to"],
      ...rows.map(([solver, ...rest]) => [data.solvers[solver].name, ...rest])],
  };
}

function scheduleView({ problem }) {
  const found = data.schedules[Number(problem)];
  if (typeof found === "string") return { reason: found };
  const node = (number) => found.node_names?.[number] ?? String(number);
  const task = (number) => found.task_names?.[number] ?? String(number);
  const items = found.nodes.map((row, at) => ({
    row, from: found.starts[at], to: found.starts[at] + found.times[at],
    solver: found.solver, name: task(at),
    text: [
      `task ${task(at)} on node ${node(row)}`,
      `${shown(found.times[at])} s, from ${shown(found.starts[at])} to ${shown(found.starts[at] + found.times[at])} s`,
    ],
  })).sort((a, b) => a.row - b.row || a.from - b.from);
  return {
    rows: all(found.size).map(node), items, isLog: false, range: [0, found.makespan * 1.02], isGantt: true,
    xLabel: "time (s)", ready: found.ready, line: found.makespan,
    note: `${data.solvers[found.solver].name}, repetition ${found.repetition}: makespan ${shown(found.makespan)} s`,
    table: [["task", "node", "start in s", "time in s"],
      ...found.nodes.map((row, at) => [task(at), node(row), found.starts[at], found.times[at]])],
  };
}

const ends = (values, isLog) => {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low > high) return isLog ? [1, 10] : [0, 1];
  if (isLog) return [low / 1.15, high * 1.15];
  const edge = 0.04 * (high - low) || 0.05 * Math.abs(high) || 1;
  return [low >= 0 ? Math.max(0, low - edge) : low - edge, high + edge];
};

const measures = ["measure", "Value", [["gap", "gap"], ["makespan", "makespan"]]];
const scales = ["scale", "Scale", [["log", "log"], ["linear", "linear"]]];
const targets = ["target", "Target", [
  ["all", `all ${data.many} from 100 to 0.01 %`], ...data.targets.map((gap) => [String(gap), `gap ≤ ${gap} %`]),
]];
const everything = [["all", "all problems"]];
const kinds = {
  convergence: { title: "Convergence", view: convergenceView, controls: [problemChoice([]), measures, scales] },
  ecdf: { title: "Targets met over time", view: ecdfView, controls: [problemChoice(everything), targets] },
  profile: { title: "Performance profile", view: profileView, controls: [] },
  gaps: { title: "Gaps that runs ended with", view: gapsView, controls: [problemChoice(everything), scales] },
  ranks: { title: "Average ranks", view: ranksView, controls: [] },
  schedule: { title: "Best schedule", view: scheduleView, controls: [problemChoice([])] },
};
