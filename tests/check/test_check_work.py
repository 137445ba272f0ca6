"""How much work a check does, counted: what is the same for many layers is done once, and comes out the same."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

import numpy as np
import pytest

from nndsl.check import meaning_lints, structure
from nndsl.check.builtins import BUILTINS
from nndsl.check.file import collect
from nndsl.check.library import index
from nndsl.check.model import Elaborated, elaborate_model
from nndsl.diagnostics import Problem, Source, did_you_mean
from nndsl.driver import Checked, check_source
from nndsl.ir.experiment import UpdateRule
from nndsl.ir.graph import Graph, Node, ParamSpec, topological
from nndsl.ir.text import show
from nndsl.runtime.parameters import draw
from nndsl.syntax.parse import parse

TWO = ["h = h |> Dense(8)", "h = h |> Dense(8)"]


def text_of(*lines: str, around: str = "") -> str:
    body = "\n".join(f"  {line}" for line in lines)
    ports = "  input x: f32[batch, 8]\n  target y: f32[batch, 8]\n  h = x"
    return f"model M() {{\n{ports}\n{body}\n  output p = h\n  loss mse(y, p)\n}}\n{around}\n"


def checked(*lines: str, around: str = "") -> Checked:
    return check_source(Source("m.nn", text_of(*lines, around=around)))


def elaborated(*lines: str) -> Elaborated:
    source = Source("m.nn", text_of(*lines))
    problems: list[Problem] = []
    _, models, _ = collect(parse(source)[0], source, problems)
    return elaborate_model(models["M"], {}, problems)


def shown(*roots: Node) -> str:
    """A graph as text, without the places it came from."""
    return re.sub(r"  # m\.nn:\d+", "", show(Graph("g", tuple((f"r{i}", root) for i, root in enumerate(roots)))))


# --- training and inference ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "around", "once"),
    [
        ("h = h |> Dense(8)", "", True),
        ("h = h + random_uniform(shape(h))", "", True),
        ("h = h |> L()", "layer L(training: bool = true)(x) { return where(training, x, 0) }", True),
        ("h = h[:, none] |> LSTM(8)", "", True),
        ("h = ((h[:, none], h[:, none]) |> MultiHeadAttention(2, 4))[:, 0] |> Dropout(0)", "", True),
        ("h = h |> Dropout(0.5)", "", False),
        ("h = h |> BatchNorm()", "", False),
        ("if training { h = h + 1 }", "", False),
        ("h = h |> L()", "layer L()(x) { return f(x) }\nfn f(x) { return where(training, x, 0) }", False),
    ],
)
def test_a_model_is_elaborated_again_only_where_something_asks_for_training(line: str, around: str, once: bool) -> None:
    model = checked(line, around=around).model
    assert (model.training.outputs == model.inference.outputs) is once


def test_elaborated_once_or_twice_a_model_is_the_same() -> None:
    lines = ["h = h |> Dense(8, activation=relu, kernel_regularizer=L2(0.1))", "metric mae(y, h)"]
    once, twice = checked(*lines).model, checked(*lines, "if training { asked = true }").model
    for one, other in ((once.training, twice.training), (once.inference, twice.inference)):
        assert shown(*(node for _, node in one.outputs)) == shown(*(node for _, node in other.outputs))
        assert [(t.name, t.penalty) for t in one.losses] == [(t.name, t.penalty) for t in other.losses]
        assert shown(*(t.value for t in one.losses)) == shown(*(t.value for t in other.losses))
        assert shown(*(m.value for m in one.metrics)) == shown(*(m.value for m in other.metrics))
    assert [p.name for p in once.params] == [p.name for p in twice.params]
    assert [(n.name, n.params, n.depth) for n in once.layers] == [(n.name, n.params, n.depth) for n in twice.layers]


@pytest.mark.parametrize("line", ["h = h |> Dense(8, activation=relu)", "h = h |> BatchNorm() |> Dropout(0.1)"])
def test_steps_grow_with_the_lines(line: str) -> None:
    few, more, many = (elaborated(*[line] * n).steps for n in (10, 20, 40))
    assert many - more == 2 * (more - few) > 0


# --- first values --------------------------------------------------------------------------------------------------


def kernels(*lines: str) -> tuple[ParamSpec, ...]:
    return tuple(spec for spec in checked(*lines).model.params if spec.name.endswith("kernel"))


def test_params_of_one_type_share_the_graph_of_their_first_values() -> None:
    first, second = kernels(*TWO)
    assert first.initial is second.initial
    values = draw([first, second], 0)
    assert not np.array_equal(values[first.name], values[second.name])


@pytest.mark.parametrize("other", ["Dense(8, kernel_initializer=he_normal)", "Dense(4)"])
def test_another_initializer_or_type_has_a_graph_of_its_own(other: str) -> None:
    first, second = kernels("h = h |> Dense(8)", f"h = h |> {other} |> Dense(8, kernel_initializer=zeros)")[:2]
    assert first.initial is not second.initial


# --- update rules --------------------------------------------------------------------------------------------------

NOISY = """optimizer Noisy(learning_rate: float = 0.1)(p, g) { p := p - learning_rate * g * random_uniform(shape(p)) }
train M { optimizer = Noisy() }"""


def rule_of(file: Checked, name: str) -> UpdateRule:
    return next(rule for rule in file.train.optimizer.rules if rule.param.name == name)


def test_a_rule_is_elaborated_once_for_a_type_of_param() -> None:
    drafts = [draft for _, draft in checked(*TWO, *TWO).train.optimizer.turns[0].drafts]
    assert len(drafts) == 8
    assert len(set(map(id, drafts))) == 2


def test_a_rule_that_draws_numbers_is_elaborated_for_each_param() -> None:
    drafts = [draft for _, draft in checked(*TWO, around=NOISY).train.optimizer.turns[0].drafts]
    assert len(set(map(id, drafts))) == 4


@pytest.mark.parametrize("optimizer", ["RMSprop(momentum=0.5)", "Adam(weight_decay=0.1, clipnorm=1)", "Nadam()"])
def test_the_rule_of_another_param_is_over_its_own_leaves(optimizer: str) -> None:
    around = f"train M {{ optimizer = {optimizer} }}"
    alone = rule_of(checked(TWO[0], around=around), "Dense_1.kernel")
    made = rule_of(checked(*TWO, around=around), "Dense_2.kernel")

    def told(rule: UpdateRule) -> tuple[list[str], str]:
        slots = [f"{slot.name} {slot.leaf.name} {slot.type}" for slot in rule.slots]
        graph = Graph("rule", (("gradient", rule.gradient),), rule.updates)
        return slots, re.sub(r"  # m\.nn:\d+", "", show(graph))

    slots, graph = told(alone)
    assert told(made) == (
        [slot.replace("Dense_1", "Dense_2") for slot in slots],
        graph.replace("Dense_1", "Dense_2"),
    )


# --- guesses -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("written", "most"), [("featurs_after_block_500", 2), ("featurs_aftr_block_500", 200)])
def test_few_of_many_names_are_measured_for_a_guess(monkeypatch: pytest.MonkeyPatch, written: str, most: int) -> None:
    measured = 0
    ratio = difflib.SequenceMatcher.ratio

    def counting(self: difflib.SequenceMatcher[str]) -> float:
        nonlocal measured
        measured += 1
        return ratio(self)

    monkeypatch.setattr(difflib.SequenceMatcher, "ratio", counting)
    known = [f"features_after_block_{i}" for i in range(1000)]
    assert did_you_mean(written, known) == "did you mean `features_after_block_500`?"
    assert 0 < measured <= most


@pytest.mark.parametrize("written", ["Dense50", "sofmaxx", "batchnrm", "categorical_cros_entropy", "zzz", "x"])
def test_the_guess_is_the_name_that_difflib_finds_nearest(written: str) -> None:
    known = {name.lower(): name for name in [*index(), *BUILTINS]}
    near = difflib.get_close_matches(written.lower(), known, n=1, cutoff=0.6)
    assert did_you_mean(written, known.values()) == (f"did you mean `{known[near[0]]}`?" if near else None)


# --- lints ---------------------------------------------------------------------------------------------------------


def test_lints_look_at_what_a_loss_rests_on_once_for_all_losses(monkeypatch: pytest.MonkeyPatch) -> None:
    """And not at all the layers below once more for the penalty of each."""

    def walked(layers: int) -> int:
        visits = 0

        def counting(roots: Iterable[Node]) -> list[Node]:
            nonlocal visits
            found = topological(roots)
            visits += len(found)
            return found

        for module in (structure, meaning_lints):
            monkeypatch.setattr(module, "topological", counting)
        checked(*["h = h |> Dense(8, activity_regularizer=L2(0.1))"] * layers)
        return visits

    few, more, many = (walked(n) for n in (4, 8, 16))
    assert many - more == 2 * (more - few) > 0
