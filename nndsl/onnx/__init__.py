"""ONNX: models written for other runtimes, and models of others read.

`exporting` writes the inference program of a checked model, `reading` makes graphs of the ops of ONNX, `importing`
writes `.nn` files from the same, and `Backend` is what ONNX's own tests drive. All of it needs the extra:
`pip install "nndsl[onnx]"`.
"""
