"""Well-formed models put together at random: layers, loops, branches, scans, layers as values, own definitions.

Every value is known with its shape, so most of these programs check without an error and reach the later stages. Not
all: what the generator gets wrong must be told as a Problem, and that is worth trying too.
"""

from __future__ import annotations

import re
from random import Random

Shape = tuple[int | str, ...]

ACTIVATIONS = ("relu", "tanh", "sigmoid", "gelu", "softplus", "leaky_relu", "elu", "selu", "silu", "mish", "linear",
               "softsign", "hard_sigmoid", "exponential", "softmax")  # fmt: skip
STARTS = (
    "glorot_uniform",
    "he_normal",
    "zeros",
    "ones",
    "orthogonal",
    "constant(0.1)",
    "uniform(-0.1, 0.1)",
    "lecun_normal",
)
UNARY = ("tanh", "exp", "square", "abs", "sin", "cos", "sqrt", "log1p", "sign", "floor", "erf", "stop_gradient", "round",
         "softplus", "sigmoid", "expm1", "rsqrt", "isfinite")  # fmt: skip
OPTIMIZERS = ("SGD(0.1)", "SGD(0.1, momentum=0.9, nesterov=true)", "RMSprop", "RMSprop(centered=true, momentum=0.5)", "Adam",
              "Adam(0.01, amsgrad=true)", "AdamW(weight_decay=0.1)", "Adagrad", "Adadelta", "Adamax", "Nadam", "Lion",
              "Own", "Own(learning_rate=Falling(0.1))", "Adam(CosineDecay(0.1, 100), clipnorm=1.0)",
              "SGD(LinearWarmup(0.1, 10), global_clipnorm=1)", "Adam(clipvalue=0.5, weight_decay=0.01)")  # fmt: skip

OWN = re.split(
    r"\n(?=\w)",
    """\
layer Scaled(units: int, act: fn = linear, start: init = glorot_uniform)(x: f32[..., n]) -> f32[..., units] {
  param w: f32[n, units] = start
  return act(x @ w)
}
layer Around(inner: layer, times: int = 1)(x: f32[...]) {
  y = x
  repeat times { y = y + (x |> inner) }
  return y
}
layer Running(keep: float = 0.9)(x: f32[batch, ..., n]) {
  state seen: f32[n] = zeros
  if training {
    now = mean(reshape(x, [-1, n]), axis=0)
    seen := keep * seen + (1 - keep) * now
    return x - now
  }
  return x - seen
}
layer Cell(units: int, back: bool = false)(x: f32[batch, time, n]) -> f32[batch, time, units] {
  param w: f32[n, units] = glorot_uniform
  param u: f32[units, units] = orthogonal
  s = x @ w
  if back { s = s[:, ::-1] }
  scan (h = zeros([batch, units]), m = ones([batch, 1])) over t in s axis 1 {
    f = sigmoid(t + h @ u)
    next h = f * h + (1 - f) * tanh(t * m)
    next m = maximum(m, max(h, axis=1, keepdims=true))
    collect h as all
  }
  return all
}
layer Norm = LayerNormalization
fn mean_of(...values: f32[...]) { return sum(stack(values), axis=0) / len(values) }
layer Built(kind: layer = RMSNorm)(x: f32[...]) { return x |> kind() }
fn bent(x: f32[...], by: float = 0.5) { return where(x > by, x, by * x) }
loss own(y: f32[...], p: f32[...]) { return log1p(square(y - p)) }
metric worst(y: f32[...], p: f32[...]) {
  state most = 0.0
  most := maximum(most, max(abs(y - p)))
  return most
}
metric near(y: f32[...], p: f32[...]) { return cast(abs(y - p) < 0.5, f32) }
optimizer Own(learning_rate: float = 0.01, keep: float = 0.9)(p, g) {
  state v = zeros_like(p)
  v := keep * v + sign(g) * minimum(abs(g), 1)
  p := p - learning_rate * v / (1 + sqrt(step))
}
schedule Falling(rate: float)(step) { return rate / (1 + 0.1 * step) }""",
)
"""Definitions that a program may use; it has those that it names."""


