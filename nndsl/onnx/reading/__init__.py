"""Nodes of ONNX into graphs of ours: what every op of ONNX means, a file a family."""
