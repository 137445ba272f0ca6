"""The workloads in JAX, each step under one jit with its buffers donated."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from workloads import Workload

ADAM = ("mlp512", "mlp2048", "resnet8", "gpt")


def dense_params(rng: np.random.Generator, *widths: int) -> list[list[np.ndarray]]:
    """Kernel and bias of each layer."""
    pairs = itertools.pairwise(widths)
    return [[(rng.standard_normal((i, o)) / np.sqrt(i)).astype(np.float32), np.zeros(o, np.float32)] for i, o in pairs]


def mlp(params: Any, x: Any) -> Any:
    """Dense layers with relu between them."""
    for kernel, bias in params[:-1]:
        x = jax.nn.relu(x @ kernel + bias)
    kernel, bias = params[-1]
    return x @ kernel + bias


def window(rng: np.random.Generator, size: int, channels: int, filters: int) -> np.ndarray:
    """The kernel of a convolution."""
    scale = np.sqrt(size * size * channels)
    return (rng.standard_normal((size, size, channels, filters)) / scale).astype(np.float32)


def convolution(x: Any, kernel: Any, stride: int = 1, padding: str = "VALID") -> Any:
    """Channels last."""
    return lax.conv_general_dilated(x, kernel, (stride, stride), padding, dimension_numbers=("NHWC", "HWIO", "NHWC"))


def halved(x: Any) -> Any:
    """The largest of each 2 by 2."""
    return lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")


def cnn(params: Any, x: Any) -> Any:
    """Three convolutions, two dense layers."""
    for i, (kernel, bias) in enumerate(params["windows"]):
        x = jax.nn.relu(convolution(x, kernel) + bias)
        x = halved(x) if i < 2 else x
    return mlp(params["dense"], x.reshape(x.shape[0], -1))


def normalized(params: Any, x: Any, axes: int | tuple[int, ...] = -1) -> Any:
    """Mean 0 and variance 1 along the axes, then a scale and an offset."""
    gamma, beta = params
    return (x - x.mean(axes, keepdims=True)) * lax.rsqrt(x.var(axes, keepdims=True) + 1e-5) * gamma + beta


def normed(params: Any, x: Any, stride: int) -> Any:
    """A convolution and its normalization over the batch."""
    kernel, *norm = params
    return normalized(norm, convolution(x, kernel, stride, "SAME"), (0, 1, 2))


def normed_params(rng: np.random.Generator, size: int, channels: int, filters: int) -> list[np.ndarray]:
    """Kernel, scale and offset."""
    return [window(rng, size, channels, filters), np.ones(filters, np.float32), np.zeros(filters, np.float32)]


def resnet8(params: Any, x: Any) -> Any:
    """Three residual blocks."""
    x = jax.nn.relu(normed(params["first"], x, 1))
    for block in params["blocks"]:
        stride = 2 if "shortcut" in block else 1
        y = normed(block["b"], jax.nn.relu(normed(block["a"], x, stride)), 1)
        shortcut = normed(block["shortcut"], x, stride) if "shortcut" in block else x
        x = jax.nn.relu(shortcut + y)
    return mlp(params["dense"], x.mean((1, 2)))


def lstm(params: Any, x: Any) -> Any:
    """Words, an LSTM, one number."""
    steps = params["embedding"][x].swapaxes(0, 1)

    def cell(carried: Any, step: Any) -> Any:
        h, c = carried
        i, f, g, o = jnp.split(step @ params["kernel"] + h @ params["recurrent"] + params["bias"], 4, -1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        h = jax.nn.sigmoid(o) * jnp.tanh(c)
        return (h, c), None

    start = jnp.zeros((x.shape[0], 32))
    (h, _), _ = lax.scan(cell, (start, start), steps)
    return mlp(params["dense"], h)


def gpt(params: Any, x: Any) -> Any:
    """Four transformer blocks over characters."""
    h = params["embedding"][x] + params["position"]
    batch, time, width = h.shape
    past = jnp.tril(jnp.ones((time, time), bool))
    for block in params["blocks"]:
        qkv = mlp(block["heads"], normalized(block["before"], h))
        q, k, v = qkv.reshape(batch, time, 3, 4, width // 4).transpose(2, 0, 3, 1, 4)
        scores = jax.nn.softmax(jnp.where(past, q @ k.swapaxes(-1, -2) / np.sqrt(width // 4), -1e9))
        h = h + mlp(block["joined"], (scores @ v).transpose(0, 2, 1, 3).reshape(batch, time, width))
        inner = jax.nn.gelu(mlp(block["wide"], normalized(block["between"], h)))
        h = h + mlp(block["narrow"], inner)
    return mlp(params["head"], normalized(params["norm"], h))


def network(name: str) -> tuple[Any, Callable[[Any, Any], Any]]:
    """Params and forward pass of a workload."""
    rng = np.random.default_rng(0)
    norm = [np.ones(128, np.float32), np.zeros(128, np.float32)]
    match name:
        case "mnist_mlp":
            return dense_params(rng, 784, 32, 10), mlp
        case "imdb":
            return dense_params(rng, 10000, 16, 16, 1), mlp
        case "reuters":
            return dense_params(rng, 10000, 64, 64, 46), mlp
        case "mlp512":
            return dense_params(rng, 784, 512, 512, 10), mlp
        case "mlp2048":
            return dense_params(rng, 784, 2048, 2048, 10), mlp
        case "cnn":
            windows = [[window(rng, 3, c, f), np.zeros(f, np.float32)] for c, f in ((1, 32), (32, 64), (64, 64))]
            return {"windows": windows, "dense": dense_params(rng, 576, 64, 10)}, cnn
        case "resnet8":
            blocks = []
            for channels, filters in ((16, 16), (16, 32), (32, 64)):
                block = {"a": normed_params(rng, 3, channels, filters), "b": normed_params(rng, 3, filters, filters)}
                if channels != filters:
                    block["shortcut"] = normed_params(rng, 1, channels, filters)
                blocks.append(block)
            first = normed_params(rng, 3, 3, 16)
            return {"first": first, "blocks": blocks, "dense": dense_params(rng, 64, 10)}, resnet8
        case "lstm":
            ((kernel, bias),) = dense_params(rng, 32, 128)
            ((recurrent, _),) = dense_params(rng, 32, 128)
            table = (rng.standard_normal((10000, 32)) * 0.05).astype(np.float32)
            dense = dense_params(rng, 32, 1)
            return {"embedding": table, "kernel": kernel, "recurrent": recurrent, "bias": bias, "dense": dense}, lstm
        case "gpt":
            blocks = [
                {"before": norm, "between": norm, "heads": dense_params(rng, 128, 384),
                 "joined": dense_params(rng, 128, 128), "wide": dense_params(rng, 128, 512),
                 "narrow": dense_params(rng, 512, 128)}
                for _ in range(4)
            ]  # fmt: skip
            table = (rng.standard_normal((65, 128)) * 0.02).astype(np.float32)
            position = (rng.standard_normal((64, 128)) * 0.02).astype(np.float32)
            head = dense_params(rng, 128, 65)
            return {"embedding": table, "position": position, "blocks": blocks, "norm": norm, "head": head}, gpt
    raise SystemExit(f"no network for {name}")


class Contestant:
    """A network whose whole step is one compiled function. XLA takes all cores: `threads` is set from outside."""

    def __init__(self, workload: Workload, x: np.ndarray, y: np.ndarray, threads: int) -> None:
        params, forward = network(workload.name)
        self.x, self.y = jnp.asarray(x), jnp.asarray(y)
        self.params = jax.tree.map(jnp.asarray, params)
        zeros = jax.tree.map(jnp.zeros_like, self.params)
        adam = workload.name in ADAM
        self.slots = (zeros, jax.tree.map(jnp.zeros_like, self.params)) if adam else (zeros,)
        self.count = 0
        self.one = jnp.asarray(x[:1])
        self.forward = jax.jit(forward)

        def loss(params: Any, x: Any, y: Any) -> Any:
            logits = forward(params, x)
            if workload.classes == 1:
                z = logits[:, 0]
                return jnp.mean(jnp.maximum(z, 0) - z * y + jnp.log1p(jnp.exp(-jnp.abs(z))))
            return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(logits), y[..., None], -1))

        def rmsprop(params: Any, slots: Any, grads: Any, count: Any) -> Any:
            (v,) = slots
            v = jax.tree.map(lambda v, g: 0.9 * v + 0.1 * g * g, v, grads)
            return jax.tree.map(lambda p, g, v: p - 1e-3 * g / (jnp.sqrt(v) + 1e-7), params, grads, v), (v,)

        def adam_rule(params: Any, slots: Any, grads: Any, count: Any) -> Any:
            m, v = slots
            m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, grads)
            v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, grads)
            rate = 1e-3 * jnp.sqrt(1 - 0.999**count) / (1 - 0.9**count)
            return jax.tree.map(lambda p, m, v: p - rate * m / (jnp.sqrt(v) + 1e-7), params, m, v), (m, v)

        rule = adam_rule if adam else rmsprop

        def step(params: Any, slots: Any, x: Any, y: Any, count: Any) -> Any:
            value, grads = jax.value_and_grad(loss)(params, x, y)
            params, slots = rule(params, slots, grads, count)
            return params, slots, value

        self.jitted = jax.jit(step, donate_argnums=(0, 1))

    def step(self) -> float:
        """One optimizer step; the loss before it."""
        self.count += 1
        self.params, self.slots, value = self.jitted(self.params, self.slots, self.x, self.y, float(self.count))
        return float(value)

    def predict(self) -> object:
        """The outputs for one row."""
        return np.asarray(self.forward(self.params, self.one))
