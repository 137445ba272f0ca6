"""The only file that sees every stage.

    text ─ syntax ─▶ AST ─ check ─▶ Model ─ passes.programs ─▶ Graph ─ passes ─▶ Graph ─ kernels ─▶ Plan ─▶ loops
         ─▶ source ─ runtime ─▶ Session

1. `syntax.parse` makes an AST, with every syntax error of the file.
2. `check.file` elaborates models and train sections into graphs: shapes, kinds, dtypes, names.
3. `passes.programs` joins forward graph, gradients and update rules into the programs predict, evaluate, train and
   gradient.
4. `passes.PIPELINE` simplifies them.
5. `kernels` plans (what fuses, in which buffers), lowers to loops and prints Python source for Numba.
6. `runtime` compiles and caches the source, and a Session runs it on arrays.

`check_source` imports no NumPy and no Numba.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Protocol

from nndsl.diagnostics import Imported, InternalError, NndslError, Problem, Source
from nndsl.ir.collecting import without_collecting
from nndsl.ir.experiment import TrainSpec
from nndsl.ir.graph import Graph, Model, Reading
from nndsl.ir.types import NUMPY_NAMES

if TYPE_CHECKING:
    from nndsl.ir.facts import NamedTest
    from nndsl.ir.mapping import Mapped
    from nndsl.kernels.module import Module
    from nndsl.runtime.executable import Executable
    from nndsl.runtime.profile import Profile
    from nndsl.runtime.session import Session
    from nndsl.syntax import ast

PROGRAMS = ("predict", "evaluate", "train", "gradient")
OTHER_SIZES = 64  # of what data fixes, where nobody says how much
STAGES = ("ast", "graph", "gradient", "optimized", "plan", "loops", "source", "llvm", "asm")


class Experiment(Protocol):
    """What programs are made of: a model, and how it is trained."""

    @property
    def model(self) -> Model: ...
    @property
    def train(self) -> TrainSpec: ...


@dataclass(frozen=True, eq=False)
class Checked:
    """A file without errors: its model, its settings, and the warnings."""

    source: Source
    file: ast.File
    model: Model
    train: TrainSpec
    problems: tuple[Problem, ...]
    imported: tuple[Imported, ...] = ()
    given: Mapping[str, object] = field(default_factory=dict)
    """The consts given from outside."""
    weights: tuple[Mapped, ...] = ()
    """What the `weights` section says."""


def problems_of(
    source: Source, consts: Mapping[str, object] | None = None, model: str | None = None
) -> tuple[Problem, ...]:
    """All that is wrong with a file, in source order; a file without a model is fine."""
    from nndsl.check.file import check_file
    from nndsl.syntax.parse import parse

    file, found = parse(source)
    return check_file(file, source, found, consts, model).problems


def check_source(source: Source, consts: Mapping[str, object] | None = None, model: str | None = None) -> Checked:
    """Parse and check. Raises NndslError with every Problem of the file when there is an error among them."""
    from nndsl.check.file import check_file
    from nndsl.syntax.parse import parse

    file, found = parse(source)
    result = check_file(file, source, found, consts, model, need_model=True)
    if result.errors:
        raise NndslError(result.problems)
    if result.model is None or result.train is None:
        raise InternalError(f"{source.name} has no errors and no model")
    return Checked(source, file, result.model, result.train, result.problems, result.imported, dict(consts or {}),
                   result.weights)  # fmt: skip


def tests_of(
    source: Source, consts: Mapping[str, object] | None = None, model: str | None = None
) -> tuple[tuple[NamedTest, ...], tuple[Problem, ...]]:
    """The tests of a file and its warnings. Raises NndslError with every Problem where there is an error among them."""
    from nndsl.check.file import check_file
    from nndsl.syntax.parse import parse

    file, found = parse(source)
    result = check_file(file, source, found, consts, model)
    if result.errors:
        raise NndslError(result.problems)
    return result.tests, result.problems


def graph_of(checked: Experiment, program: str) -> Graph:
    """The graph of one program, before any pass."""
    from nndsl.passes import programs

    with without_collecting():
        match program:
            case "predict":
                return programs.predict(checked.model)
            case "evaluate":
                return programs.evaluate(checked.model)
            case "train":
                return programs.train(checked.model, checked.train.optimizer)
            case "gradient":
                return programs.gradient(checked.model)
    raise InternalError(f"no program {program}")


def reading_of(checked: Checked) -> Reading:
    """The model as what reads texts: its outputs as scores, and for going on with a text where it can."""
    from nndsl.check.memories import reading_of

    return reading_of(checked.file, checked.source, checked.given, checked.model.name)


def reading_graph(checked: Checked) -> Graph:
    """The program that goes on with a text by the first output, or the one that reads all of it each time."""
    from nndsl.ir.graph import Going
    from nndsl.passes import programs

    found = reading_of(checked)
    if not found.outputs:
        return Graph("reading", ())
    name, node = found.outputs[0]
    return programs.going(found.going, name) if isinstance(found.going, Going) else programs.reading(node)


def builder(engine: str, threads: int, optimize: bool = True) -> Callable[[Graph], Executable]:
    """What makes a graph runnable: passes, then the engine."""
    from nndsl.passes import PIPELINE, run

    def build(graph: Graph) -> Executable:
        if engine == "numpy":
            from nndsl.runtime.executable import Interpreted

            return Interpreted(run(graph, PIPELINE if optimize else ()))
        from nndsl.runtime.native import load

        return load(module_of(graph, optimize), threads)

    return build


def module_of(graph: Graph, optimize: bool = True, timed: bool = False) -> Module:
    """The kernels of a program, before any pass, as Python source."""
    from nndsl.kernels.module import generate
    from nndsl.passes import NEEDED, PIPELINE, run

    with without_collecting():
        return generate(run(graph, PIPELINE if optimize else NEEDED), timed)


def open_session(
    checked: Experiment,
    engine: str = "numba",
    threads: int | None = None,
    seed: int | None = None,
    optimize: bool = True,
) -> Session:
    """A Session with freshly drawn params. Programs are compiled when first used."""
    from nndsl.runtime.session import Session
    from nndsl.runtime.threads import default_threads

    count = threads if threads is not None else default_threads()
    graphs: dict[str, Callable[[], Graph]] = {name: partial(graph_of, checked, name) for name in PROGRAMS}
    return Session(
        checked.model, checked.train.optimizer, builder(engine, count, optimize), graphs, engine, count, seed or 0
    )


def emit(checked: Checked, stage: str, program: str = "train") -> str:
    """The text of one stage: a bug report pastes it."""
    from nndsl.ir.text import show
    from nndsl.passes import run

    if stage == "ast":
        from nndsl.syntax.show import show as show_ast

        return show_ast(checked.file)
    if stage == "gradient":
        return show(graph_of(checked, "gradient"))
    graph = reading_graph(checked) if program == "generate" else graph_of(checked, program)
    if stage == "graph":
        return show(graph)
    graph = run(graph)
    if stage == "optimized":
        return show(graph)
    from nndsl.kernels.module import generate

    module = generate(graph)
    match stage:
        case "plan":
            return module.plan_text
        case "loops":
            return module.loops_text
        case "source":
            return module.text
        case "llvm" | "asm":
            from nndsl.runtime.cache import inspect_program

            return inspect_program(module.text, module.entry, stage)
    raise InternalError(f"no stage {stage}")


def gradcheck(checked: Checked, seed: int = 0) -> list[tuple[str, float]]:
    """(param name, relative error) of each gradient against finite differences, in f64 on made-up data."""
    from nndsl.passes.promote import promote
    from nndsl.runtime.gradcheck import compare

    return compare(checked.model, promote(graph_of(checked, "gradient")), seed)


def symbolic_sizes(model: Model) -> tuple[str, ...]:
    """The names of the sizes that data fixes, the batch first."""
    from nndsl.ir.dims import symbols

    ports = (*model.inputs, *model.targets)
    return tuple(dict.fromkeys(name for port in ports for size in port.type.shape for name in symbols(size)))


def profile(
    checked: Checked,
    program: str = "train",
    batch: int | None = None,
    sizes: Mapping[str, int] | None = None,
    threads: int | None = None,
    runs: int = 50,
) -> tuple[Profile, float]:
    """A program run on made-up data with its kernels' times taken, and the machine's peak in multiply-adds a second.

    `batch` is the first symbolic size, else that of the train section; other sizes are 64 where `sizes` has none.
    """
    import numpy as np

    from nndsl.runtime import peak
    from nndsl.runtime.gradcheck import made_up
    from nndsl.runtime.native import load
    from nndsl.runtime.profile import measure
    from nndsl.runtime.session import Scalars
    from nndsl.runtime.threads import default_threads

    names = symbolic_sizes(checked.model)
    chosen = dict.fromkeys(names, OTHER_SIZES) | dict.fromkeys(names[:1], batch or checked.train.batch_size)
    chosen |= dict(sizes or {})
    count = threads if threads is not None else default_threads()
    native = load(module_of(graph_of(checked, program), timed=True), count)
    session = open_session(checked, threads=count)
    numbers = np.random.default_rng(0)
    ports = (*checked.model.inputs, *(() if program == "predict" else checked.model.targets))
    data = {port.name: made_up(port, chosen, numbers) for port in ports}
    data = {p.name: np.ascontiguousarray(data[p.name].astype(NUMPY_NAMES[p.type.dtype])) for p in ports}
    store = {**session.params, **session.states, **session.slots}
    store |= {m: v for g in session.gatherers for m, v in g.store.items()}
    rate = session.learning_rate
    found = measure(native, data, store, Scalars(1, 0.0 if rate != rate else rate, 0), chosen, runs)
    return found, peak.multiply_adds(count)
