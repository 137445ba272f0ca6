"""Golden cases of the passes: a `.nn` text, the graph before a pass and the graph after it.

`tests/cases/passes/<pass>-<what>.case` is run through the passes that come before `<pass>` and then through it.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from casefile import case_paths, check_case, load_case

from nndsl.diagnostics import Source
from nndsl.driver import PROGRAMS, check_source, graph_of
from nndsl.ir.graph import Graph, Node
from nndsl.ir.text import show
from nndsl.passes import PIPELINE, Pass, run
from nndsl.passes.canonical import canonical
from nndsl.passes.chains import chains
from nndsl.passes.keep_old import keep_old
from nndsl.passes.own_results import own_results
from nndsl.passes.parts import parts
from nndsl.passes.promote import promote
from nndsl.passes.prune import prune
from nndsl.passes.simplify import Rule
from nndsl.passes.verify import verify
from nndsl.syntax.load import load_source

FOLDER = Path(__file__).parents[2] / "samples"
SAMPLES = [path for path in sorted(FOLDER.glob("*.nn")) if "\nmodel " in path.read_text()]
CASES = case_paths("passes")
simplify_module: Any = import_module("nndsl.passes.simplify")
"""The package gives its function this name."""
STEPS = (*PIPELINE, chains, parts, canonical, prune, keep_old, own_results)
"""In the order in which they run; `promote` stands by itself, and `programs` are the graphs before any pass."""


def before_and_after(path: Path) -> tuple[Graph, Graph]:
    case = load_case(path)
    name = path.stem.partition("-")[0]
    checked = check_source(Source("case.nn", case["input"]))
    graph = graph_of(checked, case.get("program", "predict").strip())
    if name == "programs":
        return graph, graph
    if name == "promote":
        return graph, promote(graph)
    names = [step.__name__ for step in STEPS]
    place = names.index(name)
    before = run(graph, STEPS[:place])
    after = STEPS[place](before)
    return before, after


@pytest.mark.parametrize("path", CASES, ids=lambda p: p.stem)
def test_a_pass_does_what_its_case_says(path: Path, request: pytest.FixtureRequest) -> None:
    before, after = before_and_after(path)
    verify(before)
    verify(after)
    check_case(path, show(before), request, "before")
    check_case(path, show(after), request, "expected")


def test_every_pass_has_a_case() -> None:
    have = {path.stem.partition("-")[0] for path in CASES}
    assert {step.__name__ for step in STEPS} | {"promote", "programs"} <= have


def test_every_rule_of_simplify_has_a_case(monkeypatch: pytest.MonkeyPatch) -> None:
    fired: set[tuple[str, int]] = set()

    def noted(rule: Rule, key: tuple[str, int]) -> Rule:
        def run_rule(node: Node) -> Node | None:
            found = rule(node)
            if found is not None:
                fired.add(key)
            return found

        return run_rule

    rules = {
        op: tuple(noted(rule, (op, k)) for k, rule in enumerate(given)) for op, given in simplify_module.RULES.items()
    }
    everywhere = tuple(noted(rule, ("everywhere", k)) for k, rule in enumerate(simplify_module.EVERYWHERE))
    monkeypatch.setattr(simplify_module, "RULES", rules)
    monkeypatch.setattr(simplify_module, "EVERYWHERE", everywhere)
    for path in CASES:
        if path.stem.startswith("simplify-"):
            before_and_after(path)
    wanted = {(op, k) for op, given in rules.items() for k in range(len(given))} | {
        ("everywhere", k) for k in range(len(everywhere))
    }
    assert wanted - fired == set()


@pytest.mark.parametrize("path", SAMPLES, ids=lambda p: p.stem)
@pytest.mark.parametrize("program", PROGRAMS)
def test_every_program_of_a_sample_stays_well_formed(path: Path, program: str) -> None:
    graph = graph_of(check_source(load_source(path)), program)
    verify(graph)
    steps: tuple[Pass, ...] = STEPS
    assert run(graph, steps, verify=True).nodes()
    verify(promote(graph))
