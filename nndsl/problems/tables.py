"""Problems NN507 to NN509: CSV files that are no tables of numbers."""

from __future__ import annotations

from dataclasses import dataclass

from nndsl.diagnostics import Problem
from nndsl.problems.arrays import SHOWN_NAMES, listed
from nndsl.problems.data import SourceProblem


@dataclass(frozen=True)
class CellNotNumber(SourceProblem):
    """A cell of a number column of a CSV file is no number.

        # rows.csv
        width,height,class
        2.5,1.0,0
        wide,1.5,2
        # m.nn
        model M() {
          input  x: f32[batch, 2]
          target label: index<3>[batch]
          logits = x |> Dense(3)
          output p = softmax(logits)
          loss   sparse_categorical_crossentropy(label, logits)
        }

        train M { data = csv("rows.csv", x=["width", "height"], label="class") }
        $ nndsl train m.nn

    Here line 3 has `wide` where a number should be. An empty cell is no number either: remove the row or
    fill the cell in. Decimal commas (`2,5`) have to become points.

        # rows.csv
        width,height,class
        2.5,1.0,0
        3.5,1.5,2
        # m.nn
        model M() {
          input  x: f32[batch, 2]
          target label: index<3>[batch]
          logits = x |> Dense(3)
          output p = softmax(logits)
          loss   sparse_categorical_crossentropy(label, logits)
        }

        train M { data = csv("rows.csv", x=["width", "height"], label="class") }
        $ nndsl train m.nn
    """

    code = "NN507"
    title = "a cell of a CSV file is no number"

    path: str
    column: str
    line: int
    cell: str

    @property
    def headline(self) -> str:
        cell = f"`{self.cell}`" if self.cell else "the empty cell"
        return f"{cell} in column `{self.column}`, line {self.line} of `{self.path}`, is no number"

    @property
    def help(self) -> str:
        if not self.cell:
            return "fill the cell in or remove the row"
        if self.cell.count(",") == 1 and self.cell.replace(",", "").lstrip("-").isdigit():
            return "write a point instead of the comma"
        return "correct the cell or remove the row"


@dataclass(frozen=True)
class TextColumn(SourceProblem):
    """A column of a CSV file holds text, and a model takes numbers.

        # rows.csv
        width,height,class
        2.5,1.0,setosa
        3.5,1.5,virginica
        # m.nn
        model M() {
          input  x: f32[batch, 2]
          target label: index<3>[batch]
          logits = x |> Dense(3)
          output p = softmax(logits)
          loss   sparse_categorical_crossentropy(label, logits)
        }

        train M { data = csv("rows.csv", x=["width", "height"], label="class") }
        $ nndsl train m.nn

    Give each text a number, from 0 on, in the file (setosa 0, versicolor 1, virginica 2), and declare the
    target as `index<3>[batch]`.

        # rows.csv
        width,height,class
        2.5,1.0,0
        3.5,1.5,2
        # m.nn
        model M() {
          input  x: f32[batch, 2]
          target label: index<3>[batch]
          logits = x |> Dense(3)
          output p = softmax(logits)
          loss   sparse_categorical_crossentropy(label, logits)
        }

        train M { data = csv("rows.csv", x=["width", "height"], label="class") }
        $ nndsl train m.nn
    """

    code = "NN508"
    title = "a column of a CSV file is text"

    path: str
    column: str
    values: tuple[str, ...]
    more: bool

    @property
    def headline(self) -> str:
        return f"column `{self.column}` of `{self.path}` is text, not numbers"

    @property
    def help(self) -> str:
        if self.more:
            return f"it has many different values ({listed(self.values[:3])}, …); leave the column out"
        numbers = ", ".join(f"{value} = {i}" for i, value in enumerate(self.values[:SHOWN_NAMES]))
        count = len(self.values)
        return f"write numbers in the file ({numbers}) and declare it as `index<{count}>[batch]`"


@dataclass(frozen=True)
class RowWidth(SourceProblem):
    """A line of a CSV file has more or fewer cells than the first line.

        # rows.csv
        width,height,class
        2.5,1.0,0
        3.5,2
        # m.nn
        model M() {
          input  x: f32[batch, 2]
          target label: index<3>[batch]
          logits = x |> Dense(3)
          output p = softmax(logits)
          loss   sparse_categorical_crossentropy(label, logits)
        }

        train M { data = csv("rows.csv", x=["width", "height"], label="class") }
        $ nndsl train m.nn

    Line 3 lacks a cell. A file with another delimiter needs it named: `csv("data.csv", delimiter=";", …)`.

        # rows.csv
        width,height,class
        2.5,1.0,0
        3.5,1.5,2
        # m.nn
        model M() {
          input  x: f32[batch, 2]
          target label: index<3>[batch]
          logits = x |> Dense(3)
          output p = softmax(logits)
          loss   sparse_categorical_crossentropy(label, logits)
        }

        train M { data = csv("rows.csv", x=["width", "height"], label="class") }
        $ nndsl train m.nn
    """

    code = "NN509"
    title = "a line of a CSV file has the wrong number of cells"

    path: str
    line: int
    found: int
    expected: int

    @property
    def headline(self) -> str:
        return f"line {self.line} of `{self.path}` has {self.found} cells, the first line has {self.expected}"


FAMILY: tuple[type[Problem], ...] = (
    CellNotNumber,
    TextColumn,
    RowWidth,
)
