"""Golden messages for bad programs, limits, and what a fault must not do to the rest of a file."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest
from casefile import case_paths, check_case, load_case

from nndsl.diagnostics import Problem, Source, render_all
from nndsl.problems import syntax
from nndsl.syntax import ast
from nndsl.syntax.parse import parse


@pytest.mark.parametrize("path", case_paths("syntax"), ids=lambda path: path.stem)
def test_message(path: Path, request: pytest.FixtureRequest) -> None:
    _, problems = parse(Source(f"{path.stem}.nn", load_case(path)["input"]))
    assert problems
    check_case(path, render_all(problems), request)


def codes(text: str) -> list[str]:
    return [problem.code for problem in parse(Source("x.nn", text))[1]]


def in_model(lines: str) -> str:
    return f"model M() {{\n{lines}\n}}\n"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("(" * (1 << 20), "NN901"),
        (in_model("a = " + "[" * 10_000 + "]" * 10_000), "NN901"),
        (in_model("if x {" * 100 + "}" * 100), "NN901"),
        (in_model("a = " + " + ".join(["x"] * 300)), "NN903"),
        (in_model("a = " + "not " * 10_000 + "x"), "NN903"),
        (in_model("a = " + "-" * 10_000 + "x"), "NN903"),
        (in_model("a = x" + "(1)" * 10_000), "NN903"),
        (in_model("if x { }" + " else if x { }" * 1000), "NN903"),
    ],
)
def test_depth_is_capped(text: str, code: str) -> None:
    assert codes(text) == [code]


@pytest.mark.parametrize(
    "text",
    [
        in_model("a = " + " + ".join(["x"] * 200)),
        in_model("a = " + "[" * 98 + "]" * 98),
        in_model("a = x" + " |> f" * 5000),
        in_model("a = f(" + ", ".join(["x"] * 5000) + ")"),
    ],
)
def test_below_the_cap_is_fine(text: str) -> None:
    assert codes(text) == []


def test_all_errors_come_in_one_run_in_source_order() -> None:
    text = "fn f(x) { return x + }\nfn g(x) { return 'a' }\nfn h(x) { y = ]\n return x y }\n"
    assert codes(text) == ["NN060", "NN011", "NN003", "NN009"]


def test_number_of_problems_is_capped() -> None:
    assert len(codes(in_model("\n".join(["a = x +"] * 200)))) == 25


def test_what_is_right_survives_a_fault() -> None:
    file, _ = parse(Source("x.nn", in_model("a = 1\nb = 2 +\nparam k f32[3]\nc = 3")))
    (model,) = file.items
    assert isinstance(model, ast.Definition)
    assert [type(line).__name__ for line in model.body] == ["Assign", "PoisonStatement", "PoisonStatement", "Assign"]


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("b = 2 +", ("b",)),
        ("b, c = f(x y)", ("b", "c")),
        ("input x f32[3]", ("x",)),
        ("output p = )+", ("p",)),
        ("for i in x y { z = i }", ("i", "z")),
        ("f(a=1 b=2)", ()),
        ("x = f(a=1 b=2)", ("x",)),
    ],
)
def test_poison_binds_what_the_line_seems_to_bind(line: str, names: tuple[str, ...]) -> None:
    file, problems = parse(Source("x.nn", in_model(line)))
    assert problems
    (model,) = file.items
    assert isinstance(model, ast.Definition)
    (poison,) = model.body
    assert isinstance(poison, ast.PoisonStatement)
    assert poison.names == names


def test_a_bad_head_still_defines_its_name() -> None:
    file, problems = parse(Source("x.nn", "layer L(int n)(x) {\n  a = x +\n}\nmodel M() { }\n"))
    assert [problem.code for problem in problems] == ["NN047"]
    poison, model = file.items
    assert isinstance(poison, ast.PoisonItem)
    assert poison.names == ("L",)
    assert isinstance(model, ast.Definition)


def first_example(page: str) -> str:
    """The first indented stretch of an `explain` page."""
    _, _, rest = page.partition("\n")
    found = re.search(r"(?:^    .*\n|^\n(?=    ))+", textwrap.dedent(rest), re.MULTILINE)
    assert found is not None
    return textwrap.dedent(found[0]).strip("\n")


WITH_EXAMPLE = [problem for problem in syntax.FAMILY if problem.code < "NN069" or problem.code == "NN070"]


@pytest.mark.parametrize("problem", WITH_EXAMPLE, ids=lambda problem: problem.code)
def test_the_example_on_the_page_of_a_code_has_that_problem(problem: type[Problem]) -> None:
    example = first_example(problem.__doc__ or "")
    assert problem.code in codes(example) + codes(in_model(example)) + codes(f"train M {{\n{example}\n}}")
