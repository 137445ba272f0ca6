"""Programs made to break the compiler: text that expands without end, nests deep, overflows, or imports too much."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

Files = dict[str, bytes]


def hostile(random: Random) -> tuple[str, bytes, Files]:
    """The name of an attack, the program and the files it imports."""
    make = random.choice(ATTACKS)
    made = make(random)
    text, files = made if isinstance(made, tuple) else (made, {})
    return make.__name__, text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"), files


def model(lines: str, before: str = "") -> str:
    return f"{before}model M(n: int = 4) {{\n  input x: f32[batch, 4]\n{lines}\n}}\n"


def size(random: Random) -> int:
    """How often something is done: seldom little."""
    return random.choice((2, 10, 99, 100, 101, 200, 201, 1_000, 5_000))


def number(random: Random) -> str:
    """A number at an edge of some type."""
    base = random.choice((2**15, 2**24, 2**31, 2**32, 2**53, 2**62, 2**63, 2**64, 10**9, 10**12, 10**18, 10**40))
    return random.choice((str(base), str(base - 1), str(base + 1), f"-{base}", f"{base}.5", f"({base} * {base})",
                          "1e308", "1e309", "-1e309", "1e-320", "9" * 4301, "0x10", "1e99999"))  # fmt: skip


# --- what expands ------------------------------------------------------------------------------------------


def loops(random: Random) -> str:
    """`for` and `repeat` in each other, up to 10 ** 9 turns."""
    body = random.choice(("x = x + 1", "x = x |> Dense(4)", "x = x |> Dense(4) |> Dropout(0.1)", "a = a + [1]", ""))
    for level in range(random.randint(1, 4)):
        turns = random.choice((3, 10, 100, 1_000, 10**6, 10**9))
        body = random.choice((f"repeat {turns} {{ {body} }}", f"for i{level} in 0..{turns} {{ {body} }}"))
    return model(f"  a = []\n  {body}\n  output y = x")


def doubling(random: Random) -> str:
    """Layers that apply the next one twice: 2 ** depth nodes."""
    depth, ways = random.choice((3, 10, 20, 45, 60)), random.choice((2, 3, 10))
    call = random.choice(("L{0}()", "L{0}", "f{0}"))
    role = "fn f{0}(x: f32[...])" if call == "f{0}" else "layer L{0}()(x: f32[...])"
    defined = [f"{role.format(i)} {{ return x{f' |> {call.format(i + 1)}' * ways} }}\n" for i in range(depth)]
    last = random.choice(("x + 1", "x |> Dense(4)", "tanh(x)"))
    return model(
        f"  output y = x |> {call.format(0)}", "".join(defined) + f"{role.format(depth)} {{ return {last} }}\n"
    )


def growing(random: Random) -> str:
    """A value that doubles in each turn."""
    start, step = random.choice(
        (("[1]", "a + a"), ("[1]", "[a, a]"), ('"ab"', "a + a"), ("2", "a * a"), ("x", "concat(a, a)"),
         ("x", "a @ transpose(a)"), ("x", "stack(a, a)"), ("batch", "a * a"), ("batch", "a * (a + 1)"), ("x", "a + a"),
         ("2.0", "a ** a"), ("x", "where(a > 0, a, a)"), ("1", "a / 3"), ("x", "a[none]"), ("[x]", "a + a"))
    )  # fmt: skip
    use = random.choice(
        ("x |> Dense(len(a))", "a", "x + a", "concat(a)", "x |> Dense(a)", "stack(a)", "x * shape(a)[0]")
    )
    return model(f"  a = {start}\n  repeat {size(random)} {{ a = {step} }}\n  output y = {use}")


def deep(random: Random) -> str:
    """One construct in itself, or after itself."""
    n = size(random)
    value = random.choice(
        ("(" * n + "x" + ")" * n, "[" * n + "x" + "]" * n, "-" * n + "x", "not " * n + "x", "abs(" * n + "x" + ")" * n,
         "x" + " + x" * n, "x" + " ** x" * n, "x" + "[0]" * n, "x" + "()" * n, "x" + ".x" * n, "x" + " |> relu" * n,
         "x" + " |> Dense(4)" * n, "x" + " @ x" * n, "x" + " < x" * n, "f(" * n, "x[" * n, "x[" + ":, " * n + ":]",
         "[" + "1, " * n + "]", "concat(" + "x, " * n + "x)", "Dense(" + ", ".join(f"a{i}={i}" for i in range(n)) + ")",
         '"' + "a" * 50 * n + '"', "9" * n, "x" + "_" * n, "1e" + "9" * n, "1 " * n, "x" + " and x" * n)
    )  # fmt: skip
    line = random.choice(("output y = {}", "y = {}", "{}", "loss {}", "param w: f32[{}] = zeros", "repeat {} {{ }}"))
    return model("  " + line.format(value))


def nested(random: Random) -> str:
    """Blocks in blocks, and chains of `else if`."""
    n = size(random)
    head = random.choice(("if true {", "repeat 1 {", "for i in 0..1 {", "scan (h = x) over t in x axis 0 {"))
    if random.random() < 0.3:
        return model("  if false { }" + "\n  else if false { }" * n + "\n  output y = x")
    inner = random.choice(("x = x + 1", "next h = h", ""))
    return model(f"  {head * n} {inner} {'}' * (n + random.choice((0, 0, 0, -1, 1)))}\n  output y = x")


# --- what goes round ---------------------------------------------------------------------------------------


def recursion(random: Random) -> str:
    """Definitions that contain themselves: straight, by others, as arguments, as defaults."""
    text, use = random.choice(
        (("layer A()(x: f32[...]) { return x |> A() }\n", "x |> A()"),
         ("layer A()(x: f32[...]) { return x |> B() }\nlayer B()(x: f32[...]) { return x |> A() }\n", "x |> A()"),
         ("fn w(f) { return f(f) }\n", "w(w)"),
         ("fn w(f, x) { return f(f, x) + f(f, x) }\n", "w(w, x)"),
         ("fn f(n: int) { if n > 0 { return f(n - 1) }\nreturn 0 }\n", f"x + f({size(random)})"),
         ("layer A(inner: layer)(x: f32[...]) { return x |> inner }\n", "x |> " + "A(" * size(random) + "relu"),
         ("fn f(x, g: fn = f) { return g(x) }\n", "f(x)"),
         ("layer A(n: int = A(3))(x: f32[...]) { return x }\n", "x |> A()"),
         ("layer A()(x: f32[...]) { b = A\n return x |> b }\n", "x |> A()"),
         ("loss l(y, p) { return l(p, y) }\n", "l(x, x)"),
         ("init i(shape) { return i(shape) }\n", "x |> Dense(3, kernel_initializer=i)"),
         ("init i(shape) { return zeros(shape + shape) }\n", "x |> Dense(3, kernel_initializer=i)"),
         ("model N() { input x: f32[batch, 4]\n output y = M(x) }\n", "x |> N"),
         ("schedule s(step) { return s(step) }\n", "s(1)"))
    )  # fmt: skip
    twice = random.choice(("", "\n  twin = y |> relu", "\n  loss mse(x, x)"))
    return model(f"  output y = {use}{twice}", text)


def sharing(random: Random) -> str:
    """Layers in lists, in lists of lists, given away and applied in odd places."""
    lines = random.choices(
        ("l = Dense(4)", "ls = [Dense(4), Dense(4)]", "for f in ls { x = x |> f }", "x = l(l(x))", "g = [l, [l, ls]]",
         "x = g[1][1][0](x)", "l = l", "l = l(x)", "ls = ls + ls", "if l == l { x = x + 1 }", "x = x |> TimeDistributed(l)",
         "x = x[none] |> TimeDistributed(l)", "r = Bidirectional(LSTM(2), backward_layer=LSTM(2))", "x = x + l",
         "x = l(x, x)", "x = l()", "l = LSTM(4)", "l = Dropout(0.5)", "x = ls(x)", "l = BatchNorm()", "x = l(x)[0]",
         "a, b = split(x, 2)", "x = concat(b, a)", "l = relu", "x, l = x, l"), k=random.randint(2, 9)
    )  # fmt: skip
    return model("  " + "\n  ".join(lines) + "\n  output y = x\n  loss mse(x, x)")


# --- what overflows ----------------------------------------------------------------------------------------


def overflow(random: Random) -> str:
    """Sizes and numbers at the edges of their types."""
    n, m = number(random), number(random)
    lines = random.choice(
        (f"output y = x |> Dense({n})", f"output y = x * {n}", f"output y = reshape(x, [{n}, {m}])",
         f"output y = pad(x, [[0, {n}], [{m}, 0]])", f"output y = x[:, {n}:{m}]", f"output y = x[{n}]",
         f"output y = x[:, ::{n}]", f"output y = broadcast_to(x, [{n}, batch, 4])", f"output y = ones([{n}, {m}])",
         f"output y = arange({n})", f"output y = one_hot(argmax(x), {n})", f"output y = x + {n} ** {m}",
         f"output y = x + {n} / {m} + {n} % {m} + ({n}) // 3", f"output y = split(x, {n})[0]",
         f"output y = sum(x, axis={n})", f"output y = transpose(x, [{n}, {m}])", f"output y = x |> Dropout({n})",
         f"output y = random_uniform([{n}, {m}])", f"param w: f32[{n}, {m}] = zeros\n output y = x @ w",
         f"state s: f32[{n}] = zeros\n output y = x", f"input z: f32[batch * {n} + {m}]\n output y = z",
         f"input z: index<{n}>[batch]\n output y = z |> Embedding({m}, 4)", f"output y = x |> LSTM({n})",
         f"output y = cast(x, i32) + {n}", f"output y = x ** {n}", f"output y = clip(x, {n}, {m})",
         f"output y = as_index(x, {n})", f"output y = multi_hot(cast(x, i32), {n})", f"output y = int({n}) + x",
         f"output y = x + sqrt({n}) + exp({n}) + log({n})", f"output y = where(x > {n}, {m}, {n})",
         f"output y = scatter_add(argmax(x), x, {n})", f"output y = concat(x, ones([batch, {n}]))",
         f"output y = x\n loss {n} * mse(x, x) ** {m}", f"output y = repeat {n}", f"output y = round({n}) + x")
    )  # fmt: skip
    train = f"\ntrain M {{ epochs = {n}\n batch_size = {m}\n optimizer = Adam({m})\n seed = {n} }}\n"
    return model("  " + lines) + random.choice(("", "", train))


def consts(random: Random) -> str:
    """Compile-time values of every kind where another is asked for."""
    values = ("none", "true", '"a"', "[]", "[1, [2]]", "()", "relu", "Dense", "Dense(3)", "x", "batch", "1.5", "-3",
              number(random), "shape(x)", "kind(x)", "dtype(x)", "training", "zeros", "L2", "L2(0.1)", "f32", "M", "pi",
              "LSTM(3)", "Adam", "Adam(0.1)", "mse", "accuracy", "CosineDecay(0.1, 5)", "step", "...", "ones([2])")  # fmt: skip
    a, b, c = random.choices(values, k=3)
    operator = random.choice(("+", "-", "*", "/", "//", "%", "**", "@", "==", "<", "and", "or", "|>"))
    layer = random.choice(("Dense", "Dropout", "LSTM", "Embedding", "MultiHeadAttention", "Reshape", "BatchNorm", "Bidirectional",
                           "TimeDistributed", "Activation", "GroupNormalization", "Flatten"))  # fmt: skip
    line = random.choice(
        (f"a = {a} {operator} {b}", f"x = x |> {layer}({a}, {b})", f"x = {layer}({a})({b})", f"x = x[{a}:{b}]",
         f"x = x[{a}, {b}]", f"a = ({a})[{b}]", f"a = ({a})({b})", f"a = ({a}).b", f"for i in {a} {{ x = x + i }}",
         f"if {a} {{ x = x + 1 }}", f"repeat {a} {{ x = x + 1 }}", f"assert {a}, {b}", f"a, b = {a}",
         f"x = sum(x, axis={a}, keepdims={b})", f"x = where({a}, {b}, {c})", f"x = reshape(x, {a})", f"x = cast(x, {a})",
         f"x = concat({a}, {b}, axis={c})", f"x = stack({a}, {b})", f"param w: f32[{a}, {b}] = {c}", f"state s: f32[{a}] = {b}",
         f"x = transpose(x, {a})", f"x = pad(x, {a}, {b})", f"x = min({a}, {b}) + max({c})", f"x = as_kind({a}, {b})",
         f"scan (h = {a}) over t in {b} axis {c} {{ next h = h + t }}", f"loss {a}", f"metric {a}", f"x = shape({a}) + {b}",
         f"x = len({a}) + prod({b})", f"x = {a} if {b} else {c}", f"x = logits_of({a}, {b})", f"x = take({a}, {b})",
         f"input z: f32[{a}]", f"target z: index<{a}>[batch]", f"x = broadcast_to({a}, {b})", f"x = x |> {a}",
         f"x = float({a}) + int({b})", f"x = full({a}, {b})", f"x = split({a}, {b})", f"x = fan_in({a}) + fan_out({b})")
    )  # fmt: skip
    train = f"train M {{ {random.choice(('epochs', 'optimizer', 'callbacks', 'data', 'seed', 'validation', 'shuffle'))} = {a} }}\n"
    return model(f"  {line}\n  output y = x") + random.choice(("", "", train))


# --- what is strange to read -------------------------------------------------------------------------------


def scripts(random: Random) -> bytes:
    """Letters of other scripts, marks that turn the direction, halves of characters, ends of lines of all sorts."""
    odd = random.choice(("größe", "данные", "变量", "متغير", "x\u0301", "\U0001d465", "ﬁ", "\u202ex", "x\u200d", "０", "\x1b[2J",
                         "\u2028", "\x85", "\x00", "\x0b", "\ud800", "\U0001f600", "\u037e", "−1", "“a”"))  # fmt: skip
    use = random.choice((odd, "x", f'"{odd}"'))
    text = model(f"  {odd} = x\n  # {odd}\n  output y = {use}", f"## {odd}\n")
    text = text.replace("\n", random.choice(("\n", "\r\n", "\r", "\n\r", "\u2028")))
    return random.choice((b"", b"\xef\xbb\xbf", b"\xef\xbb\xbf\xef\xbb\xbf")) + text.encode("utf-8", "surrogatepass")


def large(random: Random) -> bytes:
    """Long files of little sense."""
    piece = random.choice(
        (b"(", b"{", b"\n", b"#\n", b'"', b"a ", b"x = 1\n", b"model M() {\n", b"##\n", b"|> ", b"\\", b"]")
    )
    return piece * (random.choice((1_000, 20_000, 20_000, 1_000_000, 5_000_000)) // len(piece))


def many(random: Random) -> str:
    """Many faults, many names, many definitions."""
    n = min(size(random), 2_000)
    return random.choice(
        (model("\n".join(f"  a{i} = foo{i} + 1" for i in range(n))),
         model("\n".join(f"  a{i} = x + {i}" for i in range(n)) + "\n  output y = x"),
         "".join(f"layer L{i}()(x: f32[...]) {{ return x }}\n" for i in range(n)),
         "".join(f"model M{i}() {{ input x: f32[b]\n output y = x }}\n" for i in range(min(n, 300))),
         model("\n".join(f"  input i{i}: f32[batch, d{i}]" for i in range(n)) + "\n  output y = x"),
         model("\n".join(f"  output y{i} = x" for i in range(n))), model("  loss mse(x, x)\n" * n),
         "train M { }\n" * n, 'test "a" { expect gradients }\n' * n, 'import "a.nn"\n' * n)
    )  # fmt: skip


# --- imports -----------------------------------------------------------------------------------------------


def imports(random: Random) -> tuple[str, Files]:
    """Files that import each other: in chains, in trees, in circles, with faults, and things that are no text."""
    n = random.choice((1, 3, 20, 199, 201, 300))
    layer = "layer L{0}()(x: f32[...]) {{ return x{1} }}\n"
    uses = model("  output y = x |> L0()", 'import "f0.nn"\n')
    match random.randrange(7):
        case 0:
            files = {f"f{i}.nn": f'import "f{i + 1}.nn"\n' + layer.format(i, f" |> L{i + 1}()") for i in range(n)}
            files[f"f{n}.nn"] = layer.format(n, "")
        case 1:
            both = 'import "f{0}.nn"\nimport "f{1}.nn"\n'
            files = {f"f{i}.nn": both.format(2 * i + 1, 2 * i + 2) + layer.format(i, "") for i in range(n)}
        case 2:
            files = {f"f{i}.nn": f'import "f{(i + 1) % n}.nn"\n' + layer.format(i, "") for i in range(n)}
        case 3:
            files = {
                "f0.nn": 'import "../f0.nn"\nimport "/etc/passwd"\nimport "f0.nn\0"\nimport ""\nimport "f0.nn/f0.nn"\n'
            }
        case 4:
            files = {"f0.nn": layer.format(0, "") + "fn f( { \n" * n}
        case 5:
            lines = "".join(f'import "f{i}.nn" as m{i}\n' for i in range(n))
            uses = model("  output y = x |> m0.L0()", lines)
            files = {f"f{i}.nn": layer.format(i, "") for i in range(n)}
        case _:
            odd = random.choice(
                (b"\0", b"\xff\xfe", b"", b"#" * 5_000_000, b"(" * 4_000_000, b"model M() { }", b"layer L0")
            )
            return uses, {"f0.nn": odd}
    return uses, {name: text.encode() for name, text in files.items()}


Attack = Callable[[Random], str | bytes | tuple[str, Files]]
ATTACKS: tuple[Attack, ...] = (
    loops, doubling, growing, deep, deep, nested, recursion, sharing, sharing, overflow, overflow, overflow, consts, consts,
    consts, consts, consts, scripts, large, many, imports,
)  # fmt: skip
