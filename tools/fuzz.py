"""Feed programs to the whole front end and count what it makes of them; anything but a Problem is a fault of nndsl.

    .venv/bin/python tools/fuzz.py --programs 5000 --seed 1
    .venv/bin/python tools/fuzz.py --replay fuzz-faults/3f2a….json

Each program goes through reading, parsing, checking and the summary, a share of them through the formatter and
`check --fix`, and a share of those that check through gradients, passes and the printing of kernels. A stage should
take at most `--time` seconds of processor time. Those that take longer are counted; three times as long is a fault, and
so are more than `--memory` MiB beyond what the worker had. Faults, one of each sort, are written to `--faults` for
`--replay`. A program is made from its seed and number alone: `--seed 3 --first 17 --programs 1` tries it again.

    .venv/bin/python tools/fuzz.py --tally fuzz.json --programs 100000 --seconds-limit 150 --workers 1

A long search can be done in many sittings: `--tally` adds the figures to those in the file (kept up to date every 500
programs), goes on with the program after the last one of the seed, and ends where there are `--programs` of all seeds
together.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import multiprocessing as mp
import os
import resource
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from pathlib import Path
from random import Random

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tools")]

from fuzz_programs import Case, make  # noqa: E402
from fuzz_totals import MIB, Outcome, Totals, report  # noqa: E402

FAULT = 3  # times the limit: other work on the machine makes processor seconds longer, but not so much
HANGS = 300  # seconds of silence after which a worker is ended: one that computes is stopped by its processor time
WARM = b"layer L()(x: f32[b, t, n]) { return x |> LSTM(3) }\n" + (
    b"model M() { input x: f32[b, t, 2]\n output y = x |> L()\n loss mse(y, y) }\n"
)


class OutOfTime(BaseException):
    """A stage took longer than it may. No `except Exception` holds it back."""


@dataclass
class Limits:
    """Of one stage of one program: processor seconds, and MiB beyond what the worker has after its first program."""

    seconds: float
    memory: int
    stage: str = ""
    slowest: float = 0.0
    slowest_stage: str = ""
    began: float = 0.0

    def begin(self, stage: str) -> None:
        self.end()
        self.stage, self.began = stage, time.process_time()
        signal.setitimer(signal.ITIMER_PROF, FAULT * self.seconds, self.seconds)

    def end(self) -> None:
        signal.setitimer(signal.ITIMER_PROF, 0)
        took = time.process_time() - self.began
        if self.stage and took > self.slowest:
            self.slowest, self.slowest_stage = took, self.stage
        self.stage = ""


# --- one program -------------------------------------------------------------------------------------------


def tried(case: Case, number: int, limits: Limits, everything: bool = False) -> Outcome:
    """Carry out a program within the limits: with all that can be done, or with what its number draws."""
    from fuzz_stages import EXTRAS, carry_out

    limits.slowest, limits.slowest_stage, limits.stage = 0.0, "", ""
    before = resident("VmRSS")
    forget_peak()
    draw = Random(number)
    done, fault = None, ""
    try:
        extras = [name for name, share in EXTRAS.items() if everything or draw.random() < share]
        done = carry_out(case, limits.begin, extras)
    except OutOfTime:
        fault = f"OutOfTime: {limits.stage} took more than {FAULT * limits.seconds} s\n{traceback.format_exc()}"
    except MemoryError:
        fault = f"MemoryError: {limits.stage} took more than {limits.memory} MiB\n{traceback.format_exc()}"
    except Exception as error:
        fault = f"{type(error).__name__}: {str(error)[:300]}\n{traceback.format_exc()[-6000:]}"
    limits.end()
    memory = max(0, resident("VmHWM") - before)
    return Outcome(
        number, case.kind, limits.slowest, limits.slowest_stage, memory, done.codes if done else (),
        bool(done and done.checked), bool(done and done.compiled), fault,
    )  # fmt: skip


def resident(field: str) -> int:
    """Bytes of memory in use: now (VmRSS), or at most since the peak was forgotten (VmHWM). 0 where nobody tells."""
    try:
        text = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in text.splitlines() if line.startswith(field)), 0)


def forget_peak() -> None:
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return


def work(connection: Connection, seed: int, seconds: float, memory: int) -> None:
    """A worker: numbers of programs come in, outcomes go out."""

    def stop(*_: object) -> None:
        raise OutOfTime

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGPROF, stop)
    limits = Limits(10**6, memory)
    tried(Case("warm", WARM), 0, limits, True)  # so that imports count for no program
    size = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + memory * MIB, resource.RLIM_INFINITY))
    limits.seconds = seconds
    try:
        while True:
            number = connection.recv()
            connection.send(tried(make(seed, number), number, limits))
    except EOFError:
        return


# --- many programs -----------------------------------------------------------------------------------------


@dataclass
class Worker:
    """A process with the number of the program it has at hand."""

    process: mp.process.BaseProcess
    connection: Connection
    number: int = -1
    since: float = 0.0
    tried: int = 0

    def give(self, number: int) -> None:
        self.number, self.since = number, time.monotonic()
        self.tried += 1
        self.connection.send(number)


def fuzz(options: argparse.Namespace) -> Totals:
    """Try programs in worker processes until there are enough of them or time is up."""
    context = mp.get_context("spawn")
    totals = Totals.load(options.tally) if options.tally else Totals()
    start, before = time.monotonic(), totals.programs
    said = before // 500
    first = max(options.first, totals.nexts.get(str(options.seed), 0))
    numbers = iter(range(first, first + options.programs - before))

    def hire() -> Worker:
        ours, theirs = context.Pipe()
        process = context.Process(target=work, args=(theirs, options.seed, options.time, options.memory), daemon=True)
        process.start()
        theirs.close()
        return Worker(process, ours)

    def next_number() -> int | None:
        over = options.seconds_limit and time.monotonic() - start > options.seconds_limit
        return None if over else next(numbers, None)

    with interrupted():
        workers = [hire() for _ in range(options.workers)]
        for worker in list(workers):
            send(worker, next_number(), workers)
        while workers:
            ready = wait([worker.connection for worker in workers], timeout=1.0)
            for worker in list(workers):
                outcome = received(worker, worker.connection in ready, options)
                if outcome is None:
                    continue
                outcome = replace(outcome, seed=options.seed)
                totals.add(outcome, options.time)
                if outcome.fault:
                    keep(outcome, options, totals)
                gone = not worker.process.is_alive() or worker.tried >= 3_000  # a fresh one starts with little memory
                if gone:
                    worker.connection.close()
                    worker.process.join(5)
                    workers.remove(worker)
                    worker = hire()
                    workers.append(worker)
                send(worker, next_number(), workers)
            if totals.programs // 500 > said:
                said = totals.programs // 500
                say_progress(totals, before, start)
                if options.tally:
                    totals.save(options.tally)
    if options.tally:
        totals.save(options.tally)
    return totals


def send(worker: Worker, number: int | None, workers: list[Worker]) -> None:
    if number is None:
        worker.connection.close()
        workers.remove(worker)
    else:
        worker.give(number)


def received(worker: Worker, ready: bool, options: argparse.Namespace) -> Outcome | None:
    """What a worker sends; that it died or hangs, where it does."""
    kind = make(options.seed, worker.number).kind if not ready or not worker.process.is_alive() else ""
    if ready:
        try:
            outcome: Outcome = worker.connection.recv()
        except (EOFError, ConnectionError):
            worker.process.join(5)
            return Outcome(worker.number, kind, fault=f"Died: the worker ended with {worker.process.exitcode}\n")
        return outcome
    if time.monotonic() - worker.since < HANGS + options.time:
        return None
    worker.process.kill()
    worker.process.join()
    return Outcome(worker.number, kind, fault="Hangs: nothing was heard of the worker any more\n")


@contextmanager
def interrupted() -> Iterator[None]:
    """Ctrl-C, or a signal to end, ends the search, and what was found is printed."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    try:
        yield
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)


