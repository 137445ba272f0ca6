"""What tools/fuzz.py does with one program: every stage up to the source of the kernels, and what must hold of each."""

from __future__ import annotations

import json
import tempfile
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fuzz_programs import Case

from nndsl import driver
from nndsl.check.file import check_file
from nndsl.cli.reports import github, sarif
from nndsl.diagnostics import NndslError, Problem, Source, render_all
from nndsl.driver import PROGRAMS, Checked
from nndsl.editor.mending import mend
from nndsl.passes import run
from nndsl.summary import summary_data, summary_text
from nndsl.syntax.format import format_source
from nndsl.syntax.load import load_source, source_from_bytes
from nndsl.syntax.parse import parse, parse_range

Limited = Callable[[str], None]
"""Called with the name of a stage when it begins: the limits of time and memory are those of a stage."""


@dataclass(frozen=True)
class Done:
    """How far a program got, and what was said about it."""

    codes: tuple[str, ...]
    checked: bool
    compiled: bool


EXTRAS = {"format": 0.4, "mend": 0.1, "kernels": 0.5}
"""What takes long and is done with a share of the programs only."""


def carry_out(case: Case, begin: Limited, extras: Collection[str] = tuple(EXTRAS)) -> Done:
    """Take a program as far as it goes. Raises whatever a stage raises that is no Problem, and AssertionError where
    what a stage promises does not hold."""
    with in_files(case) as path:
        begin("front end")
        try:
            source = reading(case, path)
        except NndslError as error:
            told(error.problems)
            return Done(tuple(p.code for p in error.problems), False, False)
        file, found = parse(source)
        assert file.items or found, "nothing parsed and nothing said"
        result = check_file(file, source, found)
        told(result.problems)
        model, train = result.model, result.train
        if model is not None:
            assert summary_text(model)
            json.dumps(summary_data(model))
        if not found and "format" in extras:
            formatting(source, begin)
        if "mend" in extras and any(p.fixes for p in result.problems):
            begin("mending")
            mended, _ = mend(source, driver.problems_of, unsafe=True)
            again = driver.problems_of(Source(source.name, mended, source.path))
            assert errors(again) <= errors(result.problems), "`check --fix` left more errors"
        codes = tuple(p.code for p in result.problems)
        if result.errors or model is None or train is None:
            return Done(codes, not result.errors, False)
        if "kernels" in extras:
            checked = Checked(source, file, model, train, result.problems)
            for program in PROGRAMS:
                begin(program)
                graph = driver.graph_of(checked, program)
                compile(driver.module_of(graph).text, "<kernels>", "exec")
                begin(f"passes of {program} one by one")
                run(graph, verify=True)
        return Done(codes, True, "kernels" in extras)


@contextmanager
def in_files(case: Case) -> Iterator[Path | None]:
    """The program in a folder with the files it imports; None where it needs none."""
    if not case.files and case.other is None:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="nndsl-fuzz-") as folder:
        for name, content in case.files.items():
            (Path(folder) / name).write_bytes(content)
        path = Path(folder) / "m.nn"
        path.write_bytes(case.text)
        yield path


def reading(case: Case, path: Path | None) -> Source:
    """The program as a Source; where it changes while it is read, what came of the last reading."""
    if path is None:
        return source_from_bytes(case.text, "m.nn")
    if case.other is None:
        return load_source(path)
    stop = threading.Event()

    def change() -> None:
        while not stop.is_set():
            for content in (case.other, case.text):
                path.write_bytes(content or b"")

    thread = threading.Thread(target=change)
    thread.start()
    try:
        for _ in range(10):
            try:
                load_source(path)
            except NndslError as error:
                told(error.problems)
    finally:
        stop.set()
        thread.join()
    return load_source(path)


def told(problems: tuple[Problem, ...]) -> None:
    """Every form in which Problems are shown; their places must lie in their files, in order."""
    for problem in problems:
        assert problem.code, "a Problem without a code"
        assert problem.headline, "a Problem that says nothing"
        for span in [problem.span, *(label.span for label in problem.labels)]:
            assert span is None or 0 <= span.start <= span.end <= len(span.source.text) + 1, (
                "a place outside of the file"
            )
        assert type(problem).__doc__, "a Problem without a page"
    render_all(problems)
    json.dumps([problem.facts for problem in problems])
    json.dumps(sarif(problems))
    github(problems)


def errors(problems: tuple[Problem, ...]) -> int:
    return sum(problem.severity == "error" for problem in problems)


def formatting(source: Source, begin: Limited) -> None:
    """The formatted text parses to the same tree, and is in the style already."""
    begin("formatting")
    once = format_source(source)
    begin("formatting again")
    mine = Source(source.name, once, source.path)
    assert format_source(mine) == once, "formatting twice is not formatting once"
    begin("the formatted text")
    assert same_tree(source, mine), "formatting changed the meaning"


def same_tree(a: Source, b: Source) -> bool:
    one, other = (parse_range(s, 0, len(s.text))[0] for s in (a, b))
    return repr(one) == repr(other)
