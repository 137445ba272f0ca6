"""A program's objects: its units from the cache or compiled now, some of them by helpers, and its sequence."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from nndsl.runtime.hashing import shared_hash, unit_hash
from nndsl.runtime.helpers import each_made
from nndsl.runtime.jobs import Job, Made
from nndsl.runtime.stored import folder, read_pieces, store_pieces
from nndsl.runtime.units import Unit, split


def build(text: str, path: Path, names: tuple[str, ...], known_units: bool = True) -> list[bytes]:
    """The module `text` as objects that are to be linked together; each entry is `int32 nndsl_<entry>(int64, …)`.

    `path` is the name of the source in messages. `known_units` says whether units are taken from the cache.
    """
    from nndsl.runtime import compiling

    parts = split(text)
    if parts is None:
        return [compiling.compile_object(text, path, names)]
    symbols = {name: unit_symbol(unit.text) for name, unit in parts.units.items()}
    jobs = {symbols[name]: Job("unit", symbols[name], unit.text) for name, unit in parts.units.items()}
    made = _made([*_products(parts.units.values()), *jobs.values()], known_units)
    callees = {name: (symbols[name], unit.parameters) for name, unit in parts.units.items()}
    sequence = compiling.compile_sequence(parts.sequence, callees)
    return [sequence, *(one.code for one in made)]


def inspect(text: str, path: Path, entry: str, stage: str) -> str:
    """The LLVM IR or the assembly of a program; of one in units, with the kernels' own names."""
    from nndsl.runtime import compiling

    parts = split(text)
    if parts is None:
        return compiling.inspect_object(text, path, (entry,), stage)
    callees = {name: (f"nn_{name}", unit.parameters) for name, unit in parts.units.items()}
    units = {f"nn_{name}": unit.text for name, unit in parts.units.items()}
    return compiling.inspect_parts(units, parts.sequence, callees, stage)


def _products(units: Iterable[Unit]) -> list[Job]:
    """Products take as long to compile as a dozen kernels, and nearly every program has them: to begin with them is
    better than to hear of them from the first kernel that is done."""
    texts = [unit.text for unit in units if "product_" in unit.text]
    return [Job("shared", f"nn_multiply_{d}") for d in ("f32", "f64") if any(f"{d}[" in text for text in texts)]


def unit_symbol(text: str) -> str:
    """What the function of a unit is called."""
    return f"nn_{unit_hash(text)}"


def _made(jobs: list[Job], known: bool) -> list[Made]:
    """The units, and the shared functions that they call: each from the cache, or compiled and put there."""
    found: dict[str, Made] = {}

    def look_up(job: Job) -> bool:
        pieces = read_pieces(_file(job)) if known else None
        if pieces is not None and len(pieces) == 2:
            found[job.name] = Made(pieces[0], tuple(pieces[1].decode().split()))
        return job.name in found

    asked = {job.name for job in jobs if job.kind == "shared"}

    def needed_by(made: Made) -> list[Job]:
        """The shared functions that nobody has asked for yet and that are not there."""
        new = [Job("shared", name) for name in made.needs if name not in asked]
        asked.update(job.name for job in new)
        return [job for job in new if not look_up(job)]

    missing = [job for job in jobs if not look_up(job)]
    for made in list(found.values()):
        missing += needed_by(made)
    for job, made in each_made(missing, needed_by):
        found[job.name] = made
        store_pieces(_file(job), [made.code, "\n".join(made.needs).encode()])
    return list(found.values())


def _file(job: Job) -> Path:
    name = job.name
    if job.kind == "shared":
        from nndsl.runtime.shared import named

        name = f"{name}_{shared_hash(name, named(name)[0])}"
    return folder("units") / f"{name}.o"
