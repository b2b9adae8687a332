"""The early exit."""

import pytest

from edgeopt.problems.errors import InputError

torch = pytest.importorskip("torch", reason="the extra torch is not installed")

from edgeopt.optim.learning.networks.layers import ExitHead
from edgeopt.optim.learning.networks.resnet import build_network


def test_mean_and_product_by_hand():
    head = ExitHead(2, 3)
    features = torch.tensor([[[[1.0, 3.0]], [[5.0, -1.0]]]])
    expected = head.fc.weight @ torch.tensor([2.0, 2.0]) + head.fc.bias
    assert torch.allclose(head(features)[0], expected)


@pytest.mark.parametrize("convolved", [False, True])
def test_every_cut_has_an_exit(convolved):
    network = build_network("resnet-digits", channels=1, height=8, width=8, classes=10)
    tensors = (torch.randn(4, 1, 8, 8),)
    for cut in range(len(network.layers)):
        tensors = network.run(tensors, int(cut > 0) * (cut - 1), cut)
        head = ExitHead(tensors[0].shape[1], 10, convolved=convolved)
        logits = head(tensors[0])
        assert logits.shape == (4, 10)
        logits.sum().backward(retain_graph=True)
        assert all(p.grad is not None for p in head.parameters())


def test_convolution_comes_first():
    head = ExitHead(5, 10, convolved=True)
    shapes = {name: tuple(p.shape) for name, p in head.named_parameters()}
    assert shapes["conv.0.weight"] == (5, 5, 3, 3)
    assert shapes["fc.weight"] == (10, 5)
    assert [name for name, _ in ExitHead(5, 10).named_parameters()] == ["fc.weight", "fc.bias"]


@pytest.mark.parametrize("convolved", [False, True])
def test_seed_alone_decides_the_weights(convolved):
    one, two, other = (ExitHead(4, 10, convolved=convolved, seed=s).state_dict() for s in (1, 1, 2))
    assert all(torch.equal(one[key], two[key]) for key in one)
    assert not torch.equal(one["fc.weight"], other["fc.weight"])


@pytest.mark.parametrize(
    ("channels", "classes", "message"), [(0, 10, "channels: got 0"), (3, 1, "classes: got 1")]
)
def test_bad_input(channels, classes, message):
    with pytest.raises(InputError, match=message):
        ExitHead(channels, classes)
