"""`data` sections: which model takes them, and what stands above what."""

from __future__ import annotations

from pathlib import Path

import pytest
from casefile import case_paths, check_case, load_case

from nndsl.diagnostics import Source, render_all
from nndsl.driver import check_source, problems_of
from nndsl.ir.experiment import TrainSpec

MODEL = """\
model M(n: int = 7) {
  input  x: f32[batch, 4]
  target y: f32[batch, 4]
  output p = x |> Dense(4)
  loss   mse(y, p)
}
"""


def npz(name: str) -> str:
    return f'npz("{name}.npz", x="x", y="y")'


def spec(text: str, **consts: object) -> TrainSpec:
    return check_source(Source("m.nn", MODEL + text), consts).train


def file(spec: TrainSpec, setting: str) -> object:
    call = getattr(spec, setting)
    return call.args[0].removesuffix(".npz") if call is not None else None


@pytest.mark.parametrize("path", case_paths("check_data"), ids=lambda path: path.stem)
def test_message(path: Path, request: pytest.FixtureRequest) -> None:
    check_case(path, render_all(problems_of(Source("m.nn", load_case(path)["input"]))), request)


@pytest.mark.parametrize(
    "text",
    [
        "data M {{ {0} }}",
        "data M {{ {0} }}\ntrain M {{ epochs = 2 }}",
        "train M {{ data = M }}\ndata M {{ {0} }}",
        "train M {{ data = Numbers }}\ndata Numbers {{ {0} }}",
        "data iris {{ {0} }}\ntrain M {{ data = iris }}",
    ],
)
def test_the_model_takes_what_is_said(text: str) -> None:
    lines = f"\n  train = {npz('a')}\n  validation = {npz('b')}\n  test = {npz('c')}\n"
    result = spec(text.format(lines))
    assert [file(result, name) for name in ("data", "validation", "test")] == ["a", "b", "c"]


def test_a_share_can_be_held_back() -> None:
    assert spec(f"data M {{\n  train = {npz('a')}\n  validation = 0.25\n}}").validation_split == 0.25


def test_consts_of_the_model_can_be_used() -> None:
    text = 'data M { train = npz("a.npz", x=ragged("w", "o", num_words=n), y="y") }'
    given = spec(text, n=9).data
    assert given is not None
    assert given.kwargs["x"].kwargs == {"num_words": 9}  # type: ignore[attr-defined]


def test_the_train_section_stands_above() -> None:
    data = f"data Numbers {{\n  train = {npz('a')}\n  validation = {npz('b')}\n  test = {npz('c')}\n}}\n"
    result = spec(data + f"train M {{\n  data = Numbers\n  validation = 0.5\n  test = {npz('d')}\n}}")
    assert (result.validation, result.validation_split, file(result, "test")) == (None, 0.5, "d")


def test_an_override_stands_above_both() -> None:
    data = f"data M {{\n  train = {npz('a')}\n  validation = 0.25\n}}"
    assert spec(data, **{"train.validation_split": 0.5}).validation_split == 0.5


def test_two_models_may_share_a_section() -> None:
    text = MODEL.replace("model M", "model Other") + f"data Numbers {{ train = {npz('a')} }}\n"
    text += "train M { data = Numbers }\ntrain Other { data = Numbers }\n"
    assert [p for p in problems_of(Source("m.nn", MODEL + text)) if p.severity == "error"] == []


def test_the_section_of_another_model_is_not_taken() -> None:
    text = MODEL.replace("model M", "model Other") + f"data Other {{ train = {npz('a')} }}\ntrain M {{ epochs = 2 }}\n"
    assert spec(text).data is None


def test_a_mistake_in_a_section_of_another_model_is_told() -> None:
    text = MODEL.replace("model M", "model Other") + "data Other { train = 3 }\ntrain M { epochs = 2 }\n"
    assert [p.code for p in problems_of(Source("m.nn", MODEL + text)) if p.severity == "error"] == ["NN106"]
