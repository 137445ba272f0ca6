"""`nndsl lsp`: the language server."""

from __future__ import annotations

from nndsl.diagnostics import NndslError


def lsp() -> None:
    """Serve an editor over standard input and output, by the Language Server Protocol.

    Editors start this command by themselves: docs/editors.md says how. It needs `pip install "nndsl[lsp]"`.
    """
    try:
        import lsprotocol  # noqa: F401
        import pygls  # noqa: F401
    except ImportError:
        from nndsl.problems.extras import ExtraMissing

        raise NndslError(ExtraMissing(None, "`nndsl lsp`", "pygls", "lsp")) from None
    from nndsl.lsp.server import make_server

    make_server().start_io()