# --- faults ------------------------------------------------------------------------------------------------


def sort_of(fault: str) -> str:
    """Faults of one sort: the exception, and the last place in nndsl."""
    if fault.startswith("OutOfTime"):
        return fault.splitlines()[0]
    places = [line.strip() for line in fault.splitlines() if line.strip().startswith('File "') and "nndsl" in line]
    place = places[-1].split(str(ROOT) + os.sep)[-1].replace('", line ', ":") if places else ""
    return f"{fault.splitlines()[0][:160]} at {place}"


def keep(outcome: Outcome, options: argparse.Namespace, totals: Totals) -> None:
    """Write the first program of each sort of fault to a file."""
    name = sort_of(outcome.fault) + (f" ({outcome.kind})" if outcome.fault.startswith("OutOfTime") else "")
    totals.faults[name] += 1
    if totals.faults[name] > 1:
        return
    case = make(options.seed, outcome.number)
    path = Path(options.faults) / f"{hashlib.sha256(name.encode()).hexdigest()[:12]}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    data = {
        "fault": outcome.fault, "kind": case.kind, "seed": options.seed, "number": outcome.number,
        "text": plain(case.text),
        "files": {name: plain(content) for name, content in case.files.items()},
        "other": plain(case.other) if case.other is not None else None,
    }  # fmt: skip
    path.write_text(json.dumps(data, indent=1), encoding="ascii")
    print(f"fault in program {outcome.number} ({case.kind}): {name}\n  {path}", file=sys.stderr, flush=True)


