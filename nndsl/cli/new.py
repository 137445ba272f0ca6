"""`nndsl new`: a starter file."""

from __future__ import annotations

import keyword
import re
from pathlib import Path
from typing import Annotated

import typer

from nndsl.cli.output import data, say, usage
from nndsl.diagnostics import NndslError

STARTER = """\
# A starter: handwritten digits, 8 by 8 pixels, ten classes. It trains on data that comes with scikit-learn
# (pip install "nndsl[datasets]"):
#
#     nndsl check {file}
#     nndsl train {file}
#     nndsl train {file} --set hidden=128 --set train.epochs=50

## Digits from pixels: two dense layers.
model {name}(hidden: int = 64) {{
  # What is fed. `batch` is open: it gets its size from the data.
  input  image: f32[batch, 8, 8]
  target label: index<10>[batch]

  # Each line of a pipe passes its value to the next.
  logits = image / 16
    |> Flatten()
    |> Dense(hidden, activation=relu)
    |> Dropout(0.2)
    |> Dense(10)
  output probability = softmax(logits)

  # What training makes small, and what it shows.
  loss   sparse_categorical_crossentropy(label, logits)
  metric accuracy(label, probability)
}}

train {name} {{
  optimizer        = Adam(learning_rate=0.001)
  epochs           = 30
  batch_size       = 32
  data             = digits("train")
  validation_split = 0.1
  test             = digits("test")
}}
"""
_MODEL_NAME = re.compile(r"[^0-9A-Za-z]+")


def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Such as digits, or models/digits.nn.")],
) -> None:
    """Write a commented starter file that trains on bundled data. Overwrites nothing."""
    from nndsl.problems.weights import CannotWrite, FileTaken

    path = Path(name if name.endswith(".nn") else f"{name}.nn")
    if "\0" in name or path.stem.startswith(".") or not _MODEL_NAME.sub("", path.stem):
        raise usage(f"{name!r} makes no file name with a letter in it", "NAME")
    content = STARTER.format(file=path, name=model_name(path.stem)).encode("utf-8")
    try:
        with path.open("xb") as file:  # x: never over a file that is there
            file.write(content)
    except FileExistsError:
        raise NndslError(FileTaken(None, str(path))) from None
    except OSError as fault:
        raise NndslError(CannotWrite(None, str(path), (fault.strerror or str(fault)).lower())) from None
    data(str(path))
    say(f"now: nndsl train {path}")


def model_name(stem: str) -> str:
    """`my-digits` as `MyDigits`: an identifier that is no word of the language."""
    words = [word for word in _MODEL_NAME.split(stem) if word]
    joined = "".join(word[0].upper() + word[1:] for word in words)
    return joined if joined[0].isalpha() and not keyword.iskeyword(joined) else f"Model{joined}"
