"""Layers that are copied from records are what their bodies would have made."""

from __future__ import annotations

from pathlib import Path

import pytest

from nndsl.check import again
from nndsl.check.file import check_file
from nndsl.diagnostics import Source, Span
from nndsl.ir.graph import Forward, Model, Node, topological
from nndsl.syntax.load import load_source
from nndsl.syntax.parse import parse

SAMPLES = sorted((Path(__file__).parents[2] / "samples").glob("*.nn"))
LAYERS = (
    "Dense(4)", "Dense(4, activation=relu)", "Dense(4, use_bias=false)", "Dropout(0.5)", "BatchNormalization()",
    "BatchNormalization(axis=1)", "LayerNormalization()", "GroupNormalization(groups=2)", "GaussianNoise(0.1)",
    "Dense(4, kernel_initializer=constant(0.5))", "Dense(4, kernel_regularizer=L2(0.1))",
    "Dense(4, kernel_constraint=MaxNorm(2))", "LSTM(4, return_sequences=true)", "MultiHeadAttention(2, 2)",
    "Activation(softmax)", "Activation(linear)", "PReLU()", "Conv1D(4, 3, padding=\"same\")", "Residual(4)", "Twice()",
    "Named()", "Squashed()", "Own(1)", "Own(1.0)", "SpatialDropout1D(0.3)", "Masking()", "UnitNormalization()", "Cut()",
)  # fmt: skip
OWN = """
layer Residual(units: int)(x: f32[..., units]) -> f32[..., units] { return x + (x |> Dense(units, activation=relu)) }
layer Twice()(x: f32[..., n]) {
  state seen: f32[n] = zeros
  seen := seen + 1.0
  param w: f32[n] = ones
  param v: f32[n] = 0.5
  return x * w + v * seen |> tanh
}
layer Named()(x: f32[...]) {
  y = x |> linear
  return y
}
fn squashed(x) { return x / (1 + abs(x)) }
layer Squashed()(x: f32[...]) { return squashed(x) + x |> softsign }
layer Own(by)(x: f32[...]) { return x * by }
layer Cut()(x: f32[batch, time, n]) { return concat(x[:, 1:], x[:, :1], axis=1) }
"""


def facts(source: Source) -> list[str]:
    """All there is to know of the models of a file, as text."""
    file, found = parse(source)
    result = check_file(file, source, found)
    lines = [f"{p.code} {place(p.span)} {p.headline}" for p in result.problems]
    if result.model is not None:
        lines += facts_of_model(result.model)
    return lines


def facts_of_model(model: Model) -> list[str]:
    lines = [f"{n.name} {n.layer} {n.output} {n.params} {place(n.span)} {n.depth}" for n in model.layers]
    for spec in (*model.params, *model.states):
        lines += [f"{spec.name} {spec.type} {spec.doc} {place(spec.span)} {place(spec.leaf.span)}"]
        # First values are shared by params of one type, so that they come from the place of the first of these.
        lines += facts_of_nodes([spec.initial], places=False)[0]
        lines += facts_of_nodes([spec.constrained])[0] if spec.constrained is not None else []
    lines += [f"{c.size} {c.divisor} {place(c.span)}" for c in model.constraints]
    return [*lines, *facts_of_forward(model.training), *facts_of_forward(model.inference)]


def facts_of_forward(forward: Forward) -> list[str]:
    roots = [node for _, node in forward.outputs]
    roots += [term.value for term in forward.losses] + [metric.value for metric in forward.metrics]
    for update in forward.updates:
        roots += [update.target, update.value]
    for one in forward.applications:
        roots += [*one.inputs, *one.results]
    lines, number = facts_of_nodes(roots)
    for one in forward.applications:
        inputs, results = ([number[n] for n in nodes] for nodes in (one.inputs, one.results))
        lines.append(f"{one.number} {one.parent} {one.role} {one.name} {inputs} {results} {place(one.span)} {one.path} "
                     f"{one.use} {one.settings} {one.params}")  # fmt: skip
    return lines


def facts_of_nodes(roots: list[Node], places: bool = True) -> tuple[list[str], dict[Node, int]]:
    order = topological(roots)
    number = {node: k for k, node in enumerate(order)}
    lines = []
    for node in order:
        attrs = {name: value for name, value in node.attrs.items() if name != "body"}
        inputs = [number[i] for i in node.inputs]
        lines.append(f"{number[node]} = {node.op} {inputs} {attrs} {node.type} {node.name}")
        lines += [place(node.span)] if places else []
    return [*lines, str([number[root] for root in roots])], number


def place(span: Span | None) -> str:
    return f"{span.source.name}:{span.start}-{span.end}" if span is not None else "nowhere"


def alike(source: Source, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether copying changes nothing. The whole difference would be longer than anybody reads."""
    copied = facts(source)
    monkeypatch.setattr(again, "MOST_RECORDS", 0)
    return facts(source) == copied


@pytest.mark.parametrize("layer", LAYERS)
def test_a_copied_layer_is_what_its_body_makes(layer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = "\n".join(f"  x = x |> {layer}" for _ in range(4))
    text = f"""{OWN}
model M {{
  input x: f32[batch, 3, 4]
  target y: f32[batch, 3, 4]
{lines}
  repeat 3 {{ x = x |> Dense(4) |> {layer} |> relu }}
  shared = {layer}
  x = shared(shared(x))
  output p = x
  loss mse(y, p)
}}
"""
    assert alike(Source("m.nn", text), monkeypatch)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_is_the_same_with_copies(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert alike(load_source(path), monkeypatch)


def test_layers_of_a_deep_network_are_copied() -> None:
    lines = "  x = x |> BatchNormalization() |> Dense(4) |> Dropout(0.5)\n" * 100
    text = f"model M {{\n  input x: f32[batch, 4]\n{lines}  output p = x\n}}\n"
    source = Source("m.nn", text)
    calls: list[str] = []
    carried = again.Again.learn

    def counted(self: again.Again, ctx, instance, *rest) -> None:  # type: ignore[no-untyped-def]
        calls.append(instance.function.name)
        carried(self, ctx, instance, *rest)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(again.Again, "learn", counted)
        file, found = parse(source)
        assert not check_file(file, source, found).errors
    assert len(calls) < 20  # of 600 in both programs
