"""`.nn` text for Pygments, and so for notebooks, Sphinx and documentation sites: ```` ```nn ````."""

from __future__ import annotations

from typing import ClassVar

from pygments.lexer import RegexLexer, bygroups, words
from pygments.token import Comment, Keyword, Name, Number, Operator, Punctuation, String, Text

from nndsl.editor.words import CONSTANTS, CONTROL, LOGIC, SECTIONS, STARTING, TYPES, operators, rest
from nndsl.syntax.parse import ROLES
from nndsl.syntax.tables import load_tables

NAME = r"[A-Za-z_][A-Za-z_0-9]*"


def _any(given: tuple[str, ...]) -> str:
    return rf"(?:{'|'.join(given)})"


class NnLexer(RegexLexer):  # type: ignore[misc]
    """The language of nndsl."""

    name = "nndsl"
    url = ""
    aliases: ClassVar = ["nn", "nndsl"]
    filenames: ClassVar = ["*.nn"]
    mimetypes: ClassVar = ["text/x-nn"]
    tokens: ClassVar = {
        "root": [
            (r"##[^\n]*", String.Doc),
            (r"#[^\n]*", Comment.Single),
            (load_tables().patterns["STRING"], String.Double),
            (load_tables().patterns["NUMBER"], Number),
            (rf"^([ \t]*)(private)?([ \t]*)({_any(ROLES)})([ \t]+)({NAME})(?=[ \t]*[(=])",
             bygroups(Text, Keyword, Text, Keyword.Declaration, Text, Name.Class)),
            (rf"^({_any(SECTIONS)})([ \t]+)({NAME})?", bygroups(Keyword.Declaration, Text, Name.Class)),
            (r"^(import)\b", Keyword.Namespace),
            (rf"^([ \t]*)({_any(STARTING)})([ \t]+)(?=[A-Za-z_0-9(-])", bygroups(Text, Keyword, Text)),
            (r"[ \t\r\f]+", Text),
            (r"\n", Text),
            (words((*CONTROL, *rest()), prefix=r"\b", suffix=r"\b(?![ \t]*=(?!=))"), Keyword),
            (words(CONSTANTS, prefix=r"\b", suffix=r"\b"), Keyword.Constant),
            (words(LOGIC, prefix=r"\b", suffix=r"\b"), Operator.Word),
            (words(TYPES, prefix=r"\b", suffix=r"\b(?=[ \t]*[\[<,)=\n])"), Keyword.Type),
            (rf"({NAME})([ \t]*)(=)(?!=)", bygroups(Name.Variable, Text, Operator)),
            (rf"({NAME})(?=\()", Name.Function),
            (NAME, Name),
            (words(operators()), Operator),
            (r"[()\[\]{},:.]", Punctuation),
            (r".", Text),
        ]
    }  # fmt: skip
