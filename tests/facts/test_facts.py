"""`test` sections: what passes, what fails, and what a failure says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from casefile import case_paths, check_case, load_case

from nndsl import driver
from nndsl.diagnostics import NndslError, Source, render_all
from nndsl.testing import Result, run_tests

MODEL = """
model M(n: int = 16, c: int = 3) {
  input  x: f32[batch, 4]
  target label: index<c>[batch]
  h = x |> Dense(n, activation=relu)
  last = Dense(c)
  logits = last(h)
  output p = softmax(logits)
  loss   sparse_categorical_crossentropy(label, logits)
}
"""


def ran(text: str, model: str = MODEL) -> list[Result]:
    tests, _ = driver.tests_of(Source("m.nn", f"{model}\n{text}"))
    return list(run_tests(tests))


def codes(line: str, model: str = MODEL) -> list[str]:
    """What one test with this line fails with."""
    (result,) = ran(f'test "it" {{\n{line}\n}}', model)
    return [problem.code for problem in result.failures]


@pytest.mark.parametrize("path", case_paths("facts"), ids=lambda path: path.stem)
def test_failure(path: Path, request: pytest.FixtureRequest) -> None:
    tests, _ = driver.tests_of(Source("m.nn", load_case(path)["input"]))
    failures = [problem for result in run_tests(tests) for problem in result.failures]
    assert failures
    check_case(path, render_all(failures), request)


@pytest.mark.parametrize(
    "line",
    [
        "expect shape(h) == [batch, 16]",
        "expect shape(Dense_1) == [batch, 16]",
        "expect parameters == 4 * 16 + 16 + 16 * 3 + 3",
        'expect kind(p) == "prob" and rank(p) == 2',
        "expect dtype(h) == f32",
        "expect n == 16",
        "for i in 0..2 { expect shape(p)[i] == shape(logits)[i] }",
        "expect gradients",
        "expect gradients(0.001)",
        "expect overfits(8)",
        "expect overfits(4, steps=500)",
        "expect close(relu([-1.0, 2.0]), [0.0, 2.0])",
        "expect close(zeros([2, 3]), 0)",
        "expect close([1.0, 2.0], [1.1, 2.1], tolerance=0.1)",
        "expect close(ones([1, 3]) |> Dense(2, kernel_initializer=ones), [[3.0, 3.0]])",
        "expect close(sparse_categorical_crossentropy(as_index([0, 1], 2), zeros([2, 2])), 0.693147)",
        'expect close(f1(as_kind([0.0, 1.0], "binary"), as_kind([0.2, 0.8], "prob")), 1)',
        "expect close(0 * last(ones([2, 16])), zeros([2, 3]))",
        "expect error NN201 { y = h + x }",
        "expect error NN101 { model Bad() {\n input x: f32[batch, 4]\n output y = x |> Dens(3) } }",
        "expect error NN302 {\n input x: f32[batch, 4]\n output y = softmax(softmax(x)) }",
        "expect error NN402 {\n input x: f32[batch, 4]\n input z: f32[batch, 4]\n output y = x }",
        "model = M(n=2)\nexpect shape(h) == [batch, 2]",
    ],
)
def test_this_passes(line: str) -> None:
    assert codes(line) == []


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("expect shape(h) == [batch, 17]", "NN620"),
        ("expect shape(h) != [batch, 16]", "NN620"),
        ("expect parameters == 130", "NN620"),
        ("expect close([1.0, 2.0], [1.0, 2.001])", "NN621"),
        ("expect close([1.0, 2.0], 1)", "NN621"),
        ("expect gradients(0)", "NN622"),
        ("expect overfits(8, steps=1)", "NN623"),
        ("expect error NN201 { y = x }", "NN624"),
        ("expect error NN201 { y = unknown }", "NN624"),
    ],
)
def test_this_fails(line: str, code: str) -> None:
    assert codes(line) == [code]


def test_all_failures_of_a_test_are_found() -> None:
    assert codes("expect rank(h) == 3\nexpect rank(p) == 2\nexpect rank(x) == 1") == ["NN620", "NN620"]


def test_a_test_says_which_model() -> None:
    two = "model A() { input x: f32[batch, 2]\n output y = x |> Dense(1) }\n"
    assert codes("model = B\nexpect parameters == 3", two.replace("A", "B") + two) == []


def test_the_train_section_says_how_to_learn() -> None:
    still = MODEL + "train M { optimizer = SGD(learning_rate=0.0) }"
    assert codes("expect overfits(4, steps=20)", still) == ["NN623"]


def test_penalties_do_not_keep_it_from_learning() -> None:
    held = MODEL.replace("Dense(c)", "Dense(c, kernel_regularizer=L2(0.0001))")
    assert codes("expect overfits(4)", held) == []


def test_the_compiled_engine_learns_too() -> None:
    wide = MODEL.replace("n: int = 16", "n: int = 15000")
    assert codes("expect parameters > 100_000\nexpect overfits(4)", wide) == []


def test_tests_need_no_model() -> None:
    assert codes("expect close(twice([1.0]), [2.0])", "fn twice(x: f32[...]) { return 2 * x }") == []


def test_a_wrong_model_is_reported_once() -> None:
    text = MODEL.replace("Dense(c)", "Dens(c)") + 'test "it" { expect shape(logits) == [batch, 3] }'
    assert [p.code for p in driver.problems_of(Source("m.nn", text))] == ["NN101"]


def test_check_does_not_report_what_fails() -> None:
    assert driver.problems_of(Source("m.nn", MODEL + 'test "it" { expect rank(h) == 3 }')) == ()


def test_a_file_with_errors_is_not_tested() -> None:
    with pytest.raises(NndslError):
        driver.tests_of(Source("m.nn", MODEL + 'test "it" { expect nothing }'))


def test_many_tests_are_refused_in_time() -> None:
    blocks = "\n".join(f'test "{i}" {{ expect error NN101 {{ y = unknown }} }}' for i in range(5000))
    assert "NN911" in {p.code for p in driver.problems_of(Source("m.nn", MODEL + blocks))}


def test_the_reference_holds_what_it_expects() -> None:
    """So do the samples: see tests/samples."""
    page = (Path(__file__).parents[2] / "docs" / "language.md").read_text(encoding="utf-8")
    blocks = [block for block in re.findall(r"^```nn\n(.*?)^```", page, re.M | re.S) if '\ntest "' in block]
    assert blocks
    assert [str(p) for text in blocks for result in ran(text, "") for p in result.failures] == []


OPTIMIZERS = """
optimizer Heavy(learning_rate: float = 0.01, mass: float = 0.9)(p, g) {
  state velocity = zeros_like(p)
  velocity := mass * velocity - learning_rate * g
  p := p + velocity
}
schedule Halving(rate: float)(step) { return rate * 0.5 ** step }
"""


@pytest.mark.parametrize(
    "line",
    [
        "expect close(updated(Heavy(0.1), [1.0, 2.0], [[1.0, -1.0]]), [0.9, 2.1])",
        "expect close(updated(Heavy(0.1, mass=0.5), [1.0], [[1.0], [1.0]]), [1.0 - 0.1 - 0.15])",
        "expect close(updated(Heavy, [1.0], [[1.0]]), [0.99])",
        "expect close(updated(SGD(Halving(1.0)), 1.0, [1.0, 1.0, 1.0]), -0.75)",
        "expect close(updated(Adam(0.1), 1.0, [3.0]), 0.9)",
        "expect close(updated(Lion(0.1), [[1.0], [1.0]], [[[3.0], [-1.0]]]), [[0.9], [1.1]])",
        "p = updated(SGD(0.1), ones([2, 3]), ones([4, 2, 3]))\nexpect shape(p) == [2, 3]\nexpect close(p, 0.6)",
    ],
)
def test_update_rules_are_carried_out(line: str) -> None:
    assert codes(line, OPTIMIZERS) == []


def test_a_wrong_rule_fails() -> None:
    assert codes("expect close(updated(Heavy(0.1), 1.0, [1.0]), 1.1)", OPTIMIZERS) == ["NN621"]
