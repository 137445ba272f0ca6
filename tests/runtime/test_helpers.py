"""Processes that compile beside this one: the same code comes out, whatever becomes of them."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from parts import result_of, text_of

from nndsl.diagnostics import InternalError
from nndsl.runtime import helpers
from nndsl.runtime.cache import load_program

Python = Callable[..., "subprocess.CompletedProcess[str]"]
MANY = 14
"""Kernels for which a helper is worth starting."""
GREETS = "import sys; sys.path[:] = {path!r}; from nndsl.runtime.helpers import *; import os\n" + (
    "i, o = (os.fdopen(os.dup(n), m, buffering=0) for n, m in ((0, 'rb'), (1, 'wb')))\n"
    "read_message(i); write_message(o, []); read_message(i)\n"
)
ENDS = {
    "does not start": "raise SystemExit(1)  # {path}",
    "says nothing": "import sys; sys.stdin.read(1); raise SystemExit(1)  # {path}",
    "goes with a job": GREETS,
    "answers half": GREETS + "o.write((2).to_bytes(8, 'little') + (1000).to_bytes(8, 'little'))\n",
    "makes nothing": GREETS + "write_message(o, [b'', b''])\n",
}


@pytest.fixture(autouse=True)
def _helpers(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Helpers are wanted, and none is there."""
    crew = helpers._Crew()
    monkeypatch.setenv("NNDSL_COMPILE_PROCESSES", "2")
    monkeypatch.setattr(helpers, "_crew", crew)
    yield
    crew.end()


def numbers(first: int) -> list[float]:
    """Of kernels that no other test has."""
    return [first + k / 64 for k in range(MANY)]


def test_helpers_make_the_same_code(python: Python, tmp_path: Path) -> None:
    source = (
        "import sys; from parts import *; from nndsl.runtime import helpers\n"
        f"program = load(text_of(*{numbers(100)}), 'main'); print(result_of(program), len(helpers._crew.helpers))\n"
    ).replace("load(", "__import__('nndsl.runtime.cache', fromlist=['_']).load_program(")
    found = []
    for processes in ("1", "2"):
        done = python(
            f"import sys; sys.path.append({str(Path(__file__).parent)!r})\n{source}",
            NNDSL_COMPILE_PROCESSES=processes,
            NNDSL_CACHE_DIR=str(tmp_path / processes),
        )
        assert done.stdout.split() == [str(sum(numbers(100))), str(int(processes) - 1)], done.stderr
        files = sorted((tmp_path / processes / "units").glob("*.o"))
        found.append([(file.name, hashlib.sha256(file.read_bytes()).hexdigest()) for file in files])
    assert len(found[0]) == MANY
    assert found[0] == found[1]


def test_few_kernels_are_compiled_here() -> None:
    assert result_of(load_program(text_of(200.0, 200.5), "main")) == 400.5
    assert helpers._crew.helpers == []


@pytest.mark.parametrize("end", ENDS)
def test_what_a_helper_does_not_do_is_done_here(end: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(helpers, "START", ENDS[end])
    wanted = numbers(300 + 2 * list(ENDS).index(end))
    assert result_of(load_program(text_of(*wanted), "main")) == sum(wanted)


def test_a_helper_that_cannot_be_started_is_done_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    assert result_of(load_program(text_of(*numbers(320)), "main")) == sum(numbers(320))
    assert helpers._crew.helpers == []


def test_what_numba_refuses_is_told_by_this_process() -> None:
    text = text_of(*numbers(340)).replace(f"f32({numbers(340)[3]})", "unknown")
    with pytest.raises(InternalError, match="numba refuses"):
        load_program(text, "main")


def test_ctrl_c_ends_the_compilation_and_the_next_one_works(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(job: object) -> object:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(helpers, "carry_out", interrupted)
        with pytest.raises(KeyboardInterrupt):
            load_program(text_of(*numbers(360)), "main")
    assert result_of(load_program(text_of(*numbers(360)), "main")) == sum(numbers(360))


def test_a_helper_goes_with_the_process_that_started_it(python: Python, tmp_path: Path) -> None:
    """Even where that is killed and can end nothing."""
    folder = str(Path(__file__).parent)
    done = python(
        f"import os, signal, sys; sys.path.append({folder!r})\n"
        "from parts import *; from nndsl.runtime import helpers\n"
        "(helper,) = helpers._crew.ready_for(20); print(helper.process.pid, helper.ready(), flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n",
        NNDSL_COMPILE_PROCESSES="2",
    )
    pid, ready = done.stdout.split()
    assert ready == "True", done.stderr
    assert done.returncode == -signal.SIGKILL
    until = time.monotonic() + 30
    while _lives(int(pid)) and time.monotonic() < until:
        time.sleep(0.05)
    assert not _lives(int(pid))


def _lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_has_no_helpers_and_leaves_those_of_its_parent() -> None:
    (helper,) = helpers._crew.ready_for(20)
    assert helper.ready()
    child = os.fork()
    if child == 0:
        os._exit(len(helpers._crew.helpers))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert helper.lives
    assert result_of(load_program(text_of(*numbers(380)), "main")) == sum(numbers(380))


@pytest.mark.parametrize(("named", "expected"), [("1", 0), ("3", 2), ("none", None), ("0", None), ("", None)])
def test_the_environment_says_how_many(named: str, expected: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NNDSL_COMPILE_PROCESSES")
    usual = helpers.most_helpers()
    monkeypatch.setenv("NNDSL_COMPILE_PROCESSES", named)
    assert helpers.most_helpers() == (usual if expected is None else expected)
