"""Which layer or function made which part of a graph: a note for each application, from which pictures are drawn."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from nndsl.check.values import Builtin, DtypeWord, Function, Instance, Value
from nndsl.diagnostics import Span
from nndsl.ir.dims import Dim, written
from nndsl.ir.graph import Application, Node

ROLES = ("layer", "fn", "loss")
LONGEST = 40  # of one setting
MOST = 4  # of a list


class Traced:
    """The applications of one elaboration, those that have ended and those going on."""

    def __init__(self) -> None:
        self.begun = 0
        self.open: list[int] = []
        self.ended: list[Application] = []

    def begin(self) -> int:
        """A layer or function is applied from here on; its number."""
        self.begun += 1
        self.open.append(self.begun)
        return self.begun

    def end(self, number: int, target: Function | Instance, inputs: list[Value], out: Value, span: Span) -> None:
        """The application has given `out`; one that gave no tensor leaves no note."""
        self.open.pop()
        results = tuple(nodes_of([out]))
        built = target if isinstance(target, Instance) else None
        function = target.function if isinstance(target, Instance) else target
        if not results or function.role not in ROLES:
            return
        layer = built is not None and function.role == "layer"
        config = tuple(built.config.values()) if built is not None else ()
        self.ended.append(
            Application(
                number,
                self.open[-1] if self.open else None,
                function.role,
                function.name,
                tuple(nodes_of([*inputs, *config])),
                results,
                span,
                built.path if built is not None and layer else None,
                built.applications if built is not None and layer else 1,
                settings_text(built) if built is not None else "",
                tuple(spec.name for spec in built.params.values()) if built is not None else (),
            )
        )

    def done(self) -> tuple[Application, ...]:
        """All that ended."""
        return tuple(self.ended)


def nodes_of(values: Iterable[Value]) -> Iterator[Node]:
    """The tensors among values and in their lists."""
    for value in values:
        if isinstance(value, Node):
            yield value
        elif isinstance(value, list | tuple):
            yield from nodes_of(value)


def settings_text(built: Instance) -> str:
    """`units=64, activation=relu`: what was given to build a layer, as values."""
    if built.stages:
        return " |> ".join(_shown(stage.function) or "…" for stage in built.stages)
    pairs = [(name, _shown(built.config[name])) for name in built.given if name in built.config]
    return ", ".join(f"{name}={text}" for name, text in pairs if text)


def _shown(value: Value) -> str:
    """A short text for a value; none for a tensor, which is seen as an edge."""
    text = ""
    match value:
        case bool():
            text = str(value).lower()
        case None:
            text = "none"
        case int() | float():
            text = f"{value:g}" if isinstance(value, float) else str(value)
        case str():
            text = f'"{value}"'
        case Dim():
            text = written(value)
        case Function() | Builtin() | DtypeWord():
            text = value.name
        case Instance(stages=(_, *_)):
            text = settings_text(value)
        case Instance():
            text = f"{value.function.name}({settings_text(value)})"
        case list() | tuple():
            parts = [_shown(part) for part in value[:MOST]]
            text = f"[{', '.join(parts)}{', …' if len(value) > MOST else ''}]" if all(parts) else ""
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
