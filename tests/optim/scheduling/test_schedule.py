"""A schedule as a value, by hand."""

from dataclasses import FrozenInstanceError

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given
from matplotlib.figure import Figure
from strategies import scheduling_problems

from edgeopt.optim.scheduling.schedule import Schedule
from edgeopt.problems.errors import InputError
from edgeopt.problems.scheduling.problem import Problem, UniformTimes


def test_a_notebook_shows_the_tasks_of_each_node():
    problem = Problem([[3.0, 5.0], [2.0, 1.0], [4.0, 4.0]], task_names=["a", "<b>", "c"])
    html = Schedule.of(problem, [0, 1, 1])._repr_html_()
    assert html.startswith("<p>makespan 5 s</p>")
    assert "<td>1</td><td>5</td><td>2</td><td>&lt;b&gt;, c</td>" in html
    many = Schedule.of(Problem(np.ones((40, 20))), [0] * 40)._repr_html_()
    assert "10, 11, ...</td>" in many
    assert "... 8 more nodes" in many


PROBLEM = Problem([[3.0, 5.0, 9.0], [2.0, 1.0, 9.0], [4.0, 4.0, 9.0]])
LATE = Problem(PROBLEM.et, ready=np.array([1.0, 0.5, 50.0]))


@pytest.fixture
def figures():
    """Draw without a screen, and close what was drawn."""
    with mpl.rc_context({"backend": "agg"}):
        from matplotlib import pyplot

        yield pyplot
        pyplot.close("all")


def test_by_hand():
    schedule = Schedule.of(PROBLEM, [0, 1, 1])
    assert (schedule.tasks, schedule.nodes, schedule.makespan) == (3, 3, 5.0)
    assert schedule.times.tolist() == [3.0, 1.0, 4.0]
    assert schedule.loads.tolist() == [3.0, 5.0, 0.0]
    assert schedule.finish_times.tolist() == [3.0, 1.0, 5.0]
    assert [schedule.tasks_of(node).tolist() for node in range(3)] == [[0], [1, 2], []]


def test_ready_times_count_where_there_are_tasks():
    schedule = Schedule.of(LATE, [0, 1, 1])
    assert schedule.finish_times.tolist() == [4.0, 1.5, 5.5]
    assert schedule.makespan == 5.5


def test_work_and_speed():
    schedule = Schedule.of(Problem(UniformTimes([6.0, 4.0], [1.0, 2.0])), [1, 1])
    assert schedule.finish_times.tolist() == [3.0, 5.0]


@given(scheduling_problems())
def test_it_agrees_with_the_problem(problem):
    assignment = np.arange(problem.tasks) % problem.nodes
    schedule = Schedule.of(problem, assignment)
    assert schedule.makespan == problem.makespan(assignment)
    assert schedule.loads.tolist() == problem.loads(assignment).tolist()
    assert schedule.finish_times.max() == pytest.approx(schedule.makespan)


def test_it_does_not_change():
    assignment = np.array([0, 1, 1])
    schedule = Schedule.of(PROBLEM, assignment)
    assignment[0] = 2
    assert schedule.makespan == 5.0
    with pytest.raises(ValueError, match="read-only"):
        schedule.assignment[0] = 1
    with pytest.raises(FrozenInstanceError):
        schedule.assignment = assignment


@pytest.mark.parametrize("node", [-1, 3, 1.0, True])
def test_no_such_node(node):
    with pytest.raises(InputError, match="node: got"):
        Schedule.of(PROBLEM, [0, 1, 1]).tasks_of(node)


def test_no_assignment():
    with pytest.raises(InputError, match="assignment"):
        Schedule.of(PROBLEM, [0, 1, 3])


def test_a_bar_for_each_task(figures):
    _, ax = figures.subplots()
    assert Schedule.of(LATE, [0, 1, 1]).gantt(ax) is ax
    boxes = [path.get_extents() for bars in ax.collections for path in bars.get_paths()]
    assert [(box.x0, box.x1) for box in boxes] == [(1.0, 4.0), (0.5, 1.5), (1.5, 5.5)]
    assert [round((box.y0 + box.y1) / 2) for box in boxes] == [0, 1, 1]
    assert list(ax.lines[0].get_xdata()) == [5.5, 5.5]


def named() -> Schedule:
    """Return a schedule of a problem with names, its second node late."""
    problem = Problem(
        [[3.0, 5.0], [2.0, 1.0], [4.0, 4.0]],
        ready=[0.0, 2.0],
        task_names=("$a$", "a name too long for its bar, whatever the size of the figure", "c"),
        node_names=("edge", "节点"),
    )
    return Schedule.of(problem, [0, 1, 1])


def test_charts_show_names_as_text_and_late_starts() -> None:
    figure = Figure()
    gantt, loads = (
        named().gantt(figure.add_subplot(1, 2, 1)),
        named().load_chart(figure.add_subplot(1, 2, 2)),
    )
    for ax in (gantt, loads):
        assert [label.get_text() for label in ax.get_yticklabels()] == ["edge", "节点"]
        assert not any(label.get_parse_math() for label in ax.get_yticklabels())
        late = [
            bar
            for bar in ax.patches
            if bar.get_facecolor()[:3] == pytest.approx((0.8667,) * 3, abs=1e-3)
        ]
        assert [(bar.get_y() + 0.4, bar.get_width()) for bar in late] == [(1, 2)]
        assert ax.get_xlabel().startswith("time (s), makespan 7 s")
    assert {"$a$", "c"} <= {text.get_text() for text in gantt.texts}
    assert not any("long" in text.get_text() for text in gantt.texts)
    assert [text.get_text() for text in loads.texts[:2]] == [" 1", " 2"]


def test_a_figure_of_its_own(figures):
    ax = Schedule.of(PROBLEM, [0, 1, 1]).gantt()
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("time (s), makespan 5 s", "node")
    assert figures.get_fignums() == [ax.figure.number]


def test_names_come_from_the_problem():
    problem = Problem([[3.0, 5.0], [2.0, 1.0]], task_names=["a", "b"], node_names=["pi", "tx2"])
    schedule = Schedule.of(problem, [0, 1])
    assert schedule.task_names == ("a", "b")
    assert schedule.node_names == ("pi", "tx2")
    assert Schedule.of(Problem(problem.matrix), [0, 1]).task_names is None
