"""The library's layers against Keras and PyTorch where they are installed: in f64 to 1e-9, in f32 to 1e-5."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from judged import JUDGED, Judged, Name, Shape

from nndsl import driver
from nndsl.diagnostics import Source
from nndsl.passes.promote import promote
from nndsl.runtime.interpreter import run
from nndsl.runtime.parameters import draw

torch = pytest.importorskip("torch")
os.environ.setdefault("KERAS_BACKEND", "torch")
keras = pytest.importorskip("keras")
if keras.config.backend() != "torch":
    pytest.skip("needs Keras on PyTorch (KERAS_BACKEND=torch)", allow_module_level=True)

L, F = keras.layers, torch.nn.functional
SCALARS = {"key": 0, "step": 1, "learning_rate": 0.0}
NAMES = {k: v for room in (keras.regularizers, keras.constraints, keras.initializers, keras.activations)
         for k, v in vars(room).items() if not k.startswith("_")}  # fmt: skip


@pytest.fixture(autouse=True)
def double() -> Iterator[None]:
    """Keras in f64; on PyTorch it rounds what it joins to f32 even then, which this keeps it from."""
    from keras.src.backend.common import dtypes

    before, kept = keras.config.floatx(), dict(dtypes.BIT64_TO_BIT32_DTYPE)
    keras.config.set_floatx("float64")
    dtypes.BIT64_TO_BIT32_DTYPE.pop("float64", None)
    yield
    keras.config.set_floatx(before)
    dtypes.BIT64_TO_BIT32_DTYPE.update(kept)


# --- what stands for layers that Keras has not -----------------------------------------------------------------


def first(x: Any) -> Any:
    return x.movedim(-1, 1)


def last(x: Any) -> Any:
    return x.movedim(1, -1)


class Stand:
    """A function with Keras layers in it by the paths of their params."""

    def __init__(self, run: Callable[..., Any], **parts: Any) -> None:
        self.run, self.parts = run, parts

    @property
    def losses(self) -> list[Any]:
        return [loss for part in self.parts.values() for loss in part.losses]

    def __call__(self, *inputs: Any, training: bool = False, **options: Any) -> Any:
        return self.run(*inputs, **options)


def adaptive(judged: Judged) -> Stand:
    kind = "max" if "Max" in judged.layer else "avg"
    pool = getattr(F, f"adaptive_{kind}_pool{judged.layer[-2]}d")
    return Stand(lambda x: last(pool(first(x), judged.options["output_size"])))


def shuffle(judged: Judged) -> Stand:
    return Stand(lambda x: last(F.pixel_shuffle(first(x), judged.options["upscale_factor"])))


def unshuffle(judged: Judged) -> Stand:
    return Stand(lambda x: last(F.pixel_unshuffle(first(x), judged.options["downscale_factor"])))


def instance(judged: Judged) -> Stand:
    """GroupNormalization with a group for each channel."""
    layer = L.GroupNormalization(-1, **{k: theirs(v) for k, v in judged.options.items()})
    return Stand(layer, **{"": layer})


def sequential(judged: Judged) -> Stand:
    one, two = L.Dense(3, activation="tanh"), L.Dense(2)
    return Stand(lambda x: two(one(x)), Dense_1=one, Dense_2=two)


def distributed(judged: Judged) -> Stand:
    inner = L.Dense(3)
    layer = L.TimeDistributed(inner)
    return Stand(layer, Dense_1=inner)


def attended(judged: Judged) -> Stand:
    layer = getattr(L, judged.layer)(**judged.options)

    def run(*inputs: Any, query_mask: Any = None, value_mask: Any = None, **options: Any) -> Any:
        return layer(list(inputs), mask=[query_mask, value_mask], **options)

    return Stand(run, **{"": layer})


def transformer(judged: Judged) -> Stand:
    """A block of attention and two dense layers, over four features in two heads."""
    o, cross = judged.options, len(judged.shapes[0]) == 2
    first = {k: theirs(v) for k, v in o.items() if k.endswith("initializer")}
    norms = {"epsilon": o.get("layer_norm_epsilon", 1e-5)}
    own = "self_attention_layer" if "Encoder" in judged.layer else "self_attention"
    parts = {own: L.MultiHeadAttention(2, 2, **first), "self_attention_layer_norm": L.LayerNormalization(**norms)}
    if cross:
        parts["cross_attention"] = L.MultiHeadAttention(2, 2, **first)
        parts["cross_attention_layer_norm"] = L.LayerNormalization(**norms)
    bent = theirs(o.get("activation", Name("relu")))
    parts["feedforward_intermediate_dense"] = L.Dense(o["intermediate_dim"], activation=bent, **first)
    parts["feedforward_output_dense"] = L.Dense(4, **first)
    parts["feedforward_layer_norm"] = L.LayerNormalization(**norms)

    def run(x: Any, memory: Any = None, use_causal_mask: bool = "Decoder" in judged.layer, **masks: Any) -> Any:
        def looked(name: str, x: Any, seen: Any, padding: str, look: str, causal: bool = False) -> Any:
            return parts[name](x, seen, value_mask=masks.get(padding), attention_mask=masks.get(look),
                               use_causal_mask=causal, return_attention_scores=True)[0]  # fmt: skip

        side = "" if "Encoder" in judged.layer else "decoder_"
        branches = {"self_attention_layer_norm": lambda v: looked(
            own, v, v, f"{side}padding_mask", f"{side}attention_mask", use_causal_mask)}  # fmt: skip
        if cross:
            branches["cross_attention_layer_norm"] = lambda v: looked(
                "cross_attention", v, memory, "encoder_padding_mask", "encoder_attention_mask")  # fmt: skip
        branches["feedforward_layer_norm"] = lambda v: parts["feedforward_output_dense"](
            parts["feedforward_intermediate_dense"](v))  # fmt: skip
        for norm, branch in branches.items():
            x = x + branch(parts[norm](x)) if o.get("normalize_first") else parts[norm](x + branch(x))
        return x

    return Stand(run, **parts)


def angles(x: Any, count: int, wave: float) -> Any:
    """[time, count]: the place of each step over the wavelengths."""
    rates = wave ** (-torch.arange(count, dtype=torch.float64) / count)
    return torch.arange(x.shape[1], dtype=torch.float64)[:, None] * rates


def sines(judged: Judged) -> Stand:
    def run(x: Any) -> Any:
        turn = angles(x, x.shape[-1] // 2, judged.options.get("max_wavelength", 10000.0))
        both = torch.stack([turn.sin(), turn.cos()], dim=-1).reshape(x.shape[1:])
        return both.expand(x.shape) + 0 * x

    return Stand(run)


def rotary(judged: Judged) -> Stand:
    """Pairs of features as complex numbers, turned."""

    def run(x: Any) -> Any:
        half = x.shape[-1] // 2
        turn = angles(x, half, judged.options.get("max_wavelength", 10000.0)) / judged.options.get(
            "scaling_factor", 1.0
        )
        turn = turn.reshape(x.shape[1], *[1] * (x.ndim - 3), half)
        turned = torch.complex(x[..., :half], x[..., half:]) * torch.polar(torch.ones_like(turn), turn)
        return torch.cat([turned.real, turned.imag], dim=-1)

    return Stand(run)


def places(judged: Judged) -> Stand:
    rows = L.Embedding(
        judged.options["sequence_length"], 4, embeddings_initializer=theirs(judged.options["initializer"])
    )
    return Stand(lambda x: rows(torch.arange(x.shape[1])).expand(x.shape) + 0 * x, **{"": rows})


SUBSTITUTES = (adaptive, shuffle, unshuffle, instance, sequential, distributed, attended, transformer, sines, rotary)
STANDS: dict[str, Callable[[Judged], Stand]] = {f.__name__: f for f in (*SUBSTITUTES, places)}


# --- one call of each --------------------------------------------------------------------------------------------


def theirs(value: Any) -> Any:
    """An option as Keras takes it."""
    if not isinstance(value, Name):
        return value
    return eval(value.text, dict(NAMES)) if "(" in value.text else value.text


def built(judged: Judged) -> tuple[Any, dict[str, Any]]:
    """What judges, and its layers by the paths of their params."""
    if judged.judge:
        stand = STANDS[judged.judge](judged)
        return stand, stand.parts
    layer = getattr(L, judged.layer)(**{k: theirs(v) for k, v in judged.options.items()})
    return layer, {"": layer}


def weights_of(parts: dict[str, Any]) -> dict[str, Any]:
    """Keras' variables by the names that they have here. The kernel of a depthwise convolution is called so."""
    found = {}
    for prefix, layer in parts.items():
        keep = 2 if isinstance(layer, L.MultiHeadAttention | L.GroupQueryAttention) else 1
        for weight in layer.weights:
            found[".".join(["l", *([prefix] if prefix else []), *weight.path.split("/")[-keep:]])] = weight
    return {k: v for k, v in found.items() if "seed_generator" not in k}


