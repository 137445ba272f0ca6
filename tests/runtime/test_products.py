"""Matrix products of the runtime against NumPy, and that their bits do not depend on the split of rows."""

from __future__ import annotations

from itertools import pairwise, product
from typing import Any

import numpy as np
import pytest

from nndsl.runtime.cache import load_programs
from nndsl.runtime.threads import run

CUT = ((130, 700, 100), (17, 2100, 16), (300, 300, 3), (140, 257, 49), (1, 900, 70), (70, 5000, 1))
FORMS = ("nn", "tn", "nt", "tt")
KINDS = {"f32": np.float32, "f64": np.float64}
SIZES = (1, 2, 3, 4, 5, 7, 8, 9, 10, 15, 16, 17, 23, 24, 25, 31, 33, 40)
TEXT = """
from nndsl.runtime.intrinsics import array_f32, array_f64, entry, program
from nndsl.runtime.ready import product_nn, product_nt, product_tn, product_tt
"""
ENTRY = """
@program
def {form}_{kind}(worker, workers, sync, table):
    x = array_{kind}(entry(table, 0), (entry(table, 1), entry(table, 2)))
    y = array_{kind}(entry(table, 3), (entry(table, 4), entry(table, 5)))
    out = array_{kind}(entry(table, 6), (entry(table, 7), entry(table, 8)))
    product_{form}(x, y, out, entry(table, 9), entry(table, 10))
"""


@pytest.fixture(scope="module")
def addresses() -> dict[tuple[str, str], int]:
    """The products by form and kind."""
    pairs = list(product(FORMS, KINDS))
    text = TEXT + "".join(ENTRY.format(form=form, kind=kind) for form, kind in pairs)
    programs = load_programs(text, tuple(f"{form}_{kind}" for form, kind in pairs))
    return {(form, kind): programs[f"{form}_{kind}"].address for form, kind in pairs}


def multiply(address: int, x: Any, y: Any, height: int, width: int, *cuts: int) -> Any:
    """The product, computed by one call for the rows between two cuts; its surroundings must stay as they are."""
    guarded = np.full(height * width + 64, 777, x.dtype)
    out = guarded[32:-32]
    edges = [0, *cuts, height]
    for start, stop in pairwise(edges):
        if start < stop:
            numbers = [x.ctypes.data, *x.shape, y.ctypes.data, *y.shape, out.ctypes.data, height, width, start, stop]
            run(address, np.array(numbers, np.int64), 1)
    assert (guarded[:32] == 777).all()
    assert (guarded[-32:] == 777).all()
    return out.reshape(height, width)


def operands(form: str, kind: str, height: int, depth: int, width: int) -> tuple[Any, Any]:
    numbers = np.random.default_rng(height * 10007 + depth * 101 + width)
    x = numbers.standard_normal((height, depth) if form[0] == "n" else (depth, height)).astype(KINDS[kind])
    y = numbers.standard_normal((depth, width) if form[1] == "n" else (width, depth)).astype(KINDS[kind])
    return x, y


def expected(form: str, x: Any, y: Any) -> tuple[Any, Any]:
    """The product in f64, and how large its sums of magnitudes are."""
    left = (x if form[0] == "n" else x.T).astype(np.float64)
    right = (y if form[1] == "n" else y.T).astype(np.float64)
    return left @ right, np.abs(left) @ np.abs(right)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("form", FORMS)
