"""Ten common mistakes in Keras, in PyTorch and in `.nn`: what `make_mistakes.py` runs and docs/mistakes.md shows."""

from __future__ import annotations

from dataclasses import dataclass

KERAS_FIRST = """\
import keras
from keras import layers
from sklearn.datasets import load_digits

keras.utils.set_random_seed(0)
image, label = load_digits(return_X_y=True)
image = image.reshape(-1, 8, 8).astype("float32") / 16
"""
KERAS_LAST = """\
model.compile("adam", loss, metrics=["accuracy"])
history = model.fit(image, label, epochs=5, verbose=0)
print({name: round(values[-1], 3) for name, values in history.history.items()})
"""
TORCH_FIRST = """\
import torch
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(0)
image, label = load_digits(return_X_y=True)
image = torch.tensor(image.reshape(-1, 8, 8) / 16, dtype=torch.float32)
label = torch.tensor(label)
"""
TORCH_LAST = """\
optimizer = torch.optim.Adam(model.parameters())
order = torch.utils.data.DataLoader(range(len(image)), batch_size=32, shuffle=True)
for epoch in range(5):
    for rows in order:
        optimizer.zero_grad()
        value = loss(model(image[rows]), label[rows])
        value.backward()
        optimizer.step()
right = (model(image).argmax(-1) == label).float().mean()
print(f"loss {value.item():.3f}, accuracy {right.item():.3f}")
"""
NN_LAST = """\
model.fit(image, label, epochs=5, verbose=0)
print({name: round(value, 3) for name, value in model.evaluate(image, label).items()})
"""


@dataclass(frozen=True)
class Mistake:
    """The same mistake three times.

    `keras` and `torch` go between the lines that load the data and those that train. `nn` is a whole file; `python`
    runs it where check finds nothing wrong with it. `about` says what is wrong, `remark` what to see in the outputs.
    Where nothing is said, `keras_right` and `torch_right` are the programs without the mistake, to compare with, and
    `keras_more` and `torch_more` lines that show the harm.
    """

    title: str
    about: str
    keras: str
    torch: str
    nn: str
    remark: str
    python: str = ""
    keras_right: str = ""
    torch_right: str = ""
    keras_more: str = ""
    torch_more: str = ""


