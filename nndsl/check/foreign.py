"""What people write who come from Keras, PyTorch, JAX or plain Python, and what they write here instead.

Asked only where a name, a member, an argument or a setting is not known: whatever the library or a file defines stands
above these tables.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from nndsl.diagnostics import Guess, Problem, did_you_mean
from nndsl.problems import names
from nndsl.syntax import ast

MODULES = frozenset(
    ("nn", "torch", "F", "tf", "tensorflow", "keras", "layers", "np", "numpy", "jax", "jnp", "lax", "flax", "optax",
     "optim", "optimizers", "losses", "metrics", "activations", "initializers", "regularizers", "callbacks", "models",
     "functional", "math", "random", "sklearn", "pd", "K")
)  # fmt: skip
"""Names by which other libraries are reached."""

_CROSS = (
    "write `sparse_categorical_crossentropy(target, logits)` for class numbers, `categorical_crossentropy` for rows"
)
_BINARY = "write `binary_crossentropy(target, probability)`"
_RUN = "`nndsl train FILE` trains; how is said in `train NAME { … }`"
_SETTINGS = "optimizer, epochs and data stand in `train NAME { … }`; losses and metrics are lines of the model"
_SOURCE = "sources of data stand in a `train` or `data` section"
_CALLBACK = "callbacks stand in a `train` section: `callbacks = [EarlyStopping(patience=3)]`"
_PARAM = "write `param w: f32[n, units] = glorot_uniform` in a layer"
_WHOLE = "remove it: a model is compiled and differentiated as a whole, for batches of any size"

NAMES = {
    "Input": "declare inputs on lines of their own: `input x: f32[batch, 784]`",
    "InputLayer": "declare inputs on lines of their own: `input x: f32[batch, 784]`",
    "Model": "write `model Name { … }` and join layers with `|>`",
    "Module": "write `layer Name(units: int)(x) { … }`, or `model Name() { … }`",
    "Layer": "write `layer Name(units: int)(x) { … }`",
    "Lambda": "write `fn name(x) { … }` at the top of the file, and apply that",
    "Linear": "write `Dense(units)`: the size of what flows in is found",
    **{f"Conv{n}d": f"write `Conv{n}D(filters, kernel_size)`: channels are last" for n in (1, 2, 3)},
    **{f"Convolution{n}D": f"write `Conv{n}D(filters, kernel_size)`" for n in (1, 2, 3)},
    **{f"ConvTranspose{n}d": f"write `Conv{n}DTranspose(filters, kernel_size)`: channels are last" for n in (1, 2, 3)},
    **{f"conv{n}d": "write `conv(x, kernel)`: channels are last" for n in (1, 2, 3)},
    **{f"conv_transpose{n}d": "write `conv_transpose(x, kernel)`: channels are last" for n in (1, 2, 3)},
    "MaxPool1d": "write `MaxPool1D(2)`: channels are last", "MaxPool2d": "write `MaxPool2D(2)`: channels are last",
    "AvgPool2d": "write `AvgPool2D(2)`: channels are last",
    "AdaptiveAvgPool2d": "write `AdaptiveAveragePooling2D(1)`: channels are last",
    "max_pool2d": "write `max_pool(x, 2)`: channels are last",
    "avg_pool2d": "write `average_pool(x, 2)`: channels are last",
    "Upsample": "write `UpSampling2D(2)`, or `resize(x, [height, width])`",
    "interpolate": "write `resize(x, [height, width])`",
    "ReflectionPad2d": 'write `pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]], mode="reflect")`',
    "ReplicationPad2d": 'write `pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]], mode="edge")`',
    "InstanceNorm2d": "write `InstanceNormalization()`: the size of what flows in is found",
    "BatchNorm1d": "write `BatchNormalization()`: the size of what flows in is found",
    "BatchNorm2d": "write `BatchNormalization()`: the size of what flows in is found",
    "batch_norm": "write `x |> BatchNormalization()`",
    "layer_norm": "write `x |> LayerNormalization()`",
    "dropout": "write `x |> Dropout(0.5)`",
    "flatten": "write `x |> Flatten()`",
    "embedding": "write `words |> Embedding(1000, 16)`",
    "view": "write `x |> Flatten()`, or `reshape(x, [batch, 28, 28])`",
    "cat": "write `concat(a, b)`", "concatenate": "write `concat(a, b)`", "Concat": "write `concat(a, b)`",
    "matmul": "write `a @ b`", "dot": "write `a @ b`",
    "permute": "write `transpose(x, [0, 2, 1])`",
    "expand_dims": "write `x[:, none]`", "unsqueeze": "write `x[:, none]`", "newaxis": "write `none`: `x[:, none]`",
    "squeeze": "write `x[:, 0]`",
    "to_categorical": "write `one_hot(label, 10)`, or keep the class numbers and use `sparse_categorical_crossentropy`",
    "tensor": "a list is a tensor where one is needed: `x * [1.0, 2.0]`",
    "array": "a list is a tensor where one is needed: `x * [1.0, 2.0]`",
    "randn": "write `random_normal([n, 3])`", "rand": "write `random_uniform([n, 3])`",
    "Parameter": _PARAM, "Variable": _PARAM, "add_weight": _PARAM,
    "CrossEntropyLoss": _CROSS, "cross_entropy": _CROSS, "crossentropy": _CROSS, "NLLLoss": _CROSS, "nll_loss": _CROSS,
    "softmax_cross_entropy": _CROSS,
    "BCELoss": _BINARY, "BCEWithLogitsLoss": _BINARY, "binary_cross_entropy": _BINARY, "bce": _BINARY,
    "MSELoss": "write `mse(target, output)`", "mse_loss": "write `mse(target, output)`",
    "L1Loss": "write `mae(target, output)`", "l1_loss": "write `mae(target, output)`",
    "SmoothL1Loss": "write `huber(target, output)`", "HuberLoss": "write `huber(target, output)`",
    "compile": _SETTINGS, "fit": _RUN, "predict": "`nndsl predict FILE` predicts", "train": _RUN,
    "evaluate": "`nndsl evaluate FILE` evaluates", "summary": "`nndsl summary FILE` shows a model",
    "print": "nothing is printed: `nndsl summary FILE` shows a model, `output h` gives a value",
    "range": "write `0..n`: `for i in 0..3 { … }`",
    "enumerate": "count with `for i in 0..n { … }`, and take items by `sizes[i]`",
    "zip": "count with `for i in 0..n { … }`, and take items by `sizes[i]`",
    "jit": _WHOLE, "grad": _WHOLE, "vmap": _WHOLE, "no_grad": "write `stop_gradient(x)`",
    "npz": _SOURCE, "csv": _SOURCE, "digits": _SOURCE, "iris": _SOURCE, "wine": _SOURCE, "diabetes": _SOURCE,
    "breast_cancer": _SOURCE, "ragged": _SOURCE,
    "EarlyStopping": _CALLBACK, "ModelCheckpoint": _CALLBACK, "ReduceLROnPlateau": _CALLBACK, "CSVLogger": _CALLBACK,
    "TensorBoard": _CALLBACK, "TerminateOnNaN": _CALLBACK,
    "True": "write `true`", "False": "write `false`", "None": "write `none`", "self": "there are no objects: use names",
}  # fmt: skip
"""Names of functions and layers."""

_DEVICE = "remove it: programs run on the cores of the processor"
OBJECTS = frozenset(("model", "net", "network", "optimizer", "self"))
"""Names by which other libraries' programs call their models."""

