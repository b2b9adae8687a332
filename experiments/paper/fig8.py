"""Fig. 8: upload volume."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

from edgeopt.experiments.paper.outcome import PAPER_FOLDER, Condition, Outcome, Table
from edgeopt.experiments.paper.simulated import (
    Simulated,
    relative_percent,
    run_simulations,
    shorten_simulation,
    write_summary,
)
from edgeopt.experiments.simulation.config import read_simulation
from edgeopt.experiments.simulation.figures import upload_figure
from edgeopt.experiments.statistics.ratio import Measured
from edgeopt.experiments.style import paper_style, save_figure
from edgeopt.problems.files import check_fields, read_toml
from edgeopt.problems.networks.load import load_network
from edgeopt.problems.offloading.reading import ELEMENT_BYTES

STREAM, OURS, CLOUD = "poisson", "collaborative", "cloud-only"

_FIELDS = (
    *("network", "nodes", "cuts", "element_types", "image_types", "crossings", "quick", "full"),
)


class Sending(NamedTuple):
    """A way to send: types of maps and images, what crosses, and map over image by pool size."""

    element_type: str
    image_type: str
    crossing: str
    ratios: list[float]

    @property
    def words(self) -> str:
        """The way in words, for the paper's cuts."""
        skip = "with" if self.crossing == "tensors" else "without"
        return f"{self.element_type} maps {skip} skip tensors against {self.image_type} images"


def run(out: Path, work: Path, *, quick: bool, jobs: int) -> Outcome:
    """Simulate the schemes, and try other ways to send tasks and maps; see `RunPart`."""
    path = PAPER_FOLDER / "fig8.toml"
    config = read_toml(path)
    check_fields(path, config, _FIELDS, _FIELDS)
    size = config["quick" if quick else "full"]
    simulation = shorten_simulation(read_simulation(PAPER_FOLDER / "fig8_schemes.toml"), **size)
    (simulated,) = run_simulations([simulation], work, jobs)
    sendings = ways_to_send(config)
    write_summary(simulated, out)
    with paper_style():
        save_figure(upload_figure(simulated.summary), out, "uploads")
    return Outcome(
        values={
            f"upload_against_cloud_only_{nodes}_nodes": _against_cloud(simulated, nodes)
            for nodes in config["nodes"]
        },
        conditions={"other_sending": _other_sending(sendings)},
        tables=(_upload_table(simulated, config["nodes"]), _sending_table(sendings, config)),
        figures=("uploads.png",),
        assumptions=(
            "float32 maps, the skip tensor of a cut inside a residual block included; cloud only "
            "sends the image with one byte a number.",
        ),
    )


def ways_to_send(config: dict[str, Any]) -> list[Sending]:
    """Return map over image at the paper's cuts, for every way to send both."""
    profile = load_network(config["network"])
    # (15) counts the map alone; a cut within a residual block also sends the skip tensor.
    elements = {"tensors": profile.crossing_elements, "map": profile.output_elements}
    ways = product(config["element_types"], config["image_types"], config["crossings"])
    sendings = []
    for element, image, crossing in ways:
        image_bytes = ELEMENT_BYTES[image] * float(profile.crossing_elements[0])
        maps = ELEMENT_BYTES[element] * elements[crossing][config["cuts"]]
        sendings.append(Sending(element, image, crossing, (maps / image_bytes).tolist()))
    return sendings


def _against_cloud(simulated: Simulated, nodes: int) -> Measured:
    """Return how much more than cloud only the collaborative scheme uploads, in per cent."""
    ours, cloud = (
        simulated.values(STREAM, nodes, scheme, "upload_bytes") for scheme in (OURS, CLOUD)
    )
    return relative_percent(ours, cloud)


def _other_sending(sendings: list[Sending]) -> Condition:
    """Return the ways to send that give the paper's order on every pool."""
    found = [one.words for one in sendings if max(one.ratios) < 1.0]
    return Condition(f"maps and images are sent as {', or '.join(found)}", bool(found))


def _upload_table(simulated: Simulated, pools: list[int]) -> Table:
    """Return the upload of each scheme, kB a task."""
    schemes = dict.fromkeys(scheme for _, scheme in simulated.runs)
    rows = []
    for scheme in schemes:
        means = [simulated.mean(STREAM, nodes, scheme, "upload_bytes").value for nodes in pools]
        rows.append((scheme, *(f"{mean / 1e3:.1f}" for mean in means)))
    columns = ("scheme", *(f"{nodes} nodes" for nodes in pools))
    return Table("Upload, kB a task", columns, tuple(rows))


def _sending_table(sendings: list[Sending], config: dict[str, Any]) -> Table:
    """Return map over image for every way to send."""
    pairs = zip(config["nodes"], config["cuts"], strict=True)
    columns = ("way to send", *(f"{nodes} nodes, cut {cut}" for nodes, cut in pairs))
    rows = tuple((one.words, *(f"{ratio:.2f}" for ratio in one.ratios)) for one in sendings)
    return Table("Map over image", columns, rows)
