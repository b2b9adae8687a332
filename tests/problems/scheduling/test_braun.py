"""Range-based execution times: classes, ranges, consistency, reproducibility."""

from itertools import product

import numpy as np
import pytest

from edgeopt.problems.errors import InputError
from edgeopt.problems.scheduling.generators import braun, impose_consistency

LEVELS = {"hi": (3000.0, 1000.0), "lo": (100.0, 10.0)}


def is_consistent(matrix: np.ndarray) -> bool:
    return bool((np.diff(matrix, axis=1) >= 0).all())


@pytest.mark.parametrize(("task", "node"), list(product(LEVELS, LEVELS)))
def test_entries_fill_their_range(task: str, node: str):
    largest = LEVELS[task][0] * LEVELS[node][1]
    matrix = braun(f"u_i_{task}{node}", 3000, 20, rng=0).matrix
    assert matrix.min() >= 1.0
    assert 0.97 * largest < matrix.max() <= largest
    mean = (1 + LEVELS[task][0]) / 2 * (1 + LEVELS[node][1]) / 2  # of the product of two uniforms
    assert matrix.mean() == pytest.approx(mean, rel=0.05)


@pytest.mark.parametrize(("task", "node"), list(product(LEVELS, LEVELS)))
def test_a_row_varies_by_the_nodes_range(task: str, node: str):
    matrix = braun(f"u_i_{task}{node}", 500, 200, rng=1).matrix
    spread = matrix.max(axis=1) / matrix.min(axis=1)
    assert spread.max() <= LEVELS[node][1]
    assert np.median(spread) > 0.1 * LEVELS[node][1]


def test_consistency_of_the_three_classes():
    consistent, inconsistent, half = (
        braun(f"u_{kind}_hihi", 50, 9, rng=2).matrix for kind in "cis"
    )
    assert is_consistent(consistent)
    assert not is_consistent(inconsistent)
    assert is_consistent(half[:, ::2])
    assert not is_consistent(half[:, 1::2])
    assert np.array_equal(half[:, 1::2], inconsistent[:, 1::2])
    assert np.array_equal(consistent, np.sort(inconsistent, axis=1))
    assert np.array_equal(half[:, ::2], np.sort(inconsistent[:, ::2], axis=1))


def test_consistency_leaves_its_input_alone():
    matrix = np.array([[3.0, 2.0, 1.0]])
    assert impose_consistency(matrix, "c").tolist() == [[1.0, 2.0, 3.0]]
    assert impose_consistency(matrix, "s").tolist() == [[1.0, 2.0, 3.0]]
    assert impose_consistency(matrix, "i").tolist() == [[3.0, 2.0, 1.0]]
    assert matrix.tolist() == [[3.0, 2.0, 1.0]]


def test_the_seed_decides():
    assert braun(rng=5).digest == braun(rng=np.random.default_rng(5)).digest
    assert braun(rng=5).digest != braun(rng=6).digest
    assert braun().matrix.shape == (512, 16)
    assert braun(tasks=4, nodes=2, rng=0).name == "braun:u_c_hihi:4x2"


@pytest.mark.parametrize("kind", ["", "u_c_hi", "u_x_hihi", "u_c_hihi.0", "U_C_HIHI", "u_c_hilolo"])
def test_unknown_classes_are_refused(kind: str):
    with pytest.raises(InputError, match=r"^kind: got"):
        braun(kind)


@pytest.mark.parametrize(("tasks", "nodes"), [(0, 4), (4, 0), (-1, 4), (2.5, 4), (10**6, 10**6)])
def test_bad_sizes_are_refused(tasks: int, nodes: int):
    with pytest.raises(InputError):
        braun("u_c_hihi", tasks, nodes)
