"""Write docs/mistakes.md: the same ten mistakes in Keras, in PyTorch and in `.nn`, with what each really says.

`python tools/make_mistakes.py --peers PYTHON`, where PYTHON is a Python that has Keras, PyTorch and scikit-learn.
Without `--peers` only the parts of nndsl are made anew; tests/docs/test_mistakes.py holds those.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import re
import subprocess
import tempfile
import textwrap
from pathlib import Path

from mistakes import KERAS_FIRST, KERAS_LAST, MISTAKES, TORCH_FIRST, TORCH_LAST, Mistake
from sklearn.datasets import load_digits

import nndsl
from nndsl.diagnostics import NndslError, Source, render_all
from nndsl.driver import problems_of

PAGE = Path(__file__).parent.parent / "docs" / "mistakes.md"
FILE = "digits.nn"
MOST_LINES, WIDEST = 6, 150
HEAD = """\
# Ten mistakes, three times

{made}

{data}

```python
{keras}# the program

{keras_last}```

{between}

```python
{torch}# the program

{torch_last}```

{check}
"""
MADE = (
    "What Keras, PyTorch and nndsl say to the same mistake. All that is printed here was printed: "
    "`tools/make_mistakes.py` ran the programs and wrote this page, with {versions}. Long tracebacks are cut to the "
    "line of the program itself and the last lines; `[… 9 lines …]` marks what is left out."
)
DATA = (
    "All programs read the handwritten digits of scikit-learn, 1797 images of 8 by 8 pixels, and train five epochs "
    "with Adam. Each Keras program stands between these lines:"
)
CHECK = (
    "To a `.nn` file `nndsl check digits.nn` says what follows it. What is wrong with data shows when arrays are "
    "given: there, lines of Python are run."
)


# --- nndsl -----------------------------------------------------------------------------------------------------------


def nndsl_says(mistake: Mistake) -> str:
    """What `nndsl check` prints, or else what the Python lines do."""
    problems = problems_of(Source(FILE, mistake.nn))
    if problems or not mistake.python:
        return render_all(problems)
    image, label = load_digits(return_X_y=True)
    names = {"image": image.reshape(-1, 8, 8) / 16, "label": label, "model": nndsl.compile(mistake.nn, engine="numpy")}
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        try:
            exec(mistake.python, names)
        except NndslError as error:
            print(error)
    return said.getvalue().replace("<text>", FILE).rstrip("\n")


# --- the peers -------------------------------------------------------------------------------------------------------


def peer_says(python: str, program: str) -> str:
    """Output and the end of a traceback of a program."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "digits.py"
        place.write_text(program, encoding="utf-8")
        ran = subprocess.run(
            [python, str(place)],
            capture_output=True,
            text=True,
            env={**os.environ, "KERAS_BACKEND": "torch"},
            check=False,
        )
        return (ran.stdout + cut(ran.stderr.replace(folder, "").replace("/digits.py", "digits.py"))).rstrip("\n")


def cut(traceback: str) -> str:
    """The line of the program itself, and the last lines, which say what is wrong; warnings without their line."""
    lines = [re.sub(r"\x1b\[[\d;]*m", "", line) for line in traceback.splitlines()]
    lines = [re.sub(r"^\S*/site-packages/", "", line) for line in lines if line.strip() != "warnings.warn("]
    ends = [i for i, line in enumerate(lines) if re.match(r"\w+(Error|Exception|Interrupt)\b", line)]
    if not ends:
        return "\n".join(map(_narrow, lines))
    own = [i for i, line in enumerate(lines) if line.startswith('  File "digits.py"')]
    kept = {0, *(own[-1:]), *(i + 1 for i in own[-1:]), ends[-1]}
    said = range(ends[-1] + 1, len(lines))
    telling = [i for i in said if "xpected" in lines[i]] if len(said) > MOST_LINES else [*said]
    kept |= set(telling[:MOST_LINES])
    out: list[str] = []
    last = -1
    for i in sorted(kept):
        out += [f"[… {i - last - 1} lines …]"] if i > last + 1 else []
        out.append(_narrow(lines[i]))
        last = i
    rest = len(lines) - last - 1
    return "\n".join([*out, *([f"[… {rest} lines …]"] if rest else [])])


