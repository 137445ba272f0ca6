"""An ONNX model as a `.nn` file, with its weights beside it."""
