"""Every example of the language document parses, and into what is meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from nndsl.diagnostics import Source
from nndsl.syntax import ast
from nndsl.syntax.parse import index_definitions, parse, parse_range
from nndsl.syntax.show import show

REUTERS = """\
## Reuters newswires, 46 topics: three dense layers on multi-hot words.
model Reuters(vocabulary: int = 10000, hidden: int = 64, topics: int = 46) {
  input  words: f32[batch, vocabulary]
  target topic: index<topics>[batch]

  logits = words
    |> Dense(hidden, activation=relu)
    |> Dense(hidden, activation=relu)
    |> Dense(topics)
  output probability = softmax(logits)

  loss   sparse_categorical_crossentropy(topic, logits)
  metric accuracy(topic, probability)
}

train Reuters {
  optimizer  = RMSprop(learning_rate=0.001)
  epochs     = 9
  batch_size = 512
  data       = npz("reuters.npz", words="x_train", topic="y_train")
}
"""
DENSE = """\
## Fully connected: activation(x @ kernel + bias).
layer Dense(units: int, activation: fn = linear, use_bias: bool = true,
            kernel_initializer: init = glorot_uniform, bias_initializer: init = zeros)
           (x: f32[..., features]) -> f32[..., units] {
  param kernel: f32[features, units] = kernel_initializer
  y = x @ kernel
  if use_bias {
    param bias: f32[units] = bias_initializer
    y = y + bias
  }
  return activation(y)
}
"""
RMSPROP = """\
optimizer RMSprop(learning_rate: float = 0.001, rho: float = 0.9, epsilon: float = 1e-7)(p, g) {
  state v = zeros_like(p)
  v := rho * v + (1 - rho) * g * g
  p := p - learning_rate * g / (sqrt(v) + epsilon)
}
"""
SIMPLE_RNN = """\
layer SimpleRNN(units: int)(x: f32[batch, time, features]) -> f32[batch, units] {
  param kernel: f32[features, units] = glorot_uniform
  param recurrent: f32[units, units] = orthogonal
  param bias: f32[units] = zeros
  scan (h = zeros([batch, units])) over x_t in x axis 1 {
    next h = tanh(x_t @ kernel + h @ recurrent + bias)
  }
  return h
}
"""
EVERYTHING = (Path(__file__).parent / "everything.nn").read_text(encoding="utf-8")


def items(text: str) -> tuple[ast.Item, ...]:
    file, problems = parse(Source("x.nn", text))
    assert problems == ()
    return file.items


def body(lines: str) -> ast.Block:
    (model,) = items(f"model M() {{\n{lines}\n}}\n")
    assert isinstance(model, ast.Definition)
    return model.body


def value(text: str) -> ast.Expr:
    """The tree of one expression."""
    (line,) = body(f"y = {text}")
    assert isinstance(line, ast.Assign)
    return line.value


@pytest.mark.parametrize("text", [REUTERS, DENSE, RMSPROP, SIMPLE_RNN, EVERYTHING])
def test_example_has_no_problems(text: str) -> None:
    assert items(text)


def test_model_and_train_section() -> None:
    model, train = items(REUTERS)
    assert isinstance(model, ast.Definition)
    assert isinstance(train, ast.Section)
    assert (model.role, model.name, model.doc) == (
        "model", "Reuters", "Reuters newswires, 46 topics: three dense layers on multi-hot words."
    )  # fmt: skip
    assert [p.name for p in model.config or ()] == ["vocabulary", "hidden", "topics"]
    assert model.inputs is None
    assert [type(line).__name__ for line in model.body] == [
        "InputDecl", "InputDecl", "Assign", "OutputDecl", "LossLine", "MetricLine"
    ]  # fmt: skip
    assert [s.name for s in train.body if isinstance(s, ast.Setting)] == ["optimizer", "epochs", "batch_size", "data"]


def test_second_parameter_list_on_a_new_line() -> None:
    (dense,) = items(DENSE)
    assert isinstance(dense, ast.Definition)
    assert len(dense.config or ()) == 5
    assert [p.name for p in dense.inputs or ()] == ["x"]
    assert dense.returns[0].dims is not None
    assert isinstance(dense.returns[0].dims[0], ast.Ellipsis_)


def test_any_number_of_values_and_second_names() -> None:
    joined, second, third = items(
        "fn joined(a, ...xs: f32[n], axis = 1) { return xs }\n## The same.\nlayer B = A\nprivate fn c = d.e\n"
    )
    assert isinstance(joined, ast.Definition)
    assert [(p.name, p.rest, p.default is None) for p in joined.inputs or ()] == [
        ("a", False, True), ("xs", True, True), ("axis", False, False)
    ]  # fmt: skip
    assert isinstance(second, ast.Alias)
    assert (second.role, second.name, second.doc, second.private) == ("layer", "B", "The same.", False)
    assert isinstance(third, ast.Alias)
    assert isinstance(third.target, ast.Attribute)
    assert third.private


@pytest.mark.parametrize(
    ("role", "config", "inputs"),
    [("fn", None, 1), ("loss", None, 1), ("metric", None, 1), ("layer", 1, None), ("optimizer", 1, None)],
)
def test_an_only_parameter_list_goes_by_the_role(role: str, config: int | None, inputs: int | None) -> None:
    (item,) = items(f"{role} f(a) {{ return a }}")
    assert isinstance(item, ast.Definition)
    assert (item.config and len(item.config), item.inputs and len(item.inputs)) == (config, inputs)


@pytest.mark.parametrize(
    ("text", "like"),
    [
        ("-x ** 2", "-(x ** 2)"),
        ("2 ** -x ** 2", "2 ** (-(x ** 2))"),
        ("2 ** 3 ** 4", "2 ** (3 ** 4)"),
        ("a - b - c", "(a - b) - c"),
        ("a + b * c @ d", "a + ((b * c) @ d)"),
        ("a + b < c and not d or e", "(((a + b) < c) and (not d)) or e"),
        ("not a == b", "not (a == b)"),
        ("a |> f + g", "a |> (f + g)"),
        ("-x.y(1)[2]", "-(((x.y)(1))[2])"),
    ],
)
def test_precedence(text: str, like: str) -> None:
    assert value(text) == value(like)


def test_pipe_is_flat() -> None:
    got = value("(a, b)\n  # a comment\n\n  |> concat(axis=-1)\n  |> relu")
    assert isinstance(got, ast.Pipe)
    assert isinstance(got.value, ast.TupleExpr)
    assert [type(stage).__name__ for stage in got.stages] == ["Call", "Name"]


@pytest.mark.parametrize(
    ("text", "number"), [("10_000", 10000), ("1e-7", 1e-7), (".5", 0.5), ("0.5", 0.5), ("2.", 2.0), ("1.5e3", 1500.0)]
)
def test_numbers(text: str, number: float) -> None:
    got = value(text)
    assert isinstance(got, ast.Number)
    assert (got.value, type(got.value)) == (number, type(number))


def test_range_is_no_number() -> None:
    (loop,) = body("for i in 0..10 { a = i }")
    assert isinstance(loop, ast.For)
    assert loop.items == ast.Range(value("0"), value("10"), span=loop.span)


def test_string_escapes_are_those_of_json() -> None:
    got = value(r'"a\"b\\ \u00e9\n"')
    assert isinstance(got, ast.String)
    assert got.value == 'a"b\\ é\n'


def test_keywords_are_names_where_no_statement_starts() -> None:
    got = value("f(input=1, axis=2, loss=train.model, state=test)")
    assert isinstance(got, ast.Call)
    assert [argument.name for argument in got.arguments] == ["input", "axis", "loss", "state"]


def test_settings_may_have_any_name() -> None:
    (train,) = items("train M {\n  data = 1\n  loss = 2\n  model = 3\n  train = 4\n}")
    assert isinstance(train, ast.Section)
    assert [line.name for line in train.body if isinstance(line, ast.Setting)] == ["data", "loss", "model", "train"]


def test_slices() -> None:
    got = value("x[:, -1, ..., a:b, ::2, none]")
    assert isinstance(got, ast.Index)
    assert [type(item).__name__ for item in got.items] == ["Slice", "Unary", "Ellipsis_", "Slice", "Slice", "NoneValue"]


def test_else_if_nests() -> None:
    (line,) = body("if a { x = 1 } else if b { x = 2 }\nelse { x = 3 }")
    assert isinstance(line, ast.If)
    (inner,) = line.otherwise
    assert isinstance(inner, ast.If)
    assert len(inner.otherwise) == 1


def test_expect_error_holds_statements_and_definitions() -> None:
    (section,) = items('test "t" {\n expect error NN201 {\n layer L(x) { return x }\n a = b + c\n }\n}')
    assert isinstance(section, ast.Section)
    (line,) = section.body
    assert isinstance(line, ast.Expect)
    assert (line.subject, line.code, len(line.body or ()), len(line.items)) == ("error", "NN201", 1, 1)


def test_spans_cover_first_to_last_token() -> None:
    text = "model M() {\n  y = (a + b) * f(c)  # remark\n}\n"
    (model,) = items(text)
    assert isinstance(model, ast.Definition)
    (line,) = model.body
    assert isinstance(line, ast.Assign)
    assert line.span.text == "y = (a + b) * f(c)"
    assert line.value.span.text == "(a + b) * f(c)"
    assert isinstance(line.value, ast.Binary)
    assert (line.value.left.span.text, line.value.op_span.text) == ("a + b", "*")
    assert model.span.text == text.rstrip()


def test_doc_comments_stay_with_what_is_below() -> None:
    (model,) = items("## About M.\n## More.\nmodel M() {\n  ## the words\n  input x: f32[3]\n  y = x ## not this\n}")
    assert isinstance(model, ast.Definition)
    assert model.doc == "About M.\nMore."
    assert isinstance(model.body[0], ast.InputDecl)
    assert model.body[0].doc == "the words"


def test_layout_makes_no_difference() -> None:
    loose = "layer L(n: int,)\n  (x: f32[..., n],)\n  -> f32[..., n]\n{\n\n  return f(\n x\n,\n)\n\n}\n"
    tight = "layer L(n: int)(x: f32[..., n]) -> f32[..., n] { return f(x) }"
    assert items(loose) == items(tight)


def test_definitions_are_found_without_parsing() -> None:
    source = Source("lib.nn", f"# the library\n\n{DENSE}\nfn one(x) {{ return 1 }}\n\n{RMSPROP}{SIMPLE_RNN}")
    index = index_definitions(source)
    assert list(index) == ["Dense", "one", "RMSprop", "SimpleRNN"]
    for name, (start, end) in index.items():
        file, problems = parse_range(source, start, end)
        assert problems == ()
        (item,) = file.items
        assert isinstance(item, ast.Definition)
        assert item.name == name
        assert item.name_span.text == name  # spans count from the start of the whole source
    assert source.text[slice(*index["Dense"])] == DENSE.rstrip("\n")


def test_show_prints_every_node_once() -> None:
    file, _ = parse(Source("x.nn", "fn f(x) { return -x + 1 }\n"))
    assert show(file) == (
        "File 1:1-1:26\n"
        "  items - Definition role='fn' name='f' private=False 1:1-1:26\n"
        "    inputs - Parameter name='x' 1:6-1:7\n"
        "    body - Return 1:11-1:24\n"
        "      value: Binary op='+' 1:18-1:24\n"
        "        left: Unary op='-' 1:18-1:20\n"
        "          operand: Name id='x' 1:19-1:20\n"
        "        right: Number value=1 1:23-1:24\n"
    )
