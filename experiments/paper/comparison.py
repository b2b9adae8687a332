"""The framework against B-Net and MASM, as Table 2 compares them."""

from __future__ import annotations

from edgeopt.experiments.paper.simulated import Simulated, relative_percent
from edgeopt.experiments.statistics.ratio import Measured

OURS = "collaborative"

RIVALS = ("bnet", "masm")

MEASURES = {"delay": "delay_mean_s", "energy": "energy_j"}

COMPARISONS = tuple(f"{measure}_against_{rival}" for measure in MEASURES for rival in RIVALS)
"""Names of the four comparisons."""


def compare_with_paper(
    simulated: Simulated, stream: str, nodes: int, rivals: dict[str, str]
) -> dict[str, Measured]:
    """Return by how much the framework's delay and energy are larger than its rivals', in per cent.

    Parameters
    ----------
    simulated : Simulated
        The runs.
    stream : str
        Name of the stream.
    nodes : int
        Size of the pool.
    rivals : dict
        Label of the scheme that stands for each of `RIVALS`.

    Returns
    -------
    dict
        By `COMPARISONS`, p-values times their number (Bonferroni).
    """
    found = {}
    for name, measure in MEASURES.items():
        ours = simulated.values(stream, nodes, OURS, measure)
        for rival, label in rivals.items():
            percent = relative_percent(ours, simulated.values(stream, nodes, label, measure))
            found[f"{name}_against_{rival}"] = _corrected(percent)
    return found


def _corrected(measured: Measured) -> Measured:
    """Return the number with its p-value corrected for all comparisons."""
    if measured.p is None:
        return measured
    return measured._replace(p=min(1.0, len(COMPARISONS) * measured.p))
