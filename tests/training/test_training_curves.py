"""curves.svg."""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET

import pytest

from nndsl.training.curves import (
    HEAD,
    PANEL_HEIGHT,
    PANEL_WIDTH,
    axis_for,
    best_epoch,
    curves_svg,
    epoch_ticks,
    nice_ticks,
    tick_labels,
)

SVG = "{http://www.w3.org/2000/svg}"
CASES = {
    "one epoch": ([0], {"loss": [0.5], "val_loss": [0.7]}),
    "no epoch": ([], {}),
    "no number": ([0, 1], {"loss": [math.nan, math.inf]}),
    "a gap": ([0, 1, 2], {"loss": [1.0, math.nan, 2.0], "val_loss": [math.nan] * 3}),
    "all alike": ([0, 1], {"loss": [5.0, 5.0], "mae": [0.0, 0.0]}),
    "huge": ([0, 1], {"loss": [-1.7e308, 1.7e308]}),
    "tiny": ([0, 1], {"loss": [1e-300, 2e-300], "mae": [1e-90, 3e-90]}),
    "many epochs": (list(range(5000)), {"loss": [1 / (i + 1) for i in range(5000)]}),
    "many series": ([3, 4], {f"metric{i}": [0.1 * i, 0.2 * i] for i in range(9)}),
    "resumed": ([7, 8, 9], {"loss": [3.0, 2.0, 1.0]}),
    "decades": (list(range(400)), {"loss": [1e5 * 0.9**i + 2.34e-6 for i in range(400)],
                                   "val_loss": [1e5 * 0.9**i + 5.67e-6 for i in range(400)]}),
    "odd names": ([0, 1], {"<b>&\"'": [1.0, 2.0], "x" * 99: [1.0, 2.0]}),
}


@pytest.mark.parametrize("name", CASES)
def test_it_is_well_formed(name: str) -> None:
    assert ET.fromstring(curves_svg("T", *CASES[name])).tag == SVG + "svg"


@pytest.mark.parametrize("name", CASES)
def test_no_number_in_it_is_nan(name: str) -> None:
    assert not re.search(r'[="MHVL ](nan|-?inf)\b', curves_svg("T", *CASES[name]))


@pytest.mark.parametrize("name", CASES)
def test_all_points_lie_in_the_panel(name: str) -> None:
    circles = ET.fromstring(curves_svg("T", *CASES[name])).iter(SVG + "circle")
    inside = [0 <= float(c.attrib["cx"]) <= PANEL_WIDTH and 0 <= float(c.attrib["cy"]) <= PANEL_HEIGHT for c in circles]
    assert all(inside)


@pytest.mark.parametrize("name", CASES)
def test_labels_of_the_value_axis_fit_left_of_it(name: str) -> None:
    texts = ET.fromstring(curves_svg("T", *CASES[name])).iter(SVG + "text")
    labels = [t for t in texts if t.attrib["text-anchor"] == "end"]
    assert all(len(t.text or "") * 7.2 <= float(t.attrib["x"]) for t in labels)


def test_train_and_validation_share_a_panel() -> None:
    history = {name: [1.0, 2.0] for name in ("loss", "val_loss", "mae", "val_mae")}
    root = ET.fromstring(curves_svg("T", [0, 1], history))
    assert len(list(root.iter(SVG + "g"))) == 2


def test_the_height_grows_with_the_panels() -> None:
    root = ET.fromstring(curves_svg("T", *CASES["many series"]))
    assert float(root.attrib["height"]) == HEAD + 5 * PANEL_HEIGHT


def test_nan_breaks_the_line() -> None:
    root = ET.fromstring(curves_svg("T", [0, 1, 2, 3], {"loss": [1.0, 2.0, math.nan, 3.0]}))
    (line,) = [p for p in root.iter(SVG + "path") if p.attrib.get("stroke-width") == "2" and "L" in p.attrib["d"]]
    assert line.attrib["d"].count("M") == 2


def test_epochs_are_shown_from_one() -> None:
    texts = [t.text for t in ET.fromstring(curves_svg("T", [0, 1], {"loss": [1.0, 2.0]})).iter(SVG + "text")]
    assert {"1", "2"} <= set(texts)


def test_the_document_has_its_title() -> None:
    title = ET.fromstring(curves_svg("A & B", [0], {"loss": [1.0]})).find(SVG + "title")
    assert title is not None
    assert title.text == "A & B"


@pytest.mark.parametrize(("low", "high"), [(0, 1), (0.013, 0.87), (-5, 3), (1e-9, 2e-9), (99.5, 100.5), (7, 7)])
def test_ticks_enclose_the_values(low: float, high: float) -> None:
    ticks = nice_ticks(low, high)
    assert ticks[0] <= low + 1e-12
    assert ticks[-1] >= high - 1e-12


@pytest.mark.parametrize(("low", "high"), [(0, 1), (0.013, 0.87), (-5, 3), (1e-9, 2e-9), (1e6, 1.0001e6), (1e12, 5e13)])
def test_labels_of_ticks_differ(low: float, high: float) -> None:
    labels = tick_labels(nice_ticks(low, high))
    assert len(set(labels)) == len(labels)


@pytest.mark.parametrize("count", [1, 2, 8, 9, 30, 1000])
def test_epoch_ticks_are_few(count: int) -> None:
    assert 1 <= len(epoch_ticks(list(range(1, count + 1)))) <= 11


@pytest.mark.parametrize("name", CASES)
def test_no_text_reaches_into_the_next_panel(name: str) -> None:
    for panel in ET.fromstring(curves_svg("T", *CASES[name])).iter(SVG + "g"):
        for text in panel.iter(SVG + "text"):
            bold = 1.08 if text.attrib.get("font-weight") else 1.0
            wide = len(text.text or "") * 0.54 * float(text.attrib["font-size"]) * bold
            shift = {"start": 0.0, "middle": wide / 2, "end": wide}[text.attrib["text-anchor"]]
            begin = float(text.attrib["x"]) - shift
            assert begin >= 0, text.text
            assert begin + wide <= PANEL_WIDTH, text.text


def test_values_that_span_powers_of_ten_stand_on_a_logarithmic_axis() -> None:
    axis = axis_for([1e5, 3.0, 2e-3])
    assert axis.logarithmic
    assert axis.ticks[0] <= 2e-3
    assert axis.ticks[-1] >= 1e5
    assert axis.place(1.0) - axis.place(0.1) == pytest.approx(axis.place(10.0) - axis.place(1.0))
    assert not axis_for([1e5, 3.0, 0.0]).logarithmic
    assert not axis_for([1.0, 0.5]).logarithmic


def test_the_best_epoch_is_that_of_the_lowest_validation_loss() -> None:
    history = {"loss": [3.0, 2.0, 1.0], "val_loss": [3.0, math.nan, 4.0], "mae": [1.0, 2.0, 3.0]}
    root = ET.fromstring(curves_svg("T", [4, 5, 6], history))
    assert [c.attrib["cx"] for c in root.iter(SVG + "circle") if c.attrib.get("class") == "best"] == ["74.0"]
    assert "best: epoch 5" in [t.text for t in root.iter(SVG + "text")]
    assert best_epoch([0, 1], [math.nan, math.nan]) is None


def test_the_legend_has_the_last_values() -> None:
    history = {"loss": [3.0, 0.12345], "val_loss": [3.0, math.nan]}
    texts = [t.text for t in ET.fromstring(curves_svg("T", [0, 1], history)).iter(SVG + "text")]
    assert {"train 0.123", "validation 3"} <= set(texts)
