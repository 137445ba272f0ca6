"""What the command prints: data on standard output, all else on standard error; and how faults end it."""

from __future__ import annotations

import functools
import math
import os
import sys
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import IO, ParamSpec, TypeVar

from nndsl.diagnostics import NndslError, Problem, render

FINDINGS, WRONG_USE, INTERNAL, INTERRUPTED, BROKEN_PIPE = 1, 2, 70, 130, 141
# What was asked of the command cannot be done, whatever the files say.
WRONG_USE_CODES = frozenset({"NN600", "NN611", "NN613", "NN614"})

P = ParamSpec("P")
R = TypeVar("R")


class Format(StrEnum):
    """How data is printed."""

    text = "text"
    json = "json"


def data(text: str) -> None:
    """Print to standard output; where it is closed there is nobody to read it."""
    if sys.stdout is not None:
        sys.stdout.write(text if text.endswith("\n") or not text else text + "\n")


def data_json(value: object) -> None:
    """Print as JSON; NaN and infinities, which JSON lacks, become null."""
    import json

    data(json.dumps(finite(value), indent=2, ensure_ascii=False))


def finite(value: object) -> object:
    """The value with None for each number that is not finite."""
    match value:
        case float() if not math.isfinite(value):
            return None
        case dict():
            return {key: finite(item) for key, item in value.items()}
        case list() | tuple():
            return [finite(item) for item in value]
    return value


def say(text: str) -> None:
    """A remark on standard error."""
    if sys.stderr is not None:
        print(text, file=sys.stderr, flush=True)


def colored(stream: IO[str] | None) -> bool:
    """Whether to use colour: on a terminal, unless NO_COLOR or TERM=dumb says no."""
    if stream is None or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return stream.isatty()


def problem_text(problem: Problem, color: bool) -> str:
    """One message, its first word in red or yellow where there is colour."""
    text = render(problem)
    if not color:
        return text
    head, _, rest = text.partition(": ")
    shade = "33" if problem.severity == "warning" else "31"
    return f"\x1b[1;{shade}m{head}\x1b[0m: {rest}"


def say_problems(problems: Sequence[Problem]) -> None:
    """All messages on standard error, a blank line between them."""
    if problems:
        say("\n\n".join(problem_text(problem, colored(sys.stderr)) for problem in problems))


def guarded(verb: Callable[P, R]) -> Callable[P, R]:
    """Let a verb end well: Problems are printed, Ctrl-C and closed pipes are quiet, our own faults are owned up to."""

    @functools.wraps(verb)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            result = verb(*args, **kwargs)
            flush()
            return result
        except NndslError as error:
            say_problems(error.problems)
            wrong_use = any(problem.code in WRONG_USE_CODES for problem in error.problems)
            code = WRONG_USE if wrong_use else FINDINGS
        except BrokenPipeError:
            silence_stdout()
            code = BROKEN_PIPE
        except KeyboardInterrupt:
            say("interrupted")
            code = INTERRUPTED
        except MemoryError:
            say("error: out of memory; use a smaller batch_size, model or data set")
            code = FINDINGS
        except OSError as fault:
            if fault.filename is not None or os.environ.get("NNDSL_DEBUG"):
                code = internal(fault)
            else:
                say(f"error: cannot write the result: {(fault.strerror or str(fault)).lower()}")
                silence_stdout()
                code = FINDINGS
        except Exception as fault:
            if hasattr(fault, "exit_code"):  # wrong use, which typer prints
                raise
            code = internal(fault)
        raise stop(code)

    return run


def flush() -> None:
    """Write out what was printed, so that a full disk or a closed pipe shows here and not at exit."""
    if sys.stdout is not None:
        sys.stdout.flush()


def silence_stdout() -> None:
    """Point standard output to nowhere: Python flushes it at exit and would complain again."""
    try:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)
    except (OSError, ValueError, AttributeError):
        pass


def internal(fault: BaseException) -> int:
    """Report a fault of nndsl itself; the exit code. The traceback comes with NNDSL_DEBUG=1."""
    if os.environ.get("NNDSL_DEBUG"):
        import traceback

        say("".join(traceback.format_exception(fault)).rstrip())
    first = (str(fault).splitlines() or [""])[0]
    told = type(fault).__name__ + (f": {first}" if first else "")
    say(f"internal error: {told}\nThis is a fault of nndsl, not of your file. Please report it, with the .nn file and "
        "the command, and with what NNDSL_DEBUG=1 in the environment adds to this message.")  # fmt: skip
    return INTERNAL


def stop(code: int) -> SystemExit:
    """What to raise in order to end with a code."""
    return SystemExit(code)


def usage(message: str, option: str | None = None) -> Exception:
    """What to raise for wrong use of an option: typer prints it and ends with exit code 2."""
    import typer

    return typer.BadParameter(message, param_hint=option)
