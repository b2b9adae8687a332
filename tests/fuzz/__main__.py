"""Run the fuzz: ``cd tests && python -m fuzz --inputs 10000``; ``--only N`` replays one input.

Inputs run in worker processes with a limit of memory; a worker that hangs is ended and the next
goes on behind the input at which it hung. Exit code 1 if anything is wrong.
"""

import argparse
import json
import os
import resource
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fuzz.cases import make_case
from fuzz.outcome import fault, run_case
from fuzz.samples import make_samples
from fuzz.watch import watch

MEMORY = 12 * 2**30


def _work(options: argparse.Namespace) -> None:
    """Run inputs in this process, and print one line of JSON for each."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    words = os.fdopen(os.dup(1), "w")
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        make_samples(Path(folder))
        for number in range(options.start, options.stop, options.stride):
            words.write(json.dumps({"number": number}) + "\n")
            words.flush()
            case = make_case(options.seed, number, Path(folder))
            outcome = run_case(case, process=options.process)
            found = {"code": outcome.code, "fault": fault(outcome), "trace": outcome.trace}
            found |= {"arguments": case.arguments, "err": outcome.err[:2000]}
            words.write(json.dumps(found) + "\n")
            words.flush()
            if options.keep is not None and (found["fault"] or options.only is not None):
                shutil.copytree("case", options.keep / str(number), dirs_exist_ok=True)


def _watch(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Yield what the workers say."""

    def command(start: int) -> list[str]:
        words = [sys.executable, "-m", "fuzz", "--work", "--seed", str(options.seed)]
        words += ["--start", str(start), "--stop", str(options.stop)]
        words += ["--stride", str(options.stride), *["--process"] * options.process]
        return words + ([] if options.keep is None else ["--keep", str(options.keep)])

    return watch(command, range(options.start, options.stop, options.stride))


def main() -> None:
    """Run the fuzz and print what is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", dest="stop", type=int, default=10_000)
    parser.add_argument("--stop", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--stride", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", type=int, help="replay this input")
    parser.add_argument("--keep", type=Path, help="folder for the files of inputs that go wrong")
    parser.add_argument("--process", action="store_true", help="each command as a process")
    parser.add_argument("--work", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only is not None:
        options.start, options.stop = options.only, options.only + 1
    if options.keep is not None:
        options.keep = options.keep.resolve()
    if options.work or options.only is not None:
        _work(options)
        return
    codes: Counter[object] = Counter()
    wrong = 0
    for said in _watch(options):
        codes[said["code"]] += 1
        if said["fault"]:
            wrong += 1
            print(json.dumps(said), flush=True)
    print(f"{sum(codes.values())} inputs, exit codes {dict(codes)}, {wrong} wrong")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
