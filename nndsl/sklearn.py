"""Models of nndsl as estimators of scikit-learn: `NNClassifier` and `NNRegressor`, for pipelines and grid search.

    from nndsl.sklearn import NNClassifier
    make_pipeline(StandardScaler(), NNClassifier("digits.nn", epochs=20)).fit(X, y)

Not imported by `import nndsl`. A model is told the sizes of the data by its consts `features` and `classes`, as far as
it has them; `hidden` stands for the const of that name.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, column_or_1d, validate_data

from nndsl import driver
from nndsl.diagnostics import NndslError, Source
from nndsl.ir.graph import Port
from nndsl.ir.types import NUMPY_NAMES
from nndsl.model import Model
from nndsl.problems.training import WrongSetting
from nndsl.syntax import ast
from nndsl.syntax.load import load_source, source_from_text
from nndsl.syntax.parse import parse

Array = np.ndarray[Any, np.dtype[Any]]

CHUNK = 64  # rows predicted at once

CLASSIFIER = """\
## Dense layers with relu, and a softmax over the classes.
model Classifier(features: int = 2, classes: int = 2, hidden: list = [32]) {
  input x: f32[batch, features]
  target label: index<classes>[batch]

  h = x
  for width in hidden { h = h |> Dense(width, activation=relu) }
  logits = h |> Dense(classes)
  output probability = softmax(logits)

  loss sparse_categorical_crossentropy(label, logits)
}

train Classifier {
  optimizer = Adam(learning_rate=0.01)
  epochs = 100
  batch_size = 64
}
"""
REGRESSOR = """\
## Dense layers with relu, and one number for each row.
model Regressor(features: int = 2, hidden: list = [32]) {
  input x: f32[batch, features]
  target y: f32[batch]

  h = x
  for width in hidden { h = h |> Dense(width, activation=relu) }
  z = h |> Dense(1)
  output prediction = z[:, 0]

  loss mse(y, prediction)
}