OF_OBJECTS = {
    "add": "join layers with `|>`: `x |> Dense(64, activation=relu) |> Dense(10)`",
    "compile": _SETTINGS, "fit": _RUN, "evaluate": "`nndsl evaluate FILE` evaluates",
    "predict": "`nndsl predict FILE` predicts", "summary": "`nndsl summary FILE` shows a model",
    "parameters": "remove it: an optimizer updates all params of the model",
    "trainable_variables": "remove it: an optimizer updates all params of the model",
    "train": _RUN, "eval": _RUN,
}  # fmt: skip
MEMBERS = {
    "shape": "write `shape(x)`", "T": "write `transpose(x)`", "dtype": "write `dtype(x)`", "ndim": "write `rank(x)`",
    "size": "write `shape(x)[1]` for the size of axis 1",
    "view": "write `x |> Flatten()`, or `reshape(x, [batch, 28, 28])`",
    "reshape": "write `reshape(x, [batch, 28, 28])`, or `x |> Flatten()`",
    "flatten": "write `x |> Flatten()`", "squeeze": "write `x[:, 0]`", "unsqueeze": "write `x[:, none]`",
    "permute": "write `transpose(x, [0, 2, 1])`", "detach": "write `stop_gradient(x)`",
    "float": "write `cast(x, f32)`", "long": "write `cast(x, i64)`", "astype": "write `cast(x, f32)`",
    "cuda": _DEVICE, "cpu": _DEVICE, "to": _DEVICE, "device": _DEVICE, "gpu": _DEVICE,
    "numpy": "remove it: values of a model are no arrays before it runs",
    "item": "remove it: values of a model are no numbers before it runs",
    "backward": "remove it: gradients are made from the `loss` lines",
    "zero_grad": "remove it: gradients are made from the `loss` lines",
    "append": "write a list in one piece, `[64, 32]`, and go through it with `for u in sizes { … }`",
}  # fmt: skip
"""What values of other libraries have."""