def ours(judged: Judged, shapes: tuple[Shape, ...], out: Shape) -> driver.Checked:
    """The same as a model whose inputs are params, so that their gradients are among those of the program."""
    counts = judged.counts or (None,) * len(shapes)
    lines = [f"input factors: f32[{', '.join(map(str, out))}]", "input anything: f32[rows]"]
    for i, (shape, count) in enumerate(zip(shapes, counts, strict=True)):
        sizes = ", ".join(map(str, shape))
        lines.append(f"param x{i}: f32[{sizes}] = zeros" if count is None else f"input x{i}: index<{count}>[{sizes}]")
    for name, axes in judged.masks.items():
        lines.append(f"input {name}: bool[{', '.join(str(shapes[i][a]) for i, a in axes)}]")
    lines += [f"l = {judged.text}", judged.body]
    if "query_mask" in judged.masks:  # the others look nowhere
        lines.append("y = where(query_mask[:, :, none], y, 0)")
    lines += ["output y", "loss total = sum(y * factors)"]
    return driver.check_source(Source("judged.nn", "model Judged {\n  " + "\n  ".join(lines) + "\n}\n"))


def close(found: Any, wanted: Any, tolerance: float, what: str) -> None:
    found, wanted = np.asarray(found), np.asarray(wanted)
    assert found.shape == wanted.shape, (what, found.shape, wanted.shape)
    scale = max(1.0, float(np.abs(wanted).max(initial=0)))
    worst = float(np.abs(found - wanted).max(initial=0))
    assert worst <= tolerance * scale, f"{what}: off by {worst}"


