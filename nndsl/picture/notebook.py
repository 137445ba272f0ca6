"""A model as a notebook shows it: its picture, and the table of its layers to fold out."""

from __future__ import annotations

from xml.sax.saxutils import escape

from nndsl.ir.graph import Model
from nndsl.picture.as_svg import svg_text
from nndsl.picture.build import picture_of
from nndsl.summary import summary_text


def model_html(model: Model) -> str:
    """The picture of the training program and the summary, as a piece of HTML."""
    svg = svg_text(picture_of(model, "train"), 0)
    svg = svg[svg.index("<svg") :]  # without the head that files have
    return (
        f'<div style="overflow-x:auto;max-width:100%">{svg}</div>'
        f"<details><summary>layers and parameters of {escape(model.name)}</summary>"
        f'<pre style="line-height:1.35">{escape(summary_text(model))}</pre></details>'
    )
