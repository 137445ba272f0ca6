"""The LALR automaton: tokens in, calls of the builder out, with recovery from faults.

It runs over Lark's tables (`tables.py`) by itself: no recursion, and on a fault the whole state of the parse is at
hand, so the statement at fault is replaced by one POISON token and the parse goes on after it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from nndsl.diagnostics import Source, Span
from nndsl.syntax.tables import Rule, Tables
from nndsl.syntax.tokens import Token

RESERVED = frozenset(("and", "or", "not", "true", "false", "none", "if", "else", "for", "in", "return"))
"""Words that are never names, so that `x = if a` is told at `if`."""

DEEPENING = frozenset(
    ("binary", "unary", "pipe", "call", "index", "attribute", "list", "tuple", "slice", "if_statement",
     "for_statement", "repeat", "scan", "expect_error")
)  # fmt: skip
"""Rules whose node holds nodes of its own kind: these count as a level of depth."""

MAX_DEPTH = 200


@dataclass
class Fault:
    """Where the tokens stopped making sense, and the statement they belong to."""

    token: int
    """Index of the token that fits nowhere."""
    first: int
    """Index of the first token of the statement (or item) at fault."""
    allowed: frozenset[str]
    """Terminals that could have stood there."""
    context: str
    """`item`, `statement` or `setting`: what kind of line is at fault."""
    height: int
    """How much of the stack of states comes before that line."""
    too_deep: bool = False


@dataclass
class Resume:
    """How to go on after a fault: at `token`, with what came before it replaced by POISON that binds `names`."""

    token: int
    names: tuple[str, ...]


METHODS = {"import": "import_"}
"""Rules whose method cannot have their name."""


class Parse:
    """One run of the automaton over a list of tokens."""

    def __init__(self, source: Source, tokens: list[Token], tables: Tables, builder: object) -> None:
        self.source = source
        self.tokens = tokens
        self.tables = tables
        self.actions: list[Callable[..., Any] | None] = [
            None if rule.inline or rule.collapses else getattr(builder, METHODS.get(rule.action, rule.action))
            for rule in tables.rules
        ]
        self.states = [tables.start]
        self.values: list[Any] = []
        self.ends: list[int] = []
        self.depths: list[int] = []
        self.firsts: list[int] = []

    def run(self, on_fault: Callable[[Fault], Resume | None]) -> Any:
        """Parse to the end. `on_fault` reports and says at which token to go on, None to give up."""
        rows, rules, words, states = self.tables.rows, self.tables.rules, self.tables.words, self.states
        # Rules that only hand up their one part, as `sum: product`: nine reductions out of ten.
        units = [rule.origin if rule.collapses and rule.size == 1 else None for rule in rules]
        i = 0
        resumed = -1
        while True:
            token, row = self.tokens[i], rows[states[-1]]
            kind, word = token.kind, token.text
            if kind == "NAME" and word in words and (words[word] in row or word in RESERVED):
                kind = words[word]  # a keyword where one may stand, else a name
            action = row.get(kind)
            if action is None:
                fault = self._fault(i)
            elif action >= 0:
                self._push(action, token, token.end, 0, i)
                i += 1
                continue
            elif (origin := units[-1 - action]) is not None:
                states[-1] = rows[states[-2]][origin]
                continue
            elif self._reduce(rules[-1 - action], -1 - action, i):
                if self.states[-1] == self.tables.accept:
                    return self.values[-1]
                continue
            else:
                fault = self._fault(i)
                fault.too_deep = True
            resume = on_fault(fault)
            if resume is None or resumed == len(self.tokens) - 1:
                return None
            self._poison(fault, resume)
            i = resumed = max(resume.token, resumed + 1)  # whatever happens, it goes on

    def _push(self, state: int, value: Any, end: int, depth: int, first: int) -> None:
        self.states.append(state)
        self.values.append(value)
        self.ends.append(end)
        self.depths.append(depth)
        self.firsts.append(first)

    def _reduce(self, rule: Rule, number: int, token: int) -> bool:
        """Put what the rule makes in place of its parts; False where it would nest too deep."""
        size = rule.size
        if size:
            parts = self.values[-size:]
            depth, end, first = max(self.depths[-size:]), self.ends[-1], self.firsts[-size]
            if rule.action in DEEPENING:
                depth += 1
                if depth > MAX_DEPTH:
                    return False
            for stack in (self.values, self.ends, self.depths, self.firsts, self.states):
                del stack[-size:]
        else:
            parts, depth, end, first = [], 0, self.tokens[token].start, token
        children = _children(rule, parts)
        value: Any
        action = self.actions[number]
        if rule.collapses:
            (value,) = children
        elif action is None:
            value = children
        else:
            value = action(Span(self.source, self.tokens[first].start, end), *children)
        self._push(self.tables.rows[self.states[-1]][rule.origin], value, end, depth, first)
        return True

    # --- faults ------------------------------------------------------------------------------------------

    def _fault(self, i: int) -> Fault:
        """The innermost line around the fault that POISON can stand for."""
        kept = len(self.states)
        closed = 0  # blocks whose `}` was passed on the way down: the line is not inside those
        while closed or "POISON" not in self.tables.rows[self.states[kept - 1]]:
            kept -= 1
            value = self.values[kept - 1]
            if isinstance(value, Token):
                closed += (value.kind == "RBRACE") - (value.kind == "LBRACE" and closed > 0)
        state = self.tables.rows[self.states[kept - 1]]["POISON"]
        rule = self.tables.rules[-1 - next(iter(self.tables.rows[state].values()))]
        first = self.firsts[kept - 1] if kept - 1 < len(self.firsts) else i
        return Fault(i, first, self._allowed(), rule.origin, kept)

    def _allowed(self) -> frozenset[str]:
        """Terminals that can really be shifted now: a row also lists what LALR merged in from elsewhere."""
        row = self.tables.rows[self.states[-1]]
        return frozenset(t for t in row if (t.isupper() or t in ("_NL", "$END")) and self._shiftable(t))

    def _shiftable(self, terminal: str) -> bool:
        """Try out, on the states alone, whether the automaton comes to shift `terminal`."""
        states = list(self.states[-MAX_DEPTH:])
        while True:
            action = self.tables.rows[states[-1]].get(terminal)
            if action is None:
                return False
            if action >= 0:
                return True
            rule = self.tables.rules[-1 - action]
            if rule.size >= len(states):
                return True
            if rule.size:
                del states[-rule.size :]
            states.append(self.tables.rows[states[-1]][rule.origin])
            if states[-1] == self.tables.accept:
                return True

    def _poison(self, fault: Fault, resume: Resume) -> None:
        """Drop the statement at fault and shift POISON in its place."""
        del self.states[fault.height :]
        for stack in (self.values, self.ends, self.depths, self.firsts):
            del stack[fault.height - 1 :]
        end = self.tokens[max(resume.token - 1, fault.first)].end
        self._push(self.tables.rows[self.states[-1]]["POISON"], resume.names, end, 0, fault.first)


def _children(rule: Rule, parts: list[Any]) -> Sequence[Any]:
    """The parts a rule keeps, with the lists of its helper rules spliced in and None for an absent `[…]`."""
    children: list[Any] = []
    for index, splice, nones in rule.children:
        if nones:
            children.extend([None] * nones)
        if not splice:
            children.append(parts[index])
        elif children:
            children.extend(parts[index])
        else:
            children = parts[index]  # nobody else holds this list: long ones grow in place
    if rule.nones_after:
        children.extend([None] * rule.nones_after)
    return children
