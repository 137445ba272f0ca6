"""Text that expands without end, and text with tokens exchanged: Problems in time, and nothing else."""

from __future__ import annotations

import random
import re
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nndsl.check.file import check_file
from nndsl.check.naming import free_name
from nndsl.diagnostics import Source, render_all
from nndsl.driver import problems_of
from nndsl.syntax.parse import parse

SAMPLES = sorted((Path(__file__).parents[2] / "samples").glob("*.nn"))
OWN = (Path(__file__).parent / "own.nn").read_text(encoding="utf-8")
TEXTS = [*(path.read_text(encoding="utf-8") for path in SAMPLES), OWN]
TOKENS = re.compile(
    r"##[^\n]*|\"[^\"\n]*\"|\w+(?:\.\d+)?|\|>|:=|->|\.\.\.|\.\.|==|!=|<=|>=|\*\*|//|\n[ ]*|[^\s\w]|[ ]+"
)
ODD = [
    "0",
    "-1",
    "10 ** 9",
    "none",
    "true",
    "[]",
    "x",
    "batch",
    "...",
    "zeros([])",
    "2 ** 200",
    "[1, [2]]",
    '""',
    "1e308 * 10",
    "Dense",
    "training",
    "()",
    "relu",
    "repeat 3 {",
    "}",
    "if training {",
    "return x",
    "loss",
    "state",
    "param w: f32[3] = 0",
    "x[:, 0]",
]


def model(lines: str) -> str:
    return "model M(n: int = 4) {\n  input x: f32[batch, 4]\n" + lines + "\n}\n"


@pytest.mark.parametrize(
    "lines",
    [
        "repeat 1000 { repeat 1000 { x = x + 1 } }\noutput y = x",
        "repeat 1000000 { }\noutput y = x",
        "for i in [0..10**9] { x = x + 1 }\noutput y = x",
        "a = [1]\nrepeat 60 { a = a + a }\noutput y = x |> Dense(len(a))",
        'a = "ab"\nrepeat 60 { a = a + a }\noutput y = x',
        "a = 2\nrepeat 60 { a = a * a }\noutput y = x |> Dense(a)",
        "a = [1]\nrepeat 60 { a = [a, a] }\noutput y = x |> Dense(a)",
        "a = [1]\nb = [1]\nrepeat 60 { a = [a, a]\nb = [b, b] }\nif a == b { x = x }\noutput y = x",
        "a = [1]\nrepeat 60 { a = [a, a] }\noutput y = x + a",
        "d = batch\nrepeat 60 { d = d * d }\noutput y = x",
        "d = batch\nrepeat 5000 { d = floor(d / 2) + 1 }\noutput y = x",
        "d = batch\nrepeat 60 { d = floor(d / 3) * floor(d / 5) }\noutput y = x",
        "output y = x * 2 ** (10 ** 6)",
        "repeat 100 { x = x[none] }\noutput y = x",
        "repeat 11 { x = x[none] }\noutput y = x",
        "a = [1]\nrepeat 12 { a = [a, a] }\noutput y = stack(a)",
        "repeat 100 { x = concat(x, x) }\noutput y = x",
        "output y = pad(x, [[0, 10 ** 12], [0, 0]])",
        "output y = reshape(x, [batch, 2 ** 31])",
        "output y = stack(split(x, 10 ** 9))",
        "output y = x + int(1e308 * 10)",
        "output y = stack()\noutput z = concat()",
        "output y = one_hot(x, [])\noutput z = arange([])",
        "output y = []\noutput z = [[]]",
        "output y = x[" + ", ".join([":"] * 5000) + "]",
        "output y = x" + " |> Dense(3)" * 5000,
        "\n".join(f"a{i} = foo{i} + 1" for i in range(5000)),
    ],
)
def test_what_grows_is_refused_in_time(lines: str) -> None:
    start = time.process_time()
    problems = problems_of(Source("m.nn", model(lines)))
    assert problems
    assert time.process_time() - start < 6  # alone it takes a fraction of that


def test_many_losses_of_one_name_get_numbers_in_time() -> None:
    start = time.process_time()
    assert problems_of(Source("m.nn", model("loss 1.0\n" * 10_000)))
    assert time.process_time() - start < 6  # alone it takes a fraction of that


def test_names_that_are_taken_get_the_next_free_number() -> None:
    taken: dict[str, int] = {}
    names = [free_name(name, taken) for name in ("mse", "mse", "mse_3", "mse", "mse", "mse_2")]
    assert names == ["mse", "mse_2", "mse_3", "mse_4", "mse_5", "mse_2_2"]


def test_no_more_is_told_than_anyone_reads_and_errors_first() -> None:
    text = "".join(f"model M{i}() {{ input a: f32[b, 2]\ninput z: f32[b, 2]\noutput y = z }}\n" for i in range(1100))
    problems = problems_of(Source("m.nn", f"{text}model Last() {{ output y = nothing }}\n"))
    assert len(problems) == 1000
    assert problems[-1].code == "NN101"


def test_a_line_of_a_megabyte_is_shown_in_time() -> None:
    source = Source("m.nn", '"' * 1_000_000)
    start = time.process_time()
    assert max(map(len, render_all(parse(source)[1]).splitlines())) < 400
    assert time.process_time() - start < 6


def test_layers_that_double_are_refused() -> None:
    layers = "".join(f"layer L{i}()(x: f32[...]) {{ return x |> L{i + 1} |> L{i + 1} }}\n" for i in range(40))
    text = layers + "layer L40()(x: f32[...]) { return x }\n" + model("output y = x |> L0")
    assert [p.code for p in problems_of(Source("m.nn", text))] == ["NN911"]


def checked(text: str) -> None:
    source = Source("m.nn", text)
    file, found = parse(source)
    result = check_file(file, source, found, need_model=True)
    assert (result.model is not None and result.train is not None) or result.errors, "nothing made and nothing said"
    places = [p.order for p in result.problems]
    assert places == sorted(places)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(TEXTS), st.integers(0, 2**32), st.integers(1, 4))
def test_exchanged_tokens_give_problems_only(text: str, seed: int, changes: int) -> None:
    rng = random.Random(seed)
    tokens = TOKENS.findall(text)
    for _ in range(changes):
        at = rng.randrange(len(tokens))
        match rng.randrange(4):
            case 0:
                del tokens[at]
            case 1:
                tokens[at] = rng.choice(tokens)
            case 2:
                tokens[at] = rng.choice(ODD)
            case _:
                tokens.insert(at, rng.choice(tokens))
    checked("".join(tokens))


@pytest.mark.parametrize("text", TEXTS, ids=[*(path.stem for path in SAMPLES), "own"])
def test_the_originals_are_fine(text: str) -> None:
    assert [p for p in problems_of(Source("m.nn", text, SAMPLES[0])) if p.severity == "error"] == []
