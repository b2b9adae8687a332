"""Streams: what they are, and that generated ones have the rates and sizes that they should."""

import numpy as np
import pytest
from scipy import stats

from edgeopt.problems.arrivals import streams
from edgeopt.problems.arrivals.streams import Stream, diurnal, markov_modulated, poisson
from edgeopt.problems.errors import InputError

GENERATORS = {
    "poisson": lambda **how: poisson(20.0, **how),
    "bursty": lambda **how: markov_modulated([5.0, 0.0, 100.0], [1.0, 0.5, 0.2], **how),
    "diurnal": lambda **how: diurnal(20.0, 0.9, 50.0, **how),
}
MEAN_HZ = {"poisson": 20.0, "bursty": 25.0 / 1.7, "diurnal": 20.0}


@pytest.fixture(params=GENERATORS)
def generator(request):
    return GENERATORS[request.param]


def test_the_same_seed_gives_the_same_stream(generator):
    first, second, other = (generator(tasks=100, rng=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.time, second.time)
    assert (first.time != other.time).any()


@pytest.mark.parametrize("name", GENERATORS)
@pytest.mark.parametrize("how", [{"tasks": 4000}, {"seconds": 200.0}])
def test_the_mean_rate(name, how):
    streams = [GENERATORS[name](**how, rng=seed) for seed in range(30)]
    for stream in streams:
        assert stream.tasks == how.get("tasks", stream.tasks)
        assert stream.time[-1] <= how.get("seconds", np.inf)
    rates = [stream.tasks / how.get("seconds", stream.time[-1]) for stream in streams]
    half = stats.t.ppf(0.9995, 29) * stats.sem(rates)
    assert abs(np.mean(rates) - MEAN_HZ[name]) < half + 0.01 * MEAN_HZ[name]
    assert half < 0.1 * MEAN_HZ[name]


def test_poisson_gaps_are_exponential():
    gaps = np.diff(poisson(5.0, seconds=2000.0, rng=3).time)
    assert stats.kstest(gaps, stats.expon(scale=0.2).cdf).pvalue > 0.001


def test_bursts_are_denser_than_poisson():
    """Counts in windows of 1 s vary more than their mean: index of dispersion above 1."""
    stream = markov_modulated([2.0, 50.0], [5.0, 2.0], seconds=5000.0, rng=1)
    counts = np.bincount(stream.time.astype(int))
    assert counts.var() / counts.mean() > 5
    steady = markov_modulated([20.0], [5.0], seconds=5000.0, rng=1)
    counts = np.bincount(steady.time.astype(int))
    assert counts.var() / counts.mean() == pytest.approx(1.0, abs=0.1)


def test_the_day_has_its_trough_at_the_start_and_its_peak_in_the_middle():
    stream = diurnal(50.0, 0.8, 100.0, seconds=10_000.0, rng=1)
    counts, _ = np.histogram(stream.time % 100.0, bins=10, range=(0, 100))
    middles = np.arange(5.0, 100.0, 10.0)
    expected = 50.0 * 10 * 100 * (1 - 0.8 * np.sinc(0.1) * np.cos(2 * np.pi * middles / 100))
    np.testing.assert_allclose(counts, expected, rtol=0.05)


@pytest.mark.parametrize(
    ("made", "mean", "deviation"),
    [
        (streams.constant(3.0), 3.0, 0.0),
        (streams.exponential(2.0), 2.0, 2.0),
        (streams.uniform(1.0, 3.0), 2.0, 2 / np.sqrt(12)),
        (streams.lognormal(2.0, 0.5), 2.0, 1.0),
        (streams.batches(16), 8.5, np.sqrt((16**2 - 1) / 12)),
    ],
)
def test_sizes_have_their_mean_and_deviation(made, mean, deviation):
    drawn = made(200_000, np.random.default_rng(0))
    assert (drawn > 0).all()
    assert drawn.mean() == pytest.approx(mean, rel=0.01)
    assert drawn.std() == pytest.approx(deviation, rel=0.02, abs=1e-12)


def test_sizes_belong_to_the_stream(generator):
    stream = generator(tasks=50, sizes=streams.batches(2), rng=0)
    assert set(stream.size) == {1.0, 2.0}
    assert set(generator(tasks=50, rng=0).size) == {1.0}


@pytest.mark.parametrize(
    ("time", "size", "message"),
    [
        ([], [], "time.shape"),
        ([0.0, 2.0, 1.0], [1, 1, 1], r"time\[2\]: got 1.0, must be at least 2.0, sorted"),
        ([0.0, np.nan], [1, 1], r"time\[1\]"),
        ([-1.0], [1], r"time\[0\]"),
        ([0.0], [0.0], r"size\[0\]"),
        ([0.0, 1.0], [1.0], "size.shape"),
    ],
)
def test_bad_streams_are_refused(time, size, message):
    with pytest.raises(InputError, match=message):
        Stream(np.array(time), np.array(size))


def test_equal_times_are_legal():
    assert Stream([0.0, 0.0, 1.0], [1, 2, 3]).span_s == 1.0


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda: poisson(0.0, tasks=5), "rate_hz"),
        (lambda: poisson(np.inf, tasks=5), "rate_hz"),
        (lambda: poisson(1.0), "tasks, seconds"),
        (lambda: poisson(1.0, tasks=5, seconds=5.0), "tasks, seconds"),
        (lambda: poisson(1.0, tasks=0), "tasks"),
        (lambda: poisson(1.0, seconds=0.0), "seconds"),
        (lambda: poisson(1e9, seconds=1e9), "seconds"),
        (lambda: poisson(1e-9, seconds=1.0, rng=0), "seconds"),
        (lambda: markov_modulated([1.0], [1.0, 2.0], tasks=5), "dwell_s.shape"),
        (lambda: markov_modulated([0.0], [1.0], tasks=5), "rates_hz"),
        (lambda: markov_modulated([-1.0], [1.0], tasks=5), "rates_hz"),
        (lambda: markov_modulated([1.0], [0.0], tasks=5), "dwell_s"),
        (lambda: diurnal(0.0, tasks=5), "mean_hz"),
        (lambda: diurnal(1.0, 1.5, tasks=5), "amplitude"),
        (lambda: diurnal(1.0, 0.5, 0.0, tasks=5), "period_s"),
        (lambda: streams.constant(0.0), "size"),
        (lambda: streams.exponential(-1.0), "mean"),
        (lambda: streams.uniform(2.0, 1.0), "high"),
        (lambda: streams.lognormal(1.0, 0.0), "variation"),
        (lambda: streams.batches(0), "largest"),
    ],
)
def test_bad_parameters_are_refused(make, field):
    with pytest.raises(InputError, match=field):
        make()
