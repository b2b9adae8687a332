"""The running system as SimPy processes: one event after the other, nothing computed ahead."""

import bisect

import simpy


class NaiveNode:
    """An edge node with a queue of its own."""

    def __init__(self, system, index):
        self.system, self.index = system, index
        self.queue, self.there, self.process = [], True, None
        self.free_at = 0.0

    def add(self, task):
        system = self.system
        system.node[task], system.dispatch[task] = self.index, system.env.now
        self.queue.append(task)
        if self.process is None:
            self.process = system.env.process(self.work())

    def service(self, task):
        return self.system.stages.edge[task] / self.system.resources.flops[self.index]

    def work(self):
        system = self.system
        while self.queue:
            task = self.queue[0]
            system.edge_start[task] = system.env.now
            try:
                yield system.env.timeout(self.service(task))
            except simpy.Interrupt:
                break
            self.queue.pop(0)
            system.leave_edge(task)
        self.process = None

    def ready_at(self):
        """When all that is queued will be done."""
        if not self.queue:
            return self.system.env.now
        time = self.system.edge_start[self.queue[0]] if self.is_working() else self.system.env.now
        for task in self.queue:
            time += self.service(task)
        return time

    def is_working(self):
        return self.queue[0] in self.system.edge_start

    def go(self, kind):
        """Go away; return the tasks that others must do."""
        self.there = False
        kept = self.queue[:1] if kind == "leave" and self.queue and self.is_working() else []
        lost, self.queue = self.queue[len(kept) :], kept
        if self.process is not None and not kept:
            self.process.interrupt()
        for task in lost:
            self.system.edge_start.pop(task, None)
        return sorted(lost)


