"""Write tests/goldens/*.json: what Keras, PyTorch and scikit-learn give where nndsl has the same thing.

Run by hand when the library gains a definition; the tests only read what it wrote, so they need none of the three:

    python -m venv /tmp/goldens && /tmp/goldens/bin/pip install keras torch scikit-learn
    KERAS_BACKEND=torch /tmp/goldens/bin/python tools/make_goldens.py

The goldens of layers with weights are written by tools/golden_layers.py.

Every case holds the `.nn` text of the call and the values that it must give, so a test runs it as it stands. All
inputs are fixed or drawn from fixed seeds: a second run on the same versions writes the same bytes. Keras runs on
the PyTorch backend, in f32 unless a comment says otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import torch
from golden_files import FOLDER, Json, nn_text, plain, same, write
from golden_measures import losses, metrics
from keras.src.initializers.random_initializers import compute_fans

# --- optimizers --------------------------------------------------------------------------------------------

STEPS = 10


def optimizer_data() -> tuple[dict[str, np.ndarray], list[dict[str, np.ndarray]]]:
    """Two params and ten gradients for each: sizes from 0.05 to 5, one element without any gradient."""
    draw = np.random.default_rng(7)
    shapes = {"a": (5,), "b": (2, 3)}
    start = {k: draw.normal(size=s).astype(np.float32) for k, s in shapes.items()}
    gradients = []
    for _ in range(STEPS):
        g = {k: draw.normal(size=s) for k, s in shapes.items()}
        g = {k: np.sign(v) * np.clip(np.abs(v), 0.05, 5) for k, v in g.items()}
        g["a"][2] = 0
        g["b"][0] *= 3
        gradients.append({k: v.astype(np.float32) for k, v in g.items()})
    return start, gradients


def exact(values: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {k: v.astype(np.float64) for k, v in values.items()}


def run_keras(optimizer: Any, start: dict[str, Any], gradients: list[dict[str, Any]]) -> list[Json]:
    variables = {k: keras.Variable(v, dtype="float64") for k, v in exact(start).items()}
    steps = []
    for g in gradients:
        optimizer.apply([keras.ops.convert_to_tensor(v) for v in exact(g).values()], list(variables.values()))
        steps.append({k: plain(v.value) for k, v in variables.items()})
    return steps


def run_torch(make: Callable[[list[Any]], Any], start: dict[str, Any], gradients: list[dict[str, Any]]) -> list[Json]:
    params = {k: torch.nn.Parameter(torch.tensor(v)) for k, v in exact(start).items()}
    optimizer = make(list(params.values()))
    steps = []
    for g in gradients:
        for k, p in params.items():
            p.grad = torch.tensor(exact(g)[k])
        optimizer.step()
        steps.append({k: plain(p) for k, p in params.items()})
    return steps


KERAS_OPTIMIZERS = [
    "SGD()", "SGD(learning_rate=0.1)", "SGD(learning_rate=0.1, momentum=0.9)",
    "SGD(learning_rate=0.1, momentum=0.9, nesterov=True)", "SGD(learning_rate=0.1, weight_decay=0.1)",
    "SGD(learning_rate=0.1, clipnorm=1.0)", "SGD(learning_rate=0.1, clipvalue=0.5)",
    "SGD(learning_rate=0.1, global_clipnorm=1.5)", "SGD(learning_rate=0.1, global_clipnorm=100.0)",
    "SGD(learning_rate=0.1, momentum=0.5, weight_decay=0.05, clipnorm=2.0)",
    "SGD(learning_rate=ExponentialDecay(0.1, 4, 0.5))",
    "SGD(learning_rate=CosineDecay(0.1, 6, alpha=0.1), momentum=0.9)",
    "SGD(learning_rate=ExponentialDecay(0.1, 4, 0.5), weight_decay=0.1)",
    "Adagrad()", "Adagrad(learning_rate=0.1)", "Adagrad(learning_rate=0.1, initial_accumulator_value=0.0)",
    "Adagrad(learning_rate=0.1, epsilon=0.1)", "Adagrad(learning_rate=0.1, clipnorm=0.5)",
    "Adadelta()", "Adadelta(learning_rate=1.0)", "Adadelta(learning_rate=1.0, rho=0.8, epsilon=0.001)",
    "Adam()", "Adam(learning_rate=0.1)", "Adam(learning_rate=0.1, beta_1=0.5, beta_2=0.9)",
    "Adam(learning_rate=0.1, beta_1=0.0)", "Adam(learning_rate=0.1, epsilon=0.1)",
    "Adam(learning_rate=0.1, beta_2=0.5, amsgrad=True)", "Adam(learning_rate=0.1, weight_decay=0.1)",
    "Adam(learning_rate=0.1, global_clipnorm=1.5)", "Adam(learning_rate=0.1, clipvalue=0.2)",
    "Adam(learning_rate=PiecewiseConstantDecay([2, 5], [0.1, 0.05, 0.01]))",
    "AdamW()", "AdamW(learning_rate=0.1, weight_decay=0.1)",
    "AdamW(learning_rate=0.1, weight_decay=0.1, amsgrad=True, beta_2=0.5)",
    "AdamW(learning_rate=ExponentialDecay(0.1, 4, 0.5), weight_decay=0.1)",
    "Adamax()", "Adamax(learning_rate=0.1)", "Adamax(learning_rate=0.1, beta_1=0.5, beta_2=0.7, epsilon=0.1)",
    "Nadam()", "Nadam(learning_rate=0.1)", "Nadam(learning_rate=0.1, beta_1=0.5, beta_2=0.9, epsilon=0.1)",
    "Nadam(learning_rate=0.1, weight_decay=0.1, clipnorm=1.0)",
    "Lion()", "Lion(learning_rate=0.1)", "Lion(learning_rate=0.1, beta_1=0.5, beta_2=0.8, weight_decay=0.1)",
]  # fmt: skip

# Same rule in PyTorch. RMSprop is taken from here alone: Keras has sqrt(v + epsilon), LANGUAGE.md sqrt(v) + epsilon.
TORCH_OPTIMIZERS: dict[str, Callable[[list[Any]], Any]] = {
    "SGD(learning_rate=0.1)": lambda p: torch.optim.SGD(p, lr=0.1),
    "SGD(learning_rate=0.1, momentum=0.9)": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9),
    "SGD(learning_rate=0.1, momentum=0.9, nesterov=True)":
        lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True),
    "RMSprop()": lambda p: torch.optim.RMSprop(p, lr=0.001, alpha=0.9, eps=1e-7),
    "RMSprop(learning_rate=0.05)": lambda p: torch.optim.RMSprop(p, lr=0.05, alpha=0.9, eps=1e-7),
    "RMSprop(learning_rate=0.05, rho=0.5, epsilon=0.1)": lambda p: torch.optim.RMSprop(p, lr=0.05, alpha=0.5, eps=0.1),
    "RMSprop(learning_rate=0.05, momentum=0.9)":
        lambda p: torch.optim.RMSprop(p, lr=0.05, alpha=0.9, eps=1e-7, momentum=0.9),
    "RMSprop(learning_rate=0.05, epsilon=0.01, centered=True)":
        lambda p: torch.optim.RMSprop(p, lr=0.05, alpha=0.9, eps=0.01, centered=True),
    "RMSprop(learning_rate=0.05, momentum=0.5, epsilon=0.01, centered=True)":
        lambda p: torch.optim.RMSprop(p, lr=0.05, alpha=0.9, eps=0.01, momentum=0.5, centered=True),
    # PyTorch adds epsilon after the correction of v, Keras before: here it is too small to matter.
    "Adam(learning_rate=0.1, epsilon=1e-12)": lambda p: torch.optim.Adam(p, lr=0.1, eps=1e-12),
    "Adam(learning_rate=0.1, beta_1=0.5, beta_2=0.9, epsilon=1e-12)":
        lambda p: torch.optim.Adam(p, lr=0.1, betas=(0.5, 0.9), eps=1e-12),
    "AdamW(learning_rate=0.1, weight_decay=0.1, epsilon=1e-12)":
        lambda p: torch.optim.AdamW(p, lr=0.1, weight_decay=0.1, eps=1e-12),
    "Adamax(learning_rate=0.1, epsilon=1e-12)": lambda p: torch.optim.Adamax(p, lr=0.1, eps=1e-12),
}  # fmt: skip


def optimizers() -> None:
    """In f64: in f32 Keras' own 1 - 0.999 ** step has an error of 1e-5, more than the tests allow."""
    start, gradients = optimizer_data()
    names = {**vars(keras.optimizers), **vars(keras.optimizers.schedules)}
    cases = []
    keras.config.set_floatx("float64")
    for call in KERAS_OPTIMIZERS:
        steps = run_keras(eval(call, dict(names)), start, gradients)
        cases.append({"name": f"keras {nn_text(call)}", "optimizer": nn_text(call), "params": steps})
    for call, make in TORCH_OPTIMIZERS.items():
        steps = run_torch(make, start, gradients)
        if not call.startswith("RMSprop"):
            for ours, theirs in zip(steps, run_keras(eval(call, dict(names)), start, gradients), strict=True):
                for key in start:
                    same(ours[key], theirs[key], 1e-8, call)
        cases.append({"name": f"torch {nn_text(call)}", "optimizer": nn_text(call), "params": steps})
    keras.config.set_floatx("float32")
    facts = {"start": {k: plain(v) for k, v in start.items()},
             "gradients": [{k: plain(v) for k, v in g.items()} for g in gradients]}  # fmt: skip
    write("optimizers", facts, cases)


