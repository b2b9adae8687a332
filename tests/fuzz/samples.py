"""A folder of valid files of every kind, and of things that are no files."""

import gzip
import os
from pathlib import Path

import numpy as np

from fuzz.outcome import run_command

TIMES = "6 3\n" + "\n".join(map(str, range(1, 19))) + "\n"
PAIRS = "".join(f"0 {task + 1}  1 {task + 2}  2 3\n" for task in range(4))
MATRIX = "a,b,c\n" + "".join(f"{task + 2},{task + 2}.5,3\n" for task in range(6))
TABLE = '# seconds\ntask;pi;"tx2"\n' + "".join(f"t{i};{i + 1},5;\n" for i in range(5)) + "t;;2\n"
NETWORK = """name,kind,macs,parameters,output_shape,inputs
input,input,0,0,3x8x8,
c1,conv,1000,100,4x8x8,input
a1,activation,0,0,4x8x8,c1
c2,conv,2000,200,4x8x8,a1
s,add,0,0,4x8x8,c2 a1
f,fc,500,50,10,s
"""
SYSTEM = """name = "mine"
[pool]
memory_share = 0.9
[[pool.nodes]]
device = "raspberry_pi_4"
count = 2
[[pool.nodes]]
flops = 1e9
memory_bytes = 1e8
throughput_bit_s = 1e7
energy_budget_j = 9000
static_power_w = 2.0
[tasks]
arrival_hz = 5
deadline_s = 1.0
size_bytes = 1000
[cloud]
flops = 1e13
[link]
network = "lte"
bandwidth_bit_s = 2e7
[uplink]
rates_bit_s = [9.1e6, 12.4e6, 18.0e6]
"""
ARRIVALS = "time,size\n" + "".join(f"{i * 0.5},{1 + i % 3}\n" for i in range(12))
STAMPS = "time,size\n" + "".join(f"2024-01-01T00:00:{i:02d}Z,2\n" for i in range(12))
LINK = "ping_ms,rate\n" + "".join(f"{10 + i},{20 + i}\n" for i in range(9))
SIMULATION = """network = "resnet34:input=32:classes=10"
system = "table1"
nodes = [2, 3]
tasks = 10
repetitions = 1
seed = 5
warm_up = 0.1
[settings]
memory = "peak"
"tasks.deadline_s" = 0.5
[link]
path = "link.csv"
round_trip_column = "ping_ms"
round_trip_unit_s = 1e-3
rate_column = "rate"
rate_unit_bit_s = 1e6
step_s = 1.0
[edge]
lan_bit_s = 1e9
[streams.poisson]
rate_hz = 30.0
sizes = { kind = "lognormal", cv = 0.5 }
[streams.bursty]
rates_hz = [30.0, 90.0]
dwell_s = [1.0, 1.0]
[streams.diurnal]
mean_hz = 10
[streams.trace]
path = "arrivals.csv"
time_column = "time"
size_column = "size"
[schemes.cloud-only]
[schemes.dormant]
cut = 20
[schemes.bnet]
exits = [7, 15]
shares = [0.4, 0.2, 0.4]
[schemes.masm]
[schemes.windows]
scheme = "collaborative"
[schemes.windows.dispatch]
solver = "mct"
window = 4
timeout_s = 0.1
budget = { iterations = 1 }
changes = [{ time_s = 0.1, node = 1, kind = "leave" }]
"""
SWEEP = """problems = ["paper:6x2:seed=0", "times.csv"]
repetitions = 2
seed = 1
budget = { evaluations = 20 }
[solvers.mct]
[solvers.atsa]
ants = 2
rho = 0.2
"""
TUNING = """trials = 3
seed = 3
sampler = "random"
levels = 2
racing = 0.05
solver = { solver = "aco", ants = 3 }
budget = { evaluations = 9 }
parameters = ["beta", "rho"]
search = { beta = { low = 1.0, high = 2.0, log = false }, rho = [0.1, 0.2] }
training = { problems = ["paper:6x2:seed=100", "paper:6x2:seed=101"], repetitions = 1 }
held_out = { problems = ["paper:6x2:seed=0", "times.csv"], repetitions = 1 }
"""
SOLVER = 'solver = "atsa"\nants = 3\nbeta = 2.0\ndeposit_by = "makespan"\n'
TEXTS = {
    "times.txt": TIMES,
    "pairs.txt": "4 3 1\n3\n" + PAIRS,
    "times.csv": MATRIX,
    "table.csv": TABLE,
    "net.csv": NETWORK,
    "system.toml": SYSTEM,
    "arrivals.csv": ARRIVALS,
    "stamps.csv": STAMPS,
    "link.csv": LINK,
    "simulation.toml": SIMULATION,
    "sweep.toml": SWEEP,
    "tuning.toml": TUNING,
    "solver.toml": SOLVER,
    "jobs.csv": "job,length_mi,size_bytes,task_memory_bytes\na,6,1e3,5\nb,2,0,1\nc,4,1e4,1\n",
    "vms.csv": "vm,mips,rate_bit_s,node_capacity_bytes,ready_s\nx,2,1e4,7,0\ny,3,1e3,7,1\n",
    "site.swf": "; UnixStartTime: 0\n"
    + "".join(f"{j} {9 * j} 1 {j % 4} {j} 3 9 {j} 9 9 1 1 1 1 1 -1 -1 -1\n" for j in range(1, 9)),
    "notes.txt": "mine\n",
    "taken/notes.txt": "mine\n",
    **{f"empty.{kind}": "" for kind in ("csv", "toml", "onnx", "npy", "txt")},
}


