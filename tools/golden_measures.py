"""Golden values of losses and metrics."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import keras
import numpy as np
import sklearn.metrics
import torch
from golden_files import plain, same, write

# --- losses ------------------------------------------------------------------------------------------------


def losses() -> None:
    """`prediction` is the `.nn` expression of the prediction in `z`; the gradient is that of the mean, for z."""
    draw = np.random.default_rng(11)
    k = keras.losses
    z = draw.normal(size=(4, 3)).astype(np.float32) * 2
    extreme = np.array([[50, -50, 0], [-50, 50, 1], [0, 0, 0], [-50, -50, -49]], np.float32)
    target = draw.normal(size=(4, 3)).astype(np.float32)
    binary = np.array([[0, 1, 1], [1, 0, 0], [1, 1, 0], [0, 0, 1]], np.float32)
    index = np.array([0, 2, 1, 2])
    onehot = np.eye(3, dtype=np.float32)[index]
    spread = np.array([[0.2, 0.5, 0.3], [0, 1, 0], [0.6, 0.1, 0.3], [1 / 3, 1 / 3, 1 / 3]], np.float32)
    probability = np.array([[0.2, 0.5, 0.3], [0.9, 0.05, 0.05], [0.0, 0.3, 0.7], [0.99, 0.005, 0.005]], np.float32)
    unscaled = probability * 3 + 0.1
    counts = np.abs(np.round(target * 3))
    softmax, sigmoid = keras.ops.softmax, keras.ops.sigmoid
    as_it_is = ("z", lambda v: v)
    prob = ('as_kind(z, "prob")', lambda v: v)
    sure = (z, *as_it_is), (extreme, *as_it_is)
    T = torch.tensor
    rows: list[tuple[str, str, np.ndarray, np.ndarray, str, Callable[..., Any], Callable[..., Any]]] = []

    def add(call: str, y_type: str, y: Any, inputs: Iterable[tuple[Any, str, Any]], f: Callable[..., Any]) -> None:
        rows.extend((call, y_type, y, values, text, wrap, f) for values, text, wrap in inputs)

    for s in (0.0, 0.1):
        text = f", label_smoothing={s}" if s else ""
        logits = lambda y, p, s=s: k.binary_crossentropy(y, p, from_logits=True, label_smoothing=s)  # noqa: E731
        add(f"binary_crossentropy(y, p{text})", "binary[batch, 3]", binary,
            [*sure, (z, "sigmoid(z)", lambda v: v), (extreme, "sigmoid(z)", lambda v: v)], logits)  # fmt: skip
        add(f"binary_crossentropy(y, p{text})", "binary[batch, 3]", binary, [(probability, *prob)],
            lambda y, p, s=s: k.binary_crossentropy(y, p, label_smoothing=s))  # fmt: skip
        dense = lambda y, p, s=s: k.categorical_crossentropy(y, p, from_logits=True, label_smoothing=s)  # noqa: E731
        add(f"categorical_crossentropy(y, p{text})", "onehot[batch, 3]", onehot,
            [*sure, (z, "softmax(z)", lambda v: v), (extreme, "softmax(z)", lambda v: v)], dense)  # fmt: skip
        add(f"categorical_crossentropy(y, p{text})", "onehot[batch, 3]", onehot, [(unscaled, *prob)],
            lambda y, p, s=s: k.categorical_crossentropy(y, p, label_smoothing=s))  # fmt: skip
    sparse = "sparse_categorical_crossentropy(y, p)"
    add(sparse, "index<3>[batch]", index, [*sure, (z, "softmax(z)", lambda v: v), (extreme, "softmax(z)", lambda v: v)],
        lambda y, p: k.sparse_categorical_crossentropy(y, p, from_logits=True))  # fmt: skip
    add(sparse, "index<3>[batch]", index, [(unscaled, *prob)], k.sparse_categorical_crossentropy)
    # Losses made for probabilities of the other kind: no logits fit, the clipped form is Keras'.
    crossed = [(z, "sigmoid(z)", sigmoid)]
    add("categorical_crossentropy(y, p)", "onehot[batch, 3]", onehot, crossed, k.categorical_crossentropy)
    add("binary_crossentropy(y, p)", "binary[batch, 3]", binary, [(z, "softmax(z)", softmax)], k.binary_crossentropy)
    plain_ones = {"mse": k.mean_squared_error, "mae": k.mean_absolute_error, "mape": k.mean_absolute_percentage_error,
                  "huber": k.huber, "log_cosh": k.log_cosh, "cosine_similarity": k.cosine_similarity}  # fmt: skip
    for name, f in plain_ones.items():
        add(f"{name}(y, p)", "f32[batch, 3]", target, [(z, *as_it_is)], f)
    add("huber(y, p, delta=0.3)", "f32[batch, 3]", target, [(z, *as_it_is)], lambda y, p: k.huber(y, p, delta=0.3))
    for name in ("mean_squared_error", "mean_absolute_error"):
        add(f"{name}(y, p)", "f32[batch, 3]", target, [(z, *as_it_is)], getattr(k, name))
    add("log_cosh(y, p)", "f32[batch, 3]", target, [(extreme, *as_it_is)], k.log_cosh)
    add("msle(y, p)", "f32[batch, 3]", counts, [(np.abs(z), *as_it_is)], k.mean_squared_logarithmic_error)
    add("poisson(y, p)", "f32[batch, 3]", counts, [(np.abs(z), *as_it_is)], k.poisson)
    shares = [(probability, *as_it_is), (z, "softmax(z)", softmax)]
    add("kl_divergence(y, p)", "f32[batch, 3]", spread, shares, k.kl_divergence)
    for name in ("hinge", "squared_hinge"):
        add(f"{name}(y, p)", "binary[batch, 3]", binary, [(z, *as_it_is)], getattr(k, name))
        add(f"{name}(y, p)", "f32[batch, 3]", binary, [(z, *as_it_is)], getattr(k, name))
        add(f"{name}(y, p)", "f32[batch, 3]", 2 * binary - 1, [(z, *as_it_is)], getattr(k, name))
    add("categorical_hinge(y, p)", "onehot[batch, 3]", onehot, [(z, *as_it_is)], k.categorical_hinge)
    smoothed = "sparse_categorical_crossentropy(y, p, label_smoothing=0.1)"
    add(smoothed, "index<3>[batch]", index, [*sure, (extreme, "softmax(z)", lambda v: v)],
        lambda y, p: k.categorical_crossentropy(onehot, p, from_logits=True, label_smoothing=0.1))  # fmt: skip
    add(smoothed, "index<3>[batch]", index, [(unscaled, *prob)],
        lambda y, p: k.categorical_crossentropy(onehot, p, label_smoothing=0.1))  # fmt: skip

    cases = []
    for number, (call, y_type, y, values, text, wrap, f) in enumerate(rows):
        p = T(values, requires_grad=True)
        out = f(T(y), wrap(p))
        out.mean().backward()
        cases.append({"name": f"{number} {call} p={text}", "loss": call, "prediction": text, "y_type": y_type,
                      "y": plain(y), "z": plain(values), "value": plain(out), "gradient": plain(p.grad)})  # fmt: skip
    write("losses", {}, cases)


# --- metrics -----------------------------------------------------------------------------------------------

BATCHES = ((0, 8), (8, 16), (16, 21))


def streamed(metric: Any, y: np.ndarray, p: np.ndarray) -> float:
    """What a Keras metric has after three batches."""
    for start, stop in BATCHES:
        metric.update_state(y[start:stop], p[start:stop])
    return float(metric.result())


def metrics() -> None:
    draw = np.random.default_rng(5)
    m = keras.metrics
    z = draw.normal(size=(21, 7)).astype(np.float32) * 2
    index = np.where(draw.random(21) < 0.5, z.argmax(1), draw.integers(0, 7, 21))
    onehot = np.eye(7, dtype=np.float32)[index]
    score = np.round(draw.normal(size=(21, 1)) * 2, 1).astype(np.float32)
    score[3] = score[5] = score[11]
    label = (score + draw.normal(size=(21, 1)) * 2 > 0).astype(np.float32)
    many = draw.normal(size=(21, 4)).astype(np.float32)
    many_labels = (many + draw.normal(size=(21, 4)) > 0).astype(np.float32)
    sigmoid = {id(v): (1 / (1 + np.exp(-v))).astype(np.float32) for v in (score, many)}
    y = draw.normal(size=(21, 2)).astype(np.float32) * 3 + 1
    p = y + draw.normal(size=(21, 2)).astype(np.float32)
    cases: list[dict[str, Any]] = []

    def add(call: str, y_type: str, truth: Any, values: Any, text: str, value: float) -> None:
        name = f"{len(cases)} {call} y={y_type} p={text}"
        cases.append({"name": name, "metric": call, "y_type": y_type, "prediction": text, "y": plain(truth),
                      "z": plain(values), "value": float(value)})  # fmt: skip

    def of_classes(call: str, sparse: Any, dense: Any) -> None:
        for text in ("z", "softmax(z)"):
            add(call, "index<7>[batch]", index, z, text, streamed(sparse(), index, z))
            add(call, "onehot[batch, 7]", onehot, z, text, streamed(dense(), onehot, z))

    def of_labels(call: str, make: Callable[[], Any]) -> None:
        for truth, values, columns in ((label, score, 1), (many_labels, many, 4)):
            for text in ("z", "sigmoid(z)"):
                value = streamed(make(), truth, sigmoid[id(values)])
                add(call, f"binary[batch, {columns}]", truth, values, text, value)

    of_classes("accuracy(y, p)", m.SparseCategoricalAccuracy, m.CategoricalAccuracy)
    of_classes("top_k_accuracy(y, p)", m.SparseTopKCategoricalAccuracy, m.TopKCategoricalAccuracy)
    of_classes("top_k_accuracy(y, p, k=2)", lambda: m.SparseTopKCategoricalAccuracy(k=2),
               lambda: m.TopKCategoricalAccuracy(k=2))  # fmt: skip
    of_classes("top_k_accuracy(y, p, k=1)", m.SparseCategoricalAccuracy, m.CategoricalAccuracy)
    dense, sparse = streamed(m.CategoricalAccuracy(), onehot, z), streamed(m.SparseCategoricalAccuracy(), index, z)
    add("accuracy(y, p)", "f32[batch, 7]", onehot, z, "softmax(z)", dense)
    add("categorical_accuracy(y, p)", "onehot[batch, 7]", onehot, z, "z", dense)
    add("sparse_categorical_accuracy(y, p)", "index<7>[batch]", index, z, "z", sparse)
    of_labels("accuracy(y, p)", m.BinaryAccuracy)
    of_labels("binary_accuracy(y, p, threshold=0.7)", lambda: m.BinaryAccuracy(threshold=0.7))
    plain_labels = streamed(m.BinaryAccuracy(), label, sigmoid[id(score)])
    add("accuracy(y, p)", "f32[batch, 1]", label, score, "sigmoid(z)", plain_labels)
    add("accuracy(y, p)", "index<2>[batch, 1]", label.astype(int), score, "sigmoid(z)", plain_labels)
    of_labels("precision(y, p)", m.Precision)
    of_labels("precision(y, p, threshold=0.8)", lambda: m.Precision(thresholds=0.8))
    of_labels("recall(y, p)", m.Recall)
    of_labels("recall(y, p, threshold=0.3)", lambda: m.Recall(thresholds=0.3))
    of_labels("f1(y, p)", lambda: m.F1Score(average="micro", threshold=0.5))
    # Keras' AUC approximates with 200 thresholds; the exact area is scikit-learn's.
    auc = sklearn.metrics.roc_auc_score
    add("auc(y, p)", "binary[batch, 1]", label, score, "sigmoid(z)", auc(label, score))
    add("auc(y, p)", "binary[batch, 4]", many_labels, many, "z", auc(many_labels.ravel(), many.ravel()))
    add("mse(y, p)", "f32[batch, 2]", y, p, "z", streamed(m.MeanSquaredError(), y, p))
    add("mae(y, p)", "f32[batch, 2]", y, p, "z", streamed(m.MeanAbsoluteError(), y, p))
    add("huber(y, p)", "f32[batch, 2]", y, p, "z", streamed(m.MeanMetricWrapper(keras.losses.huber), y, p))
    add("rmse(y, p)", "f32[batch, 2]", y, p, "z", streamed(m.RootMeanSquaredError(), y, p))
    r2 = sklearn.metrics.r2_score
    same(r2(y, p), streamed(m.R2Score(), y, p), 1e-5, "r2")
    add("r2(y, p)", "f32[batch, 2]", y, p, "z", r2(y, p))
    add("r2(y, p)", "f32[batch]", y[:, 0], p[:, :1], "z[:, 0]", r2(y[:, 0], p[:, 0]))
    write("metrics", {"batch_size": 8}, cases)
