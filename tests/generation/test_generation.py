"""Going on with a text: remembering gives what reading everything again gives, choices are reproducible, texts and
numbers come back in the form they were given."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nndsl
from nndsl.generation.sampling import Choice
from nndsl.generation.vocabulary import Bytes, Vocabulary

LIMITED = """
model Limited(length: int = 24, width: int = 16, blocks: int = 2) {
  input text: index<20>[batch, time]
  x = text |> Embedding(20, width)
  x = x + (x |> PositionEmbedding(length, initializer=uniform))
  repeat blocks { x = x |> TransformerDecoder(2 * width, 2, normalize_first=true) }
  logits = x |> LayerNorm() |> Dense(20)
  output next = softmax(logits)
  coming = text[:, 1:]
  loss sparse_categorical_crossentropy(coming, logits[:, :-1])
}
"""
TURNED = """
layer TurnedAttention(heads: int, width: int)(x: f32[batch, time, features]) -> f32[batch, time, features] {
  q = x |> Dense(heads * width)
  k = x |> Dense(heads * width)
  v = x |> Dense(heads * width)
  q = transpose(reshape(q, [batch, time, heads, width]) |> RotaryEmbedding(), [0, 2, 1, 3])
  k = transpose(reshape(k, [batch, time, heads, width]) |> RotaryEmbedding(), [0, 2, 1, 3])
  v = transpose(reshape(v, [batch, time, heads, width]), [0, 2, 1, 3])
  KEEP
  y = scaled_dot_product_attention(q, k, v, is_causal=true)
  return reshape(transpose(y, [0, 2, 1, 3]), [batch, time, heads * width]) |> Dense(features)
}

model Turned() {
  input text: index<20>[batch, time]
  x = text |> Embedding(20, 16)
  x = x + (x |> TurnedAttention(2, 4))
  x = x + (x |> TurnedAttention(2, 4))
  output logits = x |> Dense(20)
}
"""
REMEMBERED = TURNED.replace("KEEP", "k = k |> Remembered()\n  v = v |> Remembered()")
FORGETFUL = TURNED.replace("  KEEP\n", "")


def shared(body: str) -> str:
    return f"""
