"""Layers as values: passed on, joined by `|>`, built by others; definitions that take any number of values; second
names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import nndsl
from nndsl.diagnostics import NndslError, Source
from nndsl.driver import check_source, problems_of
from nndsl.syntax.load import load_source

RESIDUAL = "layer Residual(body: layer)(x: f32[..., n]) -> f32[..., n] { return x + (x |> body) }\n"
TOWER = "layer Tower(blocks: list)(x: f32[..., n]) {\n  for block in blocks { x = x |> block }\n  return x\n}\n"


def model(lines: str, before: str = "") -> str:
    return f"{before}model M {{\n  input x: f32[batch, 4]\n{lines}\n}}\n"


def params(lines: str, before: str = "") -> list[str]:
    specs = check_source(Source("m.nn", model(lines, before))).model.params
    return [spec.name for spec in specs if spec.name.endswith(("kernel", "gamma"))]


def codes(lines: str, before: str = "") -> list[str]:
    return [p.code for p in problems_of(Source("m.nn", model(lines, before)))]


def predicted(lines: str, before: str = "") -> np.ndarray:
    made = nndsl.compile(model(lines, before), engine="numpy", seed=0)
    found = made.predict(np.arange(8, dtype=np.float32).reshape(2, 4))
    assert isinstance(found, np.ndarray)
    return found


# --- joined by `|>` ----------------------------------------------------------------------------------------------


def test_a_pipe_that_begins_with_a_layer_is_a_layer() -> None:
    joined = "mlp = Dense(8, kernel_initializer=ones) |> relu |> Dense(2, kernel_initializer=ones)\n"
    apart = "a = Dense(8, kernel_initializer=ones)\nb = Dense(2, kernel_initializer=ones)\n"
    assert np.array_equal(predicted(joined + "output y = mlp(x)"), predicted(apart + "output y = x |> a |> relu |> b"))


def test_joined_layers_have_the_name_they_are_bound_to_and_share_their_weights() -> None:
    assert params("mlp = Dense(8) |> relu |> Dense(4)\noutput y = mlp(x) + mlp(2 * x)") == [
        "mlp.Dense_1.kernel",
        "mlp.Dense_2.kernel",
    ]


def test_joined_layers_without_a_name_are_a_sequential() -> None:
    assert params("output y = x |> (Dense(8) |> relu) |> (Dense(4) |> relu)") == [
        "Sequential_1.Dense_1.kernel",
        "Sequential_2.Dense_1.kernel",
    ]


@pytest.mark.parametrize("made", ["Sequential([Dense(8), relu, Dense(4)])", "Sequential(Dense(8), relu, Dense(4))"])
def test_sequential_makes_the_same_of_a_list(made: str) -> None:
    assert params(f"mlp = {made}\noutput y = mlp(x)") == ["mlp.Dense_1.kernel", "mlp.Dense_2.kernel"]


def test_a_layer_keeps_its_name_wherever_it_is_applied_first() -> None:
    lines = "enc = Dense(4)\nmlp = enc |> relu |> Residual(enc)\noutput y = x |> Residual(mlp) |> enc"
    assert params(lines, RESIDUAL) == ["enc.kernel"]


def test_stages_keep_their_other_arguments() -> None:
    scaled = "fn scaled(x: f32[...], by: float = 1.0) { return by * x }\n"
    found = predicted("f = relu |> scaled(by=3.0)\noutput y = f(x)", scaled)
    assert np.array_equal(found, predicted("output y = 3 * x"))


def test_the_first_stage_gets_all_values() -> None:
    assert params("f = Concatenate() |> Dense(2)\noutput y = (x, 2 * x) |> f") == ["f.Dense_1.kernel"]


def test_functions_alone_can_be_joined_and_passed() -> None:
    lines = "act = relu |> square\noutput y = x |> Dense(4, activation=act)"
    assert codes(lines) == []


def test_a_stage_that_does_not_fit_is_blamed_inside_the_pipe() -> None:
    (problem,) = problems_of(Source("m.nn", model("f = Dense(3) |> LSTM(4)\noutput y = f(x)")))
    assert problem.span is not None
    assert problem.span.text == "Dense(3)"


# --- passed on ---------------------------------------------------------------------------------------------------


def test_lists_of_layers_are_gone_through() -> None:
    lines = "tower = Tower([Dense(4), relu, Dense(4)])\noutput y = tower(x) + tower(2 * x)"
    assert params(lines, TOWER) == ["tower.Dense_1.kernel", "tower.Dense_2.kernel"]


def test_layers_collected_in_a_loop_are_one_each() -> None:
    lines = "blocks = []\nfor i in 0..3 { blocks = blocks + [Dense(4) |> tanh] }\noutput y = x |> Tower(blocks)"
    assert len(params(lines, TOWER)) == 3


def test_a_body_builds_the_layer_it_is_given() -> None:
    twice = "layer Twice(block: layer, n: int)(x) {\n  first = block(n)\n  return x |> first |> relu |> block(n)\n}\n"
    lines = "output y = x |> Twice(Dense, 4)"
    assert params(lines, twice) == ["Twice_1.first.kernel", "Twice_1.Dense_1.kernel"]


def test_a_layer_that_nothing_builds_is_blamed_where_it_was_given() -> None:
    outer = RESIDUAL + "layer Outer(inner: layer)(x: f32[..., n]) { return x |> Residual(inner) }\n"
    problems = problems_of(Source("m.nn", model("output y = x |> Outer(Dense)", outer)))
    assert [(p.code, p.span.text) for p in problems if p.span is not None] == [("NN106", "inner")]


def test_a_layer_ready_to_be_applied_needs_no_brackets() -> None:
    assert params("output y = x |> Residual(BatchNormalization)", RESIDUAL) == ["Residual_1.BatchNormalization_1.gamma"]


def test_a_function_of_an_op_is_a_layer_too() -> None:
    assert codes("output y = x |> Residual(tanh)", RESIDUAL) == []


# --- any number of values ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("written", ["(x, 2 * x) |> {}", "{}(x, 2 * x)", "{}([x, 2 * x])", "[x, 2 * x] |> {}"])
@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        ("Add()", "3 * x"),
        ("Multiply()", "2 * x * x"),
        ("Average()", "1.5 * x"),
        ("Maximum()", "2 * x"),
        ("Minimum()", "1 * x"),
        ("Concatenate(axis=-1)", "concat(x, 2 * x)"),
    ],
)
def test_merging_layers_take_values_and_lists(written: str, layer: str, expected: str) -> None:
    found = predicted(f"output y = {written.format(layer)}")
    assert np.array_equal(found, predicted(f"output y = {expected}"))


def test_values_behind_others_and_options_behind_them() -> None:
    total = "fn total(scale: float, ...xs: f32[batch, n], axis: int = 0) { return scale * sum(stack(xs), axis=axis) }\n"
    assert np.array_equal(predicted("output y = total(2.0, x, x, x)", total), predicted("output y = 6 * x"))
    assert predicted("output y = (2.0, x, x) |> total(axis=2)", total).shape == (2, 2)


def test_values_are_held_against_one_type() -> None:
    same = "fn same(...xs: f32[...]) { return xs[0] }\n"
    assert codes("output y = same(x, x[:, :2])", same) == ["NN202"]


def test_no_values_are_values_too() -> None:
    count = "fn count(...xs) { return len(xs) }\n"
    assert np.array_equal(predicted("output y = x * (count() + count(x, x))", count), predicted("output y = 2 * x"))


# --- second names ------------------------------------------------------------------------------------------------

SECOND = "layer Norm = BatchNormalization\nfn second = square\nloss err = mse\ninit start = he_normal\n"


def test_a_second_name_is_the_same_definition() -> None:
    lines = "output y = x |> Norm() |> second |> Dense(2, kernel_initializer=start)"
    assert params(lines, SECOND) == ["Norm_1.gamma", "Dense_1.kernel"]


def test_messages_say_the_name_that_was_written() -> None:
    lines = "output y = x |> Norm(epsilon=true)\noutput z = second(x, x)"
    first, other = problems_of(Source("m.nn", model(lines, SECOND)))
    assert "`Norm`" in first.headline
    assert "`second`" in other.headline


def test_second_names_of_what_follows_and_of_each_other() -> None:
    before = "layer A = B\nlayer B = C\nlayer C(n: int)(x) { return x |> Dense(n) }\n"
    assert params("output y = x |> A(3)", before) == ["A_1.Dense_1.kernel"]


def test_second_names_go_through_files(tmp_path: Path) -> None:
    (tmp_path / "blocks.nn").write_text("layer Block()(x) { return relu(x) }\nprivate layer Inner = Block\n")
    (tmp_path / "more.nn").write_text('import "blocks.nn" as b\nlayer More = b.Block\nlayer Most = More\n')
    head = 'import "more.nn"\nimport "blocks.nn" as blocks\nlayer Mine = Most\nlayer Own = blocks.Block\n'
    path = tmp_path / "m.nn"
    path.write_text(head + model("output y = x |> Mine() |> Own() |> More()"))
    assert problems_of(load_source(path)) == ()
    path.write_text(head + "layer No = blocks.Inner\nlayer Nor = blocks.Blok\n" + model("output y = x"))
    assert [p.code for p in problems_of(load_source(path))] == ["NN101", "NN101"]


# --- consts from outside ----------------------------------------------------------------------------------------

CONSTS = "model M(act: fn = relu, seed: int = 1, free = relu, size: pair = 2) {\n  input x: f32[batch, 4]\n" + (
    "  output y = x |> act |> free\n  output z = x * seed * size[0]\n}\n"
)


def test_consts_have_the_names_of_settings_too() -> None:
    made = nndsl.compile(CONSTS, engine="numpy", seed=5, consts={"seed": 3, "act": "tanh"}, free="abs", size=(1, 2))
    assert dict(made.consts) == {"act": "tanh", "seed": 3, "free": "abs", "size": [1, 2]}
    assert made.seed == 5


@pytest.mark.parametrize("consts", [3, {3: 1}, {"size": 2}])
def test_consts_that_cannot_be(consts: object) -> None:
    with pytest.raises(NndslError, match="NN600"):
        nndsl.compile(CONSTS, consts=consts, size=2)  # type: ignore[arg-type]


def test_a_function_of_an_imported_file_is_set_by_its_dotted_name(tmp_path: Path) -> None:
    text = "fn swish(x: f32[...]) { return x * sigmoid(x) }\nprivate fn own(x) { return x }\n"
    (tmp_path / "blocks.nn").write_text(text)
    (tmp_path / "m.nn").write_text('import "blocks.nn" as blocks\n' + CONSTS)
    assert nndsl.load(tmp_path / "m.nn", act="blocks.swish").consts["act"] == "swish"
    for name in ("blocks.swich", "blocks.own", "nowhere.swish", "swich"):
        with pytest.raises(NndslError, match=f"NN101.*`{name}` is not known"):
            nndsl.load(tmp_path / "m.nn", act=name)


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("int", ["3", "3.0", "-1"], ["true", "2.5", '"3"', "none", "[1]"]),
        ("float", ["3", "2.5"], ["true", '"3"', "none"]),
        ("bool", ["true"], ["1", "none", '"true"']),
        ("str", ['"a"'], ["3", "none", "relu"]),
        ("list", ["[]", "[1, 2]", "(1, 2)"], ["3", '"a"', "none"]),
        ("pair", ["3", "(3, 3)", "[3, 4]"], ["true", "(true, 1)", "[1]", "[1, 2, 3]", "2.5", '"a"', "none"]),
        ("fn", ["relu", "tanh", "Dense(4)", "relu |> tanh"], ["3", '"relu"', "he_normal", "none"]),
        ("layer", ["Dense(4)", "relu", "tanh", "Flatten", "Dense(4) |> relu"], ["3", "he_normal", "none"]),
        ("init", ["he_normal", "constant(0.5)"], ["relu", "3", "none"]),
    ],
)
def test_kinds_of_arguments(kind: str, good: list[str], bad: list[str]) -> None:
    before = f"layer L(a: {kind})(x) {{\n  a\n  return x\n}}\n".replace("  a\n", "  b = [a]\n")
    for value in good:
        assert [c for c in codes(f"output y = x |> L(a={value})", before) if c < "NN4"] == [], value
    for value in bad:
        assert codes(f"output y = x |> L(a={value})", before) == ["NN106"], value
