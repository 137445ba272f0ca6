"""Golden plans: how many kernels a program takes and how many bytes, so that a slow-down shows without a clock."""

from __future__ import annotations

from pathlib import Path

import pytest
from casefile import case_paths, check_case, load_case

from nndsl.diagnostics import Source
from nndsl.driver import check_source, graph_of
from nndsl.kernels.alike import lowered_once, shape_of
from nndsl.kernels.lower import lower
from nndsl.kernels.module import Module, generate
from nndsl.kernels.reasons import Reasons
from nndsl.passes import run

CASES = case_paths("kernels")


def module_of(text: str, program: str = "train") -> Module:
    return generate(run(graph_of(check_source(Source("case.nn", text)), program)))


@pytest.mark.parametrize("path", CASES, ids=lambda p: p.stem)
def test_the_plan_is_as_the_case_has_it(path: Path, request: pytest.FixtureRequest) -> None:
    case = load_case(path)
    check_case(path, module_of(case["input"], case.get("program", "train").strip()).plan_text, request)


@pytest.mark.parametrize("path", CASES, ids=lambda p: p.stem)
def test_kernels_name_their_source_lines(path: Path) -> None:
    """The source is valid Python, and says of every kernel which lines it carries out."""
    module = module_of(load_case(path)["input"])
    compile(module.text, "module", "exec")
    assert all(kernel.doc for kernel in module.kernels)
    written = module.text.count("@kernel\n") - module.text.count("\ndef copy_")  # those serve scans, not lines
    assert len(module.kernels) == written <= len([k for r in module.plan.regions for k in r.kernels()])


@pytest.mark.parametrize("path", CASES, ids=lambda p: p.stem)
def test_a_plan_says_of_all_that_a_kernel_reads_why_it_is_not_made_there(path: Path) -> None:
    case = load_case(path)
    plan = module_of(case["input"], case.get("program", "train").strip()).plan
    kernels = [kernel for region in plan.regions for kernel in region.kernels()]
    makers = {n: kernel for kernel in reversed(kernels) for n in kernel.nodes if n in plan.buffers}
    reasons = Reasons(plan)
    for kernel in kernels:
        homes = {plan.home(child) for node in kernel.nodes for child in node.inputs if child not in kernel.nodes}
        others = {makers[home].name for home in homes & makers.keys() if makers[home] is not kernel}
        told = [line.removeprefix("not fused with ").split(": ")[0] for line in reasons.of(kernel)]
        assert len(told) == len(set(told))
        assert others <= set(told)


@pytest.mark.parametrize("path", CASES, ids=lambda p: p.stem)
def test_a_region_has_the_kernel_it_would_have_by_itself(path: Path) -> None:
    """Regions alike share one that was lowered once: its text is that of their own but for names, and so are the arrays
    it takes."""
    case = load_case(path)
    plan = module_of(case["input"], case.get("program", "train").strip()).plan
    shared = lowered_once(plan)
    for top in plan.regions:
        for region in top.kernels():
            kernel, arguments = shared[region]
            own, mine = lower(plan, region, inside=region is not top)
            assert shape_of(kernel) == shape_of(own)
            assert kernel.name == own.name
            assert [(a.home, a.shape) for a in arguments] == [(a.home, a.shape) for a in mine]


def test_kernels_that_differ_in_names_alone_are_written_once() -> None:
    layers = "\n".join(f"  h{i} = h{i - 1} |> Dense(8, activation=relu)" for i in range(1, 7))
    text = f"model Deep {{\n  input x: f32[batch, 8]\n  h0 = 2 * x\n{layers}\n  output y = h6\n}}\n"
    from nndsl.driver import check_source, graph_of
    from nndsl.kernels.module import generate
    from nndsl.passes import run

    module = generate(run(graph_of(check_source(Source("deep.nn", text)), "predict")))
    assert len(module.plan.regions) == 7
    assert len(module.kernels) == 2
    assert module.text.count(f"    {module.kernels[1].name}(") == 6
    assert len({id(kernel.body) for kernel, _ in lowered_once(module.plan).values()}) < 4
