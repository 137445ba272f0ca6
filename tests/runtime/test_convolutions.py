"""Convolutions of the runtime against NumPy, and that their bits do not depend on how places are shared."""

from __future__ import annotations

from itertools import pairwise, product
from typing import Any

import numpy as np
import pytest

from nndsl.ops import convolution
from nndsl.runtime.cache import load_programs
from nndsl.runtime.threads import run

KINDS = {"f32": np.float32, "f64": np.float64}
FORMS = ("convolve", "convolve_back", "convolve_kernel")
PAIRS = [(form, kind) for form in FORMS for kind in KINDS] + [(f"{form}_lanes", "f32") for form in FORMS]
TEXT = f"""
from nndsl.runtime.intrinsics import array_f32, array_f64, entry, program
from nndsl.runtime.convolutions import {", ".join({form for form, _ in PAIRS})}
"""
PLAIN = {"strides": "1, 1", "dilation": "1, 1"}
"""Numbers that are written as 1 are known when code is made, which then goes along lines of the image."""
ENTRY = """
@program
def {form}_{kind}{plain}(worker, workers, sync, table):
    x = array_{kind}(entry(table, 0), ({x}))
    y = array_{kind}(entry(table, 1), ({y}))
    out = array_{kind}(entry(table, 2), ({out}))
    {form}(x, y, out, ({strides}), ({dilation}), ({low}), {groups}, entry(table, 3), entry(table, 4))
"""
FIRST = {"x": 10, "y": 20, "out": 30, "strides": 40, "dilation": 50, "low": 60}


@pytest.fixture(scope="module")
def addresses() -> dict[tuple[str, str, bool], int]:
    """The convolutions of images by form and kind, and whether they are plain."""

    def entry_of(form: str, kind: str, plain: bool) -> str:
        counts = {"x": 4, "y": 4, "out": 5 if "kernel" in form else 4, "strides": 2, "dilation": 2, "low": 2}
        parts = {k: ", ".join(f"entry(table, {FIRST[k] + i})" for i in range(n)) for k, n in counts.items()}
        parts |= {"groups": "entry(table, 9)", "plain": ""}
        if plain:
            parts |= PLAIN | {"groups": "1", "plain": "_plain"}
        return ENTRY.format(form=form, kind=kind, **parts)

    known = [(form, kind, plain) for form, kind in PAIRS for plain in (False, True)]
    text = TEXT + "".join(entry_of(*which) for which in known)
    names = {which: f"{which[0]}_{which[1]}{'_plain' if which[2] else ''}" for which in known}
    programs = load_programs(text, tuple(names.values()))
    return {which: programs[name].address for which, name in names.items()}


class Problem:
    """One convolution: its three arrays, and what NumPy makes of each pair of them."""

    def __init__(self, image: Any, kernel: Any, kind: str = "f32", seed: int = 0, **options: Any) -> None:
        shared = {"strides": (1, 1), "dilation": (1, 1), "low": (0, 0), "high": (0, 0), "groups": 1}
        self.options: Any = shared | options
        self.kind = kind
        places = convolution.places_of(image[1:-1], kernel[:-2], self.options)
        shapes = (image, kernel, (image[0], *places, kernel[-1]))
        numbers = np.random.default_rng(seed)
        self.x, self.kernel, self.y = (numbers.standard_normal(s).astype(KINDS[kind]) for s in shapes)
        lanes = self.options["groups"] > 1 and kernel[-2] == 1 and kernel[-1] == self.options["groups"]
        self.lanes = "_lanes" if lanes else ""
        self.may_be_plain = self.options["groups"] == 1 and {*self.options["strides"], *self.options["dilation"]} == {1}
        self.plain = False

    def expected(self, form: str, shards: int = 1) -> Any:
        x, kernel, y = (a.astype(np.float64) for a in (self.x, self.kernel, self.y))
        match form:
            case "convolve":
                return convolution._conv(x, kernel, **self.options)
            case "convolve_back":
                return convolution._input_grad(y, kernel, **self.options, size=x.shape[1:-1])
        return convolution._kernel_parts(x, y, shards, **self.options, window=kernel.shape[:-2])

    def compute(self, addresses: Any, form: str, *cuts: int, shards: int = 1) -> Any:
        """What the machine code gives, in parts between cuts (of places, or of three workers); all around must stay."""
        given = {"convolve": (self.x, self.kernel), "convolve_back": (self.y, self.kernel)}.get(form, (self.x, self.y))
        wanted = self.expected(form, shards)
        guarded = np.full(wanted.size + 64, 777, KINDS[self.kind])
        out = guarded[32:-32].reshape(wanted.shape)
        table = np.zeros(70, np.int64)
        table[:3] = given[0].ctypes.data, given[1].ctypes.data, guarded[32:].ctypes.data
        table[9] = self.options["groups"]
        arrays = {"x": given[0].shape, "y": given[1].shape, "out": wanted.shape}
        for name, values in {**arrays, **self.options}.items():
            if name in FIRST:
                table[FIRST[name] : FIRST[name] + len(values)] = values
        edges = [(0, 1)] if not cuts else [(n, len(cuts)) for n in range(len(cuts))]
        if "kernel" not in form:
            edges = list(pairwise([0, *cuts, int(np.prod(wanted.shape[:-1]))]))
        for start, stop in edges:
            table[3:5] = start, stop
            run(addresses[form + self.lanes, self.kind, self.plain], table, 1)
        assert (guarded[:32] == 777).all()
        assert (guarded[-32:] == 777).all()
        return out


