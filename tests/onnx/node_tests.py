"""Which of ONNX's node tests are asked for, and which of these are known not to pass.

The rule: one node of ONNX's own domain (no expanded functions), whose arrays are f32, and beside them i32, i64 and
bool, and whose op is one that neural networks are made of. Left out are ops of other fields: signals, detection, texts,
casts of bits, arrays whose size depends on the data, and what draws random numbers.
"""

from __future__ import annotations

from typing import Any

import pytest

onnx = pytest.importorskip("onnx")

TYPES = {1, 6, 7, 9}
OTHER_FIELDS = {
    "DFT", "STFT", "MelWeightMatrix", "HannWindow", "HammingWindow", "BlackmanWindow",  # signals
    "NonMaxSuppression", "RoiAlign", "TfIdfVectorizer", "Det", "BitCast", "Unique", "OptionalGetElement",
    "Bernoulli",
}  # fmt: skip
SKIPPED = {
    "test_training_dropout": "draws random numbers of onnx's own generator",
    "test_training_dropout_default": "draws random numbers of onnx's own generator",
    "test_training_dropout_mask": "draws random numbers of onnx's own generator",
    "test_training_dropout_default_mask": "draws random numbers of onnx's own generator",
    "test_basic_deform_conv_with_padding": "there is no deformable convolution here",
    "test_basic_deform_conv_without_padding": "there is no deformable convolution here",
    "test_deform_conv_with_mask_bias": "there is no deformable convolution here",
    "test_deform_conv_with_multiple_offset_groups": "there is no deformable convolution here",
    "test_scan_sum": "Scan of opset 8 was another op",
}


def _fits(case: Any) -> bool:
    graph = case.model.graph
    types = [port.type for port in (*graph.input, *graph.output)]
    if any(t.WhichOneof("value") != "tensor_type" for t in types) or len(graph.node) != 1 or "_expanded" in case.name:
        return False
    elements = {t.tensor_type.elem_type for t in types}
    (node,) = graph.node
    return 1 in elements <= TYPES and node.domain == "" and node.op_type not in OTHER_FIELDS


def cases() -> list[Any]:
    """The test cases that the rule asks for."""
    from onnx.backend.test.case.node import collect_testcases

    return [case for case in collect_testcases() if _fits(case)]
