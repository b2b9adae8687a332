"""Learners over periods: what one node, equal shards and the cloud's copy make of it."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra torch is not installed")

from torch.nn.functional import cross_entropy

from edgeopt.optim.learning.part import LossWeights
from edgeopt.optim.learning.period import Dispatch
from edgeopt.optim.learning.schemes import (
    BranchyNet,
    Central,
    CollaborativeTraining,
    Federated,
)
from edgeopt.optim.learning.split import SplitLearner
from edgeopt.problems.errors import InputError

SCHEMES = [Central(), BranchyNet(exits=(0, 5)), Federated(), CollaborativeTraining(cut=4),
           CollaborativeTraining(cut=5, threshold="fixed", fixed_s=0.02)]  # fmt: skip


def weights_of(learner):
    return [weight.detach().clone() for weight in learner.trained()[0].parameters()]


def ordinary_training(problem):
    """Train with PyTorch alone on the batches of the problem."""
    network, position = problem.new_network(), 0
    optimiser = torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-4)
    examples = np.arange(len(problem.dataset.train_labels))
    for step, size in enumerate(problem.drawn[0].size):
        drops = {0: 1.0, 1: 1.0, 2: 0.1, 3: 0.01}[step // problem.training.window]
        optimiser.param_groups[0]["lr"] = 0.1 * drops
        images, labels = problem.batch(examples, position, int(size), 0)
        position += int(size)
        optimiser.zero_grad()
        cross_entropy(network(images), labels).backward()
        optimiser.step()
    return [weight.detach() for weight in network.parameters()]


@pytest.mark.parametrize("cut", [0, 4, 5, 8])
def test_one_node_is_ordinary_training_over_periods(make_problem, cut):
    problem = make_problem(nodes=1, periods=4, window=3, spread=0.5)
    learner = SplitLearner(problem, cut, LossWeights(0.0, 1.0), Dispatch())
    for period in range(4):
        learner.train_period(period)
    for found, expected in zip(weights_of(learner), ordinary_training(problem), strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-6)


def test_central_is_ordinary_training(make_problem):
    problem = make_problem(periods=4, window=3)
    learner = Central().start(problem)
    for period in range(4):
        learner.train_period(period)
    assert all(map(torch.equal, weights_of(learner), ordinary_training(problem)))


@pytest.mark.parametrize("scheme", SCHEMES, ids=str)
def test_state_goes_on_with_the_same_bits(make_problem, scheme):
    problem = make_problem(round_trips_s=(0.01, 0.03))
    through, first = scheme.start(problem), scheme.start(problem)
    costs = [through.train_period(period) for period in range(2)]
    assert first.train_period(0) == costs[0]
    second = scheme.start(problem)
    second.load(first.state())
    assert second.train_period(1) == costs[1]
    assert all(map(torch.equal, weights_of(through), weights_of(second)))
    assert costs[1].loss > 0
    assert costs[1].seconds > 0


def test_nodes_agree_after_a_period(make_problem):
    learner = CollaborativeTraining(cut=5).start(make_problem())
    learner.train_period(0)
    first = learner.edges[0].state()
    for part in learner.edges[1:]:
        assert all(torch.equal(first[name], now) for name, now in part.state().items())


def test_central_sends_each_image_once(make_problem):
    problem = make_problem(periods=8, window=10, batch=32)  # 2560 examples, more than there are
    learner = Central().start(problem)
    sent = sum(learner.train_period(period).up_bytes for period in range(8))
    assert sent == len(problem.dataset.train_labels) * (64 + 1)


def test_bytes_of_a_period_are_those_of_the_tensors(make_problem):
    """Cut 4 is inside a residual block: a map and a skip tensor."""
    problem = make_problem(batch=8)
    learner = CollaborativeTraining(cut=4).start(problem)
    with torch.no_grad():
        chain = learner.trained()[0]
        tensors = (torch.zeros(8, 1, 8, 8),)
        for layer in chain.layers[:4]:
            tensors = layer(tensors)
    assert len(tensors) == 2
    crossing = sum(tensor.nbytes for tensor in tensors)
    learner = CollaborativeTraining(cut=4, dispatch={"solver": "round-robin"}).start(problem)
    part = sum(tensor.nbytes for tensor in learner.edges[0].state().values())
    cost = learner.train_period(0)
    assert cost.up_bytes == 4 * (crossing + 8) + 3 * part
    assert cost.down_bytes == 4 * crossing + 3 * part
    assert cost.lan_bytes == 2 * (2 * tensors[0].nbytes + 8)  # tasks 1 and 2 of nodes 1 and 2


def test_dormant_tasks_send_nothing(make_problem):
    problem = make_problem(round_trips_s=(0.03,))
    scheme = CollaborativeTraining(cut=5, threshold="fixed", fixed_s=0.02)
    learner = scheme.start(problem)
    cloud = [weight.clone() for weight in learner.cloud.module.parameters()]
    cost = learner.train_period(0)
    part = sum(tensor.nbytes for tensor in learner.edges[0].state().values())
    assert cost.asleep == 1.0
    assert cost.up_bytes <= 3 * part
    assert all(map(torch.equal, cloud, learner.cloud.module.parameters()))


def test_federated_is_the_collaborative_scheme_without_a_cloud(make_problem):
    problem = make_problem()
    federated = Federated().start(problem)
    split = SplitLearner(problem, 8, LossWeights(0.0, 1.0), Dispatch())
    assert federated.train_period(0) == split.train_period(0)
    assert all(map(torch.equal, weights_of(federated), weights_of(split)))


def test_a_better_schedule_takes_less_simulated_time_for_as_many_tasks(make_problem):
    problem = make_problem(window=24)
    seconds, losses = {}, {}
    for solver in ("round-robin", "fcfs", "mct"):
        cost = (
            CollaborativeTraining(cut=5, dispatch={"solver": solver}).start(problem).train_period(0)
        )
        seconds[solver], losses[solver] = cost.seconds, cost.loss
    assert seconds["mct"] <= 1.05 * seconds["fcfs"]
    assert seconds["mct"] < 0.6 * seconds["round-robin"]
    assert losses["round-robin"] != losses["mct"]  # other nodes, other data


@pytest.mark.parametrize(
    ("scheme", "field"),
    [
        (CollaborativeTraining(cut=9), "cut"),
        (CollaborativeTraining(cut=8), "cut"),  # nothing is left for an exit to stand in for
        (BranchyNet(exits=(8,)), "exits"),
    ],
)
def test_cuts_that_the_network_has_not(make_problem, scheme, field):
    with pytest.raises(InputError, match=field):
        scheme.start(make_problem())


@pytest.mark.parametrize(
    "make",
    [
        lambda: CollaborativeTraining(cut=5, a=0.0, threshold="mean"),
        lambda: CollaborativeTraining(cut=5, threshold="often"),
        lambda: CollaborativeTraining(cut=5, b=0.0),
        lambda: CollaborativeTraining(cut=5, exit="deep"),
        lambda: BranchyNet(exits=(5, 2)),
        lambda: BranchyNet(exits=()),
        lambda: BranchyNet(exits=(-1,)),
        lambda: BranchyNet(exits=(True,)),
        lambda: Federated(dispatch={"solver": "nobody"}),
        lambda: Federated(dispatch={"rule": "fcfs"}),
        lambda: Federated(dispatch={"solver": 3}),
    ],
)
def test_refused_parameters(make):
    with pytest.raises(InputError):
        make()
