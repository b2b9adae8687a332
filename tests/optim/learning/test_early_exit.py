"""Entropy thresholds, and the share of wrong answers."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra torch is not installed")

from edgeopt.optim.learning.answers import Answers, answer, early_answers, entropy, is_wrong
from edgeopt.optim.learning.problem import batch_at
from edgeopt.optim.learning.schemes import BranchyNet, CollaborativeTraining

SURE, UNSURE = [9.0, 0.0, 0.0], [0.1, 0.0, 0.0]


def answers_of(first, second, final, labels):
    exits = {1: np.array(first, np.float32), 4: np.array(second, np.float32)}
    return Answers(np.array(labels), np.array(final, np.float32), exits)


def test_entropy_by_hand():
    logits = np.log(np.array([[0.5, 0.25, 0.25], [1 / 3, 1 / 3, 1 / 3]], dtype=np.float32))
    assert entropy(logits) == pytest.approx([1.5 * np.log(2), np.log(3)])
    assert entropy(np.array([[1e4, 0.0]], dtype=np.float32)) == pytest.approx([0.0])


def test_first_sure_exit_answers():
    answers = answers_of([SURE, UNSURE, UNSURE], [UNSURE, SURE, UNSURE], [UNSURE] * 3, [0, 1, 0])
    early = early_answers(answers, 0.5)
    assert early.share == pytest.approx(2 / 3)
    assert early.wrong.tolist() == [0, 1, 0]
    assert BranchyNet(exits=(1, 4), threshold=0.5).wrong(answers, None).tolist() == [0, 1, 0]


def test_ends_of_the_threshold():
    answers = answers_of([SURE, UNSURE], [SURE, SURE], [[0.0, 9.0, 0.0]] * 2, [0, 0])
    nobody, everybody = early_answers(answers, 0.0), early_answers(answers, 2.0)
    assert (nobody.share, nobody.wrong.tolist()) == (0.0, [1, 1])
    assert (everybody.share, everybody.wrong.tolist()) == (1.0, [0, 0])


def test_an_image_leaves_only_below_the_threshold():
    """As in BranchyNet's algorithm 1, an entropy equal to the threshold is not sure enough."""
    answers = answers_of([UNSURE], [UNSURE], [SURE], [0])
    (at,) = entropy(answers.exits[1])
    assert early_answers(answers, at).share == 0.0
    assert early_answers(answers, float(np.nextafter(at, np.inf))).share == 1.0


def test_dormant_answers_are_a_mixture(make_problem):
    problem = make_problem(round_trips_s=(0.01, 0.03))
    scheme = CollaborativeTraining(cut=4, threshold="fixed", fixed_s=0.02)
    answers = answers_of([SURE] * 2, [SURE, SURE], [[0.0, 9.0, 0.0]] * 2, [0, 1])
    assert scheme.asleep(problem).mean() == 0.5
    assert scheme.wrong(answers, problem).tolist() == [0.5, 0.5]
    assert CollaborativeTraining(cut=4).wrong(answers, problem).tolist() == [1, 0]


@pytest.mark.parametrize("threshold", ["mean", "slack"])
def test_other_limits(make_problem, threshold):
    problem = make_problem(round_trips_s=(0.01, 0.03), periods=10)
    asleep = CollaborativeTraining(cut=5, threshold=threshold).asleep(problem)
    trips = problem.drawn[0].round_trip_s
    if threshold == "mean":  # the first has nothing to compare with
        expected = [False] + [trips[i] > trips[:i].mean() + 1e-12 for i in range(1, len(trips))]
        assert asleep.tolist() == expected
    else:  # a deadline of 1 s leaves more than 30 ms
        assert not asleep.any()


def test_answers_come_from_the_network_in_evaluation(make_problem):
    problem = make_problem()
    learner = BranchyNet(exits=(0, 5)).start(problem)
    learner.train_period(0)
    chain, exits = learner.trained()
    images, labels = problem.dataset.test_images[:300], problem.dataset.test_labels[:300]
    whole = answer(chain, exits, images, labels)
    assert list(whole.exits) == [0, 5]
    assert whole.final.shape == (300, 10)
    one = answer(chain, exits, images[7:8], labels[7:8])  # batch norm must not see the batch
    np.testing.assert_allclose(whole.final[7:8], one.final, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(whole.exits[5][7:8], one.exits[5], rtol=1e-4, atol=1e-5)
    assert chain.training
    assert is_wrong(whole.final, whole.final.argmax(axis=1)).sum() == 0


def test_batches_are_shuffled_passes():
    examples = np.array([3, 5, 8, 9, 11])
    passes = batch_at(examples, 0, 15, (1, 2)).reshape(3, 5)
    assert (np.sort(passes, axis=1) == examples).all()
    assert len({tuple(row) for row in passes}) > 1
    pieces = [batch_at(examples, start, size, (1, 2)) for start, size in ((0, 4), (4, 7), (11, 4))]
    assert np.concatenate(pieces).tolist() == passes.ravel().tolist()
    assert batch_at(examples, 0, 15, (1, 3)).tolist() != passes.ravel().tolist()
