"""Where to cut a network: one call from network and system to the answer, its table and figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeopt.experiments.offload.cuts import cut_table
from edgeopt.experiments.offload.figures import DRAWINGS
from edgeopt.experiments.offload.report import (
    OffloadReport,
    offload_headline,
    offload_report,
    split_report,
)
from edgeopt.experiments.offload.split_figure import draw_split
from edgeopt.optim.offloading.relaxation import relax
from edgeopt.optim.offloading.solvers import Answer, scan, tmoa_printed, tmoa_repaired
from edgeopt.optim.offloading.splits import SPLIT_OBJECTIVES, NetworkSplit, best_split
from edgeopt.problems.errors import InputError, check_choice, check_integer
from edgeopt.problems.html import escaped
from edgeopt.problems.networks.from_torch import from_torch
from edgeopt.problems.networks.load import load_network
from edgeopt.problems.networks.onnx_inputs import Given
from edgeopt.problems.networks.profile import Profile
from edgeopt.problems.offloading.program import CutProgram, build_program
from edgeopt.problems.offloading.reading import CHOICES, chosen_reading
from edgeopt.problems.systems.load import load_system
from edgeopt.problems.systems.system import System

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


METHODS = ("scan", "tmoa", "tmoa-printed", "kkt", "mincut")


@dataclass(frozen=True, eq=False)
class CutChoice:
    """A cut of a network on a system, and what explains it.

    Attributes
    ----------
    answer : Answer
        The cut and its program.
    split : NetworkSplit or None
        The best split of the graph, with the method ``mincut``; None also if there is none.

    Examples
    --------
    See `offload`.
    """

    answer: Answer
    split: NetworkSplit | None = None

    @property
    def cut(self) -> int | None:
        """Layers on the edge; None if no cut meets the constraints."""
        return self.answer.cut

    @cached_property
    def report(self) -> OffloadReport:
        """Everything that ``edgeopt offload --json`` prints, see `offload_report`."""
        report = offload_report(self.answer)
        if self.split is not None:
            report["split"] = split_report(self.split, self.answer.program)
        return report

    def table(self) -> pd.DataFrame:
        """Return a row for each cut: what it costs, and which constraints it violates.

        Columns: name, memory_bytes, delay_s, energy_j (mean of a task over the nodes),
        upload_bytes, feasible, violates (names of constraints) and chosen.
        """
        return cut_table(self.answer)

    def plot(self, kind: str = "delay", *, ax: Axes | None = None) -> Axes:
        """Draw ``memory``, ``delay``, ``constraints`` or ``layers``, or the ``pareto`` front.

        With the method ``mincut`` also the ``split``.

        Parameters
        ----------
        kind : str
            Which figure.
        ax : matplotlib Axes, optional
            Where to draw; a new figure if not given.

        Returns
        -------
        Axes
            For example for ``ax.figure.savefig("delay.pdf")``.

        Raises
        ------
        InputError
            If `kind` is unknown.
        """
        known = (*DRAWINGS, *(["split"] if self.split is not None else []))
        check_choice("kind", kind, known)
        if ax is None:
            from matplotlib import pyplot  # takes long to import

            _, ax = pyplot.subplots(layout="constrained")
        if kind == "split" and self.split is not None:
            draw_split(self.answer.program, self.split, ax)
        else:
            DRAWINGS[kind](self.answer, ax)
        return ax

    def __repr__(self) -> str:
        """Return the answer in one line."""
        return f"<{offload_headline(self.report)}>"

    def _repr_html_(self) -> str:
        """Return the answer in one line, and the table of cuts, for notebooks."""
        table = self.table().to_html(max_rows=40, float_format="{:.4g}".format)
        return f"<p>{escaped(offload_headline(self.report))}</p>{table}"


def offload(
    network: Any = "resnet34",
    system: str | Path | System = "table1",
    *,
    nodes: int | None = None,
    objective: str | None = None,
    method: str = "scan",
    weight: float = 0.0,
    reading: str = "queued",
    settings: Mapping[str, Any] | None = None,
    input_shape: Sequence[int] | None = None,
    inputs: Given | None = None,
    allow_uncounted: bool = False,
    cut: int | None = None,
) -> CutChoice:
    """Choose where to cut a network between edge nodes and cloud, as ``edgeopt offload`` does.

    Parameters
    ----------
    network : str, Path, Profile or torch.nn.Module
        A name or file as for `load_network`, a profile, or a module of PyTorch.
    system : str, Path or System
        A preset or file as for `load_system`, or a system.
    nodes : int, optional
        Number of nodes instead of the system's own, if all are equal.
    objective : str, optional
        One of `OBJECTIVES`, by default ``deepest``, for ``mincut`` the delay.
    method : {"scan", "tmoa", "tmoa-printed", "kkt", "mincut"}
        How the cut is found.
    weight : float
        Value of one joule in seconds, s/J, for the objective ``weighted``.
    reading : {"queued", "corrected", "printed"}
        Reading of the paper's equations; ``queued`` has the delay of the simulation.
    settings : mapping, optional
        Changes of the reading (``{"memory": ...}``) and of the system
        (``{"tasks.deadline_s": 0.1}``).
    input_shape : sequence of int, optional
        Of a module of PyTorch, without the batch axis, e.g. ``(3, 224, 224)``.
    inputs : mapping, optional
        Sizes of the inputs of an ONNX file, see `from_onnx`.
    allow_uncounted : bool
        Whether much of a network may be operators of unknown work, which count as zero work.
    cut : int, optional
        Evaluate this cut, 0 to N, instead of looking for the best one.

    Raises
    ------
    InputError
        If an argument is illegal; `nodes` and changes of the system need a preset or file.

    Examples
    --------
    >>> import edgeopt as eo
    >>> choice = eo.offload("resnet34", "table1", nodes=10)
    >>> choice.cut, choice.answer.binding
    (20, ('memory',))
    >>> choice.table().loc[21, "violates"]
    'memory'
    >>> choice.plot("memory").figure.savefig("memory.png")
    """
    check_choice("method", method, METHODS)
    given = settings or {}
    changes = {key: value for key, value in given.items() if "." in key}
    choices = {key: value for key, value in given.items() if "." not in key}
    for key in choices:
        check_choice("settings", key, (*CHOICES, "SECTION.KEY"))
    chosen = chosen_reading(reading, choices)
    of_system = _system(system, nodes, changes)
    profile = _profile(network, input_shape, inputs, allow_uncounted)
    goal = _objective(objective, method)
    program = build_program(profile, of_system, reading=chosen, objective=goal, weight=weight)
    if cut is not None:
        return CutChoice(_given(program, method, cut))
    if method == "mincut":
        split = best_split(program)
        cut = None if split is None else split.cut
        return CutChoice(Answer(program, "mincut", cut, program.depth + 1), split)
    return CutChoice(_solve(program, method))


def _system(system: str | Path | System, nodes: int | None, changes: Mapping[str, Any]) -> System:
    """Return a system; one given as an object is taken as it is."""
    if not isinstance(system, System):
        return load_system(system, nodes=nodes, changes=changes)
    if nodes is not None:
        raise InputError("nodes", nodes, "left out with a System: make one with other devices")
    if changes:
        raise InputError("settings", dict(changes), "without a value of the system, given as such")
    return system


def _profile(
    network: Any, input_shape: Sequence[int] | None, inputs: Given | None, allow_uncounted: bool
) -> Profile:
    """Return the profile of a network in any of its forms."""
    is_named = isinstance(network, str | Path | Profile)
    if is_named and input_shape is not None:
        raise InputError("input_shape", input_shape, "left out, except with a module of PyTorch")
    if inputs and (isinstance(network, Profile) or not is_named):
        raise InputError("inputs", dict(inputs), "left out, except with an ONNX file")
    if isinstance(network, Profile):
        return network
    if is_named:
        return load_network(str(network), inputs=inputs, allow_uncounted=allow_uncounted)
    if input_shape is None:
        rule = "given with a module, such as (3, 224, 224), unless from_torch has read it"
        raise InputError("input_shape", None, rule)
    return from_torch(network, input_shape, allow_uncounted=allow_uncounted)


def _objective(objective: str | None, method: str) -> str:
    """Return the objective; the depth of a split is none."""
    if method == "mincut" and objective not in (None, *SPLIT_OBJECTIVES):
        rule = f"one of {', '.join(SPLIT_OBJECTIVES)}, or left out, with the method mincut"
        raise InputError("objective", objective, rule)
    return objective or ("delay" if method == "mincut" else "deepest")


def _given(program: CutProgram, method: str, cut: int) -> Answer:
    """Return the answer that a user gives."""
    if method != "scan":
        raise InputError("method", method, "left out with a cut, which is not looked for")
    check_integer("cut", cut, at_least=0, at_most=program.depth)
    return Answer(program, "given", cut, 1)


def _solve(program: CutProgram, method: str) -> Answer:
    """Return the answer of the method."""
    if method == "tmoa-printed" or (method, program.reading.name) == ("tmoa", "printed"):
        return tmoa_printed(program)
    if method == "tmoa":
        return tmoa_repaired(program)
    return relax(program).rounded if method == "kkt" else scan(program)
