"""What the delay of a task consists of at every cut."""

from __future__ import annotations

import numpy as np

from problems.errors import FloatArray
from problems.offloading.program import Program

PARTS = ("uplink", "waiting", "execution", "link", "cloud")


def delay_parts_s(program: Program) -> dict[str, FloatArray]:
    """Return the parts of the delay on the node that is slowest at each cut.

    Returns
    -------
    dict of (N + 1,) float64 arrays
        T_cp (16), T_qp (12), T_te (11), T_ec (15) and the cloud's time (14) by `PARTS`, s; their
        sum is the delay of C2. T_cp is 0 where the reading does not count it.
    """
    terms, shape = program.terms, (program.depth + 1,)
    at_node = np.stack(np.broadcast_arrays(terms.waiting_s, terms.execution_s, terms.link_s))
    slowest = at_node.sum(axis=0).argmax(axis=0, keepdims=True)
    waiting, execution, link = (
        np.take_along_axis(part, slowest, axis=0).reshape(shape) for part in at_node
    )
    uplink = np.full(shape, float(terms.uplink_s) * program.reading.uplink_counts)
    cloud = terms.cloud_s.reshape(shape)
    return dict(zip(PARTS, (uplink, waiting, execution, link, cloud), strict=True))
