"""Where lints speak, where they keep quiet, and how a file turns them off. Their messages are golden cases."""

from __future__ import annotations

from pathlib import Path

import pytest

from nndsl.check.library import index
from nndsl.check.resolve import parts
from nndsl.check.scope import LibraryScope, Scope
from nndsl.check.text_lints import definition_lints
from nndsl.diagnostics import Source
from nndsl.driver import problems_of
from nndsl.syntax.load import load_source
from nndsl.syntax.parse import parse

ROOT = Path(__file__).parent.parent.parent
LIBRARY = sorted((ROOT / "nndsl" / "library").glob("*.nn"))
TWICE = "model M {\n  input x: f32[batch, 4]\n  output p = x |> Dense(8) |> Dense(2)\n}\n"


def codes(text: str) -> list[str]:
    return [problem.code for problem in problems_of(Source("m.nn", text))]


def model(body: str, inputs: str = "input x: f32[batch, 4]\ntarget y: f32[batch, 2]") -> list[str]:
    return codes(f"model M {{\n{inputs}\n{body}\n}}\n")


@pytest.mark.parametrize("path", sorted((ROOT / "samples").glob("*.nn")), ids=lambda path: path.stem)
def test_samples_have_no_warnings(path: Path) -> None:
    assert problems_of(load_source(path)) == ()


@pytest.mark.parametrize("path", LIBRARY, ids=lambda path: path.stem)
def test_the_library_has_no_warnings(path: Path) -> None:
    file, _ = parse(Source(path.name, path.read_text()))
    scope = Scope(LibraryScope(index={}), role="file")
    assert definition_lints(file, scope) == []
    assert sum(1 for _ in parts(file)) > 1
    assert index()


# --- NN404 ---------------------------------------------------------------------------------------------------

NORMS = """
layer Batch()(x: f32[..., n]) { return (x - mean(x, axis=0)) * rsqrt(var(x, axis=0) + 0.001) }
layer Rows()(x: f32[..., n]) {
  return (x - mean(x, axis=-1, keepdims=true)) * rsqrt(var(x, axis=-1, keepdims=true) + 0.001)
}
layer Images()(x: f32[batch, h, w, n]) {
  return (x - mean(x, axis=[0, 1, 2])) * rsqrt(var(x, axis=[0, 1, 2]) + 0.001)
}
"""


def normed(body: str, inputs: str = "input x: f32[batch, 4]") -> bool:
    text = f"{NORMS}model M {{\n{inputs}\ntarget y: f32[batch, 2]\n{body}\nloss mse(y, p)\n}}\n"
    found = codes(text)
    assert set(found) <= {"NN404"}
    return bool(found)


@pytest.mark.parametrize(
    ("stages", "told"),
    [
        ("Dense(8) |> Batch() |> relu", True),
        ("Dense(8, use_bias=false) |> Batch() |> relu", False),
        ("Dense(8) |> relu |> Batch()", False),
        ("Dense(8) |> Rows() |> relu", False),
        ("Dense(1) |> Rows() |> relu", True),
        ("Batch() |> Dense(8) |> relu", False),
    ],
)
def test_bias_before_a_normalization(stages: str, told: bool) -> None:
    assert normed(f"h = x |> {stages}\noutput p = h |> Dense(2)") is told


def test_bias_before_a_normalization_of_images() -> None:
    inputs = "input x: f32[batch, 5, 5, 3]"
    assert normed("h = x |> Dense(8) |> Images() |> relu |> Flatten()\noutput p = h |> Dense(2)", inputs)


def test_a_bias_that_something_else_reads_is_fine() -> None:
    assert not normed("h = x |> Dense(8)\noutput p = relu(h |> Batch()) + relu(h) |> Dense(2)")


# --- NN405 ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "stages",
    ["Dense(8, activation=relu) |> Dense(2)", "Dense(8) |> relu |> Dense(2)", "Dense(1) |> Dense(2)",
     "Dense(8) |> Dropout(0.5) |> Dense(2)"],
)  # fmt: skip
def test_layers_that_do_not_collapse(stages: str) -> None:
    assert model(f"output p = x |> {stages}\nloss mse(y, p)") == []


def test_a_value_between_that_is_read_elsewhere_is_fine() -> None:
    assert model("h = x |> Dense(8)\noutput p = h |> Dense(2)\noutput q = relu(h)\nloss mse(y, p)") == []


def test_linear_layers_on_sequences() -> None:
    inputs = "input x: f32[batch, time, 4]\ntarget y: f32[batch, time, 2]"
    assert model("output p = x |> Dense(8) |> Dense(2)\nloss mse(y, p)", inputs) == ["NN405"]


