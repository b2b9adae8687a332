"""Periods of (5), (6) and (7) against NumPy, on dense layers with weights in float64."""

import numpy as np
import pytest
from naive.learning import NaiveLayer, naive_aggregate, naive_step

torch = pytest.importorskip("torch", reason="the extra torch is not installed")

from edgeopt.optim.learning.part import LossWeights, Part, SplitParts, split_step
from edgeopt.optim.learning.split import aggregate
from edgeopt.optim.learning.training import Training

PIXELS, WIDTH, CLASSES, NODES = 6, 5, 3, 3
RATE, MOMENTUM, DECAY = 0.2, 0.9, 1e-3


class Dense(torch.nn.Module):
    """A dense layer from a tuple of tensors to one, with ReLU on the nodes."""

    def __init__(self, weights, *, relu=False):
        super().__init__()
        self.weight, self.relu = torch.nn.Parameter(torch.from_numpy(weights.copy())), relu

    def forward(self, tensors):
        outputs = torch.nn.functional.linear(tensors[0], self.weight)
        return (torch.relu(outputs) if self.relu else outputs,)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("a", "b"), [(0.3, 1.0), (1.0, 0.5)])
def test_periods_of_split_training_are_those_of_the_equations(seed, a, b):
    rng = np.random.default_rng(seed)
    start = rng.normal(size=(WIDTH, PIXELS))
    after = [rng.normal(size=(CLASSES, WIDTH)) for _ in range(2)]
    naive_edges = [NaiveLayer(start) for _ in range(NODES)]
    naive_cloud, naive_head = (NaiveLayer(weights) for weights in after)
    training = Training(learning_rate=RATE, momentum=MOMENTUM, weight_decay=DECAY)
    edges = [Part(Dense(start, relu=True), training) for _ in range(NODES)]
    cloud, head = (Part(Dense(weights), training) for weights in after)
    optimiser = {"rate": RATE, "momentum": MOMENTUM, "decay": DECAY}
    for _ in range(3):
        assignment = rng.integers(0, NODES - 1, 5)  # the last node does no task
        for node in assignment:
            images, labels = rng.normal(size=(4, PIXELS)), rng.integers(0, CLASSES, 4)
            asleep = bool(rng.random() < 0.3)
            expected = naive_step(
                naive_edges[node], naive_cloud, naive_head, images, labels, a, b, asleep, optimiser
            )
            found = split_step(
                SplitParts(edges[node], cloud, head),
                torch.from_numpy(images),
                torch.from_numpy(labels),
                LossWeights(a, b),
                asleep=asleep,
            )
            assert found == pytest.approx(expected, rel=1e-12)
        tasks = np.bincount(assignment, minlength=NODES)
        naive_aggregate(naive_edges, tasks)
        mean = aggregate([part.state() for part in edges], tasks)
        for part in edges:
            part.load(mean)
    pairs = zip([*edges, cloud, head], [*naive_edges, naive_cloud, naive_head], strict=True)
    for part, naive in pairs:
        state = {name: tensor.numpy() for name, tensor in part.state().items()}
        np.testing.assert_allclose(state["weight"], naive.weights, rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(state["momentum.weight"], naive.momentum, rtol=1e-9, atol=1e-12)
