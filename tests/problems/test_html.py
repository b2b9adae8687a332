"""Problems and parameters as notebooks show them."""

import re

import numpy as np

from edgeopt import ATSA, Frontier, Problem, UniformTimes
from edgeopt.optim.scheduling.catalog import SOLVERS


def cells(html: str) -> list[list[str]]:
    """Return the texts of the rows of a table."""
    rows = re.findall("<tr>(.*?)</tr>", html)
    return [re.findall("<t[hd]>(.*?)</t[hd]>", row) for row in rows]


def test_a_problem_shows_size_memory_names_and_first_times():
    et = np.arange(1.0, 71.0).reshape(7, 10)
    et[0, 1] = np.inf
    names = [f"<{i}>" for i in range(7)]
    problem = Problem(et, np.full(7, 1024.0), np.full(10, 3 * 2.0**20), "site", task_names=names)
    html = problem._repr_html_()
    head, first, *_, last = cells(html)
    assert head == ["time in s", *map(str, range(8)), "... 2 more nodes"]
    assert first == ["&lt;0&gt;", "1", "cannot run", *map(str, range(3, 9))]
    assert last == ["... 2 more tasks"]
    assert "site: 7 tasks on 10 nodes; memory of tasks 1 KiB, of nodes 3 MiB, " in html
    assert "cannot run: 1" in html


def test_a_problem_of_work_and_speed_shows_its_quotients():
    times = UniformTimes(np.array([6.0, 4.0]), np.array([1.0, 2.0]))
    html = Problem(times, ready=np.array([0.0, 1.5]))._repr_html_()
    assert cells(html)[1:] == [["0", "6", "3"], ["1", "4", "2"]]
    assert "ready after 0 to 1.5 s" in html


def test_solvers_show_their_parameters():
    rows = {row[0]: row[1:] for row in cells(ATSA(beta=3.0)._repr_html_())}
    assert rows["beta"] == ["3.0", "5.0", "weight of the heuristic (2)"]
    assert rows["alpha"] == ["1.0", "", "weight of the pheromone (2)"]
    assert "<p>Frontier</p>" in Frontier()._repr_html_()
    own = [solver for solver in SOLVERS.values() if hasattr(solver, "init")]
    assert all("<table>" in solver._repr_html_() for solver in own)