MISTAKES = (
    Mistake(
        "Wrong units",
        "There are ten classes, and the last layer has nine units.",
        """\
model = keras.Sequential([layers.Flatten(), layers.Dense(64, "relu"), layers.Dense(9, "softmax")])
loss = "sparse_categorical_crossentropy"
""",
        """\
model = nn.Sequential(nn.Flatten(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 9))
loss = nn.CrossEntropyLoss()
""",
        """\
model Digits() {
  input  image: f32[batch, 8, 8]
  target label: index<10>[batch]
  logits = image |> Flatten() |> Dense(64, activation=relu) |> Dense(9)
  output probability = softmax(logits)
  loss   sparse_categorical_crossentropy(label, logits)
}
""",
        "Keras and PyTorch see it when a batch with the tenth class comes by, and name the class. The type of "
        "the target says how many classes there are, so nndsl sees it before there is data, and names both "
        "lines.",
    ),
    Mistake(
        "A forgotten Flatten",
        "Images go into a dense layer, which then works on each row of pixels by itself.",
        """\
model = keras.Sequential([layers.Dense(64, "relu"), layers.Dense(10, "softmax")])
loss = "sparse_categorical_crossentropy"
""",
        """\
model = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 10))
loss = nn.CrossEntropyLoss()
""",
        """\
model Digits() {
  input  image: f32[batch, 8, 8]
  target label: index<10>[batch]
  logits = image |> Dense(64, activation=relu) |> Dense(10)
  output probability = softmax(logits)
  loss   sparse_categorical_crossentropy(label, logits)
}
""",
        "The size that Keras and PyTorch complain of is that of the loss or of a metric, one step behind the "
        "mistake.",
    ),
    Mistake(
        "Integer labels for a loss that compares rows",
        "The labels are class numbers, and the loss is the one for one-hot rows.",
        """\
model = keras.Sequential([layers.Flatten(), layers.Dense(64, "relu"), layers.Dense(10, "softmax")])
loss = "categorical_crossentropy"
""",
        """\
model = nn.Sequential(nn.Flatten(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10), nn.Softmax(-1))
loss = nn.BCELoss()
""",
        """\
model Digits() {
  input  image: f32[batch, 8, 8]
  target label: index<10>[batch]
  logits = image |> Flatten() |> Dense(64, activation=relu) |> Dense(10)
  output probability = softmax(logits)
  loss   categorical_crossentropy(label, logits)
}
""",
        "",
    ),
    Mistake(
        "Logits for probabilities, and probabilities for logits",
        "In Keras the softmax is left out, and the loss takes the scores for probabilities. In PyTorch it is "
        "put in, and the loss takes a second softmax of the probabilities.",
        """\
model = keras.Sequential([layers.Flatten(), layers.Dense(64, "relu"), layers.Dense(10)])
loss = "sparse_categorical_crossentropy"
""",
        """\
model = nn.Sequential(nn.Flatten(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10), nn.Softmax(-1))
loss = nn.CrossEntropyLoss()
""",
        """\
model Digits() {
  input  image: f32[batch, 8, 8]
  target label: index<10>[batch]
  probability = image |> Flatten() |> Dense(64, activation=relu) |> Dense(10, activation=softmax)
  output answer = softmax(probability)
  loss   sparse_categorical_crossentropy(label, answer)
}
""",
        "Keras and PyTorch say nothing, and training goes on. Keras ends with a few digits right. PyTorch "
        "learns more slowly: the softmax of ten probabilities is nearly flat, so that the loss cannot fall "
        "below 1.46, whatever is learnt. In nndsl a value knows whether it is a probability: the loss takes "
        "the right form from that, whether it is given the logits or the probability, and a second softmax "
        "is an error.",
        keras_right="""\
model = keras.Sequential([layers.Flatten(), layers.Dense(64, "relu"), layers.Dense(10)])
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
""",
        torch_right="""\
model = nn.Sequential(nn.Flatten(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
loss = nn.CrossEntropyLoss()
""",
    ),
    Mistake(
        "A softmax over the wrong axis",
        "The softmax goes over the images of a batch instead of the classes.",
        """\
model = keras.Sequential([layers.Flatten(), layers.Dense(64, "relu"), layers.Dense(10), layers.Softmax(axis=0)])
loss = "sparse_categorical_crossentropy"
""",
        """\
model = nn.Sequential(nn.Flatten(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10), nn.Softmax(dim=0))
loss = lambda p, y: nn.functional.nll_loss(p.log(), y)
""",
        """\
model Digits() {
  input  image: f32[batch, 8, 8]
  target label: index<10>[batch]
  logits = image |> Flatten() |> Dense(64, activation=relu) |> Dense(10)
  output probability = softmax(logits, axis=0)
  loss   sparse_categorical_crossentropy(label, probability)
}
""",
        "While they train, Keras and PyTorch say nothing, and in batches all looks well. One image by itself "
        "has a softmax over one value, which is 1 for every class; only there Keras warns.",
        keras_right="""\
model = keras.Sequential([layers.Flatten(), layers.Dense(64, "relu"), layers.Dense(10), layers.Softmax()])
loss = "sparse_categorical_crossentropy"
""",
        torch_right="""\
model = nn.Sequential(nn.Flatten(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10), nn.Softmax(dim=-1))
loss = lambda p, y: nn.functional.nll_loss(p.log(), y)
""",
        keras_more="""\
alone = [int(model(image[i : i + 1])[0].argmax()) for i in range(100)]
print("the first hundred images, one at a time:", round(float((alone == label[:100]).mean()), 2))
""",
        torch_more="""\
alone = torch.tensor([int(model(image[i : i + 1])[0].argmax()) for i in range(100)])
print("the first hundred images, one at a time:", round((alone == label[:100]).float().mean().item(), 2))
""",
    ),
    Mistake(
        "An array of the wrong rank",
        "The model takes rows of 64 numbers and is given images of 8 by 8.",
        """\
model = keras.Sequential([keras.Input((64,)), layers.Dense(64, "relu"), layers.Dense(10, "softmax")])
loss = "sparse_categorical_crossentropy"
""",
        """\
model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
loss = nn.CrossEntropyLoss()
""",
        """\
model Digits() {
  input  image: f32[batch, 64]
  target label: index<10>[batch]
  logits = image |> Dense(64, activation=relu) |> Dense(10)
  output probability = softmax(logits)
  loss   sparse_categorical_crossentropy(label, logits)
}
""",
        "Keras puts the numbers of the tensor into its message.",
        NN_LAST,
    ),
    Mistake(
        "A skip connection whose ends do not fit",
        "The value that goes around a layer has 64 numbers, what comes out of the layer has 32.",
        """\
start = keras.Input((8, 8))
flat = layers.Flatten()(start)
hidden = flat + layers.Dense(32, "relu")(flat)
model = keras.Model(start, layers.Dense(10, "softmax")(hidden))
loss = "sparse_categorical_crossentropy"
""",
        """\
class Digits(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden, self.last = nn.Linear(64, 32), nn.Linear(64, 10)

    def forward(self, image):
        flat = image.flatten(1)
        return self.last(flat + self.hidden(flat).relu())

model = Digits()
loss = nn.CrossEntropyLoss()
""",
        """\
model Digits() {
  input  image: f32[batch, 8, 8]
  target label: index<10>[batch]
  flat = image |> Flatten()
  hidden = flat |> Dense(32, activation=relu)
  logits = flat + hidden |> Dense(10)
  output probability = softmax(logits)
  loss   sparse_categorical_crossentropy(label, logits)
}
""",
        "Keras sees it when the model is built, PyTorch at the first batch, nndsl before it is built. Had one "
        "of the two sizes been 1, all three would have repeated it, as NumPy does.",
    ),
    Mistake(
        "A typo in a name",
        "The hidden layer is called `hiden` where it is used.",
        """\
start = keras.Input((8, 8))
hidden = layers.Dense(64, "relu")(layers.Flatten()(start))
model = keras.Model(start, layers.Dense(10, "softmax")(hiden))
loss = "sparse_categorical_crossentropy"
""",
        """\
class Digits(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden, self.last = nn.Linear(64, 64), nn.Linear(64, 10)

    def forward(self, image):
        return self.last(self.hiden(image.flatten(1)).relu())

model = Digits()
loss = nn.CrossEntropyLoss()
""",
        """\
model Digits() {
  input  image: f32[batch, 8, 8]
  target label: index<10>[batch]
  hidden = image |> Flatten() |> Dense(64, activation=relu)
  logits = hiden |> Dense(10)
  output probability = softmax(logits)
  loss   sparse_categorical_crossentropy(label, logits)
}
""",
        "",
    ),
    Mistake(
        "A typo in an argument",
        "An argument of a layer is misspelt.",
        """\
model = keras.Sequential([layers.Flatten(), layers.Dense(64, activaton="relu"), layers.Dense(10, "softmax")])
loss = "sparse_categorical_crossentropy"
""",
        """\
model = nn.Sequential(nn.Flatten(), nn.Linear(64, 64, bais=False), nn.ReLU(), nn.Linear(64, 10))
loss = nn.CrossEntropyLoss()
""",
        """\
model Digits() {
  input  image: f32[batch, 8, 8]
  target label: index<10>[batch]
  logits = image |> Flatten() |> Dense(64, activaton=relu) |> Dense(10)
  output probability = softmax(logits)
  loss   sparse_categorical_crossentropy(label, logits)
}
""",
        "",
    ),
    Mistake(
        "Labels outside of the range",
        "The labels run from 1 to 10, and the model has ten classes.",
        """\
label = label + 1
model = keras.Sequential([layers.Flatten(), layers.Dense(64, "relu"), layers.Dense(10, "softmax")])
loss = "sparse_categorical_crossentropy"
""",
        """\
label = label + 1
model = nn.Sequential(nn.Flatten(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
loss = nn.CrossEntropyLoss()
""",
        """\
model Digits() {
  input  image: f32[batch, 8, 8]
  target label: index<10>[batch]
  logits = image |> Flatten() |> Dense(64, activation=relu) |> Dense(10)
  output probability = softmax(logits)
  loss   sparse_categorical_crossentropy(label, logits)
}
""",
        "",
        "label = label + 1\n" + NN_LAST,
    ),
)