def make_samples(folder: Path) -> None:
    """Write the samples into an empty folder, which must be the working folder."""
    for name, text in TEXTS.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    (folder / "times.gz").write_bytes(gzip.compress(TIMES.encode(), mtime=0))
    _write_arrays(folder)
    _write_onnx(folder / "net.onnx")
    _make_odd_files(folder)
    for command in (
        ["sweep", "sweep.toml", "--out", "swept"],
        ["best-known", "swept", "--update", "--register", "register"],
    ):
        outcome = run_command(command, seconds=120)  # kernels may have to be compiled
        assert outcome.code == 0, outcome


def _write_arrays(folder: Path) -> None:
    """Write a matrix, and problems in both forms."""
    matrix = np.arange(1.0, 19.0).reshape(6, 3)
    np.save(folder / "times.npy", matrix)
    memory = {"task_memory": np.ones(6), "node_capacity": np.full(3, 4.0), "ready": np.ones(3)}
    np.savez_compressed(folder / "full.npz", et=matrix, name=np.array("full"), **memory)
    np.savez(folder / "works.npz", work=np.ones(6), speed=np.array([1.0, 2.0]))


def _write_onnx(path: Path) -> None:
    """Write a network of two convolutions, where onnx is installed."""
    try:
        from onnx import TensorProto, helper, save
    except ImportError:
        return
    floats = TensorProto.FLOAT
    tensors = [
        helper.make_tensor(name, floats, (2, 2, 1, 1), [1.0, 2.0, 3.0, 4.0]) for name in ("w", "v")
    ]
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["y"], name="c1"),
        helper.make_node("Relu", ["y"], ["r"], name="a1"),
        helper.make_node("Conv", ["r", "v"], ["z"], name="c2"),
    ]
    values = [helper.make_tensor_value_info(name, floats, (1, 2, 4, 4)) for name in ("x", "z")]
    graph = helper.make_graph(nodes, "net", values[:1], values[1:], tensors)
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), path)


def _make_odd_files(folder: Path) -> None:
    """Make pipes that nobody writes to, links to a device without an end, and a loop of links."""
    for suffix in ("", ".csv", ".toml", ".onnx", ".npz"):
        os.mkfifo(folder / f"fifo{suffix}")
    for suffix in ("csv", "toml", "onnx", "npy"):
        (folder / f"zero.{suffix}").symlink_to("/dev/zero")
        (folder / f"taken.{suffix}").mkdir()
    (folder / "taken.npz").mkdir()
    (folder / "loop").symlink_to("loop")
