"""Problems: limits (NN9xx). What the compiler refuses to take on, so that no input can exhaust it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from nndsl.diagnostics import Problem


@dataclass(frozen=True)
class TooManyBrackets(Problem):
    """More brackets stand open at one place than nndsl follows.

    Brackets, parentheses and braces may nest 100 deep. A file that goes deeper was most likely made by a program,
    or lost its closing brackets.

        >>> deep = "relu(" * 101 + "x" + ")" * 101
        >>> nndsl.compile(f"model M {{ input x: f32[batch, 4]\\n output y = {deep} }}")

    Give the inner parts names on lines of their own, or use `for` or `repeat` to build what repeats.

        input x: f32[batch, 4]
        repeat 101 { x = relu(x) }
        output h = x
    """

    code: ClassVar[str] = "NN901"
    title: ClassVar[str] = "brackets nest too deep here"

    limit: int

    @property
    def label(self) -> str:
        return f"{self.limit} brackets are open already"

    @property
    def help(self) -> str:
        return "give inner parts a name on a line of their own, or build what repeats with `for` or `repeat`"


@dataclass(frozen=True)
class FileTooLarge(Problem):
    """A `.nn` file is larger than nndsl reads.

        >>> nndsl.compile("# numbers: " + "0.5, " * 1_000_000)

    Source files may have 1 MiB. A larger one is seldom source: numbers belong into an array file (`.npz`) that a
    `data` section names.

        data Small { train = npz("small.npz", x="x_train", label="y_train") }
    """

    code: ClassVar[str] = "NN902"
    title: ClassVar[str] = "this file is too large for a .nn file"

    name: str
    size: int
    limit: int

    @property
    def headline(self) -> str:
        return f"{self.name} has {self.size:,} bytes; a .nn file may have {self.limit:,}"

    @property
    def help(self) -> str:
        return "keep arrays in a .npz file and name it in `data = npz(\"…\")`"


@dataclass(frozen=True)
class TooDeep(Problem):
    """An expression, or a chain of `else if`, nests deeper than nndsl follows.

    Operators, calls and indices may nest 200 deep: a sum of 201 terms is one too many.

        >>> terms = " + ".join(["x"] * 300)
        >>> nndsl.compile(f"model M {{ input x: f32[batch, 4]\\n output y = {terms} }}")

    Split it over lines with names, or add up in a loop:

        total = 0 * x
        for i in 0..300 { total = total + x }
    """

    code: ClassVar[str] = "NN903"
    title: ClassVar[str] = "this nests too deep"

    limit: int
    what: str

    @property
    def label(self) -> str:
        return f"this {self.what} has more than {self.limit} levels"

    @property
    def help(self) -> str:
        if self.what == "statement":
            return "turn part of the `if` chain into a `fn`, or pick from a list"
        return "split it: give a part of it a name on a line of its own"


@dataclass(frozen=True)
class TooManyImports(Problem):
    """A file imports more, directly or through others, than nndsl reads.

    All imported files together may be 200 and have 4 MiB of text.

        >>> for i in range(201):
        ...     Path(f"layer_{i}.nn").write_text(f"fn f{i}(x: f32[...]) {{ return x + {i} }}")
        >>> lines = "\\n".join(f'import "layer_{i}.nn"' for i in range(201))
        >>> Path("m.nn").write_text(lines + "\\nmodel M { input x: f32[batch]\\n output y = f0(x) }")
        >>> nndsl.load("m.nn")

    Join small files, and import only what is used.

        import "blocks.nn"

        model M() {
          input x: f32[batch, 4]
          output y = x |> Residual(8)
        }
    """

    code: ClassVar[str] = "NN904"
    title: ClassVar[str] = "too much is imported"

    files: int
    text: int

    @property
    def label(self) -> str:
        return f"with this one there are more than {self.files} files, or more than {self.text:,} characters in them"

    @property
    def help(self) -> str:
        return "join small files, and import only what is used"


FAMILY: tuple[type[Problem], ...] = (TooManyBrackets, FileTooLarge, TooDeep, TooManyImports)
