"""What programs mean where it is easy to get wrong: names and sharing of params, penalties, metrics, kinds, consts."""

from __future__ import annotations

import numpy as np
import pytest

from nndsl.diagnostics import NndslError, Source
from nndsl.driver import Checked, check_source, problems_of


def checked(text: str, **consts: object) -> Checked:
    return check_source(Source("m.nn", text), consts)


def codes(text: str, **consts: object) -> list[str]:
    return [p.code for p in problems_of(Source("m.nn", text), consts)]


def model(lines: str, head: str = "model M") -> str:
    return f"{head} {{\n  input x: f32[batch, 4]\n{lines}\n}}\n"


def params(text: str) -> list[str]:
    return [p.name for p in checked(text).model.params]


# --- names and sharing ---------------------------------------------------------------------------------------


def test_layers_are_numbered_per_kind_or_take_their_name() -> None:
    text = model(
        "enc = Dense(4, use_bias=false)\noutput y = x |> enc |> Dense(2, use_bias=false) |> Dense(1, use_bias=false)"
    )
    assert params(text) == ["enc.kernel", "Dense_1.kernel", "Dense_2.kernel"]


def test_a_shared_layer_shares_the_layers_inside_it() -> None:
    block = "layer B()(a: f32[..., n]) { return a |> Dense(n, use_bias=false) |> Dense(n, use_bias=false) }\n"
    assert params(block + model("b = B()\noutput y = b(x) + b(2 * x)")) == ["b.Dense_1.kernel", "b.Dense_2.kernel"]
    assert len(params(block + model("output y = (x |> B) + (x |> B)"))) == 4


def test_a_function_may_build_layers_and_each_call_has_its_own() -> None:
    text = "fn f(a: f32[..., n]) { return a |> Dense(n, use_bias=false) }\n" + model("output y = f(f(x))")
    assert params(text) == ["Dense_1.kernel", "Dense_2.kernel"]


def test_layers_in_loops_have_their_own_params() -> None:
    assert params(model("for i in 0..3 { h = Dense(4, use_bias=false)\nx = h(x) }\noutput y = x")) == [
        "h.kernel",
        "h_2.kernel",
        "h_3.kernel",
    ]


def test_a_layer_that_only_training_has_does_not_move_the_names_of_others() -> None:
    lines = (
        "target t: f32[batch, 1]\nif training { loss mse(t, x |> Dense(1)) }\noutput y = x |> Dense(1)\nloss mse(t, y)"
    )
    made = checked(model(lines)).model
    trained = {n.name for n in _leaves(made.training.outputs[0][1])}
    assert trained == {n.name for n in _leaves(made.inference.outputs[0][1])}


def _leaves(node: object) -> list[object]:
    from nndsl.ir.graph import Node, topological

    assert isinstance(node, Node)
    return [n for n in topological([node]) if n.op == "param"]


def test_a_layer_inside_a_layer_of_its_kind_is_no_recursion() -> None:
    text = "layer R(inner: layer)(a: f32[..., n]) { return a + (a |> inner) }\n" + model(
        "output y = x |> R(R(Dense(4)))"
    )
    assert codes(text) == []


def test_a_layer_may_use_a_name_of_its_file_as_a_dim() -> None:
    assert (
        codes(
            "fn n(a: f32[...]) { return a }\nlayer L()(a: f32[batch, n]) -> f32[batch, n] { return a }\n"
            + model("output y = x |> L")
        )
        == []
    )


def test_private_functions_of_the_library_are_not_seen() -> None:
    assert codes(model("output y = per_sample(x)")) == ["NN101"]


# --- penalties, losses, metrics ------------------------------------------------------------------------------


def test_a_shared_layer_pays_for_its_weights_once() -> None:
    text = model("d = Dense(4, kernel_regularizer=L2(0.1))\noutput y = d(x) + d(d(x))\nloss mean(y)")
    assert sum(term.penalty for term in checked(text).model.training.losses) == 1


def test_a_penalty_on_values_is_paid_at_each_use() -> None:
    text = model("d = Dense(4, activity_regularizer=L2(0.1))\noutput y = d(x) + d(d(x))\nloss mean(y)")
    assert sum(term.penalty for term in checked(text).model.training.losses) == 3


def test_the_three_forms_of_metrics() -> None:
    lines = "target t: binary[batch]\noutput p = sigmoid(x[:, 0])\nloss binary_crossentropy(t, p)"
    text = model(lines + "\nmetric binary_accuracy(t, p)\nmetric precision(t, p)\nmetric auc(t, p)")
    forms = {m.name: m.form for m in checked(text).model.inference.metrics}
    assert forms == {"binary_accuracy": "mean", "precision": "state", "auc": "whole"}


def test_arguments_of_a_metric_are_built_once() -> None:
    lines = "target t: binary[batch]\noutput p = x[:, 0]\nmetric auc(t, sigmoid((x |> Dense(1, use_bias=false))[:, 0]))"
    assert params(model(lines)) == ["Dense_1.kernel"]


