"""What an editor is told of a text, without any protocol: places that the server's tests do not go to."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from nndsl.diagnostics import Source
from nndsl.editor.analysis import Analysis, analyse
from nndsl.editor.completion import complete_at
from nndsl.editor.cursor import read_cursor
from nndsl.editor.document import Document
from nndsl.editor.edits import change_between
from nndsl.editor.hints import hints
from nndsl.editor.hover import hover
from nndsl.editor.quick import check_change
from nndsl.editor.rename import CannotRename, rename
from nndsl.editor.signatures import signature_help

SAMPLES = Path(__file__).parent.parent.parent / "samples"

MODEL = """model M(width: int = 4) {
  input  x: f32[batch, 8]
  target y: index<3>[batch]
  mean = mean(x, axis=1)
  for i in 0..2 { x = x |> Mix(8) }
  twin = Mix(8)
  h = twin(x) + twin(2 * x)
  logits = h |> Dense(width)
  output logits
  loss sparse_categorical_crossentropy(y, logits)
}

layer Mix(units: int)(x: f32[..., n]) -> f32[..., units] { return x |> Dense(units) }

data Shared { train = npz("a.npz", x="x_train", y="y_train") }

train M {
  data = Shared
}

test "sizes" {
  model = M(width=3)
  expect shape(h) == [batch, 8]
}
"""


def analysed(text: str) -> Analysis:
    return analyse(Source("m.nn", text, Path("m.nn")))


def told(text: str, words: str, inside: int = 0) -> str:
    found = hover(analysed(text), text.index(words) + inside)
    return found.text if found is not None else ""


def renamed(text: str, words: str, new: str, inside: int = 0) -> str:
    edits = rename(analysed(text), text.index(words) + inside, new)
    for edit in sorted(edits, key=lambda e: -e.span.start):
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    return text


def test_a_name_means_what_it_means_where_it_stands():
    names = analysed(MODEL).names
    first, second = (names.at(MODEL.index(words)) for words in ("mean = mean", "mean(x"))
    assert first is not None
    assert second is not None
    assert (first.symbol.sort, second.symbol.sort) == ("value", "builtin")


def test_a_layer_used_at_several_shapes_tells_all_of_them():
    text = MODEL.replace("twin(2 * x)", "twin(2 * x) + (ones([5, 2]) |> Mix(8))[0]")
    assert "in other uses `f32[5, 2]`" in told(text, "x |> Dense(units)")


def test_values_of_a_model_are_known_in_its_tests_and_dims_in_a_body():
    assert "h: f32[batch, 8]" in told(MODEL, "h) == [batch")
    assert told(MODEL, "n]) -> f32[..., units]") == "```nn\nn\n```\n\na size"
    assert "n = 8" in told(MODEL.replace("{ return x |> Dense(units) }", "{ return x |> Dense(n) }"), "n]) -> ")


@pytest.mark.parametrize(
    ("words", "inside", "new"),
    [("x: f32[batch, 8]", 0, "given"), ("width", 0, "size"), ("twin", 0, "both"), ("units", 0, "wide"),
     ("n]) -> ", 0, "inner"), ("Mix(units", 0, "Blend"), ("Shared {", 0, "Rows"), ("i in 0..2", 0, "turn")],
)  # fmt: skip
def test_renaming_changes_every_place_and_no_meaning(words, inside, new):
    before, text = analysed(MODEL), renamed(MODEL, words, new, inside)
    after = analysed(text)
    assert [p.code for p in after.problems] == [p.code for p in before.problems]
    assert len(after.names.occurrences) == len(before.names.occurrences)
    changed = [
        (a.span.text, b.span.text) for a, b in zip(before.names.occurrences, after.names.occurrences, strict=True)
    ]
    assert {pair for pair in changed if pair[0] != pair[1]} == {(changed_name(words), new)}
    assert renamed(text, new, changed_name(words)) == MODEL


def changed_name(words: str) -> str:
    return read_cursor(Source("", f"x = {words}"), 4 + len(words.split("(")[0].split(" ")[0].rstrip(":]){"))).word


def test_an_input_that_feeds_two_models_keeps_its_name():
    text = MODEL.replace(
        "train M {", "model N() {\n  input x: f32[batch, 8]\n  output y = x\n}\ntrain N { data = Shared }\ntrain M {"
    )
    with pytest.raises(CannotRename, match="feeds several models"):
        rename(analysed(text), text.index("x: f32"), "given")


@pytest.mark.parametrize(
    ("text", "sort"),
    [
        ("", "top"), ("mod", "top"), ("model M", "name"), ("model M() {\n  ", "statement"),
        ("model M() {\n  inp", "statement"), ("model M() {\n  input ", "name"),
        ("model M() {\n  input x: ", "type"), ("model M() {\n  input x: f32[", "dims"),
        ("model M() {\n  y = x |> ", "pipe"), ("model M() {\n  y = x\n    |> De", "pipe"),
        ("model M() {\n  y = ", "expression"), ("model M() {\n  y = Dense(", "expression"),
        ("layer L(units: ", "type"), ("layer L(units: int)(x: f32[..., ", "dims"),
        ("layer L(units: int)(x: f32[..., n]) -> ", "type"), ("train ", "model"),
        ("train M {\n  ", "setting"), ("train M {\n  optimizer = ", "expression"), ('import "', "path"),
        ("y = blocks.", "member"), ('test "a" {\n  expect error ', "code"), ("# a comm", "none"),
        ('model M() {\n  assert a, "text', "none"),
    ],
)  # fmt: skip
def test_what_can_be_written_at_the_end_of_a_text(text, sort):
    assert read_cursor(Source("m.nn", text), len(text)).sort == sort


def test_completion_in_a_data_source_offers_what_the_model_is_fed():
    text = MODEL.replace('x="x_train", y="y_train"', "")
    at = text.index('"a.npz", ') + len('"a.npz", ')
    text = text.replace("data Shared", "data M").replace("  data = Shared\n", "")
    at = text.index('"a.npz", ') + len('"a.npz", ')
    assert {"x=", "y="} <= {item.label for item in complete_at(analysed(text), at)}


def test_signature_of_the_second_list_and_of_a_function_behind_a_pipe():
    text = MODEL.replace("h = twin(x)", "h = Mix(8)(")
    found = signature_help(analysed(text), text.index("Mix(8)(") + len("Mix(8)("))
    assert found is not None
    assert (found.label, found.active) == ("Mix(x: f32[..., n])", 0)
    text = MODEL.replace("h = twin(x)", "h = x |> sum(")
    found = signature_help(analysed(text), text.index("|> sum(") + len("|> sum("))
    assert found is not None
    assert found.active is not None
    assert found.parameters[found.active].name == "axis"


def test_hints_of_a_layer_used_at_several_shapes_say_so():
    text = "layer L()(x: f32[..., n]) { y = 2 * x\n  return y }\nmodel M() {\n  input x: f32[batch, 2]\n" \
        "  output a = L()(x)\n  output b = L()(concat(x, x))\n}\n"  # fmt: skip
    assert hints(analysed(text), 0, len(text))[0].text == ": f32[batch, 2] or f32[batch, 4]"


def test_a_text_that_is_no_text_is_refused_and_says_why():
    document = Document("m.nn", None, "a\0b")
    document.check()
    assert [p.title for p in document.problems] == ["this file is not text"]


CHANGES = [
    ("64", "32"),
    ("Dense", "Dens"),
    ("softmax", "sigmoid"),
    ("= ", "= 2 * "),
    ("x", "xx"),
    ("batch", "time"),
    ("2", "3"),
]


@pytest.mark.parametrize("sample", ["digits", "vae", "lstm", "residual", "imdb", "siamese"])
def test_what_a_change_is_told_to_break_at_once_a_whole_check_finds_too(sample):
    """Errors of the quick check are among those of the whole one, in the same lines."""
    path = SAMPLES / f"{sample}.nn"
    base = analyse(Source(path.name, path.read_text(), path))
    text, random_ = base.source.text, random.Random(sample)
    tried = 0
    for _ in range(40):
        old, new = random_.choice(CHANGES)
        places = [i for i in range(len(text)) if text.startswith(old, i)]
        if not places:
            continue
        at = random_.choice(places)
        source = Source(path.name, text[:at] + new + text[at + len(old) :], path)
        change = change_between(base.source, source)
        quick = check_change(base, change)
        if quick is None or not quick.done:
            continue
        tried += 1
        whole = {(p.code, p.span.line) for p in analyse(source).problems if p.span is not None}
        for problem in quick.problems:
            place = change.forward(problem.span) if problem.span is not None else None
            if problem.severity == "error" and place is not None:
                assert (problem.code, place.line) in whole, problem
    assert tried > 5
