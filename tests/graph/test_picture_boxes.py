"""What is in a picture: boxes, what is inside of them, and what flows."""

from __future__ import annotations

from pathlib import Path

import pytest

from nndsl import picture
from nndsl.diagnostics import NndslError, Source
from nndsl.driver import check_source
from nndsl.picture.boxes import Box, Level, Picture
from nndsl.summary import totals
from nndsl.syntax.load import load_source

SAMPLES = sorted(p for p in (Path(__file__).parents[2] / "samples").glob("*.nn") if p.stem != "blocks")


def drawn(text: str, program: str = "train") -> Picture:
    return picture.picture(check_source(Source("m.nn", text)).model, program)


def named(level: Level, title: str) -> Box:
    (found,) = [box for box in level.boxes if box.title == title]
    return found


def reads(level: Level, box: Box) -> list[str]:
    """The titles of what a box reads."""
    titles = {one.id: one.title for one in level.boxes}
    return [titles[flow.source] for flow in level.flows if flow.target == box.id]


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_flows_run_onwards_between_boxes_of_their_level(path: Path) -> None:
    def hold(level: Level) -> None:
        place = {box.id: number for number, box in enumerate(level.boxes)}
        assert all(place[flow.source] < place[flow.target] for flow in level.flows)
        for box in level.boxes:
            if box.inside is not None:
                hold(box.inside)

    for program in picture.PROGRAMS:
        hold(picture.picture(check_source(load_source(path)).model, program).level)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_every_param_is_counted_once(path: Path) -> None:
    model = check_source(load_source(path)).model
    level = picture.picture(model).level
    sizes = {spec.name.split(".")[-1]: totals(model)[0] for spec in model.params}
    loose = [box for box in level.boxes if box.kind == "param"]
    if not loose:  # params of the model itself are boxes of their own
        assert sizes == {} or sum(box.params for box in level.boxes) == totals(model)[0]


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_ids_are_unique_and_stubs_stand_for_what_flows_outside(path: Path) -> None:
    level = picture.picture(check_source(load_source(path)).model).level
    ids = [box.id for box in level.walk()]
    assert len(ids) == len(set(ids))

    def hold(level: Level) -> None:
        for box in level.boxes:
            if box.inside is None:
                continue
            if box.kind != "scan":
                arriving = {flow.value for flow in level.flows if flow.target == box.id}
                assert {one.value for one in box.inside.boxes if one.kind == "in"} == arriving, box
                leaving = {flow.value for flow in level.flows if flow.source == box.id}
                assert {one.value for one in box.inside.boxes if one.kind == "out"} == leaving, box
            hold(box.inside)

    hold(level)


TWINS = """
model Twins() {
  input a: f32[batch, 4]
  input b: f32[batch, 4]
  encode = Dense(8)
  output d = encode(a) - encode(b)
}
"""


def test_a_shared_layer_is_two_boxes_with_one_set_of_weights() -> None:
    level = drawn(TWINS).level
    first, second = (box for box in level.boxes if box.title == "encode")
    assert (first.use, second.use) == ("use 1 of 2", "use 2 of 2")
    assert (first.params, second.params) == (40, 0)


def test_dropout_is_there_in_training_and_not_when_predicting() -> None:
    text = "model M() {\n  input x: f32[batch, 4]\n  output y = x |> Dense(3) |> Dropout(0.5)\n}"
    assert "Dropout_1" in [box.title for box in drawn(text).level.boxes]
    assert "Dropout_1" not in [box.title for box in drawn(text, "predict").level.boxes]


def test_a_loss_is_one_box_with_what_only_it_needs() -> None:
    text = """
    model M() {
      input x: f32[batch, 4]
      target y: f32[batch]
      p = (x |> Dense(1))[:, 0]
      output p
      loss far = 0.5 * mean(square(p - y))
    }
    """
    level = drawn(text).level
    loss = named(level, "far")
    assert set(reads(level, loss)) == {"y", "reshape"}
    assert loss.inside is not None
    assert {"0.5 ×", "sum"} <= {box.title for box in loss.inside.boxes}
    assert "far" not in [box.title for box in drawn(text, "predict").level.boxes]


def test_what_the_model_made_before_a_loss_is_not_in_the_loss() -> None:
    # binary_crossentropy looks behind the sigmoid; the graph up to there is the model's.
    text = """
    model M() {
      input x: f32[batch, 4]
      target y: binary[batch]
      p = sigmoid((x |> Dense(1))[:, 0])
      output p
      loss binary_crossentropy(y, p)
    }
    """
    level = drawn(text).level
    assert reads(level, named(level, "sigmoid")) == ["reshape"]


def test_a_name_that_a_body_gives_another_value_hides_no_input() -> None:
    text = """
    layer Short(n: int)(x: f32[batch, m]) {
      y = x |> Dense(n)
      x = x |> Dense(n, use_bias=false)
      return x + y
    }
    model M() {
      input x: f32[batch, 4]
      output y = x |> Short(3)
    }
    """
    level = drawn(text).level
    assert [box.title for box in level.boxes] == ["x", "Short_1", "y"]
    inside = named(level, "Short_1").inside
    assert inside is not None
    assert [box.title for box in inside.boxes if box.kind == "layer"] == ["Dense_2", "Dense_1"]


def test_layers_in_a_scan_are_boxes_in_its_body() -> None:
    text = """
    model M() {
      input x: f32[batch, time, 3]
      cell = Dense(4, activation=tanh)
      scan (h = zeros([batch, 4])) over s in x axis 1 { next h = concat(h, s) |> cell }
      output h
    }
    """
    level = drawn(text).level
    scan = named(level, "scan")
    assert scan.label == "time steps, one after the other"
    assert scan.inside is not None
    assert [box.title for box in scan.inside.boxes if box.kind == "layer"] == ["cell"]
    stubs = {box.title for box in scan.inside.boxes if box.kind in ("in", "out")}
    assert {"h, from the last step", "s, of this step", "h, for the next step"} <= stubs


def test_work_of_boxes_adds_up() -> None:
    text = "model M() {\n  input x: f32[batch, 4]\n  output y = x |> Dense(3, activation=relu) |> Dense(2)\n}"
    level = drawn(text).level
    assert named(level, "Dense_1").facts == ("15 params", "12 × batch multiply-adds")
    assert named(level, "Dense_2").facts == ("8 params", "6 × batch multiply-adds")
    assert drawn(text).about == "23 params, 18 × batch multiply-adds to predict"


def test_metrics_are_drawn_where_they_are_measured() -> None:
    text = """
    model M() {
      input x: f32[batch, 4]
      target y: f32[batch, 1]
      output p = x |> Dense(1)
      loss mse(y, p)
      metric mae(y, p)
    }
    """
    assert [box.kind for box in drawn(text, "evaluate").level.boxes].count("metric") == 1
    assert [box.kind for box in drawn(text).level.boxes].count("metric") == 0


def test_a_program_that_there_is_not_is_told() -> None:
    with pytest.raises(NndslError, match="program"):
        drawn(TWINS, "testing")
