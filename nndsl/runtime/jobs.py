"""What there is to compile of a program, piece by piece: any process can do it, and the code is the same."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Job:
    """A "unit" of some text, or a "shared" function, whose `name` the object will define."""

    kind: str
    name: str
    text: str = ""

    @property
    def weight(self) -> int:
        """How long it takes, in kernels of middling length."""
        return 8 if self.kind == "shared" else 1


@dataclass(frozen=True)
class Made:
    """Object code, and the shared functions that it calls."""

    code: bytes
    needs: tuple[str, ...] = ()


def carry_out(job: Job) -> Made:
    """Do it here."""
    from nndsl.runtime import compiling

    if job.kind == "unit":
        return Made(*compiling.compile_unit(job.text, job.name))
    return Made(compiling.compile_shared(job.name))