train Regressor {
  optimizer = Adam(learning_rate=0.01)
  epochs = 100
  batch_size = 64
}
"""


class _Network(BaseEstimator):  # type: ignore[misc]
    """What both kinds have in common: a model with one input and one target, opened when the sizes are known."""

    _default = ""

    def __init__(
        self,
        source: str | os.PathLike[str] | None = None,
        *,
        model: str | None = None,
        consts: Mapping[str, object] | None = None,
        hidden: Any = None,
        epochs: int | None = None,
        batch_size: int | None = None,
        learning_rate: float | None = None,
        random_state: Any = None,
        engine: str = "numba",
        threads: int | None = None,
        verbose: int = 0,
    ) -> None:
        self.source = source
        self.model = model
        self.consts = consts
        self.hidden = hidden
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.random_state = random_state
        self.engine = engine
        self.threads = threads
        self.verbose = verbose

    def _begin(self, sizes: Mapping[str, int]) -> None:
        """Build the model for data of these sizes."""
        self.text_ = self._text()
        self.consts_ = self._all_consts(sizes)
        self._seed = int(check_random_state(self.random_state).randint(1 << 31))
        opened = self._opened = self._open()
        if self.learning_rate is not None:
            opened.session.learning_rate = self.learning_rate
        self.loss_curve_: list[float] = []

    def _train(self, X: Array, y: Array, epochs: int | None) -> None:
        """Go on with training the model that is there."""
        opened = self._opened
        rows = {_only(opened, "input").name: self._rows(opened, X)}
        target = _only(opened, "target")
        rows[target.name] = self._targets(target, y)
        history = opened.fit(rows, epochs=epochs, batch_size=self.batch_size, verbose=self.verbose)
        self.loss_curve_ = [*self.loss_curve_, *history.history.get("loss", ())]
        self.weights_ = opened.get_weights()

    def _text(self) -> str:
        """The text of the model: the given one, that of the given file, or a small network."""
        if self.source is None:
            return self._default
        if isinstance(self.source, str) and ("\n" in self.source or "{" in self.source):
            return self.source
        return load_source(Path(self.source)).text

    def _place(self) -> Source:
        """The text where it stands: imports in it start at the folder of the file."""
        source = source_from_text(self.text_)
        is_file = self.source is not None and not (isinstance(self.source, str) and "{" in self.source)
        return Source(str(self.source), self.text_, Path(os.fspath(self.source))) if is_file and self.source else source

    def _all_consts(self, sizes: Mapping[str, int]) -> dict[str, object]:
        """The consts that were given, and the sizes of the data for those that the model has."""
        given = dict(self.consts or {})
        if self.hidden is not None:
            single = isinstance(self.hidden, int | np.integer)
            given["hidden"] = int(self.hidden) if single else [int(width) for width in self.hidden]
            if single and self.source is None:
                given["hidden"] = [given["hidden"]]
        file, _ = parse(self._place())
        models = [item for item in file.items if isinstance(item, ast.Definition) and item.role == "model"]
        known = {param.name for item in models for param in (item.config or ()) if self.model in (None, item.name)}
        return {name: size for name, size in sizes.items() if name in known and name not in given} | given

    def _open(self) -> Model:
        place = self._place()
        checked = driver.check_source(place, self.consts_ or None, self.model)
        folder = place.path.parent if place.path is not None else Path()
        return Model(checked, folder, self.engine, self._seed, self.threads)

    @property
    def model_(self) -> Model:
        """The trained nndsl.Model."""
        check_is_fitted(self)
        opened: Model | None = self.__dict__.get("_opened")
        if opened is None:  # it came out of a pickle
            opened = self._opened = self._open()
            opened.set_weights(self.weights_)
        return opened

    @staticmethod
    def _rows(model: Model, X: Array) -> Array:
        """The table in the shape and the dtype of the model's input: images from rows of pixels, say."""
        port = _only(model, "input")
        dims = port.type.shape[1:]
        sizes = [size for size in dims if isinstance(size, int)]
        if len(sizes) == len(dims) > 1 and math.prod(sizes) == X.shape[1]:
            X = X.reshape(len(X), *sizes)
        kind = "" if port.type.kind is None else port.type.kind.name
        return X if kind == "index" else X.astype(NUMPY_NAMES[port.type.dtype])

    def _targets(self, port: Port, y: Array) -> Array:
        raise NotImplementedError

    def _predicted(self, X: Any) -> tuple[Array, str]:
        """The output that counts, and its kind: the first probability, else the first output."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, reset=False)
        model = self.model_
        rows = self._rows(model, X)
        result = model.predict({_only(model, "input").name: self._padded(rows)}, batch_size=CHUNK)
        outputs = model.checked.model.inference.outputs
        kinds = {name: "" if node.type.kind is None else node.type.kind.name for name, node in outputs}
        chosen = next((name for name, kind in kinds.items() if kind == "prob"), outputs[0][0])
        found = result[chosen] if isinstance(result, dict) else result
        return found[: len(rows)], kinds[chosen]

    def _padded(self, rows: Array) -> Array:
        """Rows in whole chunks for the engine that leaves products to NumPy: there the last digits of a row's result
        depend on how many rows are multiplied at once, and estimators promise that they do not."""
        if self.engine != "numpy" or len(rows) % CHUNK == 0:
            return rows
        return np.concatenate([rows, np.repeat(rows[-1:], CHUNK - len(rows) % CHUNK, axis=0)])

    def __getstate__(self) -> dict[str, Any]:
        """Everything but the opened model, which is made anew of its text and weights."""
        state: dict[str, Any] = dict(super().__getstate__())
        state.pop("_opened", None)
        return state


class NNClassifier(ClassifierMixin, _Network):  # type: ignore[misc]
    """A classifier made of a `.nn` file, its text, or without either of a small network.

    `source` is a path or a text; `model` picks one of several models. The model has one input, `[batch, features]` or
    of a shape that as many numbers fill, and one target: `index<classes>[batch]`, `onehot[batch, classes]`, or for two
    classes `binary[batch]`. Its output is a probability. `consts` are consts of the model, `hidden` that of this name;
    `epochs`, `batch_size` and `learning_rate` stand above its train section.

    After `fit`: `classes_`, `n_features_in_`, `model_` (the nndsl.Model), `loss_curve_`.
    """

    _default = CLASSIFIER

    def fit(self, X: Any, y: Any) -> NNClassifier:
        """Train from the start. Raises ValueError for wrong arrays, NndslError for a wrong model."""
        X, y = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(y)
        y = column_or_1d(y, warn=True)
        self.classes_, numbers = np.unique(y, return_inverse=True)
        self._begin(self._sizes(X))
        self._train(X, numbers, self.epochs)
        return self

    def partial_fit(self, X: Any, y: Any, classes: Any = None) -> NNClassifier:
        """Go on with training for one epoch; the first call names all `classes` unless `y` has them."""
        first = not hasattr(self, "weights_")
        X, y = validate_data(self, X, y, dtype=np.float64, reset=first)
        check_classification_targets(y)
        y = column_or_1d(y, warn=True)
        if first:
            self.classes_ = np.unique(y if classes is None else classes)
            self._begin(self._sizes(X))
        else:
            self.model_  # noqa: B018 (opens one that came out of a pickle)
        unknown = np.setdiff1d(y, self.classes_)
        if len(unknown):
            raise ValueError(f"y has the classes {unknown.tolist()}, which the first call of partial_fit did not name")
        self._train(X, np.searchsorted(self.classes_, y), 1)
        return self

    def _sizes(self, X: Array) -> dict[str, int]:
        # A softmax over one class is always 1; a second one that never comes keeps the network an ordinary one.
        return {"features": X.shape[1], "classes": max(2, len(self.classes_))}

    def _targets(self, port: Port, y: Array) -> Array:
        kind = "" if port.type.kind is None else port.type.kind.name
        match kind:
            case "index":
                return y.astype(np.int32)
            case "onehot":
                wide = port.type.shape[-1]
                count = wide if isinstance(wide, int) else len(self.classes_)
                return np.eye(max(count, len(self.classes_)), dtype=np.float32)[y]
            case "binary" if len(self.classes_) <= 2:
                return y.astype(np.float32).reshape(-1, *[1] * (len(port.type.shape) - 1))
        told = f"a target `{port.name}: {port.type}`, for {len(self.classes_)} classes"
        raise NndslError(WrongSetting(None, "source", told, "a target index<classes>[batch], onehot or binary"))

    def predict_proba(self, X: Any) -> Array:
        """The probability of each class of `classes_`, [rows, classes]."""
        found, kind = self._predicted(X)
        found = found.astype(np.float64)
        if found.ndim == 1 or found.shape[-1] == 1:
            chance = found.reshape(len(found))
            if kind != "prob":
                chance = 1 / (1 + np.exp(-np.clip(chance, -500, 500)))
            found = np.stack([1 - chance, chance], axis=1)
        elif kind != "prob":
            found = np.exp(found - found.max(axis=1, keepdims=True))
        found = found[:, : len(self.classes_)]
        shares: Array = found / found.sum(axis=1, keepdims=True)
        return shares

    def predict(self, X: Any) -> Array:
        """The likeliest class of each row."""
        chosen: Array = self.predict_proba(X).argmax(axis=1)
        classes: Array = self.classes_[chosen]
        return classes


class NNRegressor(RegressorMixin, _Network):  # type: ignore[misc]
    """A regressor made of a `.nn` file, its text, or without either of a small network.

    As NNClassifier, with a target of floats, `f32[batch]` or `f32[batch, 1]`.
    """

    _default = REGRESSOR

    def fit(self, X: Any, y: Any) -> NNRegressor:
        """Train from the start. Raises ValueError for wrong arrays, NndslError for a wrong model."""
        X, y = validate_data(self, X, y, dtype=np.float64, y_numeric=True)
        y = column_or_1d(y, warn=True)
        self._begin({"features": X.shape[1]})
        self._train(X, y, self.epochs)
        return self

    def partial_fit(self, X: Any, y: Any) -> NNRegressor:
        """Go on with training for one epoch."""
        first = not hasattr(self, "weights_")
        X, y = validate_data(self, X, y, dtype=np.float64, y_numeric=True, reset=first)
        if first:
            self._begin({"features": X.shape[1]})
        else:
            self.model_  # noqa: B018 (opens one that came out of a pickle)
        self._train(X, column_or_1d(y, warn=True), 1)
        return self

    def _targets(self, port: Port, y: Array) -> Array:
        return y.astype(np.float32).reshape(-1, *[1] * (len(port.type.shape) - 1))

    def predict(self, X: Any) -> Array:
        """A number for each row."""
        found, _ = self._predicted(X)
        return found.reshape(len(found)).astype(np.float64)


def _only(model: Model, role: str) -> Port:
    """The one input or target of a model. Raises NndslError (NN600) where there are none or several."""
    ports = model.checked.model.inputs if role == "input" else model.checked.model.targets
    if len(ports) != 1:
        names = ", ".join(port.name for port in ports) or "none"
        raise NndslError(WrongSetting(None, "source", f"a model with the {role}s {names}", f"a model with one {role}"))
    return ports[0]