def test_two_products_in_one_layer_are_meant() -> None:
    params = "param a: f32[n, 9] = ones\n  param b: f32[9, n] = ones"
    text = f"layer Low()(x: f32[..., n]) {{\n  {params}\n  return x @ a @ b\n}}\n"
    assert codes(text + "model M {\n  input x: f32[batch, 4]\n  output p = x |> Low()\n}\n") == []


# --- NN406, NN407, NN408 -------------------------------------------------------------------------------------


def test_dropout_before_the_last_layer_is_fine() -> None:
    assert model("output p = x |> Dropout(0.5) |> Dense(2)\nloss mse(y, p)") == []


@pytest.mark.parametrize(
    ("p", "told"),
    [
        ("softmax(z)", []),
        ("2 * z + 1", []),
        ("sigmoid(z) * z", []),
        ("clip(softmax(z), 0.01, 0.99)", ["NN407"]),
        ('as_kind(0.9 * softmax(z) + 0.05, "prob")', []),
    ],
)
def test_probabilities_as_logits(p: str, told: list[str]) -> None:
    inputs = "input x: f32[batch, 4]\ntarget y: onehot[batch, 2]"
    assert model(f"z = x |> Dense(2)\noutput p = {p}\nloss categorical_crossentropy(y, p)", inputs) == told


@pytest.mark.parametrize(
    ("optimizer", "told"),
    [("Adam(learning_rate=0.1)", []), ("RMSprop(0.3)", ["NN408"]), ("SGD(learning_rate=1)", []), ("SGD(2)", ["NN408"]),
     ("Adam(learning_rate=CosineDecay(0.5, 100))", []), ("Adam", [])],
)  # fmt: skip
def test_learning_rates(optimizer: str, told: list[str]) -> None:
    head = "model M {\n  input x: f32[batch, 4]\n  output p = x |> Dense(2)\n  loss mean(p)\n}\n"
    assert codes(f"{head}train M {{ optimizer = {optimizer} }}\n") == told


# --- NN409, NN410 --------------------------------------------------------------------------------------------


def test_a_value_named_after_the_function_that_made_it_is_fine() -> None:
    assert model("sum = sum(x, axis=-1)\noutput p = sum * 2\nloss mse(y[:, 0], p)") == []


def test_a_const_of_the_train_section_is_used() -> None:
    head = "model M(rate: float = 0.01) {\n  input x: f32[batch, 4]\n  output p = x |> Dense(2)\n  loss mean(p)\n}\n"
    assert codes(f"{head}train M {{ optimizer = SGD(learning_rate=rate) }}\n") == []


def test_a_parameter_that_starts_with_an_underscore_may_be_unused() -> None:
    layer = "layer L(_n: int = 3)(x: f32[...]) { return x }\n"
    assert codes(layer + "model M {\n  input x: f32[batch]\n  output p = x |> L()\n}\n") == []


# --- turning them off ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (TWICE, ["NN405"]),
        (TWICE.replace("(2)", "(2)  # nndsl: allow NN405"), []),
        (TWICE.replace("  output", "  # nndsl: allow NN405\n  output"), []),
        (TWICE.replace("  output", "  # nndsl: allow NN405\n\n  # why\n  output"), []),
        (f"# nndsl: allow NN405\n{TWICE}", []),
        (f"## A model.\n# nndsl: allow nn401, nn405 (small)\n{TWICE}", ["NN411"]),
        (TWICE.replace("{\n  input", "{\n  # nndsl: allow NN405\n  input"), ["NN411", "NN405"]),
        (TWICE.replace("(2)", "(2)  # nndsl: allow NN401"), ["NN405", "NN411"]),
        (TWICE.replace("Dense(2)", "Dense(2)\n  _s = \"# nndsl: allow NN405\""), ["NN405"]),
    ],
)  # fmt: skip
def test_allow(text: str, told: list[str]) -> None:
    assert codes(text) == told


def test_errors_cannot_be_allowed() -> None:
    assert codes(f"# nndsl: allow NN101\n{TWICE.replace('Dense(2)', 'Dens(2)')}") == ["NN101"]


def test_the_line_after_crlf() -> None:
    from nndsl.syntax.load import source_from_bytes

    text = TWICE.replace("  output", "  # nndsl: allow NN405\n  output").replace("\n", "\r\n")
    assert problems_of(source_from_bytes(text.encode(), "m.nn")) == ()
