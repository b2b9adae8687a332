"""`edgeopt profile`: the time of each layer of a network, measured here or estimated."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from edgeopt.experiments.commands.networks import AllowUncounted, InputSizes
from edgeopt.experiments.profiling.estimated import estimate_network
from edgeopt.experiments.profiling.profile import (
    RUNTIMES,
    MeasuredNetwork,
    profile_network,
    save_times,
)
from edgeopt.experiments.terminal import say, table_console, terminal_table
from edgeopt.experiments.text import scaled
from edgeopt.problems.errors import InputError
from edgeopt.problems.networks.layer_times import LayerTimes
from edgeopt.problems.networks.load import load_network, parse_input
from edgeopt.problems.networks.profile import Profile

_SHOWN = 12  # slowest layers


def profile_command(
    network: Annotated[
        str, typer.Argument(help="FILE.onnx, or FILE.py:NAME of a PyTorch module or a function")
    ],
    runtime: Annotated[str | None, typer.Option(help=" | ".join(RUNTIMES))] = None,
    out: Annotated[
        Path | None, typer.Option(help="CSV file to write, or to which to add this device")
    ] = None,
    device: Annotated[
        str | None, typer.Option(help="Name of the column; default: that of this machine")
    ] = None,
    like: Annotated[
        list[Path] | None,
        typer.Option(help="Estimate from a CSV file measured on --device instead; repeatable"),
    ] = None,
    inputs: InputSizes = None,
    input_shape: Annotated[
        str | None, typer.Option(help="Of a module, without the batch axis: 3x224x224")
    ] = None,
    threads: Annotated[int, typer.Option(help="Threads of an operator")] = 1,
    repetitions: Annotated[int, typer.Option(help="Runs that count")] = 30,
    warm_up: Annotated[int, typer.Option(help="Runs before them")] = 5,
    allow_uncounted: AllowUncounted = False,
) -> None:
    """Measure the time of each layer of a network here, or estimate it from other networks."""
    given = dict(map(parse_input, inputs or ()))
    if like:
        if device is None:
            raise InputError("--device", None, "given with --like: a column of its files")
        found = load_network(network, inputs=given, allow_uncounted=allow_uncounted)
        profile = estimate_network(found, device, [load_network(str(path)) for path in like])
        words = profile.measured[device].estimates_in_words(device)
        say(f"{profile.name}: {words}")
    else:
        shape = None if input_shape is None else _shape(input_shape)
        measured = profile_network(
            network,
            runtime,
            device=device,
            input_shape=shape,
            inputs=given,
            threads=threads,
            repetitions=repetitions,
            warm_up=warm_up,
            allow_uncounted=allow_uncounted,
        )
        profile, device = measured.profile, measured.device
        _say_measured(measured)
    if out is not None:
        save_times(profile, out)
    _show_layers(profile, profile.measured[device])


def _shape(text: str) -> tuple[int, ...]:
    """Return the shape that a text such as 3x224x224 gives."""
    _, shape = parse_input(f"input={text}")
    if not isinstance(shape, tuple):
        raise InputError("--input-shape", text, "of the form 3x224x224")
    return shape


def _say_measured(measured: MeasuredNetwork) -> None:
    """Say how the times were measured, and how far they agree."""
    times, plural = measured.times, "s" * (measured.threads > 1)
    how = f"{measured.runtime}, {measured.threads} thread{plural}, {measured.repetitions} runs"
    say(f"{measured.profile.name} on {measured.device} ({how})")
    whole, spread = _ms(measured.whole_s), _ms(measured.spread_s)
    say(f"Whole network: {whole} ms, middle half of the runs within {spread} ms.")
    total, state = _ms(float(times.total_s)), "" if measured.agrees else ", which is too far off"
    say(f"Sum of {times.seconds.size} layers: {total} ms, {measured.ratio:.1%} of it{state}.")
    if measured.merged:
        say(f"{measured.merged} layers run fused with another one, which has their time.")


def _show_layers(profile: Profile, times: LayerTimes) -> None:
    """Print the slowest layers."""
    order = np.argsort(-times.seconds, kind="stable")[:_SHOWN]
    spread = np.zeros(times.seconds.size) if times.spread is None else times.spread
    rows = []
    for i in order.tolist():
        seconds, layer = float(times.seconds[i]), profile.layers[i]
        sign = "~" * bool(times.is_estimated[i])
        share = seconds / (float(times.total_s) or 1.0)
        cells = (
            sign + _ms(seconds),
            _ms(float(spread[i])),
            f"{share:.1%}",
            scaled(layer.macs / 1e6),
        )
        rows.append((layer.name, layer.kind, *cells))
    units = ("ms", "middle half ms", "share", "million MACs")
    table_console().print(terminal_table(("layer", "kind", *units), rows, align="llrrrr"))


def _ms(seconds: float) -> str:
    return scaled(seconds * 1e3)
