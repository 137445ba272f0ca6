"""What changes from one model to another: layers, params, work, and whether weights carry over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from nndsl.ir.dims import Size
from nndsl.ir.graph import Model
from nndsl.ir.work import multiply_adds, shown
from nndsl.summary import totals


@dataclass(frozen=True)
class Changes:
    """Things with names that differ: name and text of those added and removed; name, text before and after."""

    added: tuple[tuple[str, str], ...]
    removed: tuple[tuple[str, str], ...]
    changed: tuple[tuple[str, str, str], ...]

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)


@dataclass(frozen=True)
class Comparison:
    """All that differs. `weights` are the params and states: where they agree, weights of one load into the other."""

    names: tuple[str, str]
    inputs: Changes
    outputs: Changes
    layers: Changes
    weights: Changes
    trained: tuple[int, int]
    others: tuple[int, int]
    work: tuple[Size, Size]

    @property
    def loads(self) -> bool:
        """Whether the weights of the one model load into the other."""
        return not self.weights

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        return not (self.inputs or self.outputs or self.layers or self.weights) and self.work[0] == self.work[1]


def compare(old: Model, new: Model) -> Comparison:
    """What changes from `old` to `new`. What the models are called does not count."""
    (trained, others), (trained_new, others_new) = totals(old), totals(new)
    return Comparison(
        names=(old.name, new.name),
        inputs=changes(_ports(old), _ports(new)),
        outputs=changes(_outputs(old), _outputs(new)),
        layers=changes(_layers(old), _layers(new)),
        weights=changes(_weights(old), _weights(new)),
        trained=(trained, trained_new),
        others=(others, others_new),
        work=(_work(old), _work(new)),
    )


def changes(old: Mapping[str, str], new: Mapping[str, str]) -> Changes:
    """Two tables side by side, in their own order."""
    return Changes(
        tuple((name, text) for name, text in new.items() if name not in old),
        tuple((name, text) for name, text in old.items() if name not in new),
        tuple((name, text, new[name]) for name, text in old.items() if name in new and new[name] != text),
    )


def _ports(model: Model) -> dict[str, str]:
    return {f"{port.role} {port.name}": str(port.type) for port in (*model.inputs, *model.targets)}


def _outputs(model: Model) -> dict[str, str]:
    return {name: str(node.type) for name, node in model.inference.outputs}


def _layers(model: Model) -> dict[str, str]:
    """A line for each application of a layer: a shared one has several."""
    out: dict[str, str] = {}
    for note in model.layers:
        times = sum(name == note.name or name.startswith(f"{note.name} (") for name in out)
        out[note.name if not times else f"{note.name} ({times + 1})"] = f"{note.layer}: {note.output}"
    return out


def _weights(model: Model) -> dict[str, str]:
    return {spec.name: str(spec.type.without_kind()) for spec in (*model.params, *model.states)}


def _work(model: Model) -> Size:
    return multiply_adds([node for _, node in model.inference.outputs])


# --- in words --------------------------------------------------------------------------------------------------


def comparison_text(found: Comparison) -> str:
    """The differences as `nndsl diff` prints them."""
    lines: list[str] = []
    for title, part in (("inputs", found.inputs), ("layers", found.layers), ("outputs", found.outputs)):
        lines += _block(title, part)
    if found.weights:
        lines += _block("params", found.weights)
    lines.append(_line("trained params", *(f"{n:,}" for n in found.trained)))
    if found.others != (0, 0):
        lines.append(_line("other numbers", *(f"{n:,}" for n in found.others)))
    lines.append(_line("multiply-adds", *map(shown, found.work)))
    lines.append(f"weights: {_verdict(found)}")
    return "\n".join(lines)


def _block(title: str, part: Changes) -> list[str]:
    if not part:
        return []
    rows = [("-", name, text) for name, text in part.removed]
    rows += [("~", name, f"{before}  =>  {after}") for name, before, after in part.changed]
    rows += [("+", name, text) for name, text in part.added]
    width = max(len(name) for _, name, _ in rows)
    return [title, *(f"  {sign} {name:<{width}}  {text}" for sign, name, text in rows), ""]


def _line(title: str, old: str, new: str) -> str:
    return f"{title}: {old}" if old == new else f"{title}: {old}  =>  {new}"


def _verdict(found: Comparison) -> str:
    if found.loads:
        return "those of one load into the other"
    part = found.weights
    reasons = [(len(part.changed), "of another shape"), (len(part.removed), "gone"), (len(part.added), "new")]
    return f"those of one do not load into the other ({', '.join(f'{n} {what}' for n, what in reasons if n)})"


def comparison_data(found: Comparison) -> dict[str, object]:
    """The same as plain data, for JSON."""
    return {
        "same": found.same,
        "models": list(found.names),
        "inputs": _data(found.inputs),
        "outputs": _data(found.outputs),
        "layers": _data(found.layers),
        "params": _data(found.weights),
        "trained": list(found.trained),
        "not_trained": list(found.others),
        "multiply_adds": [str(size) for size in found.work],
        "weights_load": found.loads,
    }


def _data(part: Changes) -> dict[str, object]:
    def named(rows: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
        return [{"name": name, "is": text} for name, text in rows]

    changed = [{"name": name, "was": before, "is": after} for name, before, after in part.changed]
    return {"added": named(part.added), "removed": named(part.removed), "changed": changed}
