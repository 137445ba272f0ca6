"""The table that `model.summary()` and `nndsl summary` print."""

from __future__ import annotations

import math
from dataclasses import dataclass

from nndsl.ir.graph import LayerNote, Model, ParamSpec
from nndsl.ir.work import multiply_adds, shown


@dataclass(frozen=True)
class Row:
    """One applied layer: its name, its kind, the type of its result, how many numbers it owns."""

    name: str
    layer: str
    output: str
    params: int
    depth: int

    @property
    def shown(self) -> str:
        """The name as the table prints it: indented by depth, with the kind where the name does not say it."""
        kind = "" if self.name.split(".")[-1].rsplit("_", 1)[0] == self.layer else f" ({self.layer})"
        return "  " * self.depth + self.name + kind


def count(spec: ParamSpec) -> int:
    """Number of elements; params have known sizes only."""
    return math.prod(size if isinstance(size, int) else 1 for size in spec.type.shape)


def rows(model: Model) -> list[Row]:
    """A row for each layer, in the order of use; params of a shared layer count at its first use."""
    sizes = {spec.name: count(spec) for spec in (*model.params, *model.states)}
    seen: set[str] = set()

    def own(note: LayerNote) -> int:
        fresh = [name for name in note.params if name not in seen]
        seen.update(fresh)
        return sum(sizes.get(name, 0) for name in fresh)

    return [Row(note.name, note.layer, str(note.output), own(note), note.depth) for note in model.layers]


def totals(model: Model) -> tuple[int, int]:
    """How many numbers are trained, and how many are not."""
    return sum(map(count, model.params)), sum(map(count, model.states))


def summary_text(model: Model) -> str:
    """Doc comments, inputs, a table of layers (name, output, params), outputs and totals."""
    lines = [f"model {model.name}" + _consts(model)]
    lines += [f"  {line}" for line in model.doc.splitlines()]
    lines.append("")
    for port in (*model.inputs, *model.targets):
        lines.append(f"{port.role:<6} {port.name}: {port.type}{_doc(port.doc)}")
    lines += ["", *_table(model), ""]
    for name, node in model.inference.outputs:
        lines.append(f"output {name}: {node.type}")
    trained, fixed = totals(model)
    size = sum(count(s) * (8 if s.type.dtype in ("f64", "i64") else 4) for s in (*model.params, *model.states))
    lines.append(f"{trained:,} trained params, {fixed:,} others, {_bytes(size)}")
    work = multiply_adds([node for _, node in model.inference.outputs])
    if work != 0:
        lines.append(f"{shown(work)} multiply-adds to predict")
    return "\n".join(lines)


def summary_data(model: Model) -> dict[str, object]:
    """The same as plain data, for JSON."""
    trained, fixed = totals(model)
    return {
        "model": model.name,
        "doc": model.doc,
        "consts": {name: _plain(value) for name, value in model.consts.items()},
        "inputs": {port.name: str(port.type) for port in model.inputs},
        "targets": {port.name: str(port.type) for port in model.targets},
        "layers": [{"name": r.name, "layer": r.layer, "output": r.output, "params": r.params} for r in rows(model)],
        "outputs": {name: str(node.type) for name, node in model.inference.outputs},
        "params": {spec.name: str(spec.type) for spec in model.params},
        "multiply_adds": str(multiply_adds([node for _, node in model.inference.outputs])),
        "trained": trained,
        "not_trained": fixed,
    }


def _table(model: Model) -> list[str]:
    cells = [("layer", "output", "params")]
    cells += [(row.shown, row.output, f"{row.params:,}") for row in rows(model)]
    of_layers = {name for note in model.layers for name in note.params}
    loose = sum(count(s) for s in model.params if s.name not in of_layers)
    if loose:
        cells.append((f"(params of {model.name} itself)", "", f"{loose:,}"))
    widths = [max(len(row[i]) for row in cells) for i in range(3)]
    text = [f"{a:<{widths[0]}}  {b:<{widths[1]}}  {c:>{widths[2]}}".rstrip() for a, b, c in cells]
    return [text[0], "─" * (sum(widths) + 4), *text[1:]]


def _consts(model: Model) -> str:
    return f"({', '.join(f'{name}={_plain(value)}' for name, value in model.consts.items())})" if model.consts else ""


def _plain(value: object) -> object:
    """Numbers, texts and lists as they are; functions and layers by their text."""
    return value if isinstance(value, int | float | str | bool | list | None) else str(value)


def _doc(doc: str) -> str:
    return f"    {' '.join(doc.split())}" if doc else ""


def _bytes(size: int) -> str:
    return f"{size:,} bytes" if size < 1 << 20 else f"{size / (1 << 20):.1f} MiB"
