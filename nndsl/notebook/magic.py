"""`%%nn`: a cell of `.nn` text becomes a Model with a name in the notebook."""

from __future__ import annotations

import json
import shlex
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nndsl.diagnostics import NndslError
from nndsl.model import Model, compile
from nndsl.notebook.colored import problem_lines
from nndsl.problems.training import WrongSetting

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

USAGE = "`%%nn [NAME] [--set CONST=VALUE] [--model NAME] [--seed N]`"
OPTIONS = ("--set", "--model", "--seed")


@dataclass(frozen=True)
class Line:
    """What stands behind `%%nn`."""

    name: str | None
    consts: dict[str, object]
    model: str | None
    seed: int | None


def read_line(text: str) -> Line:
    """The name and options behind `%%nn`. Raises NndslError (NN600)."""
    name: str | None = None
    consts: dict[str, object] = {}
    options: dict[str, str] = {}
    try:
        words = shlex.split(text)
    except ValueError:
        raise _wrong(text) from None
    while words:
        word = words.pop(0)
        if word in OPTIONS and words:
            value = words.pop(0)
            const, equals, written = value.partition("=")
            if word != "--set":
                options[word] = value
            elif equals and const.replace(".", "_").isidentifier():
                consts[const] = _value(written)
            else:
                raise _wrong(value)
        elif word.isidentifier() and name is None:
            name = word
        else:
            raise _wrong(word)
    seed = options.get("--seed")
    if seed is not None and not seed.isdigit():
        raise _wrong(seed)
    return Line(name, consts, options.get("--model"), int(seed) if seed is not None else None)


def _wrong(text: str) -> NndslError:
    return NndslError(WrongSetting(None, "%%nn", repr(text), f"of the form {USAGE}"))


def _value(text: str) -> object:
    """A value as `.nn` text has it: a number, a truth value, `none`, a list, a quoted text; else the text itself."""
    if text == "none":
        return None
    try:
        found: object = json.loads(text)
    except ValueError:
        return text
    return found


def make_magic(shell: InteractiveShell) -> Callable[[str, str], Model]:
    """The function behind `%%nn`."""

    def nn(line: str, cell: str) -> Model:
        """%%nn [NAME] [--set CONST=VALUE] [--model NAME] [--seed N]

        Compiles the cell, a .nn text, and gives the Model a name: NAME, else that of the model in small letters.
        The Model is shown as a picture.
        """
        wanted = read_line(line)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # shown below, as Problems
            model = compile(cell, model=wanted.model, seed=wanted.seed, consts=wanted.consts)
        if model.checked.problems:
            print("\n".join(problem_lines(model.checked.problems)))
        shell.user_ns[wanted.name or model.name.lower()] = model
        return model

    return nn
