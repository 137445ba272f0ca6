"""Notebooks: `%load_ext nndsl.notebook` brings `%%nn`, whose cells are `.nn` text, and shows mistakes as Problems.

Models draw themselves and `fit` draws its curves in a notebook without this, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def load_ipython_extension(shell: InteractiveShell) -> None:
    """What `%load_ext nndsl.notebook` calls."""
    from nndsl.diagnostics import NndslError
    from nndsl.notebook.colored import problem_lines
    from nndsl.notebook.magic import make_magic

    def show(
        shell: InteractiveShell, kind: type[BaseException], error: BaseException, trace: Any, tb_offset: Any = None
    ) -> list[str]:
        """Show the Problems in place of a traceback."""
        lines = problem_lines(error.problems) if isinstance(error, NndslError) else [str(error)]
        shell._showtraceback(kind, error, lines)  # IPython leaves it to such a function to show something
        return lines

    shell.set_custom_exc((NndslError,), show)
    shell.register_magic_function(make_magic(shell), "cell", "nn")
