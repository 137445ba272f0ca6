"""Lints about loops, names, targets and softmax: where they speak, and where they keep quiet."""

from __future__ import annotations

from pathlib import Path

import pytest
from casefile import write_files

from nndsl.diagnostics import Source
from nndsl.driver import problems_of
from nndsl.syntax.load import load_source

HEAD = "input x: f32[batch, 8]\ninput z: f32[batch, 8]\ntarget label: index<3>[batch]\ntarget y: f32[batch, 8]"
LOST = "input x: f32[batch, 8]"


def codes(text: str) -> list[str]:
    return [problem.code for problem in problems_of(Source("m.nn", text))]


def model(body: str, head: str = LOST) -> list[str]:
    return codes(f"model M {{\n{head}\n{body}\n}}\n")


# --- NN413: a layer shared by the turns of a loop ----------------------------------------------------------------


@pytest.mark.parametrize(
    "lines",
    [
        "d = Dense(8, activation=relu)\nfor i in 0..3 { x = x |> d }",
        "d = Dense(8, activation=relu)\nrepeat 3 { x = d(x) }",
        "d = Dense(8, activation=relu)\nfor i in 0..3 { x = x + (x |> d) }",
        "d = Dense(8) |> relu\nfor i in 0..3 { x = x |> d }",
        "d = Dense(8, activation=relu)\nn = BatchNormalization()\nfor i in 0..3 { x = x |> d |> n }",
    ],
)
def test_a_layer_that_each_turn_applies_to_the_last_turns_value(lines: str) -> None:
    assert set(model(f"{lines}\noutput p = x")) == {"NN413"}


@pytest.mark.parametrize(
    "lines",
    [
        "for i in 0..3 { x = x |> Dense(8, activation=relu) }",
        "for i in 0..3 {\nd = Dense(8, activation=relu)\nx = x |> d\n}",
        "d = Dense(8, activation=relu)\nfor v in [x, 2 * x] { x = x + d(v) }",  # views of one encoder
        "d = Dropout(0.5)\nfor i in 0..3 { x = x |> Dense(8, activation=relu) |> d |> relu }",  # no weights to share
        "d = Dense(8, activation=relu)\nfor i in 0..1 { x = x |> d }",
        "d = Dense(8, activation=relu)\nx = x |> d |> d",
        "d = Dense(8, activation=relu)\n# nndsl: allow NN413\nfor i in 0..3 { x = x |> d }",
    ],
)
def test_sharing_that_is_meant(lines: str) -> None:
    assert model(f"{lines}\noutput p = x") == []


def test_layers_that_are_handed_in_are_shared_by_whoever_hands_them_in() -> None:
    layer = "layer Again(inner: layer)(x: f32[batch, n]) {\n  for i in 0..3 { x = x |> inner }\n  return x\n}\n"
    use = "model M {\n  input x: f32[batch, 8]\n  output p = x |> Again(Dense(8, activation=relu))\n}\n"
    assert codes(layer + use) == []


# --- NN414: imports ------------------------------------------------------------------------------------------------

BLOCKS = "layer Wide(units: int)(x: f32[..., n]) { return x |> Dense(2 * units) }\n"


@pytest.mark.parametrize(
    ("line", "use", "told"),
    [
        ('import "blocks.nn"', "Wide(3)", []),
        ('import "blocks.nn" as blocks', "blocks.Wide(3)", []),
        ('import "blocks.nn"', "Dense(3)", ["NN414"]),
        ('import "blocks.nn" as blocks', "Dense(3)", ["NN414"]),
        ('import "blocks.nn"  # nndsl: allow NN414', "Dense(3)", []),
    ],
)
def test_imports(line: str, use: str, told: list[str], tmp_path: Path) -> None:
    text = f"{line}\nmodel M {{\n  input x: f32[batch, 8]\n  output p = x |> {use}\n}}\n"
    write_files({"file blocks.nn": BLOCKS, "file m.nn": text}, tmp_path)
    assert [problem.code for problem in problems_of(load_source(tmp_path / "m.nn", "m.nn"))] == told


def test_an_import_that_a_test_or_a_train_section_uses(tmp_path: Path) -> None:
    blocks = "optimizer Plain(learning_rate: float = 0.1)(p, g) { p := p - learning_rate * g }\n"
    head = 'import "blocks.nn"\nmodel M {\n  input x: f32[batch, 8]\n  output p = x |> Dense(3)\n  loss mean(p)\n}\n'
    write_files({"file blocks.nn": blocks, "file m.nn": head + "train M { optimizer = Plain() }\n"}, tmp_path)
    assert problems_of(load_source(tmp_path / "m.nn", "m.nn")) == ()


