"""Problems of files that import one another (NN130 to NN132)."""

from __future__ import annotations

from nndsl.diagnostics import Problem
from nndsl.problems.said import Said


class ImportRefused(Said):
    """An import may name only `.nn` files in the project folder: the folder of the file that was given to nndsl, and
    the folders below it. Links that lead out of it count as outside.

    Example:

        import "/home/me/blocks.nn"

    Cure: copy the file into the folder, and write its path from the importing file, with `/` between folders:
    `import "shared/blocks.nn"`.
    """

    code = "NN130"
    title = "this path cannot be imported"


class ImportCycle(Said):
    """A file imports itself, directly or through others.

    Example, in `a.nn` and in `b.nn`:

        import "b.nn"

        import "a.nn"

    Cure: move what both need into a third file, and import that one in both.
    """

    code = "NN131"
    title = "these files import each other"


class ImportClash(Said):
    """An import brings a name that this file or another import has already.

    Example:

        import "blocks.nn"    # has a layer Block

        layer Block(units: int)(x: f32[batch, n]) { return x |> Dense(units) }

    Cure: give the import a name (`import "blocks.nn" as blocks`) and write `blocks.Block`, or rename one of the two.
    """

    code = "NN132"
    title = "an import brings a name that is taken"


FAMILY: tuple[type[Problem], ...] = (ImportRefused, ImportCycle, ImportClash)
