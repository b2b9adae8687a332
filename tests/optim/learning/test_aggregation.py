"""Aggregation (6)."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeopt.problems.errors import InputError

torch = pytest.importorskip("torch", reason="the extra torch is not installed")

from edgeopt.optim.learning.part import Part
from edgeopt.optim.learning.split import aggregate
from edgeopt.optim.learning.training import Training


def test_weighted_mean_by_hand():
    states = [{"w": torch.tensor([1.0, 2.0])}, {"w": torch.tensor([4.0, 8.0])}]
    assert aggregate(states, [2, 1])["w"].tolist() == [2.0, 4.0]  # (2 * 1 + 4) / 3, (2 * 2 + 8) / 3


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 9), min_size=1, max_size=6).filter(any), st.integers(0, 99))
def test_weighted_mean_is_numpys(tasks, seed):
    values = np.random.default_rng(seed).normal(size=(len(tasks), 3, 2)).astype(np.float32)
    mean = aggregate([{"w": torch.from_numpy(value)} for value in values], tasks)["w"]
    expected = np.average(values.astype(float), axis=0, weights=tasks)
    assert mean.dtype == torch.float32
    np.testing.assert_allclose(mean.numpy(), expected, rtol=1e-6, atol=1e-7)


def test_equal_tasks_are_the_plain_mean():
    states = [{"w": torch.randn(5, generator=torch.Generator().manual_seed(i))} for i in range(4)]
    mean = torch.stack([state["w"].double() for state in states]).mean(dim=0).float()
    assert torch.equal(aggregate(states, [7, 7, 7, 7])["w"], mean)


def test_one_worker_keeps_its_bits():
    states = [{"w": torch.tensor([0.1, 1e-30])}, {"w": torch.tensor([5.0, float("nan")])}]
    assert torch.equal(aggregate(states, [3, 0])["w"], states[0]["w"])


def test_buffers_of_batch_norm():
    norms = [torch.nn.BatchNorm2d(1) for _ in range(2)]
    for norm, mean, batches in zip(norms, (1.0, 4.0), (3, 5), strict=True):
        norm.running_mean.fill_(mean)
        norm.num_batches_tracked.fill_(batches)
    state = aggregate([norm.state_dict() for norm in norms], [2, 1])
    assert state["running_mean"].item() == 2.0
    assert state["num_batches_tracked"].item() == 5
    assert state["num_batches_tracked"].dtype == torch.int64


@pytest.mark.parametrize("tasks", [[0, 0], [1], [1, -1], [1, float("nan")], [1, 2, 3]])
def test_refused_tasks(tasks):
    with pytest.raises(InputError, match="tasks"):
        aggregate([{"w": torch.zeros(1)}] * 2, tasks)


def test_refused_shapes():
    with pytest.raises(InputError, match=r"states\[1\]: w"):
        aggregate([{"w": torch.zeros(1)}, {"w": torch.zeros(2)}], [1, 1])
    with pytest.raises(InputError, match=r"states\[1\]: v"):
        aggregate([{"w": torch.zeros(1)}, {"w": torch.zeros(1), "v": torch.zeros(1)}], [1, 1])


def test_one_step_each_is_a_step_along_the_mean_gradient():
    """With momentum averaged as well, x nodes of one task each are one large-batch learner."""
    training = Training(learning_rate=0.05)
    nodes = [Part(torch.nn.Linear(1, 1), training) for _ in range(3)]
    weight, buffer = torch.zeros(2, dtype=torch.float64), torch.zeros(2, dtype=torch.float64)
    for part in nodes:
        part.load({name: torch.zeros_like(tensor) for name, tensor in part.state().items()})
    for period in range(5):
        gradients = []
        for node, part in enumerate(nodes):
            gradient = torch.tensor([1.0 + node, period - node])
            part.module.weight.grad = gradient[:1].reshape(1, 1).clone()
            part.module.bias.grad = gradient[1:].clone()
            part.step()
            gradients.append(gradient.double())
        mean = aggregate([part.state() for part in nodes], [1, 1, 1])
        for part in nodes:
            part.load(mean)
        buffer = 0.9 * buffer + torch.stack(gradients).mean(dim=0) + 1e-4 * weight
        weight = weight - 0.05 * buffer
    found = torch.cat([nodes[0].module.weight.ravel(), nodes[0].module.bias]).double()
    torch.testing.assert_close(found, weight, rtol=1e-6, atol=1e-7)