PROBLEMS = {
    "narrow": (((2, 7, 6, 1), (3, 3, 1, 3)), {}),
    "two vectors": (((3, 9, 8, 5), (3, 3, 5, 16)), {"low": (1, 1), "high": (1, 1)}),
    "odd strips": (((1, 6, 9, 3), (2, 3, 3, 45)), {"low": (1, 0), "high": (0, 2)}),
    "one vector": (((40, 4, 4, 3), (3, 3, 3, 8)), {"strides": (2, 2), "low": (0, 0), "high": (1, 1)}),
    "strides": (((2, 11, 10, 4), (3, 4, 4, 6)), {"strides": (3, 2), "low": (2, 1), "high": (1, 3)}),
    "strides and dilation": (((2, 13, 12, 2), (3, 2, 2, 9)), {"strides": (2, 3), "dilation": (3, 2), "low": (4, 0)}),
    "cut off": (((2, 9, 9, 2), (3, 3, 2, 4)), {"low": (-2, 1), "high": (1, -3)}),
    "wider than the image": (((2, 3, 2, 2), (5, 7, 2, 4)), {"low": (3, 4), "high": (2, 5)}),
    "padding beyond the window": (((1, 4, 4, 2), (2, 2, 2, 3)), {"low": (4, 3), "high": (5, 3)}),
    "several panels": (((2, 5, 5, 70), (3, 3, 70, 12)), {"low": (1, 1), "high": (1, 1)}),
    "several blocks of columns": (((1, 4, 5, 3), (2, 2, 3, 300)), {}),
    "many places": (((3, 40, 36, 1), (3, 3, 1, 4)), {"low": (1, 1), "high": (1, 1)}),
    "runs of channels": (((2, 7, 6, 16), (3, 3, 16, 16)), {"low": (1, 1), "high": (1, 1)}),
    "runs of panels": (((2, 9, 8, 48), (3, 3, 48, 8)), {"strides": (2, 1), "low": (1, 0), "high": (1, 2)}),
    "runs of groups": (((2, 8, 8, 64), (2, 3, 16, 64)), {"groups": 4, "dilation": (2, 1), "low": (0, 1)}),
    "lines": (((2, 9, 21, 16), (3, 3, 16, 16)), {"low": (1, 1), "high": (1, 1)}),
    "lines of several vectors": (((2, 6, 19, 8), (2, 3, 8, 112)), {"low": (1, 2), "high": (0, 1)}),
    "lines of half a vector": (((3, 7, 40, 8), (3, 3, 8, 8)), {"low": (0, 1), "high": (1, 0)}),
    "short lines": (((3, 5, 4, 8), (3, 3, 8, 32)), {"low": (1, 1), "high": (1, 2)}),
    "lines of one place": (((3, 6, 3, 24), (1, 3, 24, 16)), {}),
    "many lines": (((4, 60, 34, 8), (3, 3, 8, 16)), {"low": (1, 1), "high": (1, 1)}),
    "groups": (((2, 6, 7, 6), (3, 3, 2, 12)), {"groups": 3, "low": (1, 1), "high": (0, 1)}),
    "depth multiplier": (((2, 6, 7, 5), (2, 2, 1, 10)), {"groups": 5}),
    "each channel": (((2, 8, 7, 20), (3, 3, 1, 20)), {"groups": 20, "low": (1, 1), "high": (1, 1), "strides": (2, 1)}),
    "each of few channels": (((2, 8, 7, 3), (3, 2, 1, 3)), {"groups": 3, "low": (1, 1), "dilation": (2, 2)}),
    "each of many channels": (((1, 5, 4, 150), (3, 3, 1, 150)), {"groups": 150}),
}  # fmt: skip


def problem(name: str, kind: str = "f32") -> Problem:
    (image, kernel), options = PROBLEMS[name]
    return Problem(image, kernel, kind, **options)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", PROBLEMS)
def test_agrees_with_numpy(addresses: Any, name: str, form: str) -> None:
    for kind, plain in product(("f32", "f64"), (False, True)):
        case = problem(name, kind)
        case.plain = plain
        if (form + case.lanes, kind, plain) in addresses and plain <= case.may_be_plain:
            for shards in (1, 3) if "kernel" in form else (1,):
                wanted = case.expected(form, shards)
                found = case.compute(addresses, form, shards=shards)
                bound = 40 * np.finfo(KINDS[kind]).eps * max(1.0, np.abs(wanted).max())
                assert np.abs(found - wanted).max() <= bound


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "name",
    [
        "two vectors",
        "strides",
        "several panels",
        "many places",
        "each channel",
        "groups",
        "runs of channels",
        "runs of panels",
        "runs of groups",
        "lines",
        "lines of several vectors",
        "short lines",
        "many lines",
    ],
)
def test_same_bits_for_any_split(addresses: Any, name: str, form: str) -> None:
    case = problem(name)
    case.plain = case.may_be_plain
    if "kernel" in form:
        for shards in (1, 3):
            whole = case.compute(addresses, form, shards=shards)
            for workers in (2, 3, 5):
                np.testing.assert_array_equal(case.compute(addresses, form, *range(workers), shards=shards), whole)
        return
    whole = case.compute(addresses, form)
    for cuts in ((1,), (16, 32), (5, 6, 7, 40), tuple(range(3, 48, 3))):
        np.testing.assert_array_equal(case.compute(addresses, form, *cuts), whole)


@pytest.mark.parametrize("name", ["two vectors", "each channel", "lines"])
def test_nan_stays_in_the_windows_that_see_it(addresses: Any, name: str) -> None:
    case = problem(name)
    case.plain = case.may_be_plain
    case.x[0, 4, 3] = np.nan
    with np.errstate(invalid="ignore"):
        found, wanted = case.compute(addresses, "convolve"), case.expected("convolve")
        np.testing.assert_array_equal(np.isnan(found), np.isnan(wanted))
