"""The inputs, each a function of the seed and its number."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from fuzz.mutate import mutate_bytes, mutate_json, mutate_toml, mutate_words
from fuzz.values import odd_number, odd_text, pick

Rng = np.random.Generator
SOLVERS = ("mct", "lpt", "min-min", "max-min", "sufferage", "fcfs", "met", "atsa", "aco", "pso")
SPECS = ("paper:6x3", "braun:u_c_hihi:6x3:seed=0", "cov:6x3:v_task=0.6:mean=3", "times.csv",
         "devices:all:6x3:batch=4:hardware=myriad", "gocj:6x3:slowest=9")  # fmt: skip

OPTIONS = ("header=yes", "header=no", "index=yes", "index=no", "decimal=comma", "decimal=point",
           "separator=space", "separator=comma", "sheet=x", "header=x", "x=1")  # fmt: skip


class Case(NamedTuple):
    """A command and the files that it finds in its folder besides the samples."""

    arguments: list[str]
    files: dict[str, bytes]


def make_case(seed: int, number: int, samples: Path) -> Case:
    """Return an input."""
    rng = np.random.default_rng([seed, number])
    makers, weights = zip(*MAKERS.items(), strict=True)
    maker: Callable[[Rng, Path], Case] = rng.choice(
        np.array(makers, dtype=object), p=np.array(weights) / sum(weights)
    )
    return maker(rng, samples)


def _problem_file(rng: Rng, samples: Path) -> Case:
    """A problem's file with something changed."""
    names = (
        "times.txt",
        "pairs.txt",
        "times.csv",
        "table.csv",
        "times.gz",
        "times.npy",
        "full.npz",
        "works.npz",
    )
    name = pick(rng, names)
    data = (samples / name).read_bytes()
    if name.endswith((".txt", ".csv")) and rng.random() < 0.6:
        data = mutate_words(data.decode(), rng).encode()
    else:
        data = mutate_bytes(data, rng)
    options = "".join(f":{pick(rng, OPTIONS)}" for _ in range(int(rng.integers(3))))
    spec = f"case/{name}{options}" if name.endswith(".csv") else f"case/{name}"
    arguments = ["schedule", spec, "--solver", pick(rng, SOLVERS), "--iterations", "1"]
    return Case(arguments, {f"case/{name}": data})


def _array_file(rng: Rng, samples: Path) -> Case:
    """An array of another shape, type or content."""
    import io

    shape = tuple(int(n) for n in rng.integers(0, 4, int(rng.integers(0, 4))))
    kind = pick(rng, ("f8", "f4", "i8", "u1", "?", "c16", "U3", "S2", "M8[s]", "f2", "<i2"))
    array = np.zeros(shape, kind) if rng.random() < 0.5 else rng.integers(0, 9, shape).astype(kind)
    buffer = io.BytesIO()
    if rng.random() < 0.5:
        np.save(buffer, array)
        name = "a.npy"
    else:
        names = ("et", "work", "speed", "task_memory", "node_capacity", "name", "ready")
        full = dict(np.load(samples / pick(rng, ("full.npz", "works.npz"))))
        np.savez(buffer, **{**full, pick(rng, names): array})
        name = "a.npz"
    return Case(
        ["schedule", f"case/{name}", "--solver", "mct"], {f"case/{name}": buffer.getvalue()}
    )


def _workload(rng: Rng, samples: Path) -> Case:
    """A log of a parallel machine, or tables of tasks and nodes, with something changed."""
    files = {name: (samples / name).read_text() for name in ("jobs.csv", "vms.csv", "site.swf")}
    name = pick(rng, list(files))
    data = {f"case/{each}": text.encode() for each, text in files.items()}
    data[f"case/{name}"] = (
        mutate_words(files[name], rng).encode()
        if rng.random() < 0.7
        else mutate_bytes(files[name].encode(), rng)
    )
    spec = "case/jobs.csv:nodes=vms.csv"
    if name == "site.swf":
        option = f"{pick(rng, ('speeds', 'first', 'jobs', 'x'))}={odd_number(rng)}"
        spec = f"case/site.swf:speeds=4+2{f':{option}' if rng.random() < 0.3 else ''}"
    return Case(["schedule", spec, "--solver", pick(rng, SOLVERS[:3])], data)


def _problem_spec(rng: Rng, samples: Path) -> Case:
    """A short name of a problem with a part changed."""
    parts = str(pick(rng, SPECS)).split(":")
    place = int(rng.integers(len(parts)))
    key, equals, _ = parts[place].partition("=")
    size = f"{odd_number(rng)}x{odd_number(rng)}"
    parts[place] = f"{key}={odd_number(rng)}" if equals else str(pick(rng, (size, odd_text(rng))))
    if rng.random() < 0.3:
        option = pick(rng, ("seed", "slack", "memory", "mean", "v_node", "consistency"))
        parts.append(f"{option}={pick(rng, (odd_number(rng), odd_text(rng)))}")
    return Case(["schedule", ":".join(parts), "--solver", pick(rng, SOLVERS[:3])], {})