class NaiveSystem:
    """Nodes, uplinks and cloud; tasks are dispatched one by one, or in windows."""

    def __init__(self, time, stages, resources, changes=(), rule="fcfs", window=None):
        self.env = simpy.Environment()
        self.time, self.stages, self.resources = time, stages, resources
        self.rule, self.window = rule, window
        for name in ("node", "dispatch", "edge_start", "edge_end", "upload_start", "upload_end"):
            setattr(self, name, {})
        self.cloud_start, self.cloud_end, self.finish = {}, {}, {}
        self.nodes = [NaiveNode(self, j) for j in range(resources.nodes)]
        first = {}
        for change in sorted(changes, key=lambda change: change.time_s):
            first.setdefault(change.node, change.kind)
        for node, kind in first.items():
            self.nodes[node].there = kind != "join"
        self.turns, self.held = [0, 0], []
        self.links = [simpy.Resource(self.env) for _ in range(resources.uplink.count)]
        servers = resources.cloud_servers or len(time)
        self.cloud = simpy.Resource(self.env, servers)
        self.waiting, self.opened, self.wake = [], None, self.env.event()
        self.env.process(self.change_nodes(sorted(changes, key=lambda change: change.time_s)))
        self.env.process(self.arrive())
        if window is not None:
            self.env.process(self.schedule_windows())

    def run(self):
        self.env.run()
        return self

    def column(self, name):
        values = getattr(self, name)
        return [values[i] for i in range(len(self.time))]

    def change_nodes(self, changes):
        for change in changes:
            yield self.env.timeout(max(0.0, change.time_s - self.env.now))
            node = self.nodes[change.node]
            if change.kind == "join":
                node.there = True
                lost, self.held = sorted(self.held), []
                self.alarm()
            else:
                lost = node.go(change.kind)
            for task in lost:
                self.dispatch_task(task)

    def arrive(self):
        for task, time in enumerate(self.time):
            if time > self.env.now:
                yield self.env.timeout(time - self.env.now)
            self.dispatch_task(task)

    def dispatch_task(self, task):
        there = [node for node in self.nodes if node.there]
        if self.window is not None and self.stages.edge[task] > 0:
            if not self.waiting:
                self.opened = self.env.now
            bisect.insort(self.waiting, task)
            self.alarm()
        elif not there:
            self.held.append(task)
        elif self.stages.edge[task] == 0:
            node = self.next_in_turn(0)
            self.node[task] = node.index
            self.dispatch[task] = self.edge_start[task] = self.env.now
            self.leave_edge(task)
        else:
            self.choose(task, there).add(task)

    def choose(self, task, there):
        now = self.env.now
        if self.rule == "round-robin":
            return self.next_in_turn(1)
        if self.rule == "earliest-finish":
            return min(there, key=lambda n: (max(now, n.ready_at()) + n.service(task), n.index))
        return min(there, key=lambda n: (max(now, n.ready_at()), n.index))

    def next_in_turn(self, which):
        while not self.nodes[self.turns[which]].there:
            self.turns[which] = (self.turns[which] + 1) % len(self.nodes)
        node = self.nodes[self.turns[which]]
        self.turns[which] = (node.index + 1) % len(self.nodes)
        return node

    def leave_edge(self, task):
        self.edge_end[task] = self.env.now
        self.alarm()
        if self.stages.upload_bits[task] > 0:
            self.env.process(self.upload(task))
        else:
            for name in ("upload_start", "upload_end", "cloud_start", "cloud_end", "finish"):
                getattr(self, name)[task] = self.env.now

    def upload(self, task):
        link = self.node[task] if len(self.links) > 1 else 0
        with self.links[link].request() as request:
            yield request
            self.upload_start[task] = self.env.now
            bits = self.stages.upload_bits[task]
            while bits > 0:
                rate, end = self.rate_now(link)
                if rate * (end - self.env.now) >= bits:
                    yield self.env.timeout(bits / rate)
                    break
                bits -= rate * (end - self.env.now)
                yield self.env.timeout(end - self.env.now)
            self.upload_end[task] = self.env.now
        yield self.env.timeout(self.stages.round_trip[task] / 2)
        with self.cloud.request() as request:
            yield request
            self.cloud_start[task] = self.env.now
            yield self.env.timeout(self.stages.cloud[task])
            self.cloud_end[task] = self.env.now
        yield self.env.timeout(self.stages.round_trip[task] / 2)
        self.finish[task] = self.env.now

    def rate_now(self, link):
        uplink = self.resources.uplink
        piece = bisect.bisect_right(uplink.start.tolist(), self.env.now + 1e-12) - 1
        end = uplink.start[piece + 1] if piece + 1 < len(uplink.start) else float("inf")
        return uplink.rate[piece, link], end

    def alarm(self):
        """Tell the scheduler that something has changed."""
        if self.window is not None and not self.wake.triggered:
            self.wake.succeed()

    def schedule_windows(self):
        """Wait until the window is full or old; then give its tasks out by MCT."""
        while True:
            self.wake = self.env.event()
            if not self.window_is_closed():
                events = [self.wake]
                if self.waiting and self.window.timeout_s is not None and not self.is_due():
                    rest = self.opened + self.window.timeout_s - self.env.now
                    events.append(self.env.timeout(max(rest, 0.0)))
                yield simpy.AnyOf(self.env, events)
                continue
            self.schedule()
            if self.waiting:
                self.opened = self.env.now

    def window_is_closed(self):
        if not self.waiting or not any(node.there for node in self.nodes):
            return False
        ended = self.env.now >= self.time[self.stages.edge > 0].max()
        return self.is_full() or self.is_due() or (ended and self.window.timeout_s is None)

    def is_full(self):
        return len(self.waiting) >= self.window.tasks

    def is_due(self):
        timeout = self.window.timeout_s
        return timeout is not None and self.env.now >= self.opened + timeout - 1e-12

    def schedule(self):
        batch = self.waiting[: self.window.tasks]
        del self.waiting[: len(batch)]
        there = [node for node in self.nodes if node.there]
        for task in batch:
            best = min(there, key=lambda n: (n.ready_at() + n.service(task), n.index))
            best.add(task)
