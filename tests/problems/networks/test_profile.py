"""Profiles of small graphs: by hand, and against slow definitions on random graphs."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeopt.problems.errors import InputError
from edgeopt.problems.networks.layers import LARGEST_COUNT, Layer, cut_ends_of
from edgeopt.problems.networks.profile import Profile, live_elements

KINDS = ["conv", "fc", "pool", "shortcut", "add", "norm", "identity", "concat", "other"]


def conv(name, inputs=(-1,), *, elements=10, macs=100, parameters=5, kind="conv"):
    return Layer(name, kind, macs, parameters, (elements,), inputs)


def free(name, kind, inputs, elements):
    return Layer(name, kind, 0, 0, (elements,), inputs)


@pytest.fixture
def block():
    """Return a conv, a pool, a residual block with a projection, and a classifier."""
    layers = (
        conv("a", elements=40, macs=400, parameters=7),
        free("a_bn", "norm", (0,), 40),
        free("pool", "pool", (1,), 20),
        conv("b", (2,), elements=10, macs=30, parameters=3),
        conv("skip", (2,), elements=10, macs=20, parameters=2, kind="shortcut"),
        conv("c", (3,), elements=10, macs=50, parameters=5),
        free("sum", "add", (5, 4), 10),
        conv("fc", (6,), elements=4, macs=40, parameters=44, kind="fc"),
        free("softmax", "activation", (7,), 4),
    )
    return Profile("block", (3, 4), layers, cut_ends_of(layers))


def test_cut_ends_before_a_pool_and_behind_shortcut_and_addition(block):
    assert block.cut_ends == (2, 5, 7, 9)
    assert block.depth == 4
    assert block.cut_names == ("input", "a", "b", "c", "fc")


def test_sums_by_hand(block):
    np.testing.assert_array_equal(block.edge_macs, [0, 400, 450, 500, 540])
    np.testing.assert_array_equal(block.cloud_macs, [540, 140, 90, 40, 0])
    np.testing.assert_array_equal(block.edge_parameters, [0, 7, 12, 17, 61])
    np.testing.assert_array_equal(block.chain_parameters, [0, 7, 10, 15, 59])
    np.testing.assert_array_equal(block.map_elements, [0, 40, 70, 80, 84])
    np.testing.assert_array_equal(block.output_elements, [12, 40, 10, 10, 4])


def test_crossing_by_hand(block):
    np.testing.assert_array_equal(block.crossing_elements, [12, 40, 20, 10, 0])


def test_peak_by_hand(block):
    # a: input 12 + 40; pool: 40 + 20; then 20 + 10 + 10 at the shortcut, less from there on
    np.testing.assert_array_equal(block.peak_elements, [0, 52, 60, 60, 60])


def test_input_that_is_read_again_crosses_with_the_map():
    layers = (conv("a", elements=5), conv("b", (-1, 0), elements=3))
    profile = Profile("late", (7,), layers, (1, 2))
    np.testing.assert_array_equal(profile.crossing_elements, [7, 12, 0])
    np.testing.assert_array_equal(profile.peak_elements, [0, 12, 15])


def test_early_result_stays_in_memory_but_is_not_uploaded():
    layers = (conv("exit", elements=2), conv("a", elements=5), conv("b", (1,), elements=3))
    profile = Profile("exits", (7,), layers, (1, 2, 3))
    np.testing.assert_array_equal(profile.crossing_elements, [7, 7, 5, 0])
    np.testing.assert_array_equal(profile.peak_elements, [0, 9, 14, 14])


def test_in_place_layer_keeps_an_input_that_is_read_later():
    layers = (conv("a"), free("relu", "activation", (0,), 10), free("sum", "add", (0, 1), 10))
    profile = Profile("skip", (1,), layers, (3,))
    np.testing.assert_array_equal(profile.peak_elements, [0, 20])


def test_addition_takes_over_the_memory_of_one_input_only():
    layers = (conv("a"), conv("b"), free("sum", "add", (0, 1), 10), conv("c", (2,), elements=5))
    profile = Profile("sum", (1,), layers, (1, 2, 3, 4))
    np.testing.assert_array_equal(live_elements(layers, 1), [11, 21, 20, 15])
    np.testing.assert_array_equal(profile.peak_elements, [0, 11, 21, 21, 21])


def test_arrays_are_cached_read_only_int64_and_survive_pickling(block):
    names = ["edge_macs", "cloud_macs", "edge_parameters", "chain_parameters", "map_elements"]
    names += ["output_elements", "crossing_elements", "peak_elements"]
    copy = pickle.loads(pickle.dumps(block))
    for name in names:
        array = getattr(block, name)
        assert array.dtype == np.int64
        assert array.shape == (5,)
        assert not array.flags.writeable
        assert getattr(block, name) is array
        np.testing.assert_array_equal(getattr(copy, name), array)


def test_name_of_a_cut_without_counted_layer():
    layers = (free("flat", "identity", (-1,), 4), conv("fc", (0,)))
    assert Profile("custom", (4,), layers, (1, 2)).cut_names == ("input", "flat", "fc")


@st.composite
def profiles(draw):
    """Draw a random graph with a random chain of cuts."""
    layers = []
    for i in range(draw(st.integers(1, 8))):
        sources = st.lists(st.integers(-1, i - 1), min_size=1, max_size=3, unique=True)
        kind = draw(st.sampled_from(KINDS))
        macs = draw(st.integers(0, 9)) if kind in ("conv", "fc", "shortcut") else 0
        shape = (draw(st.integers(1, 4)),)
        layers.append(Layer(f"l{i}", kind, macs, i, shape, tuple(draw(sources))))
    ends = draw(st.sets(st.integers(1, len(layers)))) | {len(layers)}
    return Profile("random", (draw(st.integers(1, 4)),), tuple(layers), tuple(sorted(ends)))


def sizes(profile):
    return {-1: profile.input_shape[0]} | {i: x.elements for i, x in enumerate(profile.layers)}


@given(profiles())
def test_crossing_is_what_the_cloud_reads_from_the_edge(profile):
    size = sizes(profile)
    for j, end in enumerate((0, *profile.cut_ends)):
        read = {t for layer in profile.layers[end:] for t in layer.inputs if t < end}
        assert profile.crossing_elements[j] == sum(size[t] for t in read)


@given(profiles())
def test_peak_is_the_largest_memory_of_a_simulated_run(profile):
    for j, end in enumerate((0, *profile.cut_ends)):
        assert profile.peak_elements[j] == simulated_peak(profile, end)


def simulated_peak(profile, end):
    """Run the first `end` layers with explicit buffers and return the largest sum of sizes."""
    size = sizes(profile)
    n = len(profile.layers)
    readers = {t: [i for i in range(n) if t in profile.layers[i].inputs] for t in range(-1, n)}
    buffers, peak = ({-1: size[-1]} if readers[-1] else {}), 0
    for step in range(end):
        layer = profile.layers[step]
        over = [t for t in layer.inputs if readers[t][-1] == step and size[t] == size[step]]
        if layer.is_in_place and over:
            del buffers[over[0]]
        buffers[step] = size[step]
        peak = max(peak, sum(buffers.values()))
        for t in [t for t in buffers if readers[t] and readers[t][-1] <= step]:
            del buffers[t]
    return peak


@given(profiles())
def test_sums_are_those_of_the_prefix(profile):
    for j, end in enumerate((0, *profile.cut_ends)):
        edge, cloud = profile.layers[:end], profile.layers[end:]
        assert profile.edge_macs[j] == sum(layer.macs for layer in edge)
        assert profile.cloud_macs[j] == sum(layer.macs for layer in cloud)
        assert profile.edge_parameters[j] == sum(layer.parameters for layer in edge)


@given(profiles())
def test_each_counted_layer_opens_one_cut(profile):
    counted = [i for i, layer in enumerate(profile.layers) if layer.is_counted]
    if not counted:
        with pytest.raises(InputError, match="has MACs"):
            cut_ends_of(profile.layers)
        return
    ends = cut_ends_of(profile.layers)
    assert len(ends) == len(counted)
    assert ends[-1] == len(profile.layers)
    assert all(i < end for i, end in zip(counted, ends, strict=True))
    assert all(end <= i for i, end in zip(counted[1:], ends[:-1], strict=True))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "two words"}, "layer name"),
        ({"name": ""}, "layer name"),
        ({"name": "input"}, "layer name"),
        ({"macs": -1}, "layer a: macs"),
        ({"macs": 1.5}, "layer a: macs"),
        ({"parameters": LARGEST_COUNT + 1}, "layer a: parameters"),
        ({"output_shape": ()}, "layer a: output_shape"),
        ({"output_shape": (3, 0)}, "layer a: output_shape"),
        ({"output_shape": (LARGEST_COUNT, 2)}, "layer a: output_shape: elements"),
        ({"inputs": ()}, "layer a: inputs"),
    ],
)
def test_bad_layer(change, message):
    fields = {"name": "a", "kind": "conv", "macs": 1, "parameters": 0}
    fields |= {"output_shape": (2,), "inputs": (-1,)}
    with pytest.raises(InputError, match=message):
        Layer(**(fields | change))


@pytest.mark.parametrize(
    ("layers", "ends", "message"),
    [
        ((conv("a"), conv("a", (0,))), (1, 2), "layer name: got 'a', must be unique"),
        ((conv("a", (0,)),), (1,), "layer a: inputs: got 0"),
        ((conv("a", (-2,)),), (1,), "layer a: inputs: got -2"),
        ((conv("a"),), (), "cut_ends"),
        ((conv("a"),), (0, 1), "cut_ends"),
        ((conv("a"), conv("b", (0,))), (1, 1, 2), "cut_ends"),
        ((conv("a"), conv("b", (0,))), (1,), "cut_ends"),
    ],
)
def test_bad_profile(layers, ends, message):
    with pytest.raises(InputError, match=message):
        Profile("bad", (3,), layers, ends)


def test_bad_input_shape():
    with pytest.raises(InputError, match="input_shape"):
        Profile("bad", (3, 0), (conv("a"),), (1,))