def _schedule_options(rng: Rng, samples: Path) -> Case:
    """Options of `schedule`, most of them not legal."""
    names = ("iterations", "evaluations", "seconds", "target-gap", "seed")
    keys = ("beta", "rho", "ants", "alpha", "tau0", "deposit_by", "particles", "inertia", "x")
    arguments = ["schedule", pick(rng, SPECS), "--iterations", "1"]
    for _ in range(1 + int(rng.integers(3))):
        choice = rng.integers(4)
        value = pick(rng, (odd_number(rng), odd_text(rng)))
        if choice == 0:
            arguments += [f"--{pick(rng, names)}", value]
        elif choice == 1:
            arguments += ["--set", f"{pick(rng, keys)}={value}"]
        elif choice == 2:
            arguments += ["--solver", pick(rng, (*SOLVERS, odd_text(rng), "zero.toml:f", "x.py:"))]
        else:
            arguments += [pick(rng, ("--out", "--json", "--bogus", "-", "--")), value]
    return Case(arguments, {})


def _solver_file(rng: Rng, samples: Path) -> Case:
    """A solver's TOML file with something changed."""
    data = mutate_toml((samples / "solver.toml").read_text(), rng)
    arguments = ["schedule", "paper:6x3", "--solver", "case/s.toml", "--iterations", "1"]
    return Case(arguments, {"case/s.toml": data})


def _network(rng: Rng, samples: Path) -> Case:
    """A network's file with something changed."""
    if rng.random() < 0.5:
        name, data = "n.onnx", mutate_bytes((samples / "net.onnx").read_bytes(), rng)
    else:
        name, text = "n.csv", (samples / "net.csv").read_text()
        data = mutate_bytes(text.encode(), rng)
        if rng.random() < 0.7:
            data = mutate_words(text, rng).encode()
    method = pick(rng, ("scan", "tmoa", "mincut", "kkt"))
    arguments = ["offload", "--network", f"case/{name}", "--method", method]
    return Case(arguments, {f"case/{name}": data})


def _system(rng: Rng, samples: Path) -> Case:
    """A system's file with something changed."""
    data = mutate_toml((samples / "system.toml").read_text(), rng)
    arguments = ["offload", "--network", "net.csv", "--system", "case/s.toml", "--json"]
    return Case(arguments, {"case/s.toml": data})


def _offload_options(rng: Rng, samples: Path) -> Case:
    """Options of `offload`, most of them not legal."""
    values = {
        "--network": ("resnet34:input=32", f"vgg16:input={odd_number(rng)}", "alexnet:classes=0",
                      f"resnet50:classes={odd_number(rng)}", odd_text(rng)),
        "--system": ("table1", "pi_lte", "devices", odd_text(rng)),
        "--nodes": (odd_number(rng),),
        "--method": ("scan", "tmoa", "tmoa-printed", "kkt", "mincut", odd_text(rng)),
        "--objective": ("deepest", "delay", "energy", "weighted", "throughput", odd_text(rng)),
        "--weight": (odd_number(rng),),
        "--reading": ("printed", "corrected", odd_text(rng)),
        "--set": tuple(
            f"{pick(rng, SETTINGS)}={pick(rng, (odd_number(rng), odd_text(rng), '[1]', '{a=1}'))}"
            for _ in range(2)
        ),
    }  # fmt: skip
    arguments = ["offload", *pick(rng, ([], ["--json"]))]
    for _ in range(1 + int(rng.integers(4))):
        name = pick(rng, list(values))
        arguments += [name, pick(rng, values[name])]
    return Case(arguments, {})


SETTINGS = (
    *("element_type", "memory", "parameters", "waiting", "uplink", "dynamic", "roofline", "radio"),
    *("tasks.deadline_s", "tasks.arrival_hz", "link.bandwidth_bit_s", "pool.nodes", "pool.x"),
    *("uplink.rates_bit_s", "pool.total_memory_bytes", "name", "name.x", ".", "cloud.", "x.y.z"),
)


def _simulation(rng: Rng, samples: Path) -> Case:
    """A simulation's file, its trace or its link with something changed."""
    files = {
        f"case/{name}": (samples / name).read_bytes()
        for name in ("simulation.toml", "link.csv", "arrivals.csv")
    }
    name = pick(rng, ("simulation.toml", "simulation.toml", "link.csv", "arrivals.csv"))
    text = (samples / pick(rng, (name, "stamps.csv") if "arr" in name else (name,))).read_text()
    if name.endswith(".toml"):
        files[f"case/{name}"] = mutate_toml(text, rng)
    else:
        changed = mutate_words(text, rng).encode(errors="replace")
        files[f"case/{name}"] = mutate_bytes(changed, rng) if rng.random() < 0.3 else changed
    command = pick(rng, (["simulate"], ["simulate", "--json"], ["sweep", "--dry-run"]))
    return Case([*command, "case/simulation.toml"], files)


