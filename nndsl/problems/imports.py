"""Problems of files that import one another (NN130 to NN132)."""

from __future__ import annotations

from nndsl.diagnostics import Problem
from nndsl.problems.said import Said


class ImportRefused(Said):
    """An import may name only `.nn` files in the project folder: the folder of the file that was given to nndsl, and
    the folders below it. Links that lead out of it count as outside.

    Example:

        import "/home/me/blocks.nn"

        model M() {
          input x: f32[batch, 4]
          output y = x |> Residual(8)
        }

    Cure: copy the file into the folder, and write its path from the importing file, with `/` between folders.

        import "blocks.nn"

        model M() {
          input x: f32[batch, 4]
          output y = x |> Residual(8)
        }
    """

    code = "NN130"
    title = "this path cannot be imported"


class ImportCycle(Said):
    """A file imports itself, directly or through others.

    Example, in two files:

        # a.nn
        import "b.nn"
        fn once(x) { return x }
        fn twice(x) { return double(x) }
        # b.nn
        import "a.nn"
        fn double(x) { return 2 * once(x) }

    Cure: move what both need into one file, or into a third one that both import.

        # a.nn
        import "b.nn"
        fn twice(x) { return double(once(x)) }
        # b.nn
        fn once(x) { return x }
        fn double(x) { return 2 * once(x) }
    """

    code = "NN131"
    title = "these files import each other"


class ImportClash(Said):
    """An import brings a name that this file or another import has already.

    Example:

        import "blocks.nn"    # has a layer Residual

        layer Residual(units: int)(x: f32[..., n]) { return x + (x |> Dense(units) |> Dense(n)) }

    Cure: give the import a name and write `blocks.Residual`, or rename one of the two.

        import "blocks.nn" as blocks

        layer Residual(units: int)(x: f32[..., n]) { return x |> blocks.Residual(units) }
    """

    code = "NN132"
    title = "an import brings a name that is taken"


FAMILY: tuple[type[Problem], ...] = (ImportRefused, ImportCycle, ImportClash)
