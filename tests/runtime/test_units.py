"""Kernels by themselves: found again by their content, made anew where what is stored does not serve."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from parts import HEADER, SEQUENCE, result_of, text_of

from nndsl.diagnostics import InternalError
from nndsl.runtime import building, cache, helpers, stored, units
from nndsl.runtime.cache import inspect_program, load_program
from nndsl.runtime.jobs import Job, Made, carry_out
from nndsl.runtime.threads import run

Python = Callable[..., "subprocess.CompletedProcess[str]"]
PRODUCT = """
@kernel
def multiply(x: f32[n, 3], y: f32[3, n], out: f32[n, n], n, worker, workers):
    begin, end = share(n, worker, workers, 1)
    product_nn(x, y, out, begin, end)
"""


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[Job]:
    """The jobs that were carried out since; nothing counts as loaded."""
    jobs: list[Job] = []

    def noting(job: Job) -> Made:
        jobs.append(job)
        return carry_out(job)

    monkeypatch.setattr(helpers, "carry_out", noting)
    monkeypatch.setattr(cache._state, "programs", {})
    return jobs


def file_of(text: str) -> Path:
    """Where the only unit of a program is stored."""
    (unit,) = units.split(text).units.values()  # type: ignore[union-attr]
    return stored.folder("units") / f"{building.unit_symbol(unit.text)}.o"


def again(text: str, monkeypatch: pytest.MonkeyPatch) -> cache.Program:
    """Load a program that this process has forgotten, and whose own file is gone."""
    load_program(text, "main").path.with_suffix(".o").unlink()
    monkeypatch.setattr(cache._state, "programs", {})
    return load_program(text, "main")


def test_kernels_that_differ_in_names_alone_are_one_unit(compiled: list[Job]) -> None:
    assert result_of(load_program(text_of(1.25, 1.25), "main")) == 2.5
    assert result_of(load_program(text_of(1.25, x="other", i="place"), "main")) == 1.25
    assert len(compiled) == 1


def test_a_changed_kernel_is_compiled_alone(compiled: list[Job]) -> None:
    load_program(text_of(2.25, 3.25, 4.25), "main")
    assert len(compiled) == 3
    assert result_of(load_program(text_of(2.25, 5.25, 4.25), "main")) == 11.75
    assert [("5.25" in job.text) for job in compiled[3:]] == [True]


def test_a_unit_depends_on_what_it_imports_and_on_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    from nndsl.runtime import hashing

    known = hashing._source
    (plain,) = units.split(text_of(1.0)).units.values()  # type: ignore[union-attr]
    (product,) = units.split(HEADER + PRODUCT + SEQUENCE).units.values()  # type: ignore[union-attr]
    before = [building.unit_symbol(unit.text) for unit in (plain, product)]

    def changed(name: str) -> bytes | None:
        return b"#" if name.endswith("slim_products") else known(name)

    monkeypatch.setattr(hashing, "_source", changed)
    after = [building.unit_symbol(unit.text) for unit in (plain, product)]
    assert [x == y for x, y in zip(before, after, strict=True)] == [True, False]


@pytest.mark.parametrize("damage", [b"", b"nonsense", b"flipped", b"cut"])
def test_a_damaged_unit_is_compiled_again(damage: bytes, compiled: list[Job], monkeypatch: pytest.MonkeyPatch) -> None:
    text = text_of(6.25)
    load_program(text, "main")
    file, count = file_of(text), len(compiled)
    content = file.read_bytes()
    middle = len(content) // 2
    damaged = {b"flipped": content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :],
               b"cut": content[:middle]}.get(damage, damage)  # fmt: skip
    file.write_bytes(damaged)
    assert result_of(again(text, monkeypatch)) == 6.25
    assert len(compiled) == count + 1
    assert file.read_bytes() == content


def test_a_unit_of_another_name_is_compiled_again(monkeypatch: pytest.MonkeyPatch) -> None:
    right, wrong = text_of(7.25), text_of(8.25)
    load_program(right, "main")
    load_program(wrong, "main")
    file_of(right).write_bytes(file_of(wrong).read_bytes())
    assert result_of(again(right, monkeypatch)) == 7.25
    assert result_of(again(right, monkeypatch)) == 7.25


def test_units_that_are_there_are_not_compiled(compiled: list[Job], monkeypatch: pytest.MonkeyPatch) -> None:
    load_program(text_of(9.25), "main")
    compiled.clear()
    program = again(text_of(9.25), monkeypatch)
    assert program.compiled
    assert (result_of(program), compiled) == (9.25, [])


def test_products_are_compiled_once_for_all_programs(compiled: list[Job]) -> None:
    for number in ("1.0", "2.0"):
        text = f"{HEADER}{PRODUCT}{SEQUENCE}    multiply(entry(table, 2), entry(table, 3), entry(table, 0), n, worker, "
        program = load_program(f"{text}workers)\n    pass  # {number}\n", "main")
        x, y = (np.arange(6, dtype=np.float32).reshape(shape) for shape in ((2, 3), (3, 2)))
        out = np.zeros((2, 2), np.float32)
        run(program.address, np.array([out.ctypes.data, 2, x.ctypes.data, y.ctypes.data]), 1)
        assert np.array_equal(out, x @ y)
    assert len(compiled) <= 2  # the kernel, and the product where no test before this one had it
    assert sum(job.kind == "unit" for job in compiled) == 1


def test_convolutions_that_know_their_numbers_and_others_are_kept_apart() -> None:
    calls = [f"    convolve(x, w, y, ({n}, {n},), (1, 1,), (0, 0,), 1, 0, 16)" for n in (1, 2, 1)]
    text = """from __future__ import annotations
