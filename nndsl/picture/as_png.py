"""A picture as PNG, made from the SVG by resvg (extra `graph`)."""

from __future__ import annotations

import re
from typing import Any

from nndsl.diagnostics import NndslError
from nndsl.picture.as_svg import PAPER
from nndsl.problems.extras import ExtraMissing

MOST = 16_000  # pixels on a side


def png_bytes(svg: str, scale: float = 2.0) -> bytes:
    """The SVG in pixels, `scale` for each unit, fewer where the picture would be too large.

    Raises NndslError (NN616) where resvg is not installed.
    """
    try:
        import resvg_py
    except ImportError:
        raise NndslError(ExtraMissing(None, "a picture as PNG", "resvg-py", "graph")) from None
    draw: Any = resvg_py.svg_to_bytes
    width, height = (float(size) for size in re.findall(r'(?:width|height)="([\d.]+)"', svg)[:2])
    zoom = min(scale, MOST / max(width, height))
    return bytes(draw(svg_string=svg, background=PAPER, zoom=zoom))