# --- constraints -------------------------------------------------------------------------------------------

CONSTRAINTS = [
    "max_norm()", "max_norm(0.5)", "max_norm(1.0, axis=1)", "max_norm(max_value=0.8, axis=[0, 1])", "non_neg()",
    "unit_norm()", "unit_norm(axis=1)", "min_max_norm()", "min_max_norm(min_value=0.5, max_value=0.9, axis=1)",
    "min_max_norm(min_value=1.5, max_value=2.0, rate=0.25)",
]  # fmt: skip


def constraints() -> None:
    """What Adam makes of `b` in each step where the constraint holds it, in f64."""
    start, gradients = optimizer_data()
    names = {k: v for k, v in vars(keras.constraints).items() if not k.startswith("_")}
    cases = []
    keras.config.set_floatx("float64")
    for call in CONSTRAINTS:
        held = keras.Variable(exact(start)["b"], dtype="float64")
        held.constraint = eval(call, dict(names))
        optimizer = keras.optimizers.Adam(learning_rate=0.3)
        steps = []
        for g in gradients:
            optimizer.apply([keras.ops.convert_to_tensor(exact(g)["b"])], [held])
            steps.append(plain(held.value))
        cases.append({"name": nn_text(call), "constraint": nn_text(call).replace("non_neg()", "non_neg"), "b": steps})
    keras.config.set_floatx("float32")
    facts = {"start": plain(start["b"]), "gradients": [plain(g["b"]) for g in gradients]}
    write("constraints", facts, cases)