from nndsl.runtime.convolutions import convolve
from nndsl.runtime.intrinsics import kernel
@kernel
def unit(x: f32[1, 6, 6, 2], w: f32[3, 3, 2, 4], y: f32[1, 4, 4, 4], worker, workers):
"""
    names = [carry_out(Job("unit", f"nn_unit_{n}", text + "\n".join(chosen))).needs
             for n, chosen in enumerate((calls, calls[:1], calls[1:2], calls[2:]))]  # fmt: skip
    plain, other = ("nn_convolve_forward_2d_plain_f32",), ("nn_convolve_forward_2d_f32",)
    assert names == [other + plain, plain, other, plain]


def test_a_sequence_has_loops_and_changes_places() -> None:
    text = (
        text_of(1.5, 10.0).split("@sequence")[0]
        + """@sequence
def main(worker, workers, sync, table):
    n = entry(table, 1) // 1 - 1 + 1
    a, b = entry(table, 0), entry(table, 2)
    turn = 0
    for step in range(3):
        add_0(a, n, worker, workers)
        turn += 1
        barrier(sync, workers, turn)
        a, b = b, a + step * 0
    add_1(b, n, worker, workers)
"""
    )
    first, second = np.zeros(4, np.float32), np.zeros(4, np.float32)
    table = np.array([first.ctypes.data, 3, second.ctypes.data])
    run(load_program(text, "main").address, table, 2)
    assert (first.tolist(), second.tolist()) == ([13.0] * 4, [1.5] * 4)


@pytest.mark.parametrize("line", ["while n: pass", "x = n / 2", "x = {}"])
def test_a_sequence_that_is_more_than_calls_is_a_fault_of_ours(line: str) -> None:
    with pytest.raises(InternalError, match="sequences have no"):
        load_program(text_of(1.0) + f"    {line}\n", "main")


def test_what_numba_refuses_is_a_fault_of_ours() -> None:
    with pytest.raises(InternalError, match="numba refuses"):
        load_program(text_of(1.0).replace("f32(1.0)", "unknown"), "main")


@pytest.mark.parametrize(("stage", "sign"), [("llvm", "define"), ("asm", ".globl")])
def test_stages_show_kernels_by_their_names(stage: str, sign: str) -> None:
    shown = inspect_program(text_of(1.0, 2.0), "main", stage)
    assert sign in shown
    assert {"nn_add_0", "nn_add_1"} <= {word.strip("@:(") for word in shown.replace("(", "( ").split()}


def test_bounds_checks_of_kernels_end_the_run_with_an_error(python: Python) -> None:
    text = text_of(1.0).replace("[i]", "[i + worker]")
    source = f"""
import numpy as np
from nndsl.diagnostics import InternalError
from nndsl.runtime.cache import load_program
from nndsl.runtime.threads import run
x = np.zeros(6, np.float32)
program = load_program({text!r}, "main")
for workers in (1, 2):
    try:
        run(program.address, np.array([x.ctypes.data, 4]), workers)
        print("fine")
    except InternalError:
        print("outside")
"""
    done = python(source, NUMBA_BOUNDSCHECK="1")
    assert done.stdout.split() == ["fine", "outside"], done.stderr


def test_units_have_no_names_of_their_program() -> None:
    parts = units.split(text_of(1.0, x="some_array"))
    assert parts is not None
    (unit,) = parts.units.values()
    assert "some_array" not in unit.text
    assert unit.parameters == ("i64",) * 4
    assert isinstance(parts.sequence, ast.FunctionDef)
    assert units.split("x = 1\n") is None
