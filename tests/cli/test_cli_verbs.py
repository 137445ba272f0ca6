"""The other verbs, and how the command ends; processes are started only where the process itself is tested."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from command import FAST, LINE, process, run

import nndsl
from nndsl.problems import catalogue


def test_check_of_a_good_file_exits_0(folder: Path) -> None:
    assert run("check", "line.nn").exit_code == 0


def test_check_prints_problems_on_standard_output(folder: Path) -> None:
    assert "did you mean `Dense`?" in run("check", "bad.nn").stdout


def test_check_with_problems_exits_1(folder: Path) -> None:
    assert run("check", "line.nn", "bad.nn").exit_code == 1


def test_check_counts_on_standard_error(folder: Path) -> None:
    assert run("check", "line.nn", "bad.nn").stderr == "1 error in 2 files\n"


def test_check_prints_json(folder: Path) -> None:
    (found,) = json.loads(run("check", "bad.nn", "--format", "json").stdout)
    assert found["place"]["line"] == 5


def test_check_takes_consts(folder: Path) -> None:
    assert run("check", "line.nn", "--set", "hidden=many").exit_code == 1


def test_check_of_a_missing_file_is_a_finding(folder: Path) -> None:
    assert "line.nn" in run("check", "lime.nn").stdout


HEAVY = {"numpy", "numba", "rich", "safetensors", "sklearn", "typer", "pydantic"}
LOADED = """
import sys
from nndsl.cli.main import run
try: run(sys.argv[1:])
finally: print(*sys.modules, file=sys.stderr)
"""


def loaded(*arguments: str) -> set[str]:
    done = subprocess.run([sys.executable, "-c", LOADED, *arguments], capture_output=True, text=True)
    return set(done.stderr.split())


def test_check_loads_nothing_heavy(folder: Path) -> None:
    assert loaded("check", "line.nn") & (HEAVY | {"nndsl.model", "nndsl.data"}) == set()


@pytest.mark.parametrize("arguments", [("explain", "NN601"), ("--help",), ("summary", "line.nn"), ("check", "line.nn")])
def test_light_verbs_do_not_load_numba(folder: Path, arguments: tuple[str, ...]) -> None:
    assert "numba" not in loaded(*arguments)


def test_check_without_options_prints_what_check_with_options_prints(folder: Path) -> None:
    assert process("check", "bad.nn").stdout == run("check", "bad.nn", "--format", "text").stdout


# --- explain -------------------------------------------------------------------------------------------------


def test_explain_prints_the_page() -> None:
    assert "no `loss` line" in run("explain", "NN601").stdout


@pytest.mark.parametrize("code", ["nn601", "601", "error[NN601]"])
def test_explain_reads_codes_as_people_paste_them(code: str) -> None:
    assert run("explain", code).stdout == run("explain", "NN601").stdout


def test_explain_of_an_unknown_code_exits_2() -> None:
    assert run("explain", "NN099").exit_code == 2


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("NN999", "there are NN901, "),
        ("NN2011", "there are NN201, "),
        ("softmax", "NN302 (softmax is applied twice)"),
        ("foo", "lists all codes"),
    ],
)
def test_explain_names_what_may_have_been_meant(code: str, told: str) -> None:
    assert told in run("explain", code).stderr


def test_explain_lists_all_codes() -> None:
    assert {line.split()[0] for line in run("explain").stdout.splitlines()} == set(catalogue())


# --- the rest ------------------------------------------------------------------------------------------------


def test_summary_prints_json(folder: Path) -> None:
    assert json.loads(run("summary", "line.nn", "--format", "json").stdout)["trained"] == 9


def test_summary_of_a_bad_file_exits_1(folder: Path) -> None:
    assert run("summary", "bad.nn").exit_code == 1


@pytest.mark.parametrize("stage", ["ast", "graph", "gradient", "optimized"])
def test_emit_prints_a_stage(folder: Path, stage: str) -> None:
    assert "Dense" in run("emit", "line.nn", "--stage", stage).stdout or stage != "ast"
    assert run("emit", "line.nn", "--stage", stage).exit_code == 0


def test_gradcheck_has_a_line_a_param(folder: Path) -> None:
    assert len(run("gradcheck", "line.nn").stdout.splitlines()) == 4


def test_gradcheck_fails_above_the_tolerance(folder: Path) -> None:
    assert run("gradcheck", "line.nn", "--tolerance", "0").exit_code == 1


def test_new_writes_a_file_that_checks(folder: Path) -> None:
    run("new", "my-digits")
    assert run("check", "my-digits.nn").exit_code == 0


def test_what_new_writes_trains(folder: Path) -> None:
    run("new", "digits")
    assert run("train", "digits.nn", *FAST, "--set", "train.epochs=1", "--quiet").exit_code == 0


def test_new_overwrites_nothing(folder: Path) -> None:
    assert (run("new", "line").exit_code, (folder / "line.nn").read_text()) == (2, LINE)


@pytest.mark.parametrize("name", ["...", "", "a\0b", "!"])
def test_new_refuses_what_is_no_name(folder: Path, name: str) -> None:
    assert run("new", name).exit_code == 2


@pytest.mark.parametrize("name", ["2d", "class", "größe-7", "a.b"])
def test_new_makes_a_model_name_of_any_name(folder: Path, name: str) -> None:
    run("new", name)
    assert run("check", f"{name}.nn").exit_code == 0


def test_doctor_tells_the_version() -> None:
    assert nndsl.__version__ in run("doctor").stdout


def test_version_prints_the_version() -> None:
    assert run("--version").stdout == f"nndsl {nndsl.__version__}\n"


def test_an_unknown_verb_is_wrong_use() -> None:
    assert run("trian", "line.nn").exit_code == 2


def test_an_unknown_option_is_wrong_use(folder: Path) -> None:
    assert run("check", "line.nn", "--fast").exit_code == 2


def test_a_fault_of_ours_is_owned_up_to(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nndsl.driver.check_source", lambda *_: 1 / 0)
    result = run("summary", "line.nn")
    assert (result.exit_code, "Traceback" in result.stderr, "report" in result.stderr) == (70, False, True)


def test_a_fault_of_ours_has_its_traceback_when_asked_for(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nndsl.driver.check_source", lambda *_: 1 / 0)
    monkeypatch.setenv("NNDSL_DEBUG", "1")
    assert "Traceback" in run("summary", "line.nn").stderr


def test_a_closed_pipe_is_quiet() -> None:
    command = [sys.executable, "-m", "nndsl", "explain"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as p:
        assert p.stdout is not None
        assert p.stderr is not None
        p.stdout.close()
        assert p.stderr.read() == b""


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_is_told() -> None:
    command = [sys.executable, "-m", "nndsl", "explain"]
    with open("/dev/full", "w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
    assert (done.returncode, "Traceback" in done.stderr, "no space" in done.stderr) == (1, False, True)


def test_output_that_is_no_terminal_has_no_color(folder: Path) -> None:
    assert "\x1b" not in process("check", "bad.nn").stdout


@pytest.mark.parametrize("stream", [1, 2])
def test_a_closed_stream_is_no_fault(folder: Path, stream: int) -> None:
    done = subprocess.run(f'"{sys.executable}" -m nndsl check line.nn {stream}>&-', shell=True, capture_output=True)
    assert done.returncode == 0
