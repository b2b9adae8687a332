"""A step over edge and cloud (5), and the joint loss (7)."""

import copy

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra torch is not installed")

from torch.nn.functional import cross_entropy

from edgeopt.optim.learning.networks.layers import ExitHead
from edgeopt.optim.learning.networks.resnet import build_network
from edgeopt.optim.learning.part import (
    LayerChain,
    LossWeights,
    OnMap,
    Part,
    SplitParts,
    joint_loss,
    split_step,
)
from edgeopt.optim.learning.training import Training

DEPTH = 8
TRAINING = Training(learning_rate=1.0, momentum=0.0, weight_decay=0.0)  # steps are gradients
SHAPE = {"channels": 1, "height": 8, "width": 8, "classes": 10}


def batch(seed=0, size=6):
    rng = np.random.default_rng(seed)
    images = rng.normal(size=(size, 1, 8, 8)).astype(np.float32)
    return torch.from_numpy(images), torch.from_numpy(rng.integers(0, 10, size))


def parts_at(cut, training=TRAINING):
    """Return the whole network with its exit, and a copy of both in parts."""
    network = build_network("resnet-digits", **SHAPE, seed=3)
    with torch.no_grad():
        channels = network.eval().run((torch.zeros(1, 1, 8, 8),), 0, cut)[0].shape[1]
    head = ExitHead(channels, 10, seed=4)
    layers = copy.deepcopy(network).layers
    parts = SplitParts(
        Part(LayerChain(layers[:cut]), training),
        Part(LayerChain(layers[cut:]), training),
        Part(OnMap(copy.deepcopy(head)), training),
    )
    return network.train(), head, parts


def weights_of(parts):
    layers = [*parts.edge.module.layers, *parts.cloud.module.layers]
    return [weight.detach() for layer in layers for weight in layer.parameters()]


def test_joint_loss_by_hand():
    assert joint_loss(2.0, 5.0, LossWeights(0.5, 3.0)) == 16.0
    assert joint_loss(2.0, None, LossWeights(0.5, 3.0)) == 1.0


@pytest.mark.parametrize("asleep", [False, True])
def test_loss_is_numpys(asleep):
    network, head, parts = parts_at(4)
    images, labels = batch()
    tensors = network.run((images,), 0, 4)
    logits = [head(tensors[0]), network.run(tensors, 4, DEPTH)[0]]
    terms = []
    for values in (each.detach().double().numpy() for each in logits):
        logs = values - np.log(np.exp(values).sum(axis=1, keepdims=True))
        terms.append(-logs[np.arange(len(labels)), labels.numpy()].mean())
    expected = 0.3 * terms[0] + (0.0 if asleep else 0.7 * terms[1])
    found = split_step(parts, images, labels, LossWeights(0.3, 0.7), asleep=asleep)
    assert found == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("cut", range(DEPTH))
@pytest.mark.parametrize("asleep", [False, True])
def test_gradients_are_those_of_autograd_through_the_whole(cut, asleep):
    network, head, parts = parts_at(cut)
    before = [weight.clone() for weight in weights_of(parts)]
    images, labels = batch()
    tensors = network.run((images,), 0, cut)
    loss = 0.3 * cross_entropy(head(tensors[0]), labels)
    if not asleep:
        loss = loss + 0.7 * cross_entropy(network.run(tensors, cut, DEPTH)[0], labels)
    loss.backward()
    split_step(parts, images, labels, LossWeights(0.3, 0.7), asleep=asleep)
    for weight, old, now in zip(network.parameters(), before, weights_of(parts), strict=True):
        gradient = torch.zeros_like(old) if weight.grad is None else weight.grad
        torch.testing.assert_close(old - now, gradient, rtol=1e-3, atol=1e-5)
    taken = head.fc.weight.detach() - parts.exit.module.head.fc.weight.detach()
    torch.testing.assert_close(taken, head.fc.weight.grad, rtol=1e-3, atol=1e-6)


def test_a_sleeping_cloud_stays_as_it_is():
    _, _, parts = parts_at(5)
    before = copy.deepcopy(parts.cloud.state())
    split_step(parts, *batch(), LossWeights(0.3, 0.7), asleep=True)
    assert all(torch.equal(before[name], now) for name, now in parts.cloud.state().items())


def test_without_weight_the_exit_stays_as_it_is():
    _, _, parts = parts_at(5)
    before = copy.deepcopy(parts.exit.state())
    split_step(parts, *batch(), LossWeights(0.0, 1.0))
    assert all(torch.equal(before[name], now) for name, now in parts.exit.state().items())


@pytest.mark.parametrize("cut", range(DEPTH + 1))
def test_one_node_is_ordinary_training_bit_by_bit(cut):
    network, _, parts = parts_at(cut, Training(learning_rate=0.1))
    ordinary = torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-4)
    for step in range(4):
        images, labels = batch(step)
        ordinary.zero_grad()
        loss = cross_entropy(network(images), labels)
        loss.backward()
        ordinary.step()
        found = split_step(parts, images, labels, LossWeights(0.0, 1.0))
        assert found == float(loss.detach())
        for weight, now in zip(network.parameters(), weights_of(parts), strict=True):
            assert torch.equal(weight, now)
    buffers = [buffer for part in parts[:2] for buffer in part.module.buffers()]
    assert all(map(torch.equal, network.buffers(), buffers))
