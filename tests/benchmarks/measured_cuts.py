"""How much worse than the best cut are the cuts that measured times and that one FLOP/s choose?

``pip install torchvision && python -m benchmarks.measured_cuts`` measures five networks of
torchvision twice, on one thread of PyTorch. The first time is what the choice knows, the second one
the truth. A node is `SLOWER` times as slow as one thread of this machine, the cloud as fast. For 60
bandwidths from 0.1 to 1000 Mbit/s, a row of each network has the delay at the chosen cut over that
at the truly best one, less 1, in per cent, as mean and largest:

- measured: the times of the first measurement;
- gaps: of these, every second layer is estimated from the others;
- others: all layers are estimated from the four other networks;
- flops: work over one speed, that of this network itself (its work over its time);
- one flops: work over one speed of all networks.

The delay is that of one task without queues; the task is an image of 8 bits.
"""

import argparse
import warnings
from dataclasses import replace

import numpy as np
from torchvision import models

from edgeopt.experiments.profiling.estimated import estimate_network
from edgeopt.experiments.profiling.profile import profile_network
from edgeopt.problems.networks.layer_times import LayerTimes
from edgeopt.problems.networks.profile import Profile
from edgeopt.problems.offloading.reading import CORRECTED
from edgeopt.problems.offloading.terms import terms_of
from edgeopt.problems.systems.system import (
    Cloud,
    CloudLink,
    Device,
    Pool,
    System,
    TaskStream,
    TerminalLink,
)

NETWORKS = ("alexnet", "googlenet", "mobilenet_v2", "resnet18", "squeezenet1_1")
BANDWIDTHS = np.geomspace(1e5, 1e9, 60)
SLOWER = 20.0


def with_times(profile: Profile, seconds: np.ndarray) -> Profile:
    """The network with times of node and cloud."""
    measured = {"node": LayerTimes(SLOWER * seconds), "cloud": LayerTimes(seconds)}
    return replace(profile, measured=measured)


def delays(profile: Profile, flops: float | None = None) -> np.ndarray:
    """Delay of a task at every bandwidth and cut, by measured times or by one speed."""
    name = None if flops else "node", None if flops else "cloud"
    node = Device("node", (flops or 1.0) / SLOWER, 1e12, times=name[0])
    rows = []
    for bandwidth in BANDWIDTHS:
        system = System(
            *("x", Pool((node,)), Cloud(flops or 1.0, name[1]), CloudLink(float(bandwidth))),
            *(TerminalLink(np.array([1e9])), TaskStream(1e-9, deadline_s=1e9)),
        )
        rows.append(terms_of(profile, system, CORRECTED).delay_s[0])
    return np.array(rows)


def regret(known: np.ndarray, truth: np.ndarray) -> str:
    """Mean and largest excess of the delay in per cent, as text."""
    chosen = truth[np.arange(len(truth)), known.argmin(axis=1)]
    excess = 100 * (chosen / truth.min(axis=1) - 1)
    return f"{excess.mean():7.2f} {excess.max():7.2f}"


def speed(profile: Profile, seconds: np.ndarray) -> float:
    return 2.0 * float(profile.edge_macs[-1]) / float(seconds.sum())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repetitions", type=int, default=30)
    given = parser.parse_args()
    found = {}
    for name in NETWORKS:
        options = {"init_weights": True} if name == "googlenet" else {}
        module = getattr(models, name)(weights=None, **options)
        how = {"input_shape": (3, 224, 224), "repetitions": given.repetitions}
        runs = [profile_network(module, device="here", **how) for _ in range(2)]
        found[name] = [run.profile for run in runs]
        print(f"{name}: sum over whole {runs[0].ratio:.3f} {runs[1].ratio:.3f}", flush=True)
    first = {name: pair[0].measured["here"].seconds for name, pair in found.items()}
    work = sum(2.0 * float(pair[0].edge_macs[-1]) for pair in found.values())
    common = work / float(sum(each.sum() for each in first.values()))
    columns = ("measured", "gaps", "others", "flops", "one flops")
    print(f"{'mean and largest, %':19} " + " ".join(f"{each:>15}" for each in columns))
    for name, (known, true) in found.items():
        truth = delays(with_times(true, true.measured["here"].seconds))
        others = [pair[0] for other, pair in found.items() if other != name]
        bare = replace(known, measured={})
        gaps = np.arange(len(first[name])) % 2 == 1
        half = replace(known, measured={"here": LayerTimes(first[name], estimated=gaps)})
        filled = [
            estimate_network(half, "here", [half]).measured["here"].seconds,
            estimate_network(bare, "here", others).measured["here"].seconds,
        ]
        choices = [
            *(delays(with_times(known, each)) for each in (first[name], *filled)),
            *(delays(bare, each) for each in (speed(known, first[name]), common)),
        ]
        print(f"{name:19} " + " ".join(regret(each, truth) for each in choices), flush=True)


if __name__ == "__main__":
    warnings.simplefilter("default")
    main()
