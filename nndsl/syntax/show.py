"""An AST as indented text, one node a line: what `nndsl emit --stage ast` prints."""

from __future__ import annotations

from dataclasses import fields

from nndsl.syntax import ast

HIDDEN = frozenset(("span", "name_span", "name_spans", "op_span", "path_span"))


def show(file: ast.File) -> str:
    """The tree as text: class, plain fields and `line:column-line:column`, children indented below.

    A child that is in a named field has the field's name in front; the items of a list have `- `.
    """
    out: list[str] = []
    # A stack instead of recursion: long `else if` chains nest deeply.
    waiting: list[tuple[int, str, ast.Syntax]] = [(0, "", file)]
    while waiting:
        depth, prefix, node = waiting.pop()
        plain: list[str] = []
        children: list[tuple[int, str, ast.Syntax]] = []
        for field in fields(node):
            value = getattr(node, field.name)
            if field.name in HIDDEN:
                continue
            if isinstance(value, ast.Syntax):
                children.append((depth + 1, f"{field.name}: ", value))
            elif isinstance(value, tuple) and value and isinstance(value[0], ast.Syntax):
                children += [(depth + 1, f"{field.name} - ", item) for item in value]
            elif value not in ("", None, ()) and (value or field.name != "rest"):
                plain.append(f"{field.name}={value!r}")
        words = [f"{prefix}{type(node).__name__}", *plain, _place(node)]
        out.append("  " * depth + " ".join(words))
        waiting.extend(reversed(children))
    return "\n".join(out) + "\n"


def _place(node: ast.Syntax) -> str:
    line, column = node.span.source.position(node.span.start)
    end_line, end_column = node.span.source.position(node.span.end)
    return f"{line}:{column}-{end_line}:{end_column}"