def plain(value: Any) -> np.ndarray:
    """An array of a tensor, or of a variable of Keras, as it is now."""
    tensor = value.value if isinstance(value, keras.Variable) else value
    return np.array(tensor.detach().numpy()) if isinstance(tensor, torch.Tensor) else np.asarray(tensor)


def judge(judged: Judged, shapes: tuple[Shape, ...]) -> None:
    numbers = np.random.default_rng(len(judged.title))
    counts = judged.counts or (None,) * len(shapes)
    inputs = [numbers.normal(size=s) if n is None else numbers.integers(0, n, s).astype(np.int32)
              for s, n in zip(shapes, counts, strict=True)]  # fmt: skip
    masks = {name: numbers.random([shapes[i][a] for i, a in axes]) < 0.6 for name, axes in judged.masks.items()}
    for mask in masks.values():
        mask[..., 0] = True  # where a step may look nowhere, Keras takes the mean of all that it may not look at
    tensors = [torch.tensor(x, requires_grad=x.dtype == np.float64) for x in inputs]
    layer, parts = built(judged)
    options = {**judged.applied, **{name: torch.tensor(mask) for name, mask in masks.items()}}

    def applied(training: bool) -> Any:
        more = {"training": training} if not judged.listed else {}
        y = layer(tensors, **options) if judged.listed else layer(*tensors, **options, **more)
        y = y[0] if isinstance(y, tuple | list) else y
        return y * options["query_mask"][..., None] if "query_mask" in masks else y

    applied(False)
    weights = weights_of(parts)
    begun = {name: plain(weight) for name, weight in weights.items()}
    for name, weight in weights.items():
        values = numbers.normal(size=weight.shape) * 0.5
        weight.assign(np.abs(values) + 0.5 if name.endswith("variance") else values)
    store = {name: plain(weight) for name, weight in weights.items()}
    value, y = applied(False), applied(True)
    factors = np.cos(np.arange(y.numel(), dtype=np.float64)).reshape(y.shape)
    loss = (y * torch.tensor(factors)).sum() + sum(layer.losses)
    loss.backward()
    slopes = {f"x{i}": plain(t.grad) for i, t in enumerate(tensors) if t.requires_grad}
    slopes |= {n: plain(w.value.grad) for n, w in weights.items() if w.trainable and w.value.grad is not None}

    checked = ours(judged, shapes, tuple(y.shape))
    owned = {p.name for p in (*checked.model.params, *checked.model.states) if "." in p.name}
    assert owned == set(weights), "the names of params and states"
    given = {
        **{f"x{i}": x for i, x in enumerate(inputs)},
        **masks,
        **store,
        "factors": factors,
        "anything": np.zeros(1),
    }
    programs = [driver.graph_of(checked, name) for name in ("predict", "gradient")]
    for kind, tolerance in ((np.float64, 1e-9), (np.float32, 1e-5)):
        fed = {k: v.astype(kind) if v.dtype == np.float64 else v for k, v in given.items()}
        predict, gradient = (promote(g) if kind is np.float64 else g for g in programs)
        close(run(predict, fed, SCALARS, {"rows": 1})[0]["out.y"], plain(value), tolerance, "value")
        found, states = run(gradient, fed, SCALARS, {"rows": 1})
        close(found["loss"], plain(loss), tolerance, "loss")
        for name, slope in slopes.items():
            close(found[f"grad.{name}"], slope, tolerance, f"gradient of {name}")
        for name, weight in weights.items():
            if not weight.trainable:
                close(states[name], plain(weight), tolerance, name)
    held(checked, weights, store)
    if any(option.endswith("_initializer") for option in judged.options):
        drawn = draw((*checked.model.params, *checked.model.states), 0)
        for name, values in begun.items():
            close(drawn[name], values, 1e-6, f"first value of {name}")


def held(checked: driver.Checked, weights: dict[str, Any], store: dict[str, np.ndarray]) -> None:
    """What constraints make of values."""
    from nndsl.ir.graph import Graph

    for spec in checked.model.params:
        wanted = getattr(weights.get(spec.name), "constraint", None)
        assert (spec.constrained is None) == (wanted is None), spec.name
        if spec.constrained is not None and wanted is not None:
            graph = promote(Graph("held", (("value", spec.constrained),)))
            now = run(graph, {spec.name: store[spec.name]}, SCALARS, {})[0]["value"]
            close(now, plain(wanted(torch.tensor(store[spec.name]))), 1e-9, f"{spec.name}, constrained")


@pytest.mark.parametrize("judged", JUDGED, ids=[j.title for j in JUDGED])
def test_values_and_gradients_are_those_of_the_judge(judged: Judged) -> None:
    assert len(judged.shapes) >= 3
    for shapes in judged.shapes:
        judge(judged, shapes)