def _sweep(rng: Rng, samples: Path) -> Case:
    """A sweep's file with something changed."""
    data = mutate_toml((samples / "sweep.toml").read_text(), rng)
    files = {"case/sweep.toml": data, "case/times.csv": (samples / "times.csv").read_bytes()}
    options = pick(rng, (["--dry-run"], ["--out", "case/out"], ["--out", "taken"]))
    return Case(["sweep", "case/sweep.toml", *options], files)


def _tuning(rng: Rng, samples: Path) -> Case:
    """A tuning's file with something changed; one that stays legal is refused by its folder."""
    data = mutate_toml((samples / "tuning.toml").read_text(), rng)
    files = {"case/tuning.toml": data, "case/times.csv": (samples / "times.csv").read_bytes()}
    return Case(["tune", "case/tuning.toml", "--out", "taken"], files)


def _folder(rng: Rng, samples: Path) -> Case:
    """The folder of a sweep, or a register, with a file in it changed."""
    swept = {
        f"case/swept/{path.relative_to(samples / 'swept')}": path.read_bytes()
        for path in sorted((samples / "swept").rglob("*"))
        if path.is_file()
    }
    records = {
        f"case/register/{path.name}": path.read_bytes()
        for path in sorted((samples / "register").iterdir())
    }
    files = swept | records
    name = pick(rng, [name for name in files if not name.endswith(".csv")])
    is_json = name.endswith(".json") and rng.random() < 0.8
    text = files[name].decode("latin-1")
    files[name] = mutate_json(text, rng) if is_json else mutate_bytes(files[name], rng)
    if name.endswith(".parquet") and rng.random() < 0.5:
        files[name] = other_columns(samples / name.removeprefix("case/"), rng)
    if (name.endswith(".json") and "register" in name) or rng.random() < 0.3:
        arguments = ["best-known", "case/swept", "--register", "case/register"]
        return Case(arguments + pick(rng, ([], ["--update"], ["--json"], ["--markdown"])), files)
    commands = (
        *(["compare", "case/swept"], ["sweep", "--status", "case/swept"]) * 4,
        *(["sweep", "sweep.toml", "--out", "case/swept"],) * 4,
        *(["plot", "case/swept"], ["report", "case/swept"]),
    )
    return Case(pick(rng, commands), files)


def other_columns(path: Path, rng: Rng) -> bytes:
    """Return a Parquet file with a column left out, emptied, renamed or of another type."""
    import io

    import pandas as pd

    rows = pd.read_parquet(path)
    name = pick(rng, list(rows))
    kind = int(rng.integers(5))
    if kind < 2:
        rows = rows.drop(columns=name) if kind else rows.rename(columns={name: "other"})
    else:
        value = pick(rng, (None, "x", 3, 1.5, float("nan"), float("inf"), -1))
        rows[name] = rows[name].where(rows.index % 2 == kind % 2) if kind < 4 else value
    buffer = io.BytesIO()
    rows.head(int(rng.integers(len(rows) + 1))).to_parquet(buffer)
    return buffer.getvalue()


def _journal(rng: Rng, samples: Path) -> Case:
    """The folder of a sweep that was killed, with its journal changed."""
    import json

    import pandas as pd

    rows = json.loads(pd.read_parquet(samples / "swept/cells").to_json(orient="records"))
    text = "".join(json.dumps(row) + "\n" for row in rows)
    if rng.random() < 0.5:
        data = mutate_bytes(text.encode(), rng)
    else:
        data = b"".join(mutate_json(json.dumps(row), rng) + b"\n" for row in rows[:2])
    files = {
        "case/swept/sweep.json": (samples / "swept/sweep.json").read_bytes(),
        "case/swept/journal/a.jsonl": data,
    }
    commands = (["sweep", "--status", "case/swept"], ["sweep", "sweep.toml", "--out", "case/swept"])
    return Case(pick(rng, commands), files)


def _any_words(rng: Rng, samples: Path) -> Case:
    """Commands with arguments drawn from everything."""
    commands = ("schedule", "sweep", "tune", "plot", "compare", "best-known", "report", "offload",
                "simulate", "study", "solvers", "problems", "", "--version", "x")  # fmt: skip
    options = ("--out", "--set", "--seed", "--json", "--jobs", "--status", "--cluster", "--at",
               "--unit", "--register", "--storage", "--plot", "--help", "--seeds", "--tasks",
               "--retry-failed", "--dry-run", "--markdown", "--nodes", "--system")  # fmt: skip
    names = ("sweep.toml", "simulation.toml", "tuning.toml", "swept", "times.csv", "system.toml")
    words = [pick(rng, commands)]
    kinds = (lambda r: pick(r, options), odd_text, odd_number, lambda r: pick(r, names))
    words += [pick(rng, kinds)(rng) for _ in range(int(rng.integers(6)))]
    return Case(words, {})


MAKERS: dict[Callable[[Rng, Path], Case], int] = {
    _problem_file: 20,
    _array_file: 6,
    _problem_spec: 10,
    _workload: 6,
    _schedule_options: 10,
    _solver_file: 5,
    _network: 10,
    _system: 9,
    _offload_options: 8,
    _simulation: 7,
    _sweep: 6,
    _tuning: 6,
    _folder: 5,
    _journal: 3,
    _any_words: 6,
}
