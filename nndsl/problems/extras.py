"""Problem NN616: what is asked for needs a package that the core of nndsl does without."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from nndsl.diagnostics import Problem


@dataclass(frozen=True)
class ExtraMissing(Problem):
    """Something is asked for that needs a package beside nndsl, and that is not installed.

        >>> sys.modules["resvg_py"] = None                    # as if it were not there
        >>> nndsl.picture.save(model, "small.png")

    The help line says what to install. Most can be had in another way as well: a picture as SVG or HTML needs no
    package.

        >>> nndsl.picture.save(model, "small.svg")
        >>> nndsl.picture.save(model, "small.html")
    """

    code: ClassVar[str] = "NN616"
    title: ClassVar[str] = "a package is not installed"

    what: str
    package: str
    extra: str

    @property
    def headline(self) -> str:
        return f"{self.what} needs {self.package}, and it is not installed"

    @property
    def help(self) -> str:
        return f'install it: pip install "nndsl[{self.extra}]"'


FAMILY: tuple[type[Problem], ...] = (ExtraMissing,)