def _narrow(line: str) -> str:
    return line if len(line) <= WIDEST else line[: WIDEST - 2] + " …"


def versions(python: str) -> str:
    """The names and versions of the peers."""
    program = (
        "import keras, torch, platform\n"
        "print(f'Keras {keras.__version__} on its PyTorch backend, PyTorch {torch.__version__}, "
        "Python {platform.python_version()}')"
    )
    return peer_says(python, program)


# --- the page --------------------------------------------------------------------------------------------------------


def page(python: str) -> str:
    """The whole page."""
    out = [
        HEAD.format(
            made=wrapped(MADE.format(versions=f"{versions(python)} and nndsl {nndsl.__version__}")),
            data=wrapped(DATA),
            between="Each PyTorch program stands between these:",
            check=wrapped(CHECK),
            keras=KERAS_FIRST,
            keras_last=KERAS_LAST,
            torch=TORCH_FIRST,
            torch_last=TORCH_LAST,
        )
    ]
    for number, mistake in enumerate(MISTAKES, start=1):
        out += [f"## {number}. {mistake.title}\n", f"{wrapped(mistake.about)}\n"]
        out += peer("Keras", python, mistake.keras, mistake.keras_right, mistake.keras_more, KERAS_FIRST, KERAS_LAST)
        out += peer("PyTorch", python, mistake.torch, mistake.torch_right, mistake.torch_more, TORCH_FIRST, TORCH_LAST)
        out += [nndsl_part(mistake)]
        out += [f"{wrapped(mistake.remark)}\n"] if mistake.remark else []
    return "\n".join(out).rstrip() + "\n"


def wrapped(text: str) -> str:
    """A paragraph in lines of the width that the other pages have."""
    return textwrap.fill(text, 130, break_long_words=False, break_on_hyphens=False)


def peer(name: str, python: str, program: str, right: str, more: str, first: str, last: str) -> list[str]:
    """The part of one peer: its program, what it said, and where that was nothing, what the mended one gives."""
    said = peer_says(python, first + program + last + more)
    out = [f"**{name}**\n", f"```python\n{program}```\n", f"```text\n{said}\n```\n"]
    if right:
        mended = peer_says(python, first + right + last + more)
        out += [f"Without the mistake the same lines print:\n\n```text\n{mended}\n```\n"]
    return out


def nndsl_part(mistake: Mistake) -> str:
    """The part of nndsl: the file, what runs it, and what is said."""
    errors = [p.code for p in problems_of(Source(FILE, mistake.nn)) if p.severity == "error"]
    mark = f" error={errors[0]}" if errors else ""
    runs = f"\n```python\n{mistake.python}```\n" if mistake.python else ""
    return f"**nndsl**\n\n```nn{mark}\n{mistake.nn}```\n{runs}\n```text\n{nndsl_says(mistake)}\n```\n"


def refreshed(text: str) -> str:
    """The page with what nndsl says now; what the peers said stays."""
    head, *sections = re.split(r"^(?=## \d+\. )", text, flags=re.MULTILINE)
    made = [head]
    for section, mistake in zip(sections, MISTAKES, strict=True):
        remark = f"\n{wrapped(mistake.remark)}\n" if mistake.remark else ""
        made.append(section[: section.index("**nndsl**")] + nndsl_part(mistake) + remark + "\n")
    return "".join(made).rstrip() + "\n"


def main() -> None:
    """Write the page."""
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--peers", help="a Python that has Keras, PyTorch and scikit-learn")
    peers = reader.parse_args().peers
    PAGE.write_text(page(peers) if peers else refreshed(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    print(PAGE)


if __name__ == "__main__":
    main()