RENAMED = {
    "lr": ("learning_rate",), "dim": ("axis",), "axes": ("axis",), "keepdim": ("keepdims",), "p": ("rate",),
    "prob": ("rate",), "out_features": ("units",), "features": ("units",), "hidden_size": ("units",),
    "hidden_dim": ("units",), "hidden_units": ("units",), "eps": ("epsilon",), "num_embeddings": ("input_dim",),
    "embedding_dim": ("output_dim",), "vocab_size": ("input_dim",), "bias": ("use_bias",), "alpha": ("negative_slope",),
    "beta1": ("beta_1",), "beta2": ("beta_2",), "act": ("activation",), "kernel_init": ("kernel_initializer",),
    "clip_norm": ("clipnorm",), "shape": ("target_shape",),
}  # fmt: skip
_FOUND = "leave it out: the size of what flows in is found"
_TYPE = "leave it out: the types of inputs say it"
ARGUMENTS = {
    "in_features": _FOUND, "input_shape": _FOUND, "input_dim": _FOUND, "input_size": _FOUND, "num_features": _FOUND,
    "in_channels": _FOUND, "batch_first": "leave it out: the batch is the first axis",
    "from_logits": "leave it out: whether these are logits or probabilities is known from the value",
    "betas": "write `beta_1=0.9, beta_2=0.999`",
    "params": "leave it out: an optimizer updates all params of the model, or those that `trains=[…]` names",
    "name": "leave it out, and bind the layer to a name: `hidden = Dense(64)`",
    "dtype": _TYPE, "inplace": "leave it out: values are never changed in place",
    "reduction": "leave it out: a `loss` line takes the mean; write `sum(…)` for a sum",
    "device": "leave it out: programs run on the cores of the processor",
    "num_layers": "write `for i in 0..n { x = x |> … }`",
}  # fmt: skip
"""Arguments that nothing here has, where no other name is meant."""

_OPTION = "it belongs to the optimizer: `optimizer = Adam({}=…)`"
_RESULT = "it is a line of the model: `{}`"
SETTINGS = {
    **{name: _OPTION.format(name) for name in ("learning_rate", "weight_decay", "clipnorm", "clipvalue", "momentum")},
    "lr": _OPTION.format("learning_rate"),
    "loss": _RESULT.format("loss mse(target, output)"), "criterion": _RESULT.format("loss mse(target, output)"),
    "metrics": _RESULT.format("metric accuracy(target, output)"),
    "metric": _RESULT.format("metric accuracy(target, output)"),
    "patience": _CALLBACK, "early_stopping": _CALLBACK, "callback": _CALLBACK,
    "device": "remove it: programs run on the cores of the processor",
    "model": "remove it: the name of the section says which model is meant",
    "validation_data": 'name a source: `validation = npz("file.npz", x="x_test", …)`',
    "x": "name a source: `data = npz(\"file.npz\", x=\"x_train\", …)`",
    "y": "name a source: `data = npz(\"file.npz\", y=\"y_train\", …)`",
}  # fmt: skip
"""What stands elsewhere than in a `train` section."""


def name_cure(name: str, known: Iterable[str]) -> str | None:
    """What to write for a name that is not known: what stands for it here, or the nearest of `known`."""
    return NAMES.get(name) or did_you_mean(name, list(known))


def argument_cure(name: str, known: Collection[str]) -> str | None:
    """What to write for an argument that a function does not have."""
    for other in RENAMED.get(name, ()):
        if other in known:
            return Guess(name, other, sure=True)
    return ARGUMENTS.get(name) or did_you_mean(name, known)


def unknown_member(expr: ast.Attribute, known: Collection[str], is_value: bool) -> Problem:
    """The Problem of `x.view` or `nn.Linear`; `is_value` tells whether what stands before the dot is known."""
    owner = expr.value.span.text
    if is_value:
        message, cure = f"nothing here has a member `{expr.name}`", _of_value(expr.name, owner, known)
    else:
        message, cure = f"`{owner}.{expr.name}` is not known here", _of_module(expr, owner, known)
    return names.UnknownName(expr.span, message=message, cure=cure)


def _of_value(name: str, owner: str, known: Collection[str]) -> str:
    shown = owner if len(owner) <= 20 and "\n" not in owner else "x"
    if name in MEMBERS:
        return MEMBERS[name]
    if name in known:
        return f"write `{shown} |> {name}(…)`" if name[:1].isupper() else f"call it as a function: `{name}({shown})`"
    return "values have no members: functions are called as `f(x)`, layers as `x |> Dense(64)`"


def _of_module(expr: ast.Attribute, owner: str, known: Collection[str]) -> str:
    base, member = owner.split(".")[0].strip(), expr.name
    if base in OBJECTS and member in OF_OBJECTS:
        return OF_OBJECTS[member]
    if member in known:
        return Guess(expr.span.text, member, sure=base in MODULES)
    plain = "layers and functions have plain names: `Dense(64)`, `relu(x)`"
    return NAMES.get(member) or MEMBERS.get(member) or (plain if base in MODULES else f"`{base}` is not known")
