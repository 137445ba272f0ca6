"""The LALR tables that Lark makes of `grammar/nn.lark`, kept as JSON in the cache folder.

Lark is imported only when there is nothing usable in the cache: importing it and analysing the grammar takes
some 300 ms, reading the tables 2 ms.
"""

from __future__ import annotations

import hashlib
import json
import sys
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any

from nndsl.files import cache_folder, write_atomic

FORMAT = 1  # raise it when what `build_tables` writes changes


@dataclass(frozen=True)
class Rule:
    """One production. `children` says what its action is given: (index, splice, Nones before it)."""

    origin: str
    action: str
    size: int
    children: tuple[tuple[int, bool, int], ...]
    nones_after: int
    collapses: bool

    @property
    def inline(self) -> bool:
        """Whether its children are handed up to the rule that uses it."""
        return self.origin.startswith("_")


@dataclass(frozen=True)
class Tables:
    """`rows[state][symbol]` is the next state to shift to, or `-1 - n` to reduce by `rules[n]`."""

    rows: tuple[dict[str, int], ...]
    rules: tuple[Rule, ...]
    start: int
    accept: int
    words: dict[str, str]
    """Keyword and operator text to the terminal's name."""
    patterns: dict[str, str]
    """Regular expressions of NAME, NUMBER and STRING."""


def grammar_text() -> str:
    """The grammar, from the wheel or from the checkout."""
    here = Path(__file__).resolve().parent
    installed = here / "nn.lark"
    path = installed if installed.exists() else here.parent.parent / "grammar" / "nn.lark"
    return path.read_text(encoding="utf-8")


def _lark_release() -> bytes:
    """What tells one release of Lark from another: its `__init__.py`, which has the version.

    Asking importlib.metadata takes 25 ms, importing Lark 60.
    """
    found = PathFinder.find_spec("lark")
    return Path(found.origin).read_bytes() if found and found.origin else b""


@cache
def load_tables() -> Tables:
    """The tables, from the cache where it has them."""
    grammar = grammar_text()
    facts = repr((FORMAT, _lark_release(), sys.version_info[:3], grammar))
    path = cache_folder() / f"grammar-{hashlib.sha256(facts.encode()).hexdigest()[:24]}.json"
    with suppress(OSError):
        seal, _, content = path.read_bytes().partition(b"\n")
        if seal.decode("ascii", "replace") == hashlib.sha256(content).hexdigest():
            return _from_json(json.loads(content))
    plain = build_tables(grammar)  # nothing there, or it was cut short or damaged
    content = json.dumps(plain, separators=(",", ":")).encode()
    with suppress(OSError):  # a full or read-only disk costs time only
        write_atomic(path, hashlib.sha256(content).hexdigest().encode() + b"\n" + content, sync=False)
    return _from_json(plain)


def _from_json(plain: dict[str, Any]) -> Tables:
    rules = tuple(
        Rule(origin, action, size, tuple((i, bool(splice), nones) for i, splice, nones in children), after, collapses)
        for origin, action, size, children, after, collapses in plain["rules"]
    )
    distinct = [{symbol: int(action) for symbol, action in row.items()} for row in plain["distinct"]]
    return Tables(
        rows=tuple(distinct[i] for i in plain["rows"]),
        rules=rules,
        start=plain["start"],
        accept=plain["accept"],
        words=plain["words"],
        patterns=plain["patterns"],
    )


def build_tables(grammar: str) -> dict[str, Any]:
    """Have Lark analyse the grammar; the outcome as plain data. A conflict in the grammar raises GrammarError."""
    from lark import Lark
    from lark.lexer import Lexer
    from lark.parsers.lalr_analysis import Shift

    class NoLexer(Lexer):
        """`tokens.py` cuts the text; Lark is asked for the tables alone."""

        __future_interface__ = 2

        def __init__(self, conf: object) -> None: ...

        def lex(self, lexer_state: object, parser_state: object) -> Any:
            raise NotImplementedError

    lark = Lark(grammar, parser="lalr", lexer=NoLexer, start="file", strict=True, maybe_placeholders=True)
    table = lark.parser.parser._parse_table
    numbers = {rule: n for n, rule in enumerate(lark.rules)}
    order = _numbered(table.states, table.start_states["file"], Shift)
    distinct: dict[str, int] = {}
    rows = []
    for state in order:
        row = {
            symbol: order[argument] if action is Shift else -1 - numbers[argument]
            for symbol, (action, argument) in sorted(table.states[state].items())
        }
        rows.append(distinct.setdefault(json.dumps(row), len(distinct)))
    return {
        "rows": rows,
        "distinct": [json.loads(row) for row in distinct],
        "rules": [_plain_rule(rule) for rule in lark.rules],
        "start": order[table.start_states["file"]],
        "accept": order[table.end_states["file"]],
        "words": {t.pattern.value: t.name for t in lark.terminals if t.pattern.type == "str"},
        "patterns": {t.name: t.pattern.to_regexp() for t in lark.terminals if t.pattern.type == "re"},
    }


def _numbered(states: dict[int, Any], start: int, shift: object) -> dict[int, int]:
    """Numbers for the states in the order they are met from the start, as Lark's own differ from run to run."""
    order = {start: 0}
    waiting = [start]
    for state in waiting:
        for _, (action, argument) in sorted(states[state].items(), key=lambda entry: str(entry[0])):
            if action is shift and argument not in order:
                order[argument] = len(order)
                waiting.append(argument)
    return order


def _plain_rule(rule: Any) -> list[Any]:
    """What Lark's own tree builder does with a rule, as data: which symbols it keeps and where `[…]` gives None."""
    expansion = rule.expansion
    gaps = [0] * (len(expansion) + 1)
    if rule.options.empty_indices:
        marks = "".join(str(int(bit)) for bit in rule.options.empty_indices)
        gaps = [len(ones) for ones in marks.split("0")]
    children, nones = [], 0
    for i, symbol in enumerate(expansion):
        nones += gaps[i]
        if not (symbol.is_term and symbol.filter_out):
            children.append([i, not symbol.is_term and symbol.name.startswith("_"), nones])
            nones = 0
    name = rule.alias or rule.origin.name
    collapses = bool(rule.options.expand1 and not rule.alias)
    return [rule.origin.name, name, len(expansion), children, nones + gaps[-1], collapses]
