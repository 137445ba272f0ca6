"""`digits()`, `iris()`, `wine()`, `breast_cancer()`, `diabetes()`: real data that comes with scikit-learn.

Each is cut once and for all into 80% "train" and 20% "test": every class by itself, in an order drawn from a fixed seed
that is the same on every machine. "all" is both, train first.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nndsl.data.batches import shuffled
from nndsl.data.columns import Array, DataSet, Dense
from nndsl.data.context import Call, SourceContext, kind_of, reason_of
from nndsl.diagnostics import NndslError, Span
from nndsl.problems.data import DatasetsExtraMissing, KeyMissing

SPLIT_SEED = 20_260_101
TEST_SHARE = 0.2
PARTS = ("train", "test", "all")


@dataclass(frozen=True)
class BundledSet:
    """A set of scikit-learn: its loader, and the columns it offers with the names they have in the loader's result.

    The target is the last column. `classes` is false where the target is a number to be predicted.
    """

    name: str
    loader: str
    columns: Mapping[str, str]
    classes: bool = True

    def __call__(self, context: SourceContext, span: Span | None, /, *args: object, **named: object) -> DataSet:
        """`NAME(part="train", INPUT="column", …)`; without keywords the columns keep their own names.

        Raises NndslError: NN502 no such column, NN505 wrong argument, NN506 scikit-learn is missing.
        """
        call = Call(self.name, span, args, named)
        call.at_most(1, f'as in {self.name}("train")')
        part = call.text(0, "part", "train")
        if part not in PARTS:
            call.refuse(f'there is no part "{part}"', 'the parts are "train", "test" and "all"')
        wanted: dict[str, str] = {}
        for name, column in named.items():
            if not isinstance(column, str):
                call.refuse(f"`{name}` is {kind_of(column)}, the name of a column is needed")
            if column not in self.columns:
                raise NndslError(KeyMissing(span, f"`{self.name}`", column, tuple(self.columns), "column"))
            wanted[name] = column
        arrays = self._load(span)
        target = arrays[list(self.columns)[-1]]
        rows = split_parts(target if self.classes else None, len(target))[part]
        wanted = wanted or {column: column for column in self.columns}
        return DataSet({name: Dense(arrays[column][rows]) for name, column in wanted.items()})

    def _load(self, span: Span | None) -> dict[str, Array]:
        try:
            loaded = from_files(self.name) or self._from_loader()
        except ImportError as error:
            missing = isinstance(error, ModuleNotFoundError) and (error.name or "").split(".")[0] == "sklearn"
            reason = "it is not installed" if missing else f"it cannot be loaded: {reason_of(error)}"
            raise NndslError(DatasetsExtraMissing(span, self.name, reason)) from None
        return {name: _compact(np.asarray(loaded[key])) for name, key in self.columns.items()}

    def _from_loader(self) -> Mapping[str, Array]:
        """What scikit-learn's own function gives; to import it takes a second."""
        loader: Callable[[], Mapping[str, Array]] = getattr(importlib.import_module("sklearn.datasets"), self.loader)
        return loader()


def from_files(name: str) -> dict[str, Array] | None:
    """The arrays of a set straight from the files in scikit-learn's package, without importing it.

    None where the files are not as expected. Raises ModuleNotFoundError where scikit-learn is not installed.
    """
    spec = importlib.util.find_spec("sklearn")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("No module named 'sklearn'", name="sklearn")
    folder = Path(spec.submodule_search_locations[0]) / "datasets" / "data"
    try:
        match name:
            case "digits":
                table = np.loadtxt(folder / "digits.csv.gz", delimiter=",")
                return {"images": table[:, :-1].reshape(-1, 8, 8), "target": table[:, -1]}
            case "diabetes":
                data = np.loadtxt(folder / "diabetes_data_raw.csv.gz")
                centred = data - data.mean(axis=0)
                scaled = centred / centred.std(axis=0) / len(data) ** 0.5
                return {"data": scaled, "target": np.loadtxt(folder / "diabetes_target.csv.gz")}
        file = {"iris": "iris.csv", "wine": "wine_data.csv", "breast_cancer": "breast_cancer.csv"}[name]
        table = np.loadtxt(folder / file, delimiter=",", skiprows=1)
        return {"data": table[:, :-1], "target": table[:, -1]}
    except (OSError, ValueError, KeyError):
        return None


def split_parts(labels: Array | None, n: int) -> dict[str, Array]:
    """Row numbers of "train", "test" and "all"; `labels` (n,) makes each class fall apart in the same shares."""
    order = shuffled(n, SPLIT_SEED)
    in_test = np.zeros(n, dtype=np.bool_)
    groups = [order] if labels is None else [order[labels[order] == label] for label in np.unique(labels)]
    for group in groups:
        in_test[group[: round(len(group) * TEST_SHARE)]] = True
    train, test = order[~in_test[order]], order[in_test[order]]
    return {"train": train, "test": test, "all": np.concatenate([train, test])}


def _compact(array: Array) -> Array:
    """Small whole numbers as u8: pixels and classes take an eighth of the memory."""
    if array.min() < 0 or array.max() > 255 or not np.array_equal(array, np.floor(array)):
        return array
    return array.astype(np.uint8)


_TABLE = {"features": "data", "label": "target"}

BUNDLED: tuple[BundledSet, ...] = (
    BundledSet("digits", "load_digits", {"image": "images", "label": "target"}),  # (1797, 8, 8), 0..16
    BundledSet("iris", "load_iris", _TABLE),
    BundledSet("wine", "load_wine", _TABLE),
    BundledSet("breast_cancer", "load_breast_cancer", _TABLE),
    BundledSet("diabetes", "load_diabetes", {"features": "data", "target": "target"}, classes=False),
)
