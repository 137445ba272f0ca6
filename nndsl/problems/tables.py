"""Problems NN507 to NN509: CSV files that are no tables of numbers."""

from __future__ import annotations

from dataclasses import dataclass

from nndsl.diagnostics import Problem
from nndsl.problems.arrays import listed
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

    Here line 3 has `wide` where a number should be. An empty cell is no number either: fill it in, leave such rows
    out with `missing="drop"`, give a number for them (`missing=0`), or keep them for the step `fill` of a data section
    (`missing="keep"`). Decimal commas (`2,5`) have to become points. A column without any number is one of classes.

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
    noun: str = "number"

    @property
    def headline(self) -> str:
        cell = f"`{self.cell}`" if self.cell else "the empty cell"
        return f"{cell} in column `{self.column}`, line {self.line} of `{self.path}`, is no {self.noun}"

    @property
    def help(self) -> str:
        if not self.cell:
            return 'fill the cell in, or leave such rows out: `missing="drop"`'
        if self.cell.count(",") == 1 and self.cell.replace(",", "").lstrip("-").isdigit():
            return "write a point instead of the comma"
        return "correct the cell or remove the row"


@dataclass(frozen=True)
class TextColumn(SourceProblem):
    """A list of columns holds one of text, and they are to lie side by side as numbers.

        # rows.csv
        width,colour,class
        2.5,red,0
        3.5,blue,2
        # m.nn
        model M() {
          input  x: f32[batch, 2]
          target label: index<3>[batch]
          logits = x |> Dense(3)
          output p = softmax(logits)
          loss   sparse_categorical_crossentropy(label, logits)
        }

        train M { data = csv("rows.csv", x=["width", "colour"], label="class") }
        $ nndsl train m.nn

    Give the column an input of its own, of classes: `index<2>[batch]`.

        # rows.csv
        width,colour,class
        2.5,red,0
        3.5,blue,2
        # m.nn
        model M() {
          input  width: f32[batch]
          input  colour: index<2>[batch]
          target label: index<3>[batch]
          logits = concat(width[:, none], one_hot(colour, 2)) |> Dense(3)
          output p = softmax(logits)
          loss   sparse_categorical_crossentropy(label, logits)
        }

        train M { data = csv("rows.csv", width="width", colour="colour", label="class") }
        $ nndsl train m.nn
    """

    code = "NN508"
    title = "a column among numbers is text"

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
            shown = f" ({listed(self.values[:3])}, …)" if self.values else ""
            return f"it has many different values{shown}; leave the column out"
        return f"feed it to an input of its own: `index<{len(self.values)}>[batch]` ({listed(self.values)})"


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