# --- activations -------------------------------------------------------------------------------------------

ACTIVATIONS = {
    "linear": {}, "relu": {}, "relu6": {}, "leaky_relu": {}, "leaky_relu(negative_slope=0.1)": {}, "elu": {},
    "elu(alpha=0.5)": {}, "selu": {}, "gelu": {}, "gelu(approximate=True)": {}, "silu": {}, "swish": {}, "softplus": {},
    "sigmoid": {}, "hard_sigmoid": {}, "hard_silu": {}, "hard_swish": {}, "log_sigmoid": {}, "softsign": {}, "mish": {},
    "exponential": {}, "tanh": {}, "celu": {}, "celu(alpha=0.5)": {}, "hard_tanh": {}, "hard_shrink": {},
    "hard_shrink(threshold=1.5)": {}, "soft_shrink": {}, "soft_shrink(threshold=1.5)": {}, "tanh_shrink": {},
    "squareplus": {}, "squareplus(b=1.0)": {}, "sparse_plus": {}, "threshold(threshold=0.3, default_value=-1.0)": {},
}  # fmt: skip


def activations() -> None:
    """In f64, so that the golden values are better than the f32 they judge; values and derivatives."""
    points = [0.0, 1e-6, 0.001, 0.1, 0.5, 1.0, 1.7, 2.5, 3.0, 4.5, 6.0, 7.0, 10.0, 20.0, 30.0]
    x = np.array(sorted({s * v for v in points for s in (-1, 1)}))
    cases = []
    for call in ACTIVATIONS:
        name, _, rest = call.partition("(")
        keywords = eval(f"dict({rest or ')'}")
        z = torch.tensor(x, dtype=torch.float64, requires_grad=True)
        y = getattr(keras.activations, name, None)
        value = {"swish": keras.activations.silu, "hard_swish": keras.activations.hard_silu}.get(name, y)(z, **keywords)
        value.sum().backward()
        stage = nn_text(call)
        cases.append({"name": stage, "stage": stage, "value": plain(value), "gradient": plain(z.grad)})
    write("activations", {"x": plain(x)}, cases)


