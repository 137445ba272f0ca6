"""`import`: what it brings into view, what it refuses, and what many files cost."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from casefile import case_paths, check_case, load_case, write_files

from nndsl.check import modules
from nndsl.diagnostics import NndslError, Problem, Source, render_all
from nndsl.driver import Checked, check_source, problems_of
from nndsl.syntax.load import load_source

DOUBLE = "layer Double(units: int = 3)(x: f32[..., n]) { return x |> Dense(2 * units, activation=act) |> Dense(n) }\n"
BLOCKS = DOUBLE + "private fn act(x: f32[...]) { return 2 * x }\nfn half(x: f32[...]) { return x / 2 }\n"


def model(line: str) -> str:
    return f"model M() {{\n  input x: f32[batch, 4]\n  output y = {line}\n}}\n"


def files(folder: Path, **texts: str) -> Source:
    """Write files, `__` for `/` in their names; the Source of `m.nn`."""
    write_files({f"file {name.replace('__', '/')}.nn": text for name, text in texts.items()}, folder)
    return load_source(folder / "m.nn", "m.nn")


def checked(folder: Path, **texts: str) -> Checked:
    return check_source(files(folder, **texts))


def found(folder: Path, **texts: str) -> list[Problem]:
    return [p for p in problems_of(files(folder, **texts)) if p.severity == "error"]


@pytest.mark.parametrize("path", case_paths("check_import"), ids=lambda path: path.stem)
def test_message(path: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    case = load_case(path)
    write_files(case | {"file m.nn": case["input"]}, tmp_path)
    check_case(path, render_all(problems_of(load_source(tmp_path / "m.nn", "m.nn"))), request)


# --- what comes into view ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("head", "line"),
    [
        ('import "blocks.nn"', "x |> Double() |> half"),
        ('import "blocks.nn" as b', "x |> b.Double() |> b.half"),
        ('import "blocks.nn" as b', "b.half(b.Double(units=3)(x))"),
        ('import "blocks.nn" as b', "x |> Dense(6, activation=b.half) |> Dense(4)"),
    ],
)
def test_definitions_of_another_file_can_be_used(tmp_path: Path, head: str, line: str) -> None:
    made = checked(tmp_path, blocks=BLOCKS, m=f"{head}\n{model(line)}").model
    assert [spec.leaf.type.shape for spec in made.params] == [(4, 6), (6,), (6, 4), (4,)]


def test_imported_layers_have_the_names_of_their_definitions(tmp_path: Path) -> None:
    made = checked(tmp_path, blocks=BLOCKS, m='import "blocks.nn" as b\n' + model("x |> b.Double()")).model
    assert made.params[0].name == "Double_1.Dense_1.kernel"


def test_an_imported_definition_sees_its_own_file(tmp_path: Path) -> None:
    own = "fn act(x: f32[...]) { return concat(x, x) }\n"  # another `act` than the one Double means
    assert checked(tmp_path, blocks=BLOCKS, m=f'import "blocks.nn"\n{own}' + model("act(x |> Double())"))


def test_an_import_brings_only_the_names_of_that_file(tmp_path: Path) -> None:
    texts = {"blocks": BLOCKS, "more": 'import "blocks.nn"\nfn third(x: f32[...]) { return half(x) / 1.5 }\n'}
    assert checked(tmp_path, **texts, m='import "more.nn"\n' + model("third(x)"))
    assert [p.code for p in found(tmp_path, **texts, m='import "more.nn"\n' + model("half(x)"))] == ["NN101"]


def test_paths_start_at_the_importing_file(tmp_path: Path) -> None:
    more = 'import "../blocks.nn" as b\nfn third(x: f32[...]) { return b.half(x) }\n'
    assert checked(tmp_path, blocks=BLOCKS, lib__more=more, m='import "lib/more.nn"\n' + model("third(x)"))


def test_an_imported_name_hides_one_of_the_library(tmp_path: Path) -> None:
    dense = "layer Dense(units: int)(x: f32[..., n]) { return x }\n"
    assert checked(tmp_path, blocks=dense, m='import "blocks.nn"\n' + model("x |> Dense(3)")).model.params == ()


def test_one_file_by_two_paths_is_one_file(tmp_path: Path) -> None:
    assert checked(tmp_path, blocks=BLOCKS, m='import "blocks.nn"\nimport "./blocks.nn"\n' + model("half(x)"))


def test_models_and_sections_of_other_files_are_left_alone(tmp_path: Path) -> None:
    other = BLOCKS + model("x |> half").replace("M()", "Other()") + "train Other { epoch = 3 }\ndata Other { x = 1 }\n"
    result = checked(tmp_path, other=other, m='import "other.nn"\n' + model("half(x)"))
    assert result.model.name == "M"


def test_optimizers_losses_and_metrics_can_be_imported(tmp_path: Path) -> None:
    blocks = (
        "optimizer Plain(learning_rate: float = 0.1)(p, g) { p := p - learning_rate * g }\n"
        "loss off(y: f32[...], p: f32[...]) { return abs(y - p) }\n"
    )
    text = (
        'import "blocks.nn" as b\nmodel M() {\n  input x: f32[batch, 4]\n  target y: f32[batch, 4]\n'
        "  output p = x |> Dense(4)\n  loss b.off(y, p)\n  metric y |> b.off(p)\n}\ntrain M { optimizer = b.Plain() }\n"
    )
    result = checked(tmp_path, blocks=blocks, m=text)
    assert result.train.optimizer.name == "Plain"
    assert [term.name for term in result.model.training.losses] == ["off"]


def test_recursion_through_another_file_is_found(tmp_path: Path) -> None:
    texts = {
        "a": 'import "b.nn"\nlayer A()(x: f32[...]) { return x |> B }\n',
        "b": 'import "a.nn"\nlayer B()(x: f32[...]) { return x |> A }\n',
    }
    assert {p.code for p in found(tmp_path, **texts, m='import "a.nn"\n' + model("x |> A"))} == {"NN131", "NN109"}


# --- what is refused --------------------------------------------------------------------------------------------


def test_a_link_that_leads_outside_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret.nn").write_text(BLOCKS)
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "blocks.nn").symlink_to("../secret.nn")
    assert [p.code for p in found(tmp_path / "project", m='import "blocks.nn"\n' + model("half(x)"))] == ["NN130"]


def test_a_linked_folder_that_leads_outside_is_refused(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "blocks.nn").write_text(BLOCKS)
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "lib").symlink_to("../outside")
    assert [p.code for p in found(tmp_path / "project", m='import "lib/blocks.nn"\n' + model("half(x)"))] == ["NN130"]


def test_a_link_inside_the_folder_is_fine(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "blocks.nn").write_text(BLOCKS)
    (tmp_path / "link.nn").symlink_to("lib/blocks.nn")
    result = checked(tmp_path, m='import "link.nn"\nimport "lib/blocks.nn"\n' + model("half(x)"))
    assert [(file.place, file.links) for file in result.imported] == [("lib/blocks.nn", ("link.nn",))]


@pytest.mark.parametrize(
    ("content", "code"), [(None, "NN081"), (b"a\0b", "NN083"), (b"# \xe9", "NN084"), (b"#" * 5_000_000, "NN902")]
)
def test_what_is_no_source_file_is_told_at_the_import(tmp_path: Path, content: bytes | None, code: str) -> None:
    place = tmp_path / "blocks.nn"
    if content is None:
        place.mkdir()
    else:
        place.write_bytes(content)
    (problem,) = found(tmp_path, m='import "blocks.nn"\n' + model("half(x)"))
    assert (problem.code, problem.span.text if problem.span else None) == (code, '"blocks.nn"')


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no pipes with names")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "blocks.nn")
    assert [p.code for p in found(tmp_path, m='import "blocks.nn"\n' + model("half(x)"))] == ["NN082"]


def test_links_in_a_circle_are_a_missing_file(tmp_path: Path) -> None:
    (tmp_path / "blocks.nn").symlink_to("blocks.nn")
    assert [p.code for p in found(tmp_path, m='import "blocks.nn"\n' + model("half(x)"))] == ["NN080"]


def test_a_path_that_is_too_long_is_told(tmp_path: Path) -> None:
    (problem,) = found(tmp_path, m=f'import "{"a" * 5000}.nn"\n' + model("x"))
    assert problem.code in ("NN080", "NN082")


def test_text_without_a_folder_imports_nothing() -> None:
    problems = problems_of(Source("m.nn", 'import "blocks.nn"\n' + model("half(x)")))
    assert [p.code for p in problems] == ["NN130"]


def test_check_source_raises_for_a_fault_in_an_imported_file(tmp_path: Path) -> None:
    source = files(tmp_path, blocks="fn half(x: f32[...]) { return nothing }\n", m='import "blocks.nn"\n' + model("x"))
    with pytest.raises(NndslError) as caught:
        check_source(source)
    (problem,) = caught.value.problems
    assert problem.span is not None
    assert problem.span.where == "blocks.nn:1"


# --- many files -------------------------------------------------------------------------------------------------


def test_each_file_is_read_once_however_often_it_is_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def counted(path: Path, name: str) -> Source:
        read.append(path.name)
        return load_source(path, name)

    monkeypatch.setattr(modules, "load_source", counted)
    # Diamonds forty deep: 2^40 ways lead from the first file to the last.
    texts = {
        f"{side}{i}": f'import "l{i + 1}.nn"\nimport "r{i + 1}.nn"\n'
        f"fn {side}f{i}(x: f32[...]) {{ return lf{i + 1}(x) }}\n"
        for i in range(40)
        for side in "lr"
    }
    texts |= {f"{side}40": f"fn {side}f40(x: f32[...]) {{ return x }}\n" for side in "lr"}
    assert checked(tmp_path, **texts, m='import "l0.nn"\nimport "r0.nn"\n' + model("lf0(x)"))
    assert sorted(read) == sorted(f"{name}.nn" for name in texts)


def test_too_many_files_are_told_once(tmp_path: Path) -> None:
    count = modules.MAX_FILES + 20
    texts = {f"a{i}": f"fn f{i}(x: f32[...]) {{ return x }}\n" for i in range(count)}
    problems = found(tmp_path, **texts, m="".join(f'import "a{i}.nn"\n' for i in range(count)) + model("f0(x)"))
    assert [(p.code, p.span.line if p.span else 0) for p in problems] == [("NN904", modules.MAX_FILES + 1)]


def test_a_chain_of_files_is_followed_to_its_end(tmp_path: Path) -> None:
    count = modules.MAX_FILES - 1
    texts = {f"a{i}": f'import "a{i + 1}.nn" as b\nfn f(x: f32[...]) {{ return x }}\n' for i in range(count)}
    texts[f"a{count}"] = 'import "m.nn"\nfn f(x: f32[...]) { return x }\n'
    (problem,) = found(tmp_path, **texts, m='import "a0.nn"\n' + model("f(x)"))
    assert problem.headline.startswith("these files import each other: m.nn → a0.nn → a1.nn")


def test_hundreds_of_wrong_imports_give_a_bounded_number_of_problems(tmp_path: Path) -> None:
    lines = "".join(f'import "/a{i}.nn"\nimport "b{i}.nn"\n' for i in range(300))
    assert len(found(tmp_path, m=lines + model("x"))) <= 100