# --- kinds -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("softmax(x)", "prob"),
        ("sigmoid(x)", "prob"),
        ("softmax(x)[:, 0:2]", "prob"),
        ("2 * softmax(x)", None),
        ("log_softmax(x)", None),
        ('as_kind(x, "logits")', "logits"),
        ("argmax(x)", "index"),
        ("one_hot(argmax(x), 4)", "onehot"),
    ],
)
def test_kinds_flow(value: str, kind: str | None) -> None:
    found = checked(model(f"output y = {value}")).model.inference.outputs[0][1].type.kind
    assert (found.name if found else None) == kind


@pytest.mark.parametrize(
    ("value", "made_by", "known"),
    [
        ("softmax(x)", '"softmax"', True),
        ("softmax(x)", '"sigmoid"', False),
        ("softmax(x, axis=0)", '"softmax"', False),
        ("sigmoid(x)", '"sigmoid"', True),
        ("sigmoid(x)[:, 0]", '"sigmoid"', True),
        ("softmax(x)[:, 0:2]", '"softmax"', False),
        ("reshape(softmax(x), [batch, 1, 4])", '"softmax"', True),
        ("x", '"softmax"', True),
        ("softmax(x)", "none", True),
    ],
)
def test_logits_are_known_where_they_mean_the_same(value: str, made_by: str, known: bool) -> None:
    text = model(f"z = logits_of({value}, {made_by})\nassert (z != none) == {str(known).lower()}\noutput y = x + 1")
    assert [c for c in codes(text) if c != "NN401"] == []


# --- consts ----------------------------------------------------------------------------------------------------

HEAD = "model M(units: int = 3, activation: fn = relu, rate: float = 0.5, sizes: list = [1], extra: int = none)"
LINES = """
  assert len(sizes) > 0 and extra == none
  h = x |> Dense(units, activation=activation) |> Dropout(rate)
  output y = h |> Dense(1)
"""


@pytest.mark.parametrize(
    "consts",
    [
        {"units": 5},
        {"units": np.int64(5)},
        {"units": 5.0},
        {"activation": "tanh"},
        {"rate": 0},
        {"rate": np.float32(0.25)},
        {"sizes": np.array([1, 2])},
        {"sizes": (1, 2)},
        {"extra": None},
    ],
)
def test_good_consts(consts: dict[str, object]) -> None:
    assert codes(model(LINES, HEAD), **consts) == []


@pytest.mark.parametrize(
    ("consts", "code"),
    [
        ({"units": "a"}, "NN106"),
        ({"units": 2.5}, "NN106"),
        ({"units": True}, "NN106"),
        ({"units": None}, "NN106"),
        ({"units": 0}, "NN205"),
        ({"units": object()}, "NN106"),
        ({"activation": "nothing"}, "NN101"),
        ({"activation": 3}, "NN106"),
        ({"rate": "x"}, "NN106"),
        ({"rate": 2}, "NN116"),
        ({"sizes": {}}, "NN106"),
        ({"unit": 3}, "NN108"),
        ({"units": 2**40}, "NN205"),
        ({"train.epochs": "a"}, "NN106"),
        ({"train.epoch": 3}, "NN119"),
        ({"train.seed": object()}, "NN106"),
    ],
)
def test_bad_consts(consts: dict[str, object], code: str) -> None:
    assert codes(model(LINES, HEAD), **consts) == [code]


def test_a_const_bound_again_keeps_its_value_in_the_model() -> None:
    assert checked(model("n = n * 2\noutput y = x |> Dense(n)", "model M(n: int = 2)")).model.consts == {"n": 2}


def test_several_models_need_a_choice() -> None:
    two = model("output y = x |> Dense(1)", "model A") + model("output y = x |> Dense(1)", "model B")
    with pytest.raises(NndslError) as caught:
        checked(two)
    assert [p.code for p in caught.value.problems] == ["NN114"]
    assert check_source(Source("m.nn", two), {}, "B").model.name == "B"


def test_the_first_example_of_the_language() -> None:
    from pathlib import Path

    text = (Path(__file__).parents[2] / "samples" / "reuters.nn").read_text(encoding="utf-8")
    made = checked(text)
    assert [str(p.type) for p in made.model.params] == [
        "f32[10000, 64]",
        "f32[64]",
        "f32[64, 64]",
        "f32[64]",
        "f32[64, 46]",
        "f32[46]",
    ]
    assert made.train.epochs == 9
    assert made.problems == ()


@pytest.mark.parametrize(
    "text",
    [
        "layer L(units: int)(x: f32[..., n]) { return x + }\n"
        + "model M() {\n  input x: f32[batch, 4]\n  output y = x |> L(8)\n}",
        "layer L(units int)(x: f32[..., n]) { return x }\n"
        + "model M() {\n  input x: f32[batch, 4]\n  output y = x |> L(8)\n}",
    ],
)
def test_nothing_is_said_of_what_follows_from_a_syntax_error(text: str) -> None:
    assert [code for code in codes(text) if not code.startswith("NN0")] == []
