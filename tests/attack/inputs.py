"""The fuzz of commands and loaders, with two new seeds."""

from fuzz.cases import make_case
from fuzz.outcome import fault, run_case
from fuzz.samples import make_samples

from attack.part import Part, Try
from attack.samples import working_in

INPUTS, SEEDS = 10_000, 2


def attempt(this: Try) -> str:
    """Run one input and say what goes wrong."""
    seed, number = SEEDS * this.seed + this.number // INPUTS, this.number % INPUTS
    samples = this.work / "fuzz"
    is_new = not samples.exists()
    samples.mkdir(exist_ok=True)
    with working_in(samples):
        if is_new:
            make_samples(samples)
        case = make_case(seed, number, samples)
        found = fault(run_case(case))
    again = f"python -m fuzz --seed {seed} --only {number}"
    return f"{[word[:60] for word in case.arguments]}: {found} ({again})" if found else ""


PART = Part("fuzz", INPUTS * SEEDS, attempt, patience=90.0)
