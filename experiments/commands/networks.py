"""`edgeopt networks` and `edgeopt devices`: what is built in, with sources, and one in detail."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.padding import Padding
from rich.text import Text

from edgeopt.experiments.terminal import make_console, say, table_console, terminal_table
from edgeopt.experiments.text import scaled
from edgeopt.problems.networks.from_csv import to_csv
from edgeopt.problems.networks.load import NETWORKS, load_network, parse_input
from edgeopt.problems.networks.profile import Profile
from edgeopt.problems.systems.load import device_names, device_preset, device_source

_FILES = (
    "Your own: FILE.onnx, with open sizes as in FILE.onnx:input=1x3x320x320, or FILE.csv; "
    "built-in ones with other sizes as in resnet34:input=32:classes=10."
)

InputSizes = Annotated[
    list[str] | None,
    typer.Option("--input", metavar="NAME=1x3x320x320", help="Sizes of an ONNX input; repeatable"),
]
"""Option of the commands that read a network."""

AllowUncounted = Annotated[
    bool, typer.Option("--allow-uncounted", help="Accept much work that cannot be counted")
]
"""Likewise."""


def networks_command(
    name: Annotated[
        str | None,
        typer.Argument(
            help="One network in detail, also a file",
            autocompletion=lambda: list(NETWORKS),
        ),
    ] = None,
    inputs: InputSizes = None,
    allow_uncounted: AllowUncounted = False,
    csv: Annotated[Path | None, typer.Option(help="CSV file for the layers of the network")] = None,
) -> None:
    """List the built-in networks, or show the cuts of one, also of a file."""
    if name is None:
        _list_networks()
        return
    given = dict(map(parse_input, inputs or ()))
    profile = load_network(name, inputs=given, allow_uncounted=allow_uncounted)
    _show_network(profile)
    if csv is not None:
        to_csv(profile, csv)


def _list_networks() -> None:
    """Print a line for each built-in network, and its source."""
    console = make_console()
    for label, make in NETWORKS.items():
        console.print(Text.assemble((label, "bold"), f": {_totals(make())}"), soft_wrap=True)
        doc = inspect.getdoc(make) or ""
        found = re.search(r"References\n-+\n(.*)", doc, re.DOTALL)
        text = found[1] if found else doc.split("\n", 1)[0]
        console.print(Padding(" ".join(text.split()), (0, 0, 0, 4)))
    console.print(_FILES)


def _totals(profile: Profile) -> str:
    """Return size of the input, work and parameters of a network in words."""
    shape = "x".join(map(str, profile.input_shape))
    work, parameters = int(profile.edge_macs[-1]), int(profile.edge_parameters[-1])
    size = scaled(int(profile.edge_parameter_bytes[-1]) / 2**20)
    return (
        f"input {shape}, {profile.depth} cuts, {scaled(work / 1e6)} million MACs, "
        f"{scaled(parameters / 1e6)} million parameters ({size} MiB)"
    )


def _show_network(profile: Profile) -> None:
    """Print the totals of a network and a row for each of its cuts."""
    say(f"{profile.name}: {_totals(profile)}")
    columns = (profile.edge_macs / 1e6, profile.edge_parameter_bytes / 2**20)
    peaks, crossing = profile.peak_bytes / 2**10, profile.crossing_bytes / 2**10
    rows = [
        (str(cut), name, *(scaled(float(each[cut])) for each in (*columns, peaks, crossing)))
        for cut, name in enumerate(profile.cut_names)
    ]
    units = ("million MACs", "parameters MiB", "peak maps KiB", "crossing KiB")
    table_console().print(terminal_table(("cut", "after", *units), rows, align="rlrrrr"))
    if profile.measured:
        _show_times(profile)


def _show_times(profile: Profile) -> None:
    """Print the measured time of the layers since the last cut, ``~`` where some are estimated."""
    spans = [*zip((0, *profile.cut_ends), profile.cut_ends, strict=False)]
    rows = []
    for cut, (start, end) in enumerate(spans, 1):
        cells = []
        for times in profile.measured.values():
            sign = "~" * bool(times.is_estimated[start:end].any())
            cells.append(sign + scaled(float(times.seconds[start:end].sum()) * 1e3))
        rows.append((str(cut), profile.cut_names[cut], *cells))
    say("", "Measured time since the last cut in ms (~: estimated, at least in part):")
    devices = [*profile.measured]
    align = "rl" + "r" * len(devices)
    table_console().print(terminal_table(("cut", "after", *devices), rows, align=align))
    for name, times in profile.measured.items():
        words = [f"{name}: {scaled(float(times.total_s) * 1e3)} ms"]
        say("; ".join([*words, *filter(None, [times.estimates_in_words(name)])]))


# Devices.


def devices_command(
    name: Annotated[
        str | None,
        typer.Argument(help="One device in detail", autocompletion=lambda: list(device_names())),
    ] = None,
) -> None:
    """List the built-in devices with their sources, or show one as TOML."""
    if name is not None:
        _show_device(name)
        return
    rows = [(label, *_figures(device_preset(label))) for label in device_names()]
    units = ("GFLOP/s", "memory MiB", "GB/s", "power W", "GFLOP/J")
    table_console().print(terminal_table(("device", *units), rows, align="lrrrrr"))
    say("A node: device = NAME in [[pool.nodes]] of a system file; a cloud: in [cloud].")
    for label in device_names():
        say(f"{label}: {device_source(label)}")


def _figures(device: dict[str, Any]) -> tuple[str, ...]:
    """Return the columns of a device."""
    power = device["static_power_w"] + device["omega"] * device["flops"] ** 2  # (18), (19)
    values = (
        device["flops"] / 1e9,
        device["memory_bytes"] / 2**20,
        device["memory_bandwidth_byte_s"] / 1e9,
        power,
        device["flops"] / 1e9 / power,
    )
    return tuple(map(scaled, values))


def _show_device(name: str) -> None:
    """Print the values of a device as a system file may give them."""
    device = device_preset(name)
    say(f"# {device_source(name)}", "[[pool.nodes]]", f'name = "{name}"')
    say(*(f"{key} = {value!r}" for key, value in device.items()))