class Models:
    """Writes one program; all choices come from `random`."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.lines: list[str] = []
        self.values: list[tuple[str, Shape]] = []
        self.layers: list[tuple[str, int, int]] = []  # shared ones: name, features in and out
        self.count = 0

    def pick(self, *choices: str) -> str:
        return self.random.choice(choices)

    def size(self) -> int:
        return self.random.choice(
            (1, 2, 3, 4, 4, 6, 8, 8, 16, 5, 12) if self.random.random() < 0.98 else (0, 1_000, 2**20)
        )

    def name(self) -> str:
        self.count += 1
        return f"v{self.count}"

    def add(self, expression: str, shape: Shape) -> None:
        name = self.name() if self.random.random() < 0.8 or not self.values else self.random.choice(self.values)[0]
        self.values = [(n, s) for n, s in self.values if n != name] + [(name, shape)]
        self.lines.append(f"{name} = {expression}")

    # --- a program ---------------------------------------------------------------------------------------

    def program(self) -> str:
        self.inputs()
        for _ in range(self.random.randint(1, 12)):
            self.step()
        self.end()
        body = "\n".join(f"  {line}" for line in self.lines)
        depth = self.random.randint(0, 3)
        text = f"model M(n: int = {self.size()}, depth: int = {depth}, act: fn = relu) {{\n{body}\n}}\n"
        if self.random.random() < 0.8:
            text += f"\ntrain M {{\n  optimizer = {self.pick(*OPTIMIZERS)}\n  epochs = 2\n}}\n"
        if self.random.random() < 0.3:
            name, shape = self.random.choice(self.values)
            facts = [f"expect rank({name}) == {len(shape)}", "expect gradients", "expect parameters > 0",
                     f"expect shape({name}) == [{', '.join(map(str, shape))}]", "expect overfits(4)",
                     "expect error NN201 { z = ones([2]) + ones([3]) }", "expect close(bent([1.0]), [1.0])"]  # fmt: skip
            text += f'\ntest "facts" {{\n  {chr(10).join(self.random.sample(facts, 3))}\n}}\n'
        own = [made for made in OWN if re.search(rf"\b{re.split(r'[ (]', made)[1]}\b", text)]
        return "\n".join([*own, text])

    def inputs(self) -> None:
        for i in range(self.random.randint(1, 3)):
            match self.random.randrange(5):
                case 0:
                    classes, width = self.size() + 2, self.size()
                    self.lines.append(f"input words{i}: index<{classes}>[batch, time]")
                    self.add(f"words{i} |> Embedding({classes}, {width})", ("batch", "time", width))
                    continue
                case 1:
                    shape: Shape = ("batch", self.size(), self.size())
                case 2:
                    shape = ("batch", "time", self.size())
                case 3:
                    shape = ("batch", self.size(), self.size(), self.size())
                case _:
                    shape = ("batch", self.size())
            self.lines.append(f"input x{i}: f32[{', '.join(map(str, shape))}]")
            self.values.append((f"x{i}", shape))

    def end(self) -> None:
        """Outputs, losses and metrics over what there is."""
        name, shape = self.values[-1]
        self.lines.append(f"output result = {name}")
        for other, _ in self.random.sample(self.values, min(len(self.values), self.random.randint(0, 2))):
            self.lines.append(f"output {other}")
        kind = self.random.randrange(4)
        if kind == 0 and isinstance(shape[-1], int) and shape[-1] > 1:
            self.lines.append(f"target label: index<{shape[-1]}>[{', '.join(map(str, shape[:-1]))}]")
            self.lines.append(f"loss sparse_categorical_crossentropy(label, {self.pick(name, f'softmax({name})')})")
            self.lines.append(f"metric accuracy(label, {name})")
        elif kind in (1, 2):
            self.lines.append(f"target y: f32[{', '.join(map(str, shape))}]")
            self.lines.append(
                f"loss {self.pick('mse', 'mae', 'own', 'huber', 'log_cosh', 'cosine_similarity')}(y, {name})"
            )
            self.lines.append(f"metric {self.pick('worst', 'near', 'rmse', 'r2', 'mae')}(y, {name})")
        if kind != 1:
            self.lines.append(f"loss {self.pick('', 'small = ')}0.1 * mean(square({name}))")

    # --- lines -------------------------------------------------------------------------------------------

    def step(self) -> None:
        """One more value, by itself or in a loop or a branch."""
        name, shape = self.random.choice(self.values)
        draw = self.random.random()
        if draw < 0.12:
            self.join(name, shape)
        elif draw < 0.24:
            same = self.same(name, shape)
            self.lines.append(self.pick(f"repeat depth {{ {name} = {same} }}", f"for i in 0..3 {{ {name} = ({same}) + i }}",
                                        f"if training {{ {name} = {same} }}", f"if depth > 1 {{ {name} = {same} }} else {{ {name} = act({name}) }}",
                                        f"for f in [relu, tanh] {{ {name} = f({same}) }}", f"assert rank({name}) == {len(shape)}",
                                        f"for l in [Scaled({shape[-1]}), Scaled({shape[-1]}, tanh)] {{ {name} = l({name}) }}"))  # fmt: skip
        elif draw < 0.34:
            self.shared(name, shape)
        elif draw < 0.5:
            self.add(self.same(name, shape), shape)
        elif draw < 0.62:
            self.cut(name, shape)
        else:
            self.layer(name, shape)

    def same(self, x: str, shape: Shape) -> str:
        """Something of the shape of x."""
        n = shape[-1]
        choices = [f"{self.pick(*UNARY)}({x})", f"{x} + {x}", f"0.5 * {x} - 1", f"{x} |> Dropout({self.pick('0.1', '0.5', '0')})",
                   f"{x} * {x} / (1 + abs({x}))", f"where({x} > 0, {x}, -{x})", f"{x} |> LayerNorm()", f"bent({x}, by=0.1)",
                   f"{x} |> Activation({self.pick(*ACTIVATIONS)})", f"{x} |> GaussianNoise(0.1)", f"{x} |> RMSNorm()",
                   f"{x} |> Running()", f"{x} |> BatchNorm(momentum=0.9)", f"maximum({x}, mean({x}, axis=-1, keepdims=true))",
                   f"{x} - max({x}, axis=0)", f"{x} ** {self.pick('2', '3', '0.5', '-1', '0')}", f"clip({x}, -1, 1)",
                   f"softmax({x}, axis={self.pick('-1', '1')})", f"{x} + random_normal(shape({x}))", f"{x}[..., ::-1]",
                   f"cast(cast({x}, {self.pick('i32', 'f64', 'bool', 'i64')}), f32)", f"{x} % 2", f"{x} |> UnitNormalization()",
                   f"{x} + cast(argmax({x}), f32)[..., none]", f"{x} |> Around(Scaled({n}), times=2)", f"cumsum({x}, axis=-1)",
                   f"sort({x})", f"roll({x}, 1, axis=-1)", f"{x} |> Around(tanh)", f"mean_of({x}, {x})", f"{x} |> Norm()",
                   f"{x} |> (LayerNorm() |> tanh)", f"{x} |> Built(LayerNorm)"]  # fmt: skip
        if isinstance(n, int):
            choices += [f"{x} |> Dense({n}, activation={self.pick(*ACTIVATIONS)}, kernel_initializer={self.pick(*STARTS)})",
                        f"{x} @ (ones([{n}, {n}]) / {max(n, 1)})", f"{x} + ({x} |> Dense({n}, use_bias=false))",
                        f"{x} |> Dense({n}, kernel_regularizer={self.pick('L2(0.01)', 'L1(0.1)', 'L1L2(0.1, 0.1)')})",
                        f"sum({x}[..., none] * ones([{n}, {n}]), axis=-2)"]  # fmt: skip
        if len(shape) == 3 and isinstance(n, int):
            choices += [f"{x} |> MultiHeadAttention(2, {self.size()}, dropout=0.1)", f"{x} |> Cell({n})", f"{x} |> Cell({n}, back=true)",
                        f"{x} |> GRU({n}, return_sequences=true, reset_after={self.pick('true', 'false')})",
                        f"{x} |> TransformerEncoder({self.size()}, 1)", f"{x} + ({x} |> SinePositionEncoding())",
                        f"{x} |> TimeDistributed(Dense({n}))", f"scaled_dot_product_attention({x}, {x}, {x}, is_causal=true)",
                        f"{x} |> SpatialDropout1D(0.2)"]  # fmt: skip
        return self.random.choice(choices)

    def layer(self, x: str, shape: Shape) -> None:
        """A layer that changes the shape."""
        if len(shape) in (3, 4) and isinstance(shape[-1], int) and self.random.random() < 0.4:
            self.windows(x, shape, shape[-1])
            return
        units, n = self.size(), shape[-1]
        if len(shape) == 3 and isinstance(n, int) and self.random.random() < 0.6:
            kind = self.pick("LSTM", "GRU", "SimpleRNN")
            options = self.pick("", ", dropout=0.2", ", recurrent_dropout=0.1", ", use_bias=false", ", go_backwards=true",
                                ", kernel_regularizer=L2(0.1)", ", activation=relu", ", recurrent_initializer=zeros")  # fmt: skip
            if self.random.random() < 0.3:
                self.add(f"{x} |> {kind}({units}, return_sequences=true{options})", (*shape[:2], units))
            elif self.random.random() < 0.3:
                self.add(f"{x} |> Bidirectional({kind}({units}{options}), backward_layer={kind}({units}, go_backwards=true))",
                         (shape[0], 2 * units))  # fmt: skip
            else:
                self.add(f"{x} |> {kind}({units}{options})", (shape[0], units))
        elif all(isinstance(s, int) for s in shape[1:]) and self.random.random() < 0.3:
            total = 1
            for s in shape[1:]:
                total *= int(s)
            self.add(f"{x} |> Flatten()", ("batch", total)) if self.random.random() < 0.6 else self.add(
                f"{x} |> Reshape([{total}, 1])", ("batch", total, 1)
            )
        elif isinstance(n, int):
            make = self.pick(
                f"Dense({units}, activation=act)",
                f"Dense({units})",
                f"Scaled({units}, act=tanh)",
                f"Dense(n * {units})",
            )
            self.add(f"{x} |> {make}", (*shape[:-1], units if "n *" not in make else f"n * {units}"))

    def windows(self, x: str, shape: Shape, channels: int) -> None:
        """Convolutions and poolings over one axis or two."""
        dims, units, window = f"{len(shape) - 2}D", self.size(), self.random.randint(1, 4)
        known = [size for size in shape[1:-1] if isinstance(size, int)]
        same = self.pick(
            "", ", activation=relu", ", use_bias=false", ", dilation_rate=2", ", kernel_regularizer=L2(0.1)"
        )
        halves = tuple((size + 1) // 2 if isinstance(size, int) else f"ceil({size} / 2)" for size in shape[1:-1])
        match self.random.randrange(8):
            case 0 if len(known) == len(shape) - 2 and min(known) >= window:
                places = tuple(size - window + 1 for size in known)
                self.add(f"{x} |> Conv{dims}({units}, {window})", ("batch", *places, units))
            case 1:
                self.add(f'{x} |> Conv{dims}({units}, {window}, strides=2, padding="same")', ("batch", *halves, units))
            case 2:
                kind = self.pick("MaxPooling", "AveragePooling")
                self.add(f'{x} |> {kind}{dims}(2, padding="same")', ("batch", *halves, channels))
            case 3:
                self.add(f"{x} |> {self.pick('GlobalMaxPooling', 'GlobalAveragePooling')}{dims}()", ("batch", channels))
            case 4:
                self.add(f'{x} |> DepthwiseConv{dims}({window}, padding="same")', shape)
            case 5:
                self.add(f'{x} |> SeparableConv{dims}({units}, {window}, padding="same")', (*shape[:-1], units))
            case 6 if len(known) == len(shape) - 2:
                doubled = tuple(2 * size for size in known)
                self.add(
                    f'{x} |> Conv{dims}Transpose({units}, 3, strides=2, padding="same")', ("batch", *doubled, units)
                )
            case _:
                self.add(f'{x} |> Conv{dims}({units}, {window}, padding="same"{same})', (*shape[:-1], units))

    def cut(self, x: str, shape: Shape) -> None:
        """Sums over axes, slices, axes in another order."""
        axis = self.random.randrange(1, len(shape))
        rest = shape[:axis] + shape[axis + 1 :]
        fold = self.pick("sum", "mean", "max", "min", "var", "logsumexp")
        match self.random.randrange(5):
            case 0 if len(shape) > 2:
                self.add(f"{fold}({x}, axis={axis})", rest)
            case 1 if len(shape) > 2:
                self.add(f"{x}[{', '.join(':' for _ in range(axis))}, {self.pick('-1', '0')}]", rest)
            case 2 if len(shape) > 2:
                order = [0, *self.random.sample(range(1, len(shape)), len(shape) - 1)]
                self.add(f"transpose({x}, {order})", tuple(shape[i] for i in order))
            case 3 if isinstance(shape[-1], int) and shape[-1] > 1:
                k = self.random.randint(1, shape[-1])
                self.add(f"{x}[..., {self.pick(f':{k}', f'{shape[-1] - k}:')}]", (*shape[:-1], k))
            case _:
                self.add(f"{x}[:, none]", (shape[0], 1, *shape[1:]))

    def join(self, x: str, shape: Shape) -> None:
        """Two values into one."""
        fits = [v for v in self.values if len(v[1]) == len(shape)]
        other, theirs = self.random.choice(fits)
        if theirs == shape:
            self.add(self.pick(f"{x} + {other}", f"{x} * {other}", f"where({x} > {other}, {x}, {other})", f"[{x}, {other}] |> Add()",
                               f"minimum({x}, {other})", f"stack({x}, {other})[0]", f"{x} / (1 + square({other}))"), shape)  # fmt: skip
        elif theirs[:-1] == shape[:-1] and isinstance(shape[-1], int) and isinstance(theirs[-1], int):
            self.add(f"concat({x}, {other})", (*shape[:-1], shape[-1] + theirs[-1]))
        elif len(shape) == 3 and isinstance(shape[-1], int):
            self.add(f"MultiHeadAttention(1, {self.size()})({x}, {other})", shape)

    def shared(self, x: str, shape: Shape) -> None:
        """A layer with a name, applied where it fits."""
        fits = [layer for layer in self.layers if layer[1] == shape[-1]]
        if fits and self.random.random() < 0.7:
            name, _, units = self.random.choice(fits)
            self.add(f"{name}({x})", (*shape[:-1], units))
        elif isinstance(shape[-1], int):
            name, units = f"l{len(self.layers)}", self.size()
            make = self.pick(
                f"Dense({units})", f"Scaled({units}, act=gelu, start=he_normal)", f"Dense({units}, activation=softplus)"
            )
            self.layers.append((name, shape[-1], units))
            self.lines.append(f"{name} = {make}")
            self.add(f"{name}({x})", (*shape[:-1], units))
