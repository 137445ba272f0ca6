"""The workloads in PyTorch, compiled by torch.compile."""

from __future__ import annotations

from contestants import torch_eager


class Contestant(torch_eager.Contestant):
    """A network whose forward and backward pass are compiled."""

    compiled = True
