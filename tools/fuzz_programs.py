"""Where the programs of tools/fuzz.py come from: each is made from a seed and a number alone.

Four sources, by how far they get: programs of any syntax, good files with pieces changed, models that are put together
with care (`fuzz_models.py`), and programs made to break the compiler (`fuzz_hostile.py`).
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random

from fuzz_hostile import hostile
from fuzz_models import Models

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "syntax"))

from generated_programs import Programs  # noqa: E402


@dataclass(frozen=True)
class Case:
    """A program as the bytes of a file, the files beside it, and other bytes the file changes to while it is read."""

    kind: str
    text: bytes
    files: dict[str, bytes] = field(default_factory=dict)
    other: bytes | None = None


TOKENS = re.compile(
    r"##?[^\n]*|\"[^\"\n]*\"|\w+(?:\.\d+)?|\|>|:=|->|\.\.\.|\.\.|==|!=|<=|>=|\*\*|//|\n[ ]*|[^\s\w]|[ ]+"
)
VALUES = (
    "0", "-1", "1", "2", "0.5", "1e-300", "1e400", "10 ** 9", "2 ** 31", "2 ** 63", "9" * 40, "9" * 5000, "none",
    "true", "[]", "x", "batch", "...", "zeros([])", "ones([2, 3])", "[1, [2]]", '""', "1e308 * 10", "pi", "training",
    "()", "relu", "Dense", "Dense(4)", "LSTM(3)", "L2(0.1)", "he_normal", "return x", "loss x", "state s = 0.0",
    "param w: f32[3] = zeros", "x[:, 0]", "x[..., none]", "x[::-1]", "shape(x)", "rank(x)", "step", "if training {",
    "repeat 3 {", "for i in 0..3 {", "scan (h = zeros([2])) over t in x axis 0 {", "}", "{", "next h = h",
    "collect h as hs", "expect gradients", "model", "layer", "fn", "private", "->", "|>", ":=", "@", "**", "%",
    "é", "данные", "变量", "\u200b", "\u202e", "×", "“", "\t", "\r\n", "\r", "\ufeff", "\x0c", "\x1b[31m", "\x00",
)  # fmt: skip
TYPES = ("f32", "f64", "i32", "i64", "bool", "logits", "prob", "onehot", "binary", "index<3>", "index<n>", "any")
CHARACTERS = "(){}[]\"'.,:;=+-*/%@<>|&!#\\\n\t $~`^?_aZ09é\u2028\x7f"


@cache
def seeds() -> tuple[str, ...]:
    """Good and bad programs to change: samples, library, and the inputs of the golden cases."""
    files = [*(ROOT / "samples").glob("*.nn"), *(ROOT / "nndsl" / "library").glob("*.nn")]
    files += [ROOT / "tests" / "check" / "own.nn", ROOT / "tests" / "syntax" / "everything.nn"]
    texts = [path.read_text(encoding="utf-8") for path in sorted(files) if path.exists()]
    for path in sorted((ROOT / "tests" / "cases").glob("*/*.case")):
        parts = re.split(r"^--- (.+)\n", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
        texts += [text for name, text in zip(parts[1::2], parts[2::2], strict=True) if name in ("input", "source")]
    return tuple(texts)


def make(seed: int, number: int) -> Case:
    """The program of that number: the same for the same seed and the same tree of files."""
    random = Random(f"{seed}:{number}")
    match random.random():
        case draw if draw < 0.06:
            return encoded(random, "syntax", Programs(random).program())
        case draw if draw < 0.56:
            return encoded(random, "changed", changed(random))
        case draw if draw < 0.90:
            text = Models(random).program()
            return (
                Case("model", text.encode())
                if random.random() < 0.7
                else encoded(random, "model", spoilt(random, text))
            )
        case _:
            name, made, files = hostile(random)
            return Case(f"hostile {name}", made, files)


# --- changes -----------------------------------------------------------------------------------------------


def changed(random: Random) -> str:
    """A seed with one to six changes."""
    return spoilt(random, random.choice(seeds()), random.choice((1, 1, 1, 2, 2, 3, 6)))


def spoilt(random: Random, text: str, count: int = 1) -> str:
    for _ in range(count):
        text = random.choice(CHANGES)(random, text)[:200_000]
    return text


def by_characters(random: Random, text: str) -> str:
    at = random.randrange(len(text) + 1)
    until = min(len(text), at + random.choice((0, 0, 1, 1, 2, 5, 30)))
    return text[:at] + "".join(random.choices(CHARACTERS, k=random.choice((0, 1, 1, 2, 5)))) + text[until:]


def by_tokens(random: Random, text: str) -> str:
    tokens = TOKENS.findall(text) or [""]
    at, other = random.randrange(len(tokens)), random.randrange(len(tokens))
    match random.randrange(5):
        case 0:
            del tokens[at]
        case 1:
            tokens[at], tokens[other] = tokens[other], tokens[at]
        case 2:
            tokens[at] = random.choice(VALUES)
        case 3:
            tokens.insert(at, tokens[other])
        case _:
            tokens[at:at] = [" ", random.choice(VALUES), " "]
    return "".join(tokens)


def by_lines(random: Random, text: str) -> str:
    lines = text.splitlines(keepends=True) or [""]
    at, other = random.randrange(len(lines)), random.randrange(len(lines))
    match random.randrange(4):
        case 0:
            del lines[at]
        case 1:
            lines[at], lines[other] = lines[other], lines[at]
        case 2:
            lines[at:at] = [lines[other]] * random.choice((1, 1, 2, 50))
        case _:
            part = lines[min(at, other) : max(at, other)]
            random.shuffle(part)
            lines[min(at, other) : max(at, other)] = part
    return "".join(lines)


def by_numbers(random: Random, text: str) -> str:
    """Some number becomes another one, most often a huge one."""
    found = list(re.finditer(r"\b\d[\d_]*(?:\.\d+)?\b", text))
    if not found:
        return text
    place = random.choice(found)
    new = random.choice(("0", "-1", "1", "3", "0.5", "1_000", "65_536", "1_000_000", "2147483647", "2147483648",
                         "4294967296", "9223372036854775807", "9223372036854775808", "1e30", "9" * 60))  # fmt: skip
    return text[: place.start()] + new + text[place.end() :]


def by_names(random: Random, text: str) -> str:
    """Some name becomes another one of the text: a value for a layer, a layer for a size."""
    found = list(re.finditer(r"\b[A-Za-z_]\w*\b", text))
    if not found:
        return text
    place, other = random.choice(found), random.choice(found)
    return text[: place.start()] + other[0] + text[place.end() :]


def by_types(random: Random, text: str) -> str:
    found = list(re.finditer(r"\b(?:f32|f64|i32|i64|bool|logits|prob|onehot|binary|index<\w+>|any)", text))
    if not found:
        return text
    place = random.choice(found)
    return text[: place.start()] + random.choice(TYPES) + text[place.end() :]


def by_splice(random: Random, text: str) -> str:
    """The front of one file and the back of another."""
    other = random.choice(seeds())
    return text[: random.randrange(len(text) + 1)] + other[random.randrange(len(other) + 1) :]


def by_depth(random: Random, text: str) -> str:
    """Some stretch in many brackets."""
    tokens = TOKENS.findall(text) or [""]
    at, depth = random.randrange(len(tokens)), random.choice((3, 40, 99, 101, 250))
    opening, closing = random.choice((("(", ")"), ("[", "]"), ("(-", ")"), ("abs(", ")"), ("", " + 1"), ("not ", "")))
    tokens[at] = opening * depth + tokens[at] + closing * depth
    return "".join(tokens)


CHANGES = (
    by_characters, by_tokens, by_tokens, by_tokens, by_lines, by_lines, by_numbers, by_numbers, by_names, by_names,
    by_types, by_splice, by_depth,
)  # fmt: skip


def encoded(random: Random, kind: str, text: str) -> Case:
    """The bytes of a text, now and then with odd ends of lines, a mark, NULs, bytes that are no UTF-8, or changing."""
    content = text.encode("utf-8", "surrogatepass")
    match random.randrange(40):
        case 0:
            content = content.replace(b"\n", b"\r\n")
        case 1:
            content = b"\xef\xbb\xbf" + content
        case 2:
            content = content.replace(b"  ", b"\t")
        case 3:
            at = random.randrange(len(content) + 1)
            odd = (b"\0", b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80")
            content = content[:at] + random.choice(odd) + content[at:]
        case 4:
            content = random.choice((b"\xff\xfe", b"\xfe\xff")) + text.encode("utf-16-le", "surrogatepass")
        case 5:
            return Case(kind, content, other=random.choice(seeds()).encode()[: random.choice((0, 10, 10_000))])
    return Case(kind, content)
