"""Problems NN534 and NN535: which array is for which input, and which rows are for what."""

from __future__ import annotations

from dataclasses import dataclass

from nndsl.diagnostics import Problem


@dataclass(frozen=True)
class NotBound(Problem):
    """It is not clear which input or target an array is for.

        input left:  f32[batch, 8]
        input right: f32[batch, 8]
        output h = left + right
        >>> model.predict(x_train)

    One array is enough where there is one input. Otherwise give a dict by name, or a list in the order of the
    declarations.

        input left:  f32[batch, 8]
        input right: f32[batch, 8]
        output h = left + right
        >>> model.predict({"left": x_train, "right": x_train})
        >>> model.predict([x_train, x_train])
    """

    code = "NN534"
    title = "arrays and inputs do not match"

    reason: str
    cure: str | None = None

    @property
    def headline(self) -> str:
        return self.reason

    @property
    def help(self) -> str | None:
        return self.cure


@dataclass(frozen=True)
class EmptySplit(Problem):
    """A part for validation leaves no rows for training.

        >>> model.fit(x_train, y_train, validation_split=0.999)         # of 100 rows

    The last part of the rows is kept for validation, before any shuffling. The fraction is between 0 and 1.

        >>> model.fit(x_train, y_train, validation_split=0.1)
    """

    code = "NN535"
    title = "a split leaves a part without rows"

    fraction: float
    rows: int

    @property
    def headline(self) -> str:
        return f"a validation split of {self.fraction:g} of {self.rows} rows leaves a part without rows"

    @property
    def help(self) -> str:
        return "give a fraction between 0 and 1 that is at least one row and not all"


FAMILY: tuple[type[Problem], ...] = (
    NotBound,
    EmptySplit,
)