# --- NN415 and NN305: targets --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("output p = x |> Dense(8)\nloss mse(y, p)", []),
        ("output p = x |> Dense(8)\nloss mean(p)\nmetric mse(y, p)", []),
        ("output p = x |> Dense(8)\nloss mean(p)\nmetric r2(y, p)", []),
        ("output p = x |> Dense(8)\nloss mean(p)\nmetric rmse(y, p)", []),
        ("output p = x |> Dense(8)\nloss mean(p)\n_unread = y + 1", ["NN415"]),
        ("output p = x |> Dense(8)\nloss mean(p)", ["NN402"]),
        ("output p = (x + y) |> Dense(8)\nloss mse(y, p)", ["NN305"]),
    ],
)
def test_targets(lines: str, told: list[str]) -> None:
    assert model(lines, "input x: f32[batch, 8]\ntarget y: f32[batch, 8]") == told


# --- NN416 and NN417: softmax --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("output p = softmax(x, axis=0)", ["NN416"]),
        ("output p = softmax(x, axis=1)", []),
        ("output p = softmax(x @ transpose(x), axis=0)", []),  # examples are compared with one another
        ("output p = softmax(x |> Dense(1))", ["NN417"]),
        ("output p = x |> Dense(1) |> softmax  # nndsl: allow NN417", []),
        ("w = softmax(x[:, :, none] |> Dense(1), axis=1)\noutput p = sum(w * x[:, :, none], axis=1)", []),
        ("output p = x[:, none] |> MultiHeadAttention(2, 4)", []),  # over the one step there is: not written here
    ],
)
def test_softmax(lines: str, told: list[str]) -> None:
    assert [code for code in model(lines) if code in ("NN416", "NN417")] == told


@pytest.mark.parametrize(("axis", "told"), [("1", ["NN416"]), ("-1", []), ("2", [])])
def test_a_softmax_along_another_axis_than_the_loss(axis: str, told: list[str]) -> None:
    head = "input x: f32[batch, 5, 8]\ntarget label: index<3>[batch, 5]"
    lines = f"output p = softmax(x |> Dense(3), axis={axis})\nloss sparse_categorical_crossentropy(label, p)"
    assert model(lines, head) == told


# --- NN418, NN401: names -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "lines",
    [
        "h = 2 * x\nh = 3 * x\noutput p = h",
        "h = x\nfor x in [1, 2] { h = h * x }\noutput p = h",
        "x = ones([3, 8])\noutput p = x |> Dense(3)",
    ],
)
def test_names_that_take_the_place_of_a_value(lines: str) -> None:
    assert model(lines) == ["NN418"]


@pytest.mark.parametrize(
    "lines",
    [
        "h = 2 * x\nh = h + 1\noutput p = h",
        "h = x\nfor i in 0..3 { h = h + i }\nfor i in 0..3 { h = h + i }\noutput p = h",
        "h = x\nif training { h = 2 * x }\noutput p = h",
        "h = 2 * x\noutput h\nh = 3 * x\noutput p = h",
        "x = ones([3, 8])  # nndsl: allow NN418\noutput p = x |> Dense(3)",
    ],
)
def test_names_that_go_on(lines: str) -> None:
    assert model(lines) == []


def test_consts_that_are_set_anew() -> None:
    text = "model M(n: int = 3) {\n  input x: f32[batch, 8]\n  n = 4\n  output p = x |> Dense(n)\n}\n"
    assert codes(text) == ["NN418"]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("h = 2 * x\n  return x", ["NN401"]),
        ("param b: f32[n] = zeros\n  return x", ["NN401"]),
        ("_h = 2 * x\n  return x", []),
        ("a, b = split(x, 2)\n  return a", []),
        ("state seen: f32[] = zeros\n  seen := seen + 1\n  return x", []),
    ],
)
def test_values_in_layers(body: str, told: list[str]) -> None:
    layer = f"layer L()(x: f32[batch, n]) {{\n  {body}\n}}\n"
    assert codes(f"{layer}model M {{\n  input x: f32[batch, 8]\n  output p = x |> L()\n}}\n") == told


def test_a_value_that_only_another_branch_reads() -> None:
    text = "model M(deep: bool = false) {\n  input x: f32[batch, 8]\n  h = 2 * x\n"
    assert codes(text + "  if deep { output p = h } else { output p = x }\n}\n") == []


@pytest.mark.parametrize(("word", "told"), [("private ", ["NN401"]), ("", [])])
def test_definitions_that_nothing_uses(word: str, told: list[str]) -> None:
    assert codes(f"{word}fn f(x) {{ return x }}\nmodel M {{\n  input x: f32[batch]\n  output p = 2 * x\n}}\n") == told
