"""Equations 5 to 7 in NumPy for dense layers, and a period of training as SimPy processes."""

import numpy as np
import simpy


class NaiveLayer:
    """A dense layer with the momentum of its optimiser, on one machine."""

    def __init__(self, weights):
        self.weights = np.array(weights, dtype=float)
        self.momentum = np.zeros_like(self.weights)

    def step(self, gradient, rate, momentum, decay):
        """(5), with momentum and weight decay as in He et al. 2016."""
        self.momentum = momentum * self.momentum + gradient + decay * self.weights
        self.weights = self.weights - rate * self.momentum


def cross_entropy(weights, features, labels):
    """Return the mean cross entropy of a dense layer, its gradients in weights and in features."""
    loss, by_weights, by_features = 0.0, np.zeros_like(weights), np.zeros_like(features)
    for row, label in enumerate(labels):
        logits = weights @ features[row]
        answers = np.exp(logits) / np.exp(logits).sum()
        loss -= np.log(answers[label]) / len(labels)
        wrong = (answers - np.eye(len(logits))[label]) / len(labels)
        by_weights += np.outer(wrong, features[row])
        by_features[row] = wrong @ weights
    return loss, by_weights, by_features


def naive_step(edge, cloud, head, images, labels, a, b, asleep, optimiser):
    """Step all machines along the gradient of (7); return its value, a F_e in dormancy."""
    inner = images @ edge.weights.T
    features = np.maximum(inner, 0.0)
    edge_loss, by_head, back = cross_entropy(head.weights, features, labels)
    total, back = a * edge_loss, a * back
    head.step(a * by_head, **optimiser)
    if not asleep:
        cloud_loss, by_cloud, more = cross_entropy(cloud.weights, features, labels)
        total, back = total + b * cloud_loss, back + b * more  # (7)
        cloud.step(b * by_cloud, **optimiser)
    edge.step((back * (inner > 0)).T @ images, **optimiser)
    return total


def naive_aggregate(edges, tasks):
    """(6): replace weights and momentum of every node by the mean weighted by tasks."""
    for name in ("weights", "momentum"):
        mean = sum(u * getattr(edge, name) for edge, u in zip(edges, tasks, strict=True))
        for edge in edges:
            setattr(edge, name, mean / sum(tasks))


def naive_period(costs, assignment):
    """Return the tasks in the order in which they reach the cloud, and when all nodes are done."""
    env, order = simpy.Environment(), []
    cloud = simpy.Resource(env, capacity=1)

    def node(index):
        for task in np.flatnonzero(assignment == index):
            yield env.timeout(costs.forward[task, index])
            back_from_exit = env.timeout(costs.exit[task, index])
            yield env.timeout(costs.upload[task, index])
            order.append(int(task))
            if not costs.asleep[task]:
                with cloud.request() as request:
                    yield request
                    yield env.timeout(costs.cloud[task])
                yield env.timeout(costs.download[task, index])
            yield back_from_exit
            yield env.timeout(costs.backward[task, index])

    for index in range(costs.forward.shape[1]):
        env.process(node(index))
    env.run()
    return order, env.now
