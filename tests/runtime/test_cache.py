"""Programs on the disk: kept, found again, and made anew where the files do not serve."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from programs import SUM, Sum

from nndsl.diagnostics import InternalError
from nndsl.runtime import cache, hashing, stored
from nndsl.runtime.cache import inspect_program, load_program
from nndsl.runtime.hashing import program_hash
from nndsl.runtime.threads import run

Python = Callable[..., "subprocess.CompletedProcess[str]"]
LOAD = """
import sys
from nndsl.runtime.cache import load_program
program = load_program({text!r}, "main")
print(program.compiled, "numba" in sys.modules, program.path.name)
"""


def text_of(number: int) -> str:
    """A program that no other test has: it writes `number`."""
    return f"""
from nndsl.runtime.intrinsics import array_i64, entry, program
@program
def main(worker, workers, sync, table):
    array_i64(entry(table, 0), 1)[0] = {number}
"""


def result_of(program: cache.Program) -> int:
    out = np.zeros(1, np.int64)
    run(program.address, np.array([out.ctypes.data]), 1)
    return int(out[0])


def forget(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if this process had loaded nothing."""
    monkeypatch.setattr(cache._state, "programs", {})


def test_a_second_process_compiles_nothing_and_needs_no_numba(python: Python) -> None:
    source = LOAD.format(text=text_of(1))
    first, second = python(source), python(source)
    assert first.stdout.split()[:2] == ["True", "True"], first.stderr
    assert second.stdout.split()[:2] == ["False", "False"], second.stderr
    assert first.stdout.split()[2] == second.stdout.split()[2]


def test_importing_the_runtime_imports_neither_numba_nor_numpy(python: Python) -> None:
    done = python("import sys, nndsl.runtime.cache, nndsl.runtime.threads, nndsl.ops.draws\n"
                  "print([name for name in ('numba', 'llvmlite', 'numpy') if name in sys.modules])")  # fmt: skip
    assert done.stdout.strip() == "[]", done.stderr


def test_one_process_loads_a_program_once() -> None:
    assert load_program(text_of(2), "main") is load_program(text_of(2), "main")


@pytest.mark.parametrize("damage", [b"", b"nonsense", b"flipped", b"cut"])
def test_a_damaged_object_is_compiled_again(damage: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = load_program(text_of(3), "main").path.with_suffix(".o")
    content = kept.read_bytes()
    middle = len(content) // 2
    damaged = {b"flipped": content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :],
               b"cut": content[:middle]}.get(damage, damage)  # fmt: skip
    kept.write_bytes(damaged)
    forget(monkeypatch)
    again = load_program(text_of(3), "main")
    assert again.compiled
    assert result_of(again) == 3
    assert kept.read_bytes() != damaged


def test_an_object_that_does_not_link_is_compiled_again(monkeypatch: pytest.MonkeyPatch) -> None:
    other = load_program(text_of(4), "main").path.with_suffix(".o")
    wrong = load_program(text_of(5).replace("main", "other"), "other").path.with_suffix(".o")
    other.write_bytes(wrong.read_bytes())
    forget(monkeypatch)
    again = load_program(text_of(4), "main")
    assert again.compiled
    assert result_of(again) == 4


def test_the_source_is_kept_for_reading_and_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    path = load_program(text_of(6), "main").path
    assert path.read_text() == text_of(6)
    os.utime(path, (1, 1))
    forget(monkeypatch)
    path.with_suffix(".o").unlink()
    assert load_program(text_of(6), "main").compiled
    assert path.stat().st_mtime == 1


def test_an_unwritable_folder_costs_only_the_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: object, **options: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(stored, "write_atomic", fail)
    assert result_of(load_program(text_of(7), "main")) == 7


def test_the_hash_covers_switches_entries_and_sources(monkeypatch: pytest.MonkeyPatch) -> None:
    before = program_hash(SUM, ("main",))
    assert program_hash(SUM, ("main", "other")) != before
    monkeypatch.setenv("NUMBA_BOUNDSCHECK", "1")
    assert program_hash(SUM, ("main",)) != before
    monkeypatch.delenv("NUMBA_BOUNDSCHECK")
    known = hashing._source
    monkeypatch.setattr(hashing, "_source", lambda module: (known(module) or b"") + b" ")
    assert program_hash(SUM, ("main",)) != before


def test_the_hash_follows_imports_to_the_files_they_need() -> None:
    text = "from nndsl.runtime.random_scalar import uniform_f32\nfrom nndsl.runtime import scalar\n"
    folder = Path(cache.__file__).parent
    sources = hashing._imported(text)
    for name in ("random_scalar", "scalar", "../ops/draws", "llvm", "target"):
        assert (folder / f"{name}.py").read_bytes() in sources


def test_two_processes_at_once(python: Python) -> None:
    source = LOAD.format(text=text_of(8)) + "\nprint(program.address > 0)"
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda _: python(source), range(2)))
    assert all(d.stdout.split()[-1] == "True" for d in done), [d.stderr for d in done]
    assert python(source).stdout.split()[0] == "False"


def test_threads_that_load_at_once_get_one_program() -> None:
    with ThreadPoolExecutor(4) as pool:
        programs = list(pool.map(lambda _: load_program(text_of(9), "main"), range(8)))
    assert len({id(program) for program in programs}) == 1


def test_what_numba_refuses_is_a_fault_of_ours() -> None:
    with pytest.raises(InternalError, match="numba refuses"):
        load_program(text_of(10).replace("= 10", "= unknown"), "main")


def test_numba_of_other_people_is_left_in_peace() -> None:
    import numba

    Sum().run(1)

    @numba.njit
    def last(x: np.ndarray) -> float:
        return max(x[-1], x.sum()) if x.size else np.zeros(3).sum()

    assert last(np.array([1.0, 2.0])) == 3.0


@pytest.mark.parametrize(("stage", "sign"), [("llvm", "define"), ("asm", "nn_square")])
def test_stages_show_the_names_of_kernels(stage: str, sign: str) -> None:
    shown = inspect_program(SUM, "main", stage)
    assert sign in shown
    assert "nn_collect" in shown


def test_bounds_checks_end_the_run_with_an_error_and_do_not_hang(python: Python) -> None:
    source = """
import numpy as np
from nndsl.diagnostics import InternalError
from nndsl.runtime.cache import load_program
from nndsl.runtime.threads import run
TEXT = '''
from nndsl.runtime.intrinsics import array_f64, barrier, entry, kernel, program
@kernel
def touch(x, k):
    x[k] = 1.0
@program
def main(worker, workers, sync, table):
    if worker == entry(table, 1):
        touch(array_f64(entry(table, 0), 5), entry(table, 2))
    barrier(sync, workers, 1)
'''
x = np.zeros(5)
program = load_program(TEXT, "main")
for worker, k in ((0, 5), (1, 5), (1, -1), (0, 4), (1, 0)):
    try:
        run(program.address, np.array([x.ctypes.data, worker, k]), 2)
        print("fine")
    except InternalError as error:
        print("outside")
"""
    done = python(source, NUMBA_BOUNDSCHECK="1")
    assert done.stdout.split() == ["outside"] * 3 + ["fine"] * 2, done.stderr


def test_sources_run_with_the_interpreter_that_made_them() -> None:
    assert sys.version in hashing.machine()
