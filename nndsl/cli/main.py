"""The command `nndsl`: how its process begins and ends."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence

from nndsl.cli import output


def main() -> None:
    """Run the command with the arguments of the process, and end it with its exit code."""
    if sys.stdout is not None and hasattr(sys.stdout, "reconfigure"):
        # A terminal that lacks a character gets a replacement instead of an exception.
        sys.stdout.reconfigure(errors="replace")
    try:
        run(sys.argv[1:])
    except BrokenPipeError:
        output.silence_stdout()
        sys.exit(output.BROKEN_PIPE)
    except KeyboardInterrupt:
        sys.exit(output.INTERRUPTED)
    except Exception as fault:  # outside of any verb
        sys.exit(output.internal(fault))


def run(arguments: Sequence[str]) -> None:
    """Run one verb; ends with SystemExit unless all went well."""
    verb, *files = arguments or [""]
    if verb in ("check", "fmt") and files and not any(a.startswith("-") for a in files):
        # Editors and hooks do this on every save, and reading options takes longer: there are none here.
        # The process is over in a moment, and to look for garbage on the way takes a tenth of it.
        gc.disable()
        if verb == "check":
            from nndsl.cli.checking import check_files

            output.guarded(check_files)(files)
        else:
            from nndsl.cli.formatting import format_files

            output.guarded(format_files)(files)
        return
    from nndsl.cli.app import app

    app(list(arguments), prog_name="nndsl")


__all__ = ["main", "run"]
