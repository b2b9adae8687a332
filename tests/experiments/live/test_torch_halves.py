"""Halves of modules at every cut."""

import math

import numpy as np
import pytest

from edgeopt.experiments.live.half import random_inputs
from edgeopt.experiments.live.halves import check_halves, load_half, split_network, write_exit
from edgeopt.problems.errors import InputError

torch = pytest.importorskip("torch")
from torch import nn


class Residual(nn.Module):
    """In-place operators, a skip, a shared convolution, results in front and in the back."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.shared = nn.Conv2d(4, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1)
        self.norm, self.relu = nn.BatchNorm2d(4), nn.ReLU(inplace=True)
        self.register_buffer("shift", torch.ones(4, 1, 1))

    def forward(self, x):
        y = self.relu(self.norm(self.first(x)))
        z = self.shared(self.relu(self.shared(y)))
        z += y
        last = self.shared(self.relu(z) + self.shift)
        return {"early": y.mean((2, 3)), "last": last + x, "none": None, "same": y}


class Branches(nn.Module):
    """Parts of a tensor, two inputs by name, a number, and integers."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.mix = nn.Embedding(5, 6), nn.Linear(6, 6)
        self.part, self.out = nn.Linear(3, 3), nn.Linear(6, 2)

    def forward(self, words, scale, power):
        one, other = self.mix(self.embed(words)).chunk(2, dim=-1)
        both = torch.cat([self.part(one), self.part(other)], -1) * scale**power
        return self.out(both)


CASES = [
    (Residual, {"input_shape": (4, 8, 8)}),
    (
        Branches,
        {
            "example": {
                "words": torch.zeros(1, 4, dtype=torch.int64),
                "scale": torch.ones(1, 4, 6),
                "power": 2,
            }
        },
    ),
]


@pytest.mark.parametrize(("make", "given"), CASES)
def test_halves_of_a_module_return_what_the_whole_returns(make, given, tmp_path):
    torch.manual_seed(1)
    module = make()
    for each in module.parameters():
        nn.init.normal_(each, std=0.5)
    names = dict(module.named_parameters())
    example = {k: v for k, v in given.items() if k == "example"}
    profile = split_network(module, 0, tmp_path, **given).profile
    for cut in range(profile.depth + 1):
        halves = split_network(module, cut, tmp_path, **given)
        assert check_halves(halves, module, rng=cut, **example) <= 1e-5
        assert (halves.front is None) == (cut == 0)
        assert (halves.back is None) == (cut == profile.depth)
        size = sum(math.prod(t.shape) * np.dtype(t.dtype).itemsize for t in halves.crossing)
        assert size <= profile.crossing_bytes[cut]
        if cut == 3:
            parts = [
                split_network(module, c, tmp_path, begin=b, **given) for b, c in ((0, 1), (1, 3))
            ]
            arrays = random_inputs(halves.inputs, 4)
            wanted = load_half(halves.front)(arrays)
            for part in parts:
                half = load_half(part.front)
                arrays = half(arrays)[: half.crossing]
            for one, other in zip(arrays, wanted, strict=False):
                np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)
        if cut == 1:
            out = load_half(write_exit(halves, tmp_path / "exit", rng=1))
            assert [kind[1:] for kind in out.inputs] == [kind[1:] for kind in halves.crossing]
            (scores,) = out(random_inputs(out.inputs, 3))
            assert scores.shape == halves.results[0].shape
    assert module.training
    assert dict(module.named_parameters()).keys() == names.keys()


def test_arrays_given_to_a_half_stay_as_they_are(tmp_path):
    module = nn.Sequential(nn.ReLU(inplace=True), nn.Linear(3, 2))
    halves = split_network(module, 0, tmp_path, input_shape=(3,))
    array = np.array([[-1.0, 0.0, 1.0]], np.float32)
    load_half(halves.back, threads=2)([array])
    assert array.tolist() == [[-1.0, 0.0, 1.0]]


def test_what_is_no_network_and_no_half(tmp_path):
    with pytest.raises(InputError, match=r"network: got 'resnet34', must be FILE\.onnx"):
        split_network("resnet34", 1, tmp_path)
    with pytest.raises(InputError, match="cut: got 2"):
        split_network(nn.Linear(2, 2), 2, tmp_path, input_shape=(2,))
    with pytest.raises(InputError, match="input_shape"):
        split_network(nn.Linear(2, 2), 1, tmp_path)
    (tmp_path / "half.pt2").write_bytes(b"nothing")
    with pytest.raises(InputError, match=r"half\.pt2', must be a file of split_network \("):
        load_half(tmp_path / "half.pt2")
