"""Streams of tasks from tables."""

import re
from pathlib import Path

import numpy as np
import pytest

from edgeopt.problems.arrivals.spec import draw_stream
from edgeopt.problems.errors import InputError

AZURE = {"path": "", "time_column": "TIMESTAMP", "size_column": "ContextTokens"}


def draw(label: str, table: dict, tasks: int = 3000):
    return draw_stream(label, table, tasks, 20.0, np.random.default_rng(1))


@pytest.mark.parametrize(
    ("label", "table", "rate_hz"),
    [
        ("poisson", {}, 20.0),
        ("poisson", {"rate_hz": 50.0}, 50.0),
        ("bursty", {"rates_hz": [10.0, 100.0], "dwell_s": [2.0, 1.0]}, 40.0),
        ("diurnal", {"period_s": 10.0}, 20.0),
        ("day", {"kind": "diurnal", "mean_hz": 5.0, "amplitude": 0.2, "period_s": 20.0}, 5.0),
    ],
)
def test_streams_arrive_at_their_mean_rate(label, table, rate_hz):
    stream, rate = draw(label, table)
    assert rate == pytest.approx(rate_hz)
    assert stream.tasks == 3000
    assert stream.tasks / stream.span_s == pytest.approx(rate_hz, rel=0.15)


@pytest.mark.parametrize(
    ("sizes", "mean"),
    [
        ({}, 1.0),
        ({"kind": "constant", "size": 3.0}, 3.0),
        ({"kind": "exponential", "mean": 2.0}, 2.0),
        ({"kind": "lognormal", "mean": 2.0, "variation": 0.3}, 2.0),
        ({"kind": "uniform", "low": 1.0, "high": 3.0}, 2.0),
        ({"kind": "batches", "largest": 3}, 2.0),
    ],
)
def test_the_rate_counts_samples(sizes, mean):
    stream, rate = draw("poisson", {"sizes": sizes})
    assert stream.size.mean() == pytest.approx(mean, rel=0.1)
    assert rate == pytest.approx(20.0 * stream.size.mean())


def test_a_recorded_stream_has_its_own_rate(shared: Path):
    path = shared / "traces" / "azure_llm_2023" / "AzureLLMInferenceTrace_code.csv"
    stream, rate = draw("azure", {**AZURE, "kind": "trace", "path": str(path)}, tasks=1000)
    assert stream.tasks == 1000
    assert rate == pytest.approx(1000 / stream.span_s * stream.size.mean())


@pytest.mark.parametrize(
    ("label", "table", "message"),
    [
        ("steady", {}, "streams.steady.kind: got 'steady', must be one of poisson"),
        ("poisson", 3, "streams.poisson: got 3, must be a table"),
        ("poisson", {"rate": 3.0}, "streams.poisson.rate: got 3.0, must be left out, or one of"),
        ("poisson", {"seconds": 9.0}, "streams.poisson.seconds: got 9.0, must be left out"),
        ("poisson", {"rate_hz": 0.0}, "streams.poisson.rate_hz: got 0.0"),
        ("poisson", {"rate_hz": "fast"}, "streams.poisson.rate_hz: got 'fast'"),
        ("poisson", {"sizes": 1}, "streams.poisson.sizes: got 1, must be a table"),
        ("poisson", {"sizes": {"kind": "huge"}}, "streams.poisson.sizes.kind: got 'huge'"),
        ("poisson", {"sizes": {"mean": 1}}, "sizes.mean: got 1, must be left out, or one of size"),
        ("poisson", {"sizes": {"kind": "batches"}}, "sizes.largest: got None, must be given"),
        ("bursty", {"rates_hz": [1.0]}, "streams.bursty.dwell_s: got None, must be given"),
        ("bursty", {"rates_hz": [1.0, 2.0], "dwell_s": [1.0]}, "streams.bursty.dwell_s.shape"),
        ("trace", {"path": "none.csv", "time_column": "t"}, "streams.trace.path: got 'none.csv'"),
        ("trace", {"sizes": {}}, "streams.trace.sizes: got {}, must be left out"),
    ],
)
def test_bad_streams_are_refused(label, table, message):
    with pytest.raises(InputError, match="^.*" + re.escape(message)):
        draw(label, table)
