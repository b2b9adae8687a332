"""What only a live run needs: the table ``[live]`` of a simulation file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edgeopt.experiments.simulation.config import SimulationConfig, read_simulation
from edgeopt.optim.scheduling.catalog import locate_solver
from edgeopt.problems.errors import InputError, check_number
from edgeopt.problems.files import locate, read_toml
from edgeopt.problems.parameters import check_parameters, from_table, parameter

SMALL = "small"
"""As a network: the one that `small_network` writes."""

_LARGEST_LOAD = 0.95


@dataclass(frozen=True)
class LiveOptions:
    """How a scenario is run for real; the table ``[live]`` of its file.

    Parameters
    ----------
    network : str
        What runs: ``FILE.onnx``, ``FILE.py:NAME`` of a module of PyTorch, or ``small``. Its layers
        must be those of the scenario's network.
    slow_down : tuple of float
        How many times slower than its machine each edge node computes, >= 1; one for all, or
        one for each. More processes than cores disturb each other unless they rest.
    cloud_slow_down : float
        The same of the cloud.
    loads : tuple of float
        Load of the busiest of nodes, uplink and cloud, in (0, 0.95]: each scheme meets the arrivals
        of each stream compressed or stretched to these loads. Empty: the stream as it is.
    silence_s : float
        A role is lost when nothing was heard of it for so long, s.
    grace_s : float
        A run ends so long after its last arrival, s, answered or not.

    Raises
    ------
    InputError
        If a value is out of range.

    Examples
    --------
    >>> from edgeopt.experiments.live import LiveOptions
    >>> LiveOptions(slow_down=(20.0,)).factors(3)
    (20.0, 20.0, 20.0)
    """

    network: str = SMALL
    slow_down: tuple[float, ...] = (1.0,)
    cloud_slow_down: float = parameter(
        1.0, "how many times slower the cloud is", at_least=1, at_most=1e6
    )
    loads: tuple[float, ...] = ()
    silence_s: float = parameter(2.0, "a role so long silent is lost, s", at_least=0.5, at_most=60)
    grace_s: float = parameter(
        10.0, "a run ends so long after its last arrival, s", above=0, at_most=3600
    )

    def __post_init__(self) -> None:
        check_parameters(self)
        if not isinstance(self.network, str) or not self.network:
            raise InputError("live.network", self.network, "FILE.onnx, FILE.py:NAME or small")
        if not isinstance(self.slow_down, tuple) or not self.slow_down:
            raise InputError("live.slow_down", self.slow_down, "a list of numbers")
        for slow in self.slow_down:
            check_number("live.slow_down", slow, at_least=1, at_most=1e6)
        if not isinstance(self.loads, tuple):
            raise InputError("live.loads", self.loads, "a list of numbers")
        for load in self.loads:
            check_number("live.loads", load, above=0, at_most=_LARGEST_LOAD)

    def factors(self, nodes: int) -> tuple[float, ...]:
        """Return how many times slower each of the nodes is."""
        if len(self.slow_down) not in (1, nodes):
            rule = f"one number, or {nodes}, one for each node"
            raise InputError("live.slow_down", list(self.slow_down), rule)
        return self.slow_down * nodes if len(self.slow_down) == 1 else self.slow_down


def read_live(path: str | Path) -> tuple[SimulationConfig, LiveOptions]:
    """Read a simulation file and its table ``[live]``, which may be missing.

    Raises
    ------
    InputError
        As for `read_simulation`, or if a field of ``[live]`` is illegal, or the file has more than
        one pool.

    Examples
    --------
    >>> from pathlib import Path
    >>> from edgeopt import experiments
    >>> from edgeopt.experiments.live import read_live
    >>> config, options = read_live(Path(experiments.__file__).parent / "scenarios" / "small.toml")
    >>> list(config.schemes), options.loads
    (['cloud-only', 'edge-only', 'collaborative', 'dormant', 'bnet'], (0.5,))
    """
    path = Path(path)
    config = read_simulation(path)
    table = read_toml(path).get("live", {})
    options: LiveOptions = from_table(LiveOptions, table, "live")
    if len(config.nodes) > 1:
        raise InputError("nodes", list(config.nodes), "one number: a live run has one pool")
    if options.network != SMALL:
        # a file, or FILE.py:NAME
        located = locate_solver(locate(options.network, path.parent), path.parent)
        options = LiveOptions(**{**vars(options), "network": located})
    options.factors(config.scenarios[0].loaded_system.pool.nodes)
    return config, options