# --- schedules ---------------------------------------------------------------------------------------------

SCHEDULES = [
    "ExponentialDecay(0.1, 5, 0.5)", "ExponentialDecay(0.1, 5, 0.5, staircase=True)", "InverseTimeDecay(0.1, 4, 0.5)",
    "InverseTimeDecay(0.1, 4, 0.5, staircase=True)", "PolynomialDecay(0.1, 10)",
    "PolynomialDecay(0.1, 10, end_learning_rate=0.01, power=2.0)",
    "PolynomialDecay(0.1, 6, end_learning_rate=0.01, power=0.5, cycle=True)", "CosineDecay(0.1, 12)",
    "CosineDecay(0.1, 12, alpha=0.2)", "CosineDecay(0.01, 10, alpha=0.1, warmup_target=0.1, warmup_steps=5)",
    "CosineDecay(0.01, 10, warmup_target=0.1, warmup_steps=0)", "PiecewiseConstantDecay([3, 10], [0.1, 0.05, 0.01])",
    "PiecewiseConstantDecay([0], [0.1, 0.2])",
]  # fmt: skip


def schedules() -> None:
    names = dict(vars(keras.optimizers.schedules))
    cases = []
    for call in SCHEDULES:
        schedule = eval(call, names)
        rates = [plain(np.float32(float(schedule(torch.tensor(step))))) for step in range(21)]
        cases.append({"name": nn_text(call), "schedule": nn_text(call), "rates": rates})
    write("schedules", {}, cases)


# --- initializers ------------------------------------------------------------------------------------------


def initializers() -> None:
    """Deviation and bound that the numbers must have; the bits are each library's own."""
    scaled = {"glorot_uniform": "GlorotUniform", "glorot_normal": "GlorotNormal", "he_uniform": "HeUniform",
              "he_normal": "HeNormal", "lecun_uniform": "LecunUniform", "lecun_normal": "LecunNormal"}  # fmt: skip
    cases = []
    for shape in ([60, 80], [3, 3, 10, 40], [900]):
        for name, keras_name in scaled.items():
            made = getattr(keras.initializers, keras_name)(seed=1)
            fan_in, fan_out = compute_fans(shape)
            fan = {"fan_in": fan_in, "fan_avg": (fan_in + fan_out) / 2}[made.mode]
            std = math.sqrt(made.scale / fan)
            bound = math.sqrt(3) * std if made.distribution == "uniform" else 2 * std / 0.87962566103423978
            sample = plain_sample(made, shape)
            same(sample.std(), std, 0.1 * std, name)
            assert np.abs(sample).max() <= bound * (1 + 1e-6)
            cases.append(drawn(f"{name} {shape}", name, shape, 0.0, std, -bound, bound))
    shape = [60, 80]
    even = 1 / math.sqrt(12)  # the deviation of uniform numbers in a range of 1
    cases += [
        drawn("normal", "normal", shape, 0.0, 0.05, -0.5, 0.5),
        drawn("normal(1, 2)", "normal(1.0, 2.0)", shape, 1.0, 2.0, -20.0, 20.0),
        drawn("truncated_normal", "truncated_normal(mean=1.0, stddev=0.1)", shape, 1.0, 0.087962566, 0.8, 1.2),
        drawn("uniform", "uniform", shape, 0.0, 0.1 * even, -0.05, 0.05),
        drawn("uniform(0, 2)", "uniform(0.0, 2.0)", shape, 1.0, 2 * even, 0.0, 2.0),
    ]
    write("initializers", {}, cases)


def drawn(name: str, init: str, shape: list[int], mean: float, std: float, low: float, high: float) -> dict[str, Json]:
    """One case: the `.nn` text of the initializer and what its numbers must be like."""
    return {"name": name, "init": init, "shape": shape, "mean": mean, "std": std, "low": low, "high": high}


def plain_sample(made: Any, shape: list[int]) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(made(tuple(shape))))


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for part in (optimizers, constraints, activations, losses, metrics, schedules, initializers):
        part()
