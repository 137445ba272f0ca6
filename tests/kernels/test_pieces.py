"""Loops cut where a condition on their index changes."""

from __future__ import annotations

from nndsl.ir.loops import Binary, Expr, For, Load, Num, Select, Statement, Store, Var
from nndsl.kernels.pieces import in_pieces
from nndsl.kernels.source import statement as printed


def loop(value: Expr, stop: int = 8) -> For:
    return For("j", Num(0, "int"), Num(stop, "int"), (Store("y", (Var("j"),), value),))


def shown(*body: Statement) -> list[str]:
    return [line for s in in_pieces(tuple(body), lambda b: b) for line in printed(s, 0)]


def a_at(offset: int) -> Expr:
    return Load("a", (Var("j") + offset if offset >= 0 else Var("j") - -offset,), "f32")


ZERO = Num(0.0, "f32")


def test_a_choice_by_the_index_becomes_two_loops() -> None:
    assert shown(loop(Select(Var("j") < 3, a_at(0), ZERO))) == [
        "for j in range(3):",
        "    y[j] = a[j]",
        "for j in range(3, 8):",
        "    y[j] = f32(0.0)",
    ]


def test_parts_that_do_not_overlap_become_copies() -> None:
    first = Select(Binary("and", Var("j") >= 0, Var("j") < 3, "bool"), a_at(0), ZERO)
    second = Select(Var("j") - 3 >= 0, a_at(-3), ZERO)
    assert shown(loop(first + second)) == [
        "for j in range(3):",
        "    y[j] = a[j]",
        "for j in range(3, 8):",
        "    y[j] = a[j - 3]",
    ]


def test_one_place_alone() -> None:
    assert len(in_pieces((loop(Select(Binary("==", Var("j"), Num(2, "int"), "bool"), ZERO, a_at(0))),), tuple)) == 3


def test_conditions_on_other_things_stay() -> None:
    uncut = loop(Select(Var("i") < 3, a_at(0), ZERO))
    assert in_pieces((uncut,), tuple) == (uncut,)


def test_a_loop_of_unknown_length_stays() -> None:
    uncut = For("j", Num(0, "int"), Var("n"), loop(Select(Var("j") < 3, a_at(0), ZERO)).body)
    assert in_pieces((uncut,), tuple) == (uncut,)


def test_many_cuts_are_too_many() -> None:
    value: Expr = ZERO
    for place in range(1, 20, 2):
        value = Select(Var("j") < place, a_at(0), value)
    assert len(in_pieces((loop(value, 40),), tuple)) == 1