model Other() {{
  input text: index<20>[batch, time]
  x = text |> Embedding(20, 16)
  {body}
  output logits = x |> Dense(20)
}}
"""


REMEMBERING = {
    "positions": LIMITED,
    "rotations": REMEMBERED,
    "sines": shared("x = x + (x |> SinePositionEncoding())\n  x = x |> TransformerDecoder(16, 2)"),
    "grouped": shared("attend = GroupQueryAttention(4, 4, 2)\n  x = x + attend(x, use_causal_mask=true)"),
    "one layer twice": shared("twice = TransformerDecoder(16, 2)\n  x = x |> twice |> twice"),
    "lstm": shared("x = x |> LSTM(8, return_sequences=true) |> LSTM(8, return_sequences=true)"),
    "gru": shared("x = x |> GRU(8, return_sequences=true)"),
    "rnn": shared("x = x |> SimpleRNN(8)"),
}
READING_AGAIN = {
    "nothing kept": FORGETFUL,
    "looking ahead": shared("x = x |> TransformerDecoder(16, 2)\n  x = x + mean(x, axis=1, keepdims=true)"),
    "both directions": shared("x = x |> Bidirectional(GRU(4, return_sequences=true))"),
    "no mask": shared("x = x |> TransformerEncoder(16, 2)"),
    "a fixed length": LIMITED.replace("[batch, time]", "[batch, 7]"),
}


def opened(text: str, engine: str = "numpy") -> Any:
    return nndsl.compile(text, engine=engine, seed=3)


def prompt(rows: int = 2, time: int = 7) -> Any:
    return np.random.default_rng(5).integers(0, 20, (rows, time)).astype(np.int32)


def greedy_by_predict(model: Any, tokens: Any, length: int, most: int) -> Any:
    """The plainest way: the whole window through `predict` for each token."""
    for _ in range(length):
        outputs = model.predict(tokens[:, -most:])
        last = outputs[:, -1] if outputs.ndim == 3 else outputs
        tokens = np.concatenate([tokens, last.argmax(-1)[:, None].astype(np.int32)], axis=1)
    return tokens


@pytest.mark.parametrize("name", REMEMBERING)
def test_remembering_gives_the_tokens_of_reading_again(name: str) -> None:
    model = opened(REMEMBERING[name])
    assert model.writer().reason == ""
    found = model.generate(prompt(), 30, temperature=0)
    again = model.generate(prompt(), 30, temperature=0, remember=False)
    np.testing.assert_array_equal(found, again)
    np.testing.assert_array_equal(found, greedy_by_predict(model, prompt(), 30, model.writer().ports.most))


@pytest.mark.parametrize("name", READING_AGAIN)
def test_what_cannot_be_remembered_is_read_again(name: str) -> None:
    model = opened(READING_AGAIN[name])
    assert model.writer().reason != ""
    found = model.generate(prompt(), 12, temperature=0)
    np.testing.assert_array_equal(found, greedy_by_predict(model, prompt(), 12, model.writer().ports.most))


def test_compiled_programs_give_the_tokens_of_the_interpreter() -> None:
    model, reference = opened(LIMITED, "numba"), opened(LIMITED)
    for temperature in (0, 0.8):
        # Beyond 24 tokens everything is read again.
        found = model.generate(prompt(), 25, temperature=temperature, seed=1)
        np.testing.assert_array_equal(found, reference.generate(prompt(), 25, temperature=temperature, seed=1))


def test_how_long_a_text_is_read_comes_from_the_model() -> None:
    ports = opened(LIMITED).writer().ports
    assert (ports.least, ports.most) == (1, 24)
    assert opened(REMEMBERED).writer().ports.most >= 1 << 20


def test_texts_and_numbers_come_back_as_they_were_given() -> None:
    model = opened(LIMITED.replace("20", "128"))
    text = model.generate("abc", 5, seed=1)
    assert isinstance(text, str)
    assert text.startswith("abc")
    assert model.generate("abc", 5, seed=1) == text
    assert model.generate(["abc", "abc"], 5, seed=1) == [text, text]
    numbers = model.generate([97, 98, 99], 5, seed=1)
    assert bytes(numbers.tolist()).decode() == text
    assert model.generate([[97, 98, 99]], 5, seed=1).shape == (1, 8)
    assert model.generate("abc", 0) == "abc"


def test_a_text_ends_before_what_it_is_to_stop_at() -> None:
    model = opened(LIMITED.replace("20", "128"))
    whole = model.generate("abc", 20, seed=2)
    stop = whole[10:12]
    assert model.generate("abc", 20, seed=2, stop=stop) == "abc" + whole[3 : whole.index(stop, 3)]


def test_the_vocabulary_goes_with_the_weights(tmp_path: Path) -> None:
    model = opened(LIMITED)
    with pytest.raises(nndsl.NndslError, match="NN631"):
        model.generate("cab", 3)
    model.vocabulary = "abcdefghijklmnopqrst"
    text = model.generate("cab", 4, seed=1)
    model.save(tmp_path / "w.safetensors")
    other = opened(LIMITED)
    other.load_weights(tmp_path / "w.safetensors")
    assert other.generate("cab", 4, seed=1) == text
    words = opened(LIMITED)
    words.vocabulary = [f"w{k}" for k in range(20)]
    assert words.generate("w3 w1", 3, seed=1).split()[:2] == ["w3", "w1"]


def test_a_const_can_be_the_vocabulary() -> None:
    text = LIMITED.replace("Limited(length", 'Limited(vocabulary: str = "abcdefghijklmnopqrst", length').replace(
        "index<20>", "index<len(vocabulary)>"
    )
    assert opened(text).generate("cab", 2, seed=1).startswith("cab")


@pytest.mark.parametrize(
    ("call", "code"),
    [
        ({"prompt": "", "length": 3}, "NN633"),
        ({"prompt": "naïve", "length": 3}, "NN632"),
        ({"prompt": "a", "temperature": -1}, "NN600"),
        ({"prompt": "a", "temperature": float("nan")}, "NN600"),
        ({"prompt": "a", "top_p": 0}, "NN600"),
        ({"prompt": "a", "top_k": 0}, "NN600"),
        ({"prompt": "a", "length": 1.5}, "NN600"),
        ({"prompt": 3.5}, "NN600"),
        ({"prompt": [1, 400]}, "NN530"),
        ({"prompt": "a", "output": "logits"}, "NN630"),
    ],
)
def test_what_cannot_be_asked_is_a_problem(call: dict[str, Any], code: str) -> None:
    model = opened(LIMITED.replace("20", "128"))
    with pytest.raises(nndsl.NndslError) as error:
        model.generate(**call)
    assert code in [p.code for p in error.value.problems]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("model M() {\n  input x: f32[batch, 4]\n  output y = x |> Dense(2)\n}", "index<n>[batch, time]"),
        (LIMITED.replace("output next = softmax(logits)", "output next = mean(logits)"), "none does"),
        (LIMITED.replace("output next", "output also = logits\n  output next"), "also, next"),
        (
            LIMITED.replace("x = text |> Embedding", "seen = text[:, :-1]\n  x = seen |> Embedding").replace(
                "logits[:, :-1]", "logits"
            ),
            "does not depend on the last token",
        ),
    ],
)
def test_what_is_no_text_model_says_so(text: str, says: str) -> None:
    with pytest.raises(nndsl.NndslError, match="NN630") as error:
        opened(text).generate([[1, 2]], 1)
    assert says in error.value.problems[0].headline


def test_choices_leave_what_they_say() -> None:
    scores = np.log(np.array([[0.5, 0.3, 0.15, 0.05]]))
    np.testing.assert_allclose(Choice(1.0).probabilities(scores), [[0.5, 0.3, 0.15, 0.05]])
    np.testing.assert_allclose(Choice(1.0, top_k=2).probabilities(scores), [[0.625, 0.375, 0, 0]])
    kept = Choice(1.0, top_p=0.6).probabilities(scores)
    np.testing.assert_allclose(kept / kept.sum(), [[0.625, 0.375, 0, 0]])
    numbers = np.random.default_rng(0)
    drawn = np.array([Choice(1.0, top_p=0.6)(scores, numbers)[0] for _ in range(2000)])
    assert set(drawn) == {0, 1}
    assert abs(np.mean(drawn) - 0.375) < 0.05
    assert Choice(0)(scores, numbers)[0] == 0


def test_bytes_wait_until_a_character_is_whole() -> None:
    reader = Bytes(256).reader()
    assert [reader.read(number) for number in "aé".encode()] == ["a", "", "é"]
    assert Vocabulary(("the", "cat")).encode("the cat the") == [0, 1, 0]
