"""What the programs of tools/fuzz.py came to, taken together; kept in a file, the runs of many sittings add up."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

MIB = 1 << 20
COUNTS = ("codes", "kinds", "faults", "slow")


@dataclass(frozen=True)
class Outcome:
    """What became of one program."""

    number: int
    kind: str
    seconds: float = 0.0
    stage: str = ""
    memory: int = 0
    codes: tuple[str, ...] = ()
    checked: bool = False
    compiled: bool = False
    fault: str = ""
    seed: int = 0


@dataclass
class Totals:
    """All outcomes taken together. `nexts` has the number of the next program of each seed."""

    programs: int = 0
    checked: int = 0
    compiled: int = 0
    problems: int = 0
    codes: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    slow: Counter[str] = field(default_factory=Counter)
    nexts: dict[str, int] = field(default_factory=dict)
    slowest: Outcome | None = None
    largest: Outcome | None = None

    def add(self, outcome: Outcome, limit: float) -> None:
        self.programs += 1
        if outcome.seconds > limit:
            self.slow[f"{outcome.kind}, {outcome.stage}"] += 1
        self.checked += outcome.checked
        self.compiled += outcome.compiled
        self.problems += len(outcome.codes)
        self.codes.update(set(outcome.codes))
        self.kinds[outcome.kind.split()[0]] += 1
        self.nexts[str(outcome.seed)] = max(self.nexts.get(str(outcome.seed), 0), outcome.number + 1)
        if self.slowest is None or outcome.seconds > self.slowest.seconds:
            self.slowest = outcome
        if self.largest is None or outcome.memory > self.largest.memory:
            self.largest = outcome

    def save(self, path: Path) -> None:
        """Write them whole or not at all: a run that is stopped half-way leaves those before it."""
        beside = path.with_name(path.name + ".new")
        beside.write_text(json.dumps(vars(self), indent=1, default=asdict), encoding="ascii")
        beside.replace(path)

    @classmethod
    def load(cls, path: Path) -> Totals:
        """Those of the runs before this one; none where there is no file yet."""
        if not path.exists():
            return cls()
        data: dict[str, Any] = json.loads(path.read_text(encoding="ascii"))
        data |= {name: Counter(data[name]) for name in COUNTS}
        for name in ("slowest", "largest"):
            if data[name] is not None:
                data[name] = Outcome(**data[name] | {"codes": tuple(data[name]["codes"])})
        return cls(**data)


def report(totals: Totals) -> str:
    """The figures at the end."""
    lines = [
        f"programs tried     {totals.programs:,}  ({', '.join(f'{n:,} {k}' for k, n in sorted(totals.kinds.items()))})",
        f"checked ok         {totals.checked:,}, of which {totals.compiled:,} went on to the source of kernels",
        f"Problems           {totals.problems:,}",
    ]
    for what, outcome in (("slowest stage", totals.slowest), ("largest memory", totals.largest)):
        if outcome is not None:
            size = (
                f"{outcome.seconds:.2f} s in {outcome.stage}"
                if what == "slowest stage"
                else f"{outcome.memory / MIB:.0f} MiB"
            )
            lines.append(f"{what:<18} {size}, program {outcome.number} of seed {outcome.seed} ({outcome.kind})")
    if totals.slow:
        lines.append("slower than meant  " + "; ".join(f"{n} {what}" for what, n in totals.slow.most_common()))
    lines.append("programs by code   " + " ".join(f"{code}:{n}" for code, n in sorted(totals.codes.items())))
    lines.append(f"other exceptions   {sum(totals.faults.values())}")
    lines += [f"  {n:>5}  {name}" for name, n in totals.faults.most_common()]
    return "\n".join(lines)
