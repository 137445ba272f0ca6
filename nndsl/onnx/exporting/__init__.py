"""A checked model and its weights into an ONNX file."""