class TestProducts:
    def check(self, addresses: Any, form: str, kind: str, height: int, depth: int, width: int) -> None:
        x, y = operands(form, kind, height, depth, width)
        value, magnitude = expected(form, x, y)
        found = multiply(addresses[form, kind], x, y, height, width)
        bound = (depth + 2) * np.finfo(KINDS[kind]).eps * magnitude
        assert (np.abs(found - value) <= bound).all(), (height, depth, width)

    def test_agrees_with_numpy(self, addresses: Any, form: str, kind: str) -> None:
        for height, width in product(SIZES, SIZES):
            self.check(addresses, form, kind, height, SIZES[(height + width) % len(SIZES)], width)

    @pytest.mark.parametrize(
        "shape",
        [
            (130, 700, 100),
            (17, 2100, 16),
            (300, 300, 3),
            (140, 257, 49),
            (70, 1100, 64),
            (61, 99, 32),
            (1, 900, 70),
            (70, 5000, 1),
        ],
    )
    def test_agrees_where_the_depth_or_the_rows_are_cut(self, addresses: Any, form: str, kind: str, shape: Any) -> None:
        self.check(addresses, form, kind, *shape)

    @pytest.mark.parametrize(("height", "width"), [(5, 3), (1, 40), (7, 1), (33, 100), (1, 1)])
    def test_a_sum_of_nothing_is_zero(self, addresses: Any, form: str, kind: str, height: int, width: int) -> None:
        x, y = operands(form, kind, height, 0, width)
        assert (multiply(addresses[form, kind], x, y, height, width) == 0).all()

    @pytest.mark.parametrize(
        ("depth", "width"), [(40, 1), (33, 5), (700, 10), (64, 16), (300, 46), (600, 64), (75, 20), (700, 100)]
    )
    def test_same_bits_for_any_split_of_rows(
        self, addresses: Any, form: str, kind: str, depth: int, width: int
    ) -> None:
        x, y = operands(form, kind, 141, depth, width)
        whole = multiply(addresses[form, kind], x, y, 141, width)
        for cuts in ((16,), (1, 2, 3), (64, 80, 81), tuple(range(0, 141, 7)), (128,), (5, 140)):
            np.testing.assert_array_equal(multiply(addresses[form, kind], x, y, 141, width, *cuts), whole)

    @pytest.mark.parametrize("width", [1, 5, 10, 46])
    def test_nan_and_infinity_stay_in_their_row_and_column(
        self, addresses: Any, form: str, kind: str, width: int
    ) -> None:
        x, y = operands(form, kind, 9, 20, width)
        (x if form[0] == "n" else x.T)[3, 7] = np.nan
        (x if form[0] == "n" else x.T)[5, 2] = np.inf
        found = multiply(addresses[form, kind], x, y, 9, width)
        assert np.isnan(found[3]).all()
        assert np.isinf(found[5]).all()
        assert np.isfinite(np.delete(found, (3, 5), axis=0)).all()


def test_every_element_is_one_chain_of_multiply_adds(addresses: Any) -> None:
    """Order 0..K-1, so that 1e30 - 1e30 + 1 is 1: another order gives 0 for some columns."""
    x = np.array([[1e30, -1e30, 1.0]], np.float32).repeat(11, 0)
    y = np.ones((3, 37), np.float32)
    assert (multiply(addresses["nn", "f32"], x, y, 11, 37) == 1).all()


COLUMNS = """
@program
def columns_{kind}(worker, workers, sync, table):
    x = array_{kind}(entry(table, 0), (entry(table, 1), entry(table, 2)))
    y = array_{kind}(entry(table, 3), (entry(table, 4), entry(table, 5)))
    out = array_{kind}(entry(table, 6), (entry(table, 7), entry(table, 8)))
    product_tn_columns(x, y, out, entry(table, 9), entry(table, 10), entry(table, 11), entry(table, 12))
"""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("height", "depth", "width"), [(20, 33, 100), (3, 700, 46), (141, 300, 77), (9, 40, 5)])
def test_same_bits_for_any_split_of_columns(
    addresses: dict[tuple[str, str], int], kind: str, height: int, depth: int, width: int
) -> None:
    text = TEXT + "from nndsl.runtime.products import product_tn_columns\n" + COLUMNS.format(kind=kind)
    address = load_programs(text, (f"columns_{kind}",))[f"columns_{kind}"].address
    x, y = operands("tn", kind, height, depth, width)
    whole = multiply(addresses["tn", kind], x, y, height, width)
    for cuts in ((16,), (1, 2, 3), (width // 2,), (width - 1,)):
        out = np.full((height, width), 777, x.dtype)
        for left, right in pairwise([0, *(c for c in cuts if c < width), width]):
            shapes = [x.ctypes.data, *x.shape, y.ctypes.data, *y.shape, out.ctypes.data, height, width]
            run(address, np.array([*shapes, 0, height, left, right], np.int64), 1)
        np.testing.assert_array_equal(out, whole)
