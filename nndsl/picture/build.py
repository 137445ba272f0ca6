"""A checked model becomes a picture: drafts become levels of boxes with titles, amounts and notes."""

from __future__ import annotations

from nndsl.ir.dims import Size
from nndsl.ir.graph import Application, Forward, Model, Node
from nndsl.ir.types import TensorType
from nndsl.ir.work import multiply_adds, of_node
from nndsl.picture.boxes import Box, Flow, Level, Picture
from nndsl.picture.draft import Draft, Part, Stub, draft_of, plain_name
from nndsl.picture.ends import End
from nndsl.picture.words import counted, op_title, work_text
from nndsl.summary import count, totals

PROGRAMS = ("train", "evaluate", "predict")


def picture_of(model: Model, program: str = "train") -> Picture:
    """The picture of one program of a model: its outputs, and for `train` and `evaluate` what measures them."""
    forward = model.training if program == "train" else model.inference
    draft, constant = draft_of(forward, program)
    trained, fixed = totals(model)
    work = multiply_adds([node for _, node in model.inference.outputs])
    about = [counted(trained, "param")] if trained else []
    about += [f"{counted(fixed, 'number')} in states"] if fixed else []
    about += [f"{work_text(work)} to predict"] if work != 0 else []
    level = _Finishing(model, forward, constant).level(draft, frozenset())
    return Picture(model.name, model.doc, ", ".join(about), level)


class _Finishing:
    """Turns drafts into levels."""

    def __init__(self, model: Model, forward: Forward, constant: frozenset[Node]) -> None:
        self.constant = constant
        self.sizes = {spec.name: count(spec) for spec in (*model.params, *model.states)}
        self.ports = {port.name: port for port in (*model.inputs, *model.targets)}
        self.docs = {spec.name: spec.doc for spec in (*model.params, *model.states)}
        self.uses: dict[str, int] = {}
        for one in forward.applications:
            if one.path is not None:
                self.uses[one.path] = max(self.uses.get(one.path, 0), one.use)
        self.numbers: dict[Node, int] = {}
        self.made = 0

    def level(self, draft: Draft, met: frozenset[str]) -> Level:
        """A finished level; params in `met` were counted before."""
        ids: dict[Part, str] = {}
        boxes: list[Box] = []
        for part in _in_order(draft):
            self.made += 1
            ids[part] = f"b{self.made}"
            nodes = draft.parts[part]
            read = _params(nodes)
            inside = self.level(draft.inner[part], met) if part in draft.inner else None
            boxes.append(self._box(ids[part], part, nodes, read - met, inside))
            met |= read
        flows = [Flow(ids[a], ids[b], self._number(value), str(value.type)) for a, b, value in draft.flows]
        return Level(tuple(boxes), tuple(flows))

    def _number(self, value: Node) -> int:
        return self.numbers.setdefault(value, len(self.numbers))

    def _box(self, id: str, part: Part, nodes: list[Node], fresh: frozenset[str], inside: Level | None) -> Box:
        match part:
            case Stub():
                return Box(id, part.kind, part.title, value=self._number(part.value))
            case End():
                kinds = {str(value.type) for value in part.values} if part.kind == "output" else set()
                return Box(id, part.kind, part.name, part.kind, note=", ".join(kinds), inside=inside)
            case Application():
                return self._application(id, part, nodes, fresh, inside)
        return self._leaf(id, part) if part.is_leaf else self._op(id, part, inside)

    def _application(
        self, id: str, one: Application, nodes: list[Node], fresh: frozenset[str], inside: Level | None
    ) -> Box:
        title = one.path.split(".")[-1] if one.path is not None else one.name
        said = title.rsplit("_", 1)[0] == one.name or title == one.name
        label = f"{one.name}({one.settings})" if one.settings else "" if said else one.name
        uses = self.uses.get(one.path, 1) if one.path is not None else 1
        params = sum(self.sizes.get(name, 0) for name in fresh)
        note = [_types("takes", one.inputs), _types("gives", one.results)]
        note += [f"line {one.span.line}: {_one_line(one.span.text)}"]
        if one.path is not None and one.path != title:
            note.insert(0, one.path)
        use = f"use {one.use} of {uses}" if uses > 1 else ""
        kind = "layer" if one.role == "layer" else "fn"
        return Box(
            id, kind, title, label, self._facts(params, _work(nodes), use), "\n".join(filter(None, note)), params,
            use, one.span.line, inside=inside,
        )  # fmt: skip

    def _facts(self, params: int, work: Size, use: str = "") -> tuple[str, ...]:
        facts = [counted(params, "param")] if params else []
        if use:
            facts = [f"shared: {use}", *facts]
        return (*facts, work_text(work)) if work != 0 else tuple(facts)

    def _leaf(self, id: str, node: Node) -> Box:
        name = str(node.attrs["name"])
        port = self.ports.get(name) if node.op == "input" else None
        kind = port.role if port is not None else node.op
        title = name if port is not None else name.split(".")[-1]
        doc = port.doc if port is not None else self.docs.get(name, "")
        amount = self.sizes.get(name, 0) if node.op != "input" else 0
        note = "\n".join(filter(None, [doc, f"{name}: {node.type}", counted(amount, "number") if amount else ""]))
        return Box(id, kind, title, kind, (), note, line=node.span.line if node.span is not None else None)

    def _op(self, id: str, node: Node, inside: Level | None) -> Box:
        line = node.span.line if node.span is not None else None
        note = [f"{node.op} of {', '.join(str(i.type) for i in node.inputs)}"] if node.op != "scan" else []
        if node.span is not None:
            note.append(f"line {line}: {_one_line(node.span.text)}")
        facts = self._facts(0, _work([node]))
        if node.op == "scan":
            order = "from the last to the first" if node.attrs["reverse"] else "one after the other"
            label = f"{node.attrs['length']} steps, {order}"
            return Box(id, "scan", "scan", label, facts, "\n".join(note), line=line, inside=inside)
        name = plain_name(node) if node.name else ""
        return Box(id, "op", op_title(node, self.constant), name, facts, "\n".join(note), line=line, inside=inside)


def _in_order(draft: Draft) -> list[Part]:
    """The parts so that flows run onwards, those without an order among them as they were met."""
    before: dict[Part, list[Part]] = {part: [] for part in draft.parts}
    for source, target, _ in draft.flows:
        before[target].append(source)
    out: dict[Part, None] = {}
    open_: set[Part] = set()
    for root in draft.parts:
        waiting = [(root, iter(before[root]))]
        open_.add(root)
        while waiting:
            part, rest = waiting[-1]
            following = next((p for p in rest if p not in out and p not in open_), None)
            if following is None:
                out.setdefault(part)
                waiting.pop()
            else:
                open_.add(following)
                waiting.append((following, iter(before[following])))
    return list(out)


def _params(nodes: list[Node]) -> frozenset[str]:
    return frozenset(str(i.attrs["name"]) for node in nodes for i in node.inputs if i.op == "param")


def _work(nodes: list[Node]) -> Size:
    total: Size = 0
    for node in nodes:
        total = total + of_node(node)
    return total


def _types(word: str, nodes: tuple[Node, ...]) -> str:
    kinds: list[TensorType] = list(dict.fromkeys(node.type for node in nodes))
    return f"{word} {', '.join(map(str, kinds))}" if kinds else ""


def _one_line(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 80 else text[:79] + "…"
