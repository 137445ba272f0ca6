"""Write the TextMate grammar of `.nn`, editors/vscode/syntaxes/nn.tmLanguage.json, from the terminals of the grammar.

`python tools/make_editors.py` writes it, `make docs` calls it; tests/editor holds the file against `textmate`.
"""

from __future__ import annotations

import json
from pathlib import Path

from nndsl.editor.words import CONSTANTS, CONTROL, LOGIC, SECTIONS, STARTING, TYPES, operators, rest
from nndsl.syntax.parse import ROLES
from nndsl.syntax.tables import load_tables

ROOT = Path(__file__).parent.parent
PATH = ROOT / "editors" / "vscode" / "syntaxes" / "nn.tmLanguage.json"
NAME = r"[A-Za-z_][A-Za-z_0-9]*"


def textmate() -> dict[str, object]:
    """The grammar as data."""
    patterns = load_tables().patterns
    definition = rf"^\s*(?:(private)\s+)?({_any(ROLES)})\s+({NAME})(?=\s*[(=])"
    section = rf"^\s*({_any(SECTIONS)})\s+({NAME})?"
    ordinary = (*CONTROL, *(word for word in rest() if word != "error"))
    return {
        "comment": "Made from grammar/nn.lark by tools/make_editors.py; do not edit.",
        "name": "nndsl",
        "scopeName": "source.nn",
        "fileTypes": ["nn"],
        "patterns": [
            _one("comment.block.documentation.nn", r"##.*$"),
            _one("comment.line.number-sign.nn", r"#.*$"),
            {
                "name": "string.quoted.double.nn",
                "begin": '"',
                "end": '"|$',
                "patterns": [_one("constant.character.escape.nn", r"\\(?:u[0-9a-fA-F]{4}|.)")],
            },
            _groups(definition, "storage.modifier.nn", "storage.type.nn", "entity.name.type.nn"),
            _groups(section, "storage.type.nn", "entity.name.section.nn"),
            _groups(r"^\s*(import)\b", "keyword.control.import.nn"),
            _groups(rf"^\s*({_any(STARTING)})\s+(?=[A-Za-z_0-9(-])", "keyword.other.nn"),
            _groups(r"\b(expect)\s+(error)\s+(NN\d{3})?", "keyword.other.nn", "keyword.other.nn", "constant.other.nn"),
            _one("keyword.control.nn", rf"\b{_any(ordinary)}\b(?!\s*=(?!=))"),
            _one("constant.language.nn", rf"\b{_any(CONSTANTS)}\b"),
            _one("keyword.operator.logical.nn", rf"\b{_any(LOGIC)}\b"),
            _one("support.type.nn", rf"\b{_any(TYPES)}\b(?=\s*[\[<,)=]|\s*$)"),
            _one("constant.numeric.nn", rf"(?<![A-Za-z_0-9]){patterns['NUMBER']}"),
            _groups(rf"\b({NAME})\s*(=)(?!=)", "variable.other.nn", "keyword.operator.nn"),
            _groups(rf"\b({NAME})(?=\()", "entity.name.function.nn"),
            _one("variable.other.nn", rf"\b{NAME}\b"),
            _one("keyword.operator.nn", "|".join(map(_escaped, operators()))),
        ],
    }


def _any(words: tuple[str, ...]) -> str:
    return f"(?:{'|'.join(words)})"


def _escaped(sign: str) -> str:
    return "".join(f"\\{c}" if c in "|*+.()[]{}?^$\\" else c for c in sign)


def _one(name: str, match: str) -> dict[str, object]:
    return {"name": name, "match": match}


def _groups(match: str, *names: str) -> dict[str, object]:
    return {"match": match, "captures": {str(i): {"name": name} for i, name in enumerate(names, 1)}}


def text() -> str:
    """The file."""
    return json.dumps(textmate(), indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Write the file."""
    PATH.parent.mkdir(parents=True, exist_ok=True)
    PATH.write_text(text(), encoding="utf-8")
    print(PATH.relative_to(ROOT))


if __name__ == "__main__":
    main()
