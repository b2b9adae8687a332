"""Measures of a schedule, node by node and task by task."""


def naive_measures(problem, assignment):
    """Return energy, cost, imbalance, utilisation, mean completion and deadline misses."""
    ready = [0.0] * problem.nodes if problem.ready is None else [float(r) for r in problem.ready]
    clock, busy = list(ready), [0.0] * problem.nodes
    ends, energy, cost, late = [], 0.0, 0.0, 0
    for task, node in enumerate(assignment):
        time = float(problem.matrix[task, node])
        clock[node] += time
        busy[node] += time
        ends.append(clock[node])
        energy += time * float(problem.active_power[node])
        cost += float(problem.cost[task, node])
        late += clock[node] > problem.deadlines[task]
    last, available = max(ends), 0.0
    for node in range(problem.nodes):
        if last > ready[node]:
            energy += (last - ready[node] - busy[node]) * float(problem.idle_power[node])
            available += last - ready[node]
    imbalance = (max(clock) - min(clock)) / (sum(clock) / len(clock))
    return energy, cost, imbalance, sum(busy) / available, sum(ends) / len(ends), late
