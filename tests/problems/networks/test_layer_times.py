"""Measured times in files of networks, and estimates of what was not measured."""

from dataclasses import replace

import numpy as np
import pytest

from edgeopt.problems.errors import InputError
from edgeopt.problems.networks.estimate_times import estimate
from edgeopt.problems.networks.from_csv import from_csv, to_csv
from edgeopt.problems.networks.layer_times import LayerTimes
from edgeopt.problems.networks.layers import Layer
from edgeopt.problems.networks.load import load_network

HEADER = "name,kind,macs,parameters,output_shape,inputs,seconds:pi,joules:pi,seconds:gpu"
TABLE = f"""{HEADER}
input,input,0,0,3x8x8,,,,
conv,conv,400,20,4x4x4,input,0.5,1.5,1e-3
pool,pool,0,0,4x2x2,conv,0.25,0.5,~2e-3
fc,fc,160,170,10,pool input,0.125,0,0
"""


def test_columns_of_two_devices(tmp_path):
    path = tmp_path / "net.csv"
    path.write_text(TABLE)
    measured = from_csv(path).measured
    assert list(measured) == ["pi", "gpu"]
    assert measured["pi"].seconds.tolist() == [0.5, 0.25, 0.125]
    assert measured["pi"].joules.tolist() == [1.5, 0.5, 0.0]
    assert measured["pi"].estimates_in_words("pi") == ""
    assert measured["gpu"].seconds.tolist() == [1e-3, 2e-3, 0.0]
    assert measured["gpu"].is_estimated.tolist() == [False, True, False]
    assert measured["gpu"].estimates_in_words("gpu") == (
        "1 of 3 layers were not measured on gpu and are estimated, 67% of the time"
    )


def test_round_trip_with_types_and_marks(tmp_path):
    network = load_network("alexnet")
    size = len(network.layers)
    rng = np.random.default_rng(1)
    times = LayerTimes(*rng.random((3, size)), estimated=rng.random(size) < 0.3)
    layers = (replace(network.layers[0], element_bytes=2), *network.layers[1:])
    to_csv(replace(network, layers=layers, measured={"a.b-1": times}), tmp_path / "net.csv")
    back = from_csv(tmp_path / "net.csv")
    assert back.layers == layers
    for name in ("seconds", "joules", "spread", "estimated"):
        np.testing.assert_array_equal(
            getattr(back.measured["a.b-1"], name), getattr(times, name), strict=True
        )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("seconds:gpu", "seconds:pi", "line 1: got 'seconds:pi', must be a column seconds:DEVICE"),
        ("seconds:gpu", "ms:gpu", "line 1: got 'ms:gpu'"),
        ("seconds:gpu", "seconds", "line 1: got 'seconds'"),
        ("seconds:pi", "spread:pi", "line 1: got 'no seconds:pi'"),
        ("0.25", "-1", "line 4: seconds:pi: got '-1', must be a finite number >= 0, or empty"),
        ("0.25", "nan", "line 4: seconds:pi: got 'nan'"),
        ("0.25", "1 ms", "line 4: seconds:pi: got '1 ms'"),
        ("0.25", "", "pi: seconds: got '2 different layers', must be measured for at least 4"),
    ],
)
def test_bad_columns(tmp_path, old, new, message):
    path = tmp_path / "net.csv"
    path.write_text(TABLE.replace(old, new, 1))
    with pytest.raises(InputError, match=message):
        from_csv(path)


def test_times_of_another_number_of_layers():
    with pytest.raises(InputError, match="measured: pi: got 2, must be a time for each of"):
        replace(load_network("alexnet"), measured={"pi": LayerTimes([1.0, 2.0])})
    with pytest.raises(InputError, match="joules: got 1, must be 2 numbers"):
        LayerTimes([1.0, 2.0], joules=[1.0])


# Estimates.


def layers_of(count: int) -> list[Layer]:
    """Layers of two kinds whose features are no multiples of each other."""
    rng = np.random.default_rng(0)
    return [
        Layer(f"l{i}", ("conv", "pool")[i % 2], int(rng.integers(1, 10**6)) * (1 - i % 2),
              int(rng.integers(1, 10**4)), (int(rng.integers(1, 10**5)),), (i - 1,))
        for i in range(count)
    ]  # fmt: skip


def linear(layers: list[Layer]) -> np.ndarray:
    """Times that are exactly those of a line for each kind."""
    return np.array(
        [
            2e-6 + 3e-9 * each.macs + 1e-9 * each.output_bytes
            if each.kind == "conv"
            else 7e-6 + 4e-9 * each.output_bytes
            for each in layers
        ]
    )


def test_lines_are_found_and_held_out_layers_agree():
    layers = layers_of(40)
    times = linear(layers)
    missing = np.arange(40) % 5 == 2
    found = estimate("x", layers, np.where(missing, np.nan, times), missing)
    np.testing.assert_allclose(found.values, times, rtol=1e-6)
    assert found.error == pytest.approx(0.0, abs=1e-6)


def test_another_network_of_the_device_teaches():
    layers, other = layers_of(6), layers_of(60)[6:]
    other = [replace(each, inputs=(i - 1,)) for i, each in enumerate(other)]
    missing = np.ones(6, dtype=bool)
    found = estimate("x", layers, np.full(6, np.nan), missing, [(other, linear(other))])
    np.testing.assert_allclose(found.values, linear(layers), rtol=1e-6)


def test_the_error_is_not_that_of_the_fit():
    """Noise without any relation to the features cannot be predicted."""
    layers = layers_of(40)
    times = np.random.default_rng(2).lognormal(-7.0, 1.5, 40)
    assert estimate("x", layers, times, np.arange(40) == 0).error > 0.5


def test_equal_layers_are_held_out_together():
    """Three layers, each ten times: their copies must not give them away."""
    few = [
        replace(each, name=f"{each.name}.{i}", kind="conv")
        for i in range(10)
        for each in layers_of(5)
    ]
    times = np.tile([1e-3, 5e-3, 1e-4, 8e-3, 2e-2], 10)
    assert estimate("x", few, times, np.arange(50) == 0).error > 0.2


def test_a_file_with_gaps_warns_with_the_error(tmp_path):
    network = load_network("alexnet")
    to_csv(replace(network, measured={"pi": LayerTimes([1e-3] * 12)}), tmp_path / "net.csv")
    text = (tmp_path / "net.csv").read_text().splitlines()
    text[3] = text[3].rpartition(",")[0] + ","
    (tmp_path / "net.csv").write_text("\n".join(text))
    with pytest.warns(UserWarning, match="1 of 12 layers were not measured on pi and .* held-out"):
        back = from_csv(tmp_path / "net.csv").measured["pi"]
    assert back.is_estimated.tolist() == [i == 1 for i in range(12)]
