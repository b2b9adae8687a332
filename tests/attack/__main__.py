"""Run the attack: ``cd tests && python -m attack --seed 1``; under half an hour on two cores.

``--only PART --try N`` makes one try again. Exit code 1 if anything is found.
"""

import argparse
import contextlib
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from fuzz.watch import watch

from attack import bits, cluster, folders, hostile, inputs, kills, live, proofs
from attack.part import Part, Try
from attack.samples import make_sample
from edgeopt.experiments.runs.processes import die_with

PARTS = {
    part.name: part
    for part in (
        kills.PART,
        bits.PART,
        folders.PART,
        inputs.PART,
        hostile.PART,
        cluster.PART,
        live.PART,
        proofs.PART,
    )
}
LANES = 2
LONGEST = 600  # characters of a finding

Say = Callable[[str], None]


def main() -> None:
    """Run the parts and print what is found."""
    parser = argparse.ArgumentParser(prog="python -m attack", description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=PARTS, help="run this part alone")
    parser.add_argument("--try", dest="number", type=int, help="make this try alone")
    parser.add_argument("--tries", type=int, help="of each part, the first ones")
    parser.add_argument("--log", type=Path, help="file for what is printed")
    parser.add_argument("--work", choices=PARTS, help=argparse.SUPPRESS)
    parser.add_argument("--prepare", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--samples", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--start", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--stop", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    parts = [PARTS[options.only]] if options.only else list(PARTS.values())
    if options.work:
        _work(PARTS[options.work], options)
    elif options.prepare:
        _prepare(parts, options.samples)
    else:
        with _log(options.log) as say:
            sys.exit(bool(_attack(parts, options, say)))


@contextlib.contextmanager
def _log(path: Path | None) -> Iterator[Say]:
    """Yield a function that prints a line, also to a file."""
    with contextlib.ExitStack() as stack:
        file = None if path is None else stack.enter_context(path.open("w", encoding="utf-8"))

        def say(text: str) -> None:
            line = text.encode("utf-8", "backslashreplace").decode()
            for out in (sys.stdout, *([] if file is None else [file])):
                print(line, file=out, flush=True)

        yield say


def _attack(parts: list[Part], options: argparse.Namespace, say: Say) -> int:
    """Run parts one after the other; return the number of findings."""
    begin, found = time.monotonic(), 0
    with tempfile.TemporaryDirectory(prefix="attack-") as folder:
        samples = Path(folder) / "samples"
        words = [sys.executable, "-m", "attack", "--prepare", "--samples", str(samples)]
        subprocess.run([*words, *_only(options)], check=True)
        say(f"attack with seed {options.seed}, samples made in {time.monotonic() - begin:.0f} s")
        for part in parts:
            found += _run(part, options, samples, say)
    say(f"{found} findings in {time.monotonic() - begin:.0f} s")
    return found


def _only(options: argparse.Namespace) -> list[str]:
    return ["--only", options.only] if options.only else []


def _run(part: Part, options: argparse.Namespace, samples: Path, say: Say) -> int:
    """Run a part in two processes; return the number of findings."""
    if reason := part.missing():
        say(f"{part.name}: skipped, {reason}")
        return 0
    begin, found = time.monotonic(), 0
    numbers = range(part.tries if options.tries is None else min(part.tries, options.tries))
    if options.number is not None:
        numbers = range(options.number, options.number + 1)
    for said in _in_lanes(part, options.seed, numbers, samples):
        if said["fault"]:
            found += 1
            text = " ".join(str(said["fault"]).split())[:LONGEST]
            again = f"--only {part.name} --try {said['number']} --seed {options.seed}"
            say(f"  {part.name}: {text}\n    again: python -m attack {again}")
    seconds = time.monotonic() - begin
    say(f"{part.name}: {len(numbers)} tries, {found} findings, {seconds:.0f} s")
    return found


def _in_lanes(part: Part, seed: int, numbers: range, samples: Path) -> Iterator[dict[str, Any]]:
    """Yield what the workers of a part say, in the order in which they do."""
    news: SimpleQueue[dict[str, Any] | None] = SimpleQueue()

    def lane(share: range) -> None:
        def command(start: int) -> list[str]:
            words = f"-m attack --work {part.name} --seed {seed} --start {start}"
            words += f" --stop {share.stop} --samples {shlex.quote(str(samples))}"
            return [sys.executable, *shlex.split(words)]

        try:
            for said in watch(command, share, part.patience):
                news.put(said)
        finally:
            news.put(None)

    lanes = [numbers[i::LANES] for i in range(LANES)]
    threads = [threading.Thread(target=lane, args=(share,), daemon=True) for share in lanes]
    for thread in threads:
        thread.start()
    for _ in threads:
        yield from iter(news.get, None)


def _prepare(parts: Iterable[Part], samples: Path) -> None:
    """Make what the tries of some parts need."""
    samples.mkdir()
    for kind in sorted({kind for part in parts for kind in part.samples}):
        make_sample(kind, samples / kind)


def _work(part: Part, options: argparse.Namespace) -> None:
    """Make tries in this process, and print one line of JSON for each."""
    die_with(os.getppid())
    words = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    with tempfile.TemporaryDirectory(prefix="attack-") as work:
        for number in range(options.start, options.stop, LANES):
            print(json.dumps({"number": number}), file=words, flush=True)
            folder = Path(work) / f"try-{number}"
            folder.mkdir()
            os.chdir(work)
            fault = part.attempt(Try(options.seed, number, options.samples, Path(work), folder))
            shutil.rmtree(folder, ignore_errors=True)
            print(json.dumps({"number": number, "fault": fault}), file=words, flush=True)
    os._exit(0)  # whatever threads and handlers the tries have left


if __name__ == "__main__":
    main()
