"""A dive to a schedule within a deadline: nodes are given columns, until a tree can do the rest."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from edgeopt.optim.scheduling.branch_and_price.prices import (
    Columns,
    Prices,
    Search,
    open_prices,
    worth_of,
)
from edgeopt.optim.scheduling.branch_and_price.projection import approach
from edgeopt.optim.scheduling.branch_and_price.tree import Tree, plant, visit
from edgeopt.optim.scheduling.branch_and_price.whole import BoolArray, Node, Whole, propagate
from edgeopt.problems.errors import FloatArray, IntArray

FEW_NODES = 6  # a tree searches what is left

_PART = 0.25  # of the nodes left: so many are given columns at once at first, at most

_TRIES = 2  # of single columns, before the columns given before are taken back, too

_PATIENCE, _MOST_TAKEN_BACK = 5, 300  # times columns are taken back: all of them, and at most

_MANY_NODES, _ITERATIONS = 12, (32, 60)  # of prices for what is left: with more nodes, and fewer

_COLUMNS_KEPT = 0.7  # for each node and task left

_VISITS = 100  # of the tree


class Rest(NamedTuple):
    """What is left of a problem.

    Attributes
    ----------
    nodes, tasks : ndarray
        Those left.
    prices, columns : Prices and Columns
        Of these.
    """

    nodes: IntArray
    tasks: IntArray
    prices: Prices
    columns: Columns


class Choice(NamedTuple):
    """Which columns to give.

    Attributes
    ----------
    rest : Rest
        What is left before.
    left : Node
        The pairs of it that may be used.
    order : ndarray
        A column of each node, the surest first.
    most : int
        So many are given at once.
    tries : int
        Left, of single columns.
    """

    rest: Rest
    left: Node
    order: IntArray
    most: int
    tries: int = _TRIES


@dataclass
class Dive:
    """A dive.

    Where columns of all nodes run all tasks in parts, the nodes with the surest ones are given
    these for good. As long as prices do not refute what is left, it is no worse off: the columns
    fill the nodes, and what a schedule may waste is left to ever fewer nodes. If they refute it,
    fewer columns are given, or others.

    Attributes
    ----------
    whole : Whole
        The deadline.
    rest : Rest
        What is left.
    assignment : ndarray, shape (k,)
        Of the tasks given; the entries of the others mean nothing.
    choices : list of Choice
        Those made so far.
    part : float
        Of the nodes left, how many are given columns at once, at most.
    taken_back : int
        How often columns were taken back.
    search : Search or None
        Prices for what is left.
    tree : Tree or None
        At the end.
    found : ndarray, shape (k,), or None
        A schedule within the deadline.
    is_lost : bool
        Whether the dive has ended without one.
    work : float
        About the processor time in s; counted, not measured.

    References
    ----------
    Sadykov, Vanderbeck, Pessoa, Tahiri, Uchoa, "Primal heuristics for branch and price: the assets
    of diving methods", INFORMS Journal on Computing 31, 2019.
    """

    whole: Whole
    rest: Rest
    assignment: IntArray
    choices: list[Choice] = field(default_factory=list)
    part: float = _PART
    taken_back: int = 0
    search: Search | None = None
    tree: Tree | None = None
    found: IntArray | None = None
    is_lost: bool = False
    work: float = 0.0


def open_dive(whole: Whole, lowest: Search | None, afresh: bool = False) -> Dive:
    """Return a dive to a deadline.

    Parameters
    ----------
    whole : Whole
        The deadline.
    lowest : Search or None
        What has found the columns that run all tasks within this deadline, or an earlier one.
        Without, and with few nodes, the dive is lost.
    afresh : bool
        Whether other columns and prices are looked for before any columns are given: if columns
        that fill the nodes up to an earlier deadline are given, much of the time left is wasted.
    """
    x, k = whole.times.shape
    prices = Prices(np.ones(k), np.zeros(x))
    columns = Columns(np.empty(0, dtype=np.int64), np.empty((0, k), dtype=np.bool_))
    if lowest is not None:
        prices, columns = lowest.prices, lowest.columns
    dive = Dive(whole, Rest(np.arange(x), np.arange(k), prices, columns), np.zeros(k, np.int64))
    if lowest is None or whole.deadline < lowest.whole.deadline or x <= FEW_NODES:
        dive.is_lost = True
    elif not afresh:
        _choose(dive, lowest, propagate(whole, whole.alive))
    return dive


def advance(dive: Dive) -> None:
    """Do an iteration of prices, or visit a node of the tree."""
    if dive.tree is not None:
        _visit(dive, dive.tree)
        return
    search = dive.search or _look(dive)
    if search is None:
        return
    before = search.work
    if not search.worth.spare > 0.0:
        approach(search)
    dive.work += search.work - before
    if search.worth.spare > 0.0:
        _take_back(dive)
    elif search.converged:
        _choose(dive, search, search.left)
    elif len(dive.rest.nodes) > _MANY_NODES and search.iterations >= _ITERATIONS[0]:
        _choose(dive, search, search.left)  # columns run about all tasks, which is good enough
    elif search.iterations >= _ITERATIONS[1]:
        _take_back(dive)


def _look(dive: Dive) -> Search | None:
    """Begin with the prices of what is left, or with a tree if this is little."""
    rest, whole = dive.rest, dive.whole
    part = whole._replace(
        times=np.ascontiguousarray(whole.times[np.ix_(rest.nodes, rest.tasks)]),
        capacity=whole.capacity[rest.nodes],
        memory=whole.memory[rest.tasks],
        room=whole.room[rest.nodes],
    )
    left = propagate(part, part.alive)
    if not left.is_possible:
        _take_back(dive)
    elif len(rest.nodes) <= FEW_NODES or not left.free.any():
        dive.tree = plant(part, rest.prices, rest.columns)
    else:
        dive.search = open_prices(part, left, rest.prices, rest.columns)
        dive.search.reach = 1.0
        dive.work += dive.search.work
    return dive.search


def _choose(dive: Dive, search: Search, left: Node) -> None:
    """Say which columns are the surest, and give some."""
    known = len(search.weight)
    columns = Columns(search.columns.node[:known], search.columns.tasks[:known])
    order = np.argsort(-search.weight, kind="stable")
    _, first = np.unique(columns.node[order], return_index=True)
    rest = dive.rest._replace(prices=search.prices, columns=columns)
    dive.choices.append(Choice(rest, left, order[np.sort(first)], _at_once(dive, rest)))
    _give(dive)


def _at_once(dive: Dive, rest: Rest) -> int:
    """Return how many nodes are given columns at once."""
    return max(1, int(dive.part * len(rest.nodes)))


def _give(dive: Dive) -> None:
    """Give nodes columns without common tasks; nodes whose tasks do not fit are left out."""
    rest, left, order, most, _ = dive.choices[-1]
    memory = dive.whole.memory[rest.tasks]
    taken = np.zeros(len(rest.tasks), dtype=np.bool_)
    full = np.zeros(len(rest.nodes), dtype=np.bool_)
    for column in order:
        node, tasks = rest.columns.node[column], rest.columns.tasks[column] & left.free
        if tasks @ memory <= left.room[node] and not (tasks & taken).any():
            full[node] = True
            tasks = tasks | (left.alive[node] & ~left.free)
            taken |= tasks
            dive.assignment[rest.tasks[tasks]] = rest.nodes[node]
        if full.sum() == most:
            break
    dive.search = dive.tree = None
    if full.any():
        dive.rest = _without(rest, full, taken, memory)
    else:
        _take_back(dive)


def _without(rest: Rest, full: BoolArray, taken: BoolArray, memory: FloatArray) -> Rest:
    """Return what is left without some nodes and tasks, and the columns worth most."""
    kept = ~full[rest.columns.node]
    node = (np.cumsum(~full) - 1)[rest.columns.node[kept]]
    columns = Columns(node, rest.columns.tasks[kept][:, ~taken])
    prices = Prices(rest.prices.task[~taken], rest.prices.memory[~full])
    worth = worth_of(columns, prices, memory[~taken])
    best = np.zeros(int((~full).sum()))
    np.maximum.at(best, node, worth)
    most = int(_COLUMNS_KEPT * (len(best) + len(prices.task)))
    order = np.argsort(best[node] - worth, kind="stable")[:most]
    columns = Columns(node[order], columns.tasks[order])
    return Rest(rest.nodes[~full], rest.tasks[~taken], prices, columns)


def _take_back(dive: Dive) -> None:
    """Give fewer columns, or others; now and then, begin anew with fewer at once."""
    dive.taken_back += 1
    if dive.taken_back % _PATIENCE == 0 and dive.choices:
        _begin_anew(dive, dive.choices[0])
        return
    while dive.choices and dive.taken_back <= _MOST_TAKEN_BACK:
        choice = dive.choices.pop()
        if choice.most > 1:
            choice = choice._replace(most=choice.most // 2)
        elif choice.tries > 1 and len(choice.order) > 1:
            choice = choice._replace(order=choice.order[1:], tries=choice.tries - 1)
        else:
            continue
        dive.choices.append(choice)
        _give(dive)
        return
    dive.is_lost = True


def _begin_anew(dive: Dive, first: Choice) -> None:
    """Take back all columns, and give fewer at once, another one first."""
    dive.part /= 2
    most = _at_once(dive, first.rest)
    dive.choices = [first._replace(order=np.roll(first.order, -1), most=most, tries=_TRIES)]
    _give(dive)


def _visit(dive: Dive, tree: Tree) -> None:
    """Visit a node of the tree."""
    before = tree.work
    visit(tree)
    dive.work += tree.work - before
    if tree.found is not None:
        dive.assignment[dive.rest.tasks] = dive.rest.nodes[tree.found]
        dive.found = dive.assignment
    elif tree.is_refuted or tree.visited >= _VISITS:
        _take_back(dive)