def plain(content: bytes) -> str:
    return content.decode("utf-8", "surrogateescape")


def replay(path: Path, seconds: float, memory: int) -> int:
    """Carry out a program that was kept, or any `.nn` file, and print what happens. 1 where it is still a fault."""
    if path.suffix == ".nn":
        case = Case(str(path), path.read_bytes())
    else:
        data = json.loads(path.read_text(encoding="ascii"))
        files = {name: packed(text) for name, text in data["files"].items()}
        other = packed(data["other"]) if data["other"] is not None else None
        case = Case(data["kind"], packed(data["text"]), files, other)
    limits = Limits(10**6, memory)
    tried(Case("warm", WARM), 0, limits, True)

    def stop(*_: object) -> None:
        raise OutOfTime

    signal.signal(signal.SIGPROF, stop)
    limits.seconds = seconds
    outcome = tried(case, 0, limits, True)
    print(plain(case.text)[:4_000].encode("utf-8", "replace").decode())
    print(f"\n{outcome.seconds:.2f} s in {outcome.stage}, {outcome.memory / MIB:.0f} MiB, {Counter(outcome.codes)}")
    print(outcome.fault or ("checked" if outcome.checked else "refused"))
    return int(bool(outcome.fault))


def packed(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


# --- what is printed ---------------------------------------------------------------------------------------


def say_progress(totals: Totals, before: int, start: float) -> None:
    rate = (totals.programs - before) / (time.monotonic() - start)
    print(
        f"{totals.programs:,} programs, {rate:.0f} a second, {sum(totals.faults.values())} faults",
        file=sys.stderr,
        flush=True,
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--programs", type=int, default=2_000, help="how many programs to try")
    parser.add_argument("--first", type=int, default=0, help="the number of the first one")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds-limit", type=float, default=0, help="stop after so many seconds")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--time", type=float, default=2.0, help="processor seconds that a stage may take")
    parser.add_argument("--memory", type=int, default=512, help="MiB that a program may take")
    parser.add_argument("--faults", default="fuzz-faults", help="the folder for programs that are faults")
    parser.add_argument("--tally", type=Path, help="a file that the figures of many runs add up in")
    parser.add_argument("--replay", type=Path, help="carry out one of those, or a .nn file, instead")
    options = parser.parse_args()
    if options.replay is not None:
        return replay(options.replay, options.time, options.memory)
    totals = fuzz(options)
    print(report(totals))
    return int(bool(totals.faults))


if __name__ == "__main__":
    raise SystemExit(main())
