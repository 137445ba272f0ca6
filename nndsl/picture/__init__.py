"""Pictures of models: `nndsl.picture.svg(model)` is the text of an SVG, which notebooks show.

Layers are boxes with their parameters and multiply-adds, the types of values stand beside the flows. `svg`, `dot` and
`mermaid` open boxes down to `depth`; in `html` a click opens them. `save` writes a file, by its suffix.

A model is what `nndsl.load` gives, or a checked one. `program` is `train` (with losses and targets, Dropout and the
like at work), `evaluate`, or `predict` (outputs only). Nothing here imports NumPy or Numba. The stages: `draft` follows
the graph, `build` makes boxes of it (`boxes`), `layout` places them, and a writer for each format writes them down.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from nndsl.diagnostics import NndslError
from nndsl.ir.graph import Model
from nndsl.picture.boxes import Picture
from nndsl.picture.build import PROGRAMS, picture_of

if TYPE_CHECKING:
    from nndsl.driver import Checked

SUFFIXES = (".svg", ".html", ".png", ".dot", ".mmd")


class Loaded(Protocol):
    """What `nndsl.load` gives."""

    @property
    def checked(self) -> Checked: ...


def picture(model: Model | Loaded, program: str = "train") -> Picture:
    """The boxes and flows of a program, not yet placed. Raises NndslError (NN600) where there is no such program."""
    from nndsl.problems.training import WrongSetting

    if program not in PROGRAMS:
        raise NndslError(WrongSetting(None, "program", repr(program), f"one of {', '.join(PROGRAMS)}"))
    return picture_of(model if isinstance(model, Model) else model.checked.model, program)


def svg(model: Model | Loaded, program: str = "train", depth: int = 0) -> str:
    """The picture as SVG. Raises NndslError (NN600)."""
    from nndsl.picture.as_svg import svg_text

    return svg_text(picture(model, program), depth)


def html(model: Model | Loaded, program: str = "train") -> str:
    """The picture as a page of its own, in which boxes open. Raises NndslError (NN600)."""
    from nndsl.picture.as_html import html_text

    return html_text(picture(model, program))


def png(model: Model | Loaded, program: str = "train", depth: int = 0) -> bytes:
    """The picture as PNG, by resvg (extra `graph`). Raises NndslError (NN600, NN616)."""
    from nndsl.picture.as_png import png_bytes

    return png_bytes(svg(model, program, depth))


def dot(model: Model | Loaded, program: str = "train", depth: int = 0) -> str:
    """The picture as text for Graphviz. Raises NndslError (NN600)."""
    from nndsl.picture.as_dot import dot_text

    return dot_text(picture(model, program), depth)


def mermaid(model: Model | Loaded, program: str = "train", depth: int = 0) -> str:
    """The picture as a Mermaid flowchart, for Markdown. Raises NndslError (NN600)."""
    from nndsl.picture.as_mermaid import mermaid_text

    return mermaid_text(picture(model, program), depth)


def save(model: Model | Loaded, path: str | os.PathLike[str], program: str = "train", depth: int = 0) -> None:
    """Write the picture to a file: `.svg`, `.html`, `.png`, `.dot` or `.mmd`.

    Raises NndslError (NN600 on another suffix, NN612 where the file cannot be written, NN616).
    """
    from nndsl.files import write_atomic
    from nndsl.problems.training import WrongSetting
    from nndsl.problems.weights import CannotWrite

    place = Path(path)
    match place.suffix.lower():
        case ".svg":
            content = svg(model, program, depth).encode()
        case ".html":
            content = html(model, program).encode()
        case ".png":
            content = png(model, program, depth)
        case ".dot":
            content = dot(model, program, depth).encode()
        case ".mmd":
            content = mermaid(model, program, depth).encode()
        case _:
            wanted = f"a name that ends in {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}"
            raise NndslError(WrongSetting(None, "path", repr(str(place)), wanted))
    try:
        write_atomic(place, content)
    except OSError as fault:
        raise NndslError(CannotWrite(None, str(place), (fault.strerror or str(fault)).lower())) from None
