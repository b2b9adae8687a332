"""The parts of a network that a scheme runs, and the route of each task through them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from edgeopt.experiments.live.half import Halves, TensorType
from edgeopt.experiments.live.halves import load_half, split_network, write_exit
from edgeopt.experiments.live.messages import MOST_BYTES
from edgeopt.experiments.live.node import EXIT
from edgeopt.optim.framework.plan import Plan, Scheme
from edgeopt.optim.framework.schemes.bnet import BEST, BNet
from edgeopt.optim.framework.schemes.dormant import Dormant
from edgeopt.optim.framework.schemes.masm import Masm
from edgeopt.optim.framework.schemes.plain import TMOA, Collaborative, EdgeOnly, Neurosurgeon
from edgeopt.optim.framework.split_system import SplitSystem
from edgeopt.problems.errors import InputError, check_integer


class Route(NamedTuple):
    """The way of a task: parts on its node, parts in the cloud, or an exit on the master's node.

    Attributes
    ----------
    edge, cloud : tuple of str
        Names of parts in order, possibly none. Layers a+1..b are ``a-b``, the exit after layer c
        is ``exit-c``.
    exit : str or None
        The simplified model on which the task ends while the cloud sleeps.
    """

    edge: tuple[str, ...]
    cloud: tuple[str, ...]
    exit: str | None = None

    @property
    def on_edge(self) -> tuple[str, ...]:
        """All parts that edge nodes run, that of the exit too."""
        return (*self.edge, *filter(None, [self.exit]))


def settle(label: str, scheme: Scheme, split: SplitSystem) -> Scheme:
    """Return a scheme whose cut is chosen, so that it is not chosen again for each task.

    Raises
    ------
    InputError
        If the scheme cannot run live.
    """
    if isinstance(scheme, Masm):
        rule = "one that serves a task with a whole node; masm divides its speed"
        raise InputError(f"schemes.{label}", "masm", rule)
    if isinstance(scheme, BNet):
        if not scheme.branch_cost:
            raise InputError(f"schemes.{label}.branch_cost", False, "true: branches really run")
        after = scheme.after
        after = scheme.best_cut(split, scheme.segments(split)) if after == BEST else after
        return replace(scheme, after=after)
    if isinstance(scheme, Collaborative) and scheme.cut == TMOA:
        return replace(scheme, cut=scheme.cut_of(split))
    if isinstance(scheme, Dormant) and scheme.cut == TMOA:
        return replace(scheme, cut=Collaborative(scheme.objective).cut_of(split))
    return scheme


def routes(scheme: Scheme, split: SplitSystem, plan: Plan) -> list[Route]:
    """Return the route of each task of a plan."""
    if isinstance(scheme, BNet):
        return [_bnet_route(scheme, split, end) for end in _ends(scheme, split, plan).tolist()]
    cuts, sent, ends = plan.cut.tolist(), plan.stages.upload_bits > 0, plan.exit_flop > 0
    return [
        Route(
            (f"0-{cut}",) if cut else (),
            (f"{cut}-{split.depth}",) if sends else (),
            f"{EXIT}{cut}" if exits else None,
        )
        for cut, sends, exits in zip(cuts, sent.tolist(), ends.tolist(), strict=True)
    ]


def _ends(scheme: BNet, split: SplitSystem, plan: Plan) -> Any:
    """Return at which exit, 1..m + 1, each task of a plan of B-Net ends."""
    parts = scheme.segments(split)
    cuts = np.array([0, *parts.cut])
    cloud = np.cumsum([0.0, *parts.cloud_s])
    at_edge = np.searchsorted(cuts, plan.cut)
    # Those that pass the cut end where the time in the cloud says.
    passed = cloud[scheme.after] + plan.stages.cloud / plan.size
    in_cloud = np.abs(passed[:, np.newaxis] - cloud).argmin(axis=1)
    return np.where(plan.stages.upload_bits > 0, in_cloud, at_edge)


def _bnet_route(scheme: BNet, split: SplitSystem, end: int) -> Route:
    """Return the route of a task of B-Net that ends at an exit."""
    cuts = [0, *scheme.exits, split.depth]
    pieces = []
    for n in range(1, end + 1):
        exits = () if n == len(cuts) - 1 else (f"{EXIT}{cuts[n]}",)
        pieces.append((f"{cuts[n - 1]}-{cuts[n]}", *exits))
    edge, cloud = pieces[: scheme.after], pieces[scheme.after :]
    return Route(tuple(sum(edge, ())), tuple(sum(cloud, ())))


def all_routes(scheme: Scheme, split: SplitSystem) -> list[Route]:
    """Return every route that a task of a settled scheme may take."""
    depth = split.depth
    if isinstance(scheme, BNet):
        return [_bnet_route(scheme, split, end) for end in range(1, len(scheme.exits) + 2)]
    if isinstance(scheme, Neurosurgeon):
        fits = split.terms.memory_bytes <= split.terms.columns.memory_limit_bytes
        cuts = np.flatnonzero(fits).tolist()
    elif isinstance(scheme, Collaborative | Dormant):
        cuts = [scheme.cut]
    else:
        cuts = [depth if isinstance(scheme, EdgeOnly) else 0]
    made = []
    for cut in cuts:
        edge = (f"0-{cut}",) if cut else ()
        made.append(Route(edge, (f"{cut}-{depth}",) if cut < depth else ()))
        if isinstance(scheme, Dormant):
            made.append(Route(edge, (), f"{EXIT}{cut}"))
    return made


# The files of the parts.


class PartFiles(NamedTuple):
    """The files of all parts by name, what each returns, and the types of the network's inputs.

    Of what a part returns, the next part reads the first ones, whose number `crossing` has.
    """

    files: dict[str, Path]
    outputs: dict[str, tuple[TensorType, ...]]
    crossing: dict[str, int]
    inputs: tuple[TensorType, ...]

    def of(self, names: Iterable[str]) -> dict[str, Path]:
        """Return the files of some parts."""
        return {name: self.files[name] for name in dict.fromkeys(names)}

    def sends(self, route: tuple[str, ...], *, goes_on: bool) -> tuple[TensorType, ...]:
        """Return what the last of some parts returns, or what goes on to the part after them."""
        if not goes_on:
            return self.outputs[route[-1]]
        last = [name for name in route if not name.startswith(EXIT)][-1]
        return self.outputs[last][: self.crossing[last]]


def write_parts(
    network: Any, depth: int, names: Iterable[str], folder: Path, **options: Any
) -> PartFiles:
    """Write the parts of a network.

    Parameters
    ----------
    network : str, Path or module
        As for `split_network`.
    depth : int
        Number N of its layers.
    names : iterable of str
        The parts, as in `Route`.
    folder : Path
        Where they are written.
    **options
        Of `split_network`.
    """
    writer = _Writer(network, depth, folder, options)
    files = {name: writer.write(name) for name in dict.fromkeys(names)}
    for name, path in files.items():
        check_integer(f"part {name}: bytes", path.stat().st_size, at_most=MOST_BYTES)
    made = {name: load_half(path) for name, path in files.items()}
    outputs = {name: half.outputs for name, half in made.items()}
    crossing = {name: half.crossing for name, half in made.items()}
    return PartFiles(files, outputs, crossing, writer.halves(0).inputs)


class _Writer:
    """Splits a network at each cut once."""

    def __init__(self, network: Any, depth: int, folder: Path, options: Mapping[str, Any]) -> None:
        self._network, self._depth, self._options = network, depth, options
        self._folder = folder
        self._made: dict[tuple[int, int], Halves] = {}

    def halves(self, cut: int, begin: int = 0) -> Halves:
        """Return the halves at a cut, of which the front begins after a layer."""
        if (begin, cut) not in self._made:
            folder = self._folder / f"cut-{begin}-{cut}"
            self._made[begin, cut] = split_network(
                self._network, cut, folder, begin=begin, **self._options
            )
        return self._made[begin, cut]

    def write(self, name: str) -> Path:
        """Write a part and return its file."""
        if name.startswith(EXIT):
            cut = int(name.removeprefix(EXIT))
            return write_exit(self.halves(cut), self._folder / name, rng=cut)
        begin, end = map(int, name.split("-"))
        if end == self._depth:
            return _file(self.halves(begin).back, name)
        return _file(self.halves(end, begin).front, name)


def _file(path: Path | None, name: str) -> Path:
    """Return the file of a part, which exists."""
    assert path is not None, f"no part {name}"
    return path
