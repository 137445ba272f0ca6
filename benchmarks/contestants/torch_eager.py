"""The workloads in PyTorch, as its tutorials write them."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn
from workloads import Workload


def mlp(*widths: int) -> nn.Sequential:
    """Dense layers with relu between them."""
    layers: list[nn.Module] = []
    for i in range(len(widths) - 1):
        layers += [nn.Linear(widths[i], widths[i + 1]), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def cnn() -> nn.Sequential:
    """Three convolutions, two dense layers."""
    return nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(64, 64, 3), nn.ReLU(), nn.Flatten(), nn.Linear(576, 64), nn.ReLU(), nn.Linear(64, 10),
    )  # fmt: skip


class Residual(nn.Module):
    """Two convolutions, to which the input is added."""

    def __init__(self, channels: int, filters: int, stride: int) -> None:
        super().__init__()
        self.first = normed(channels, filters, 3, stride)
        self.second = normed(filters, filters, 3, 1)
        same = stride == 1 and channels == filters
        self.shortcut = nn.Identity() if same else normed(channels, filters, 1, stride)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.shortcut(x) + self.second(torch.relu(self.first(x))))


def normed(channels: int, filters: int, size: int, stride: int) -> nn.Sequential:
    """A convolution and its normalization."""
    return nn.Sequential(nn.Conv2d(channels, filters, size, stride, size // 2, bias=False), nn.BatchNorm2d(filters))


def resnet8() -> nn.Sequential:
    """Three residual blocks."""
    return nn.Sequential(
        normed(3, 16, 3, 1), nn.ReLU(), Residual(16, 16, 1), Residual(16, 32, 2), Residual(32, 64, 2),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10),
    )  # fmt: skip


class Lstm(nn.Module):
    """Words, an LSTM, one number."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(10000, 32)
        self.lstm = nn.LSTM(32, 32, batch_first=True)
        self.dense = nn.Linear(32, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        outputs, _ = self.lstm(self.embedding(x))
        return self.dense(outputs[:, -1])


class Block(nn.Module):
    """A transformer block: attention in four heads, two dense layers."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.before, self.between = nn.LayerNorm(width), nn.LayerNorm(width)
        self.heads, self.joined = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.dense = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(approximate="tanh"), nn.Linear(4 * width, width)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        batch, time, width = x.shape
        q, k, v = self.heads(self.before(x)).view(batch, time, 3, 4, width // 4).permute(2, 0, 3, 1, 4)
        seen = nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.joined(seen.transpose(1, 2).reshape(batch, time, width))
        return x + self.dense(self.between(x))


class Gpt(nn.Module):
    """Four blocks over characters."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(65, 128)
        self.position = nn.Parameter(torch.randn(64, 128) * 0.02)
        self.blocks = nn.Sequential(*[Block(128) for _ in range(4)])
        self.norm, self.head = nn.LayerNorm(128), nn.Linear(128, 65)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.norm(self.blocks(self.embedding(x) + self.position))).transpose(1, 2)


NETWORKS: dict[str, Any] = {
    "mnist_mlp": lambda: mlp(784, 32, 10),
    "imdb": lambda: mlp(10000, 16, 16, 1),
    "reuters": lambda: mlp(10000, 64, 64, 46),
    "mlp512": lambda: mlp(784, 512, 512, 10),
    "mlp2048": lambda: mlp(784, 2048, 2048, 10),
    "cnn": cnn,
    "resnet8": resnet8,
    "lstm": Lstm,
    "gpt": Gpt,
}
ADAM = ("mlp512", "mlp2048", "resnet8", "gpt")


class Contestant:
    """A network in eager mode."""

    compiled = False

    def __init__(self, workload: Workload, x: np.ndarray, y: np.ndarray, threads: int) -> None:
        torch.set_num_threads(threads)
        torch.manual_seed(0)
        self.network = NETWORKS[workload.name]()
        images = x.ndim == 4  # PyTorch wants channels before height and width
        self.x = torch.from_numpy(np.ascontiguousarray(x.transpose(0, 3, 1, 2)) if images else x)
        self.x = self.x.long() if workload.below is not None else self.x
        yes_or_no = workload.classes == 1
        self.y = torch.from_numpy(y)[:, None] if yes_or_no else torch.from_numpy(y).long()
        measure = nn.BCEWithLogitsLoss() if yes_or_no else nn.CrossEntropyLoss()
        rule = torch.optim.Adam if workload.name in ADAM else torch.optim.RMSprop
        self.optimizer = rule(self.network.parameters(), lr=0.001)
        self.one = self.x[:1].clone()
        self.inference = None

        def loss(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
            return measure(self.network(x), y)

        self.loss = torch.compile(loss) if self.compiled else loss

    def step(self) -> float:
        """One optimizer step; the loss before it."""
        self.network.train()
        self.optimizer.zero_grad(set_to_none=True)
        loss = self.loss(self.x, self.y)
        loss.backward()
        self.optimizer.step()
        return float(loss.detach())

    def predict(self) -> object:
        """The outputs for one row."""
        if self.inference is None:
            self.inference = torch.compile(self.network) if self.compiled else self.network
        self.network.eval()
        with torch.inference_mode():
            return self.inference(self.one).numpy()
