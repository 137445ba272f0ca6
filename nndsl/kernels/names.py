"""The runtime functions that generated code may call, by the module they come from."""

from __future__ import annotations

import keyword

from nndsl.ir.types import DTYPES

INTRINSICS = (
    "array_bool",
    "array_f32",
    "array_f64",
    "array_i32",
    "array_i64",
    "barrier",
    "entry",
    "kernel",
    "sequence",
    "share",
    "share_area",
    "share_places",
    "tick",
)
RANDOM = ("uniform_f32", "uniform_f64", "normal_f32", "normal_f64", "truncated_normal_f32", "truncated_normal_f64")
READY = (
    "product_nn",
    "product_nt",
    "product_tn",
    "product_tt",
    "batch_product_nn",
    "batch_product_nt",
    "batch_product_tn",
    "batch_product_tt",
    "multi_hot",
    "scatter_add",
    "rankdata",
)
PRODUCTS = (
    "product_nn_columns",
    "product_nt_columns",
    "product_tn_columns",
    "product_tt_columns",
    "product_nn_passing",
    "product_nt_passing",
    "product_tn_passing",
    "product_tt_passing",
    "product_nn_within",
    "product_nt_within",
    "product_tn_within",
    "product_tt_within",
)
LONG_PRODUCTS = ("product_part",)
SCALAR = (
    "ceil",
    "choose",
    "cos",
    "erf_f32",
    "erf_f64",
    "erfinv_f32",
    "erfinv_f64",
    "exp2_f32",
    "exp2_f64",
    "exp_f32",
    "exp_f64",
    "expm1_f32",
    "expm1_f64",
    "floor",
    "floor_divide",
    "floor_mod",
    "is_finite_f32",
    "is_finite_f64",
    "is_infinite_f32",
    "is_infinite_f64",
    "is_nan_f32",
    "is_nan_f64",
    "log10",
    "log1p_f32",
    "log1p_f64",
    "log2",
    "log_f32",
    "log_f64",
    "maximum",
    "minimum",
    "over_root_f32",
    "over_root_f64",
    "power",
    "rint",
    "sigmoid_f32",
    "sigmoid_f64",
    "sign",
    "sin",
    "softplus_f32",
    "softplus_f64",
    "sqrt",
    "tanh_f32",
    "tanh_f64",
)
ANGLES = ("arctan_f32", "arctan_f64", "arctan2_f32", "arctan2_f64")
BAGS = ("distinct_words", "bag", "bag_scatter")
POOLING = ("max_pool", "max_pool_grad", "max_pool_pick", "pool_sum", "pool_spread")
CONVOLUTIONS = (
    "convolve",
    "convolve_lanes",
    "convolve_back",
    "convolve_back_lanes",
    "convolve_kernel",
    "convolve_kernel_lanes",
)
RESIZING = ("resize_axis", "resize_axis_grad")
CUMULATIVE = ("cumulative_sum", "cumulative_product", "linear_recurrence")
SORTING = ("sort_places", "top_places", "scatter_along")

MODULES: dict[str, tuple[str, ...]] = {
    "angles": ANGLES,
    "bags": BAGS,
    "convolutions": CONVOLUTIONS,
    "cumulative": CUMULATIVE,
    "long_products": LONG_PRODUCTS,
    "pooling": POOLING,
    "products": PRODUCTS,
    "random_scalar": RANDOM,
    "ready": READY,
    "resizing": RESIZING,
    "scalar": SCALAR,
    "sorting": SORTING,
}
"""What is imported from `nndsl.runtime.<module>` where a program uses it."""

WORDS = frozenset(
    ("above", "abs", "begin", "block", "bool", "end", "f32", "f64", "i32", "i64", "inf", "left", "max", "min", "nan",
     "np", "range", "right", "round", "row", "rows", "worker", "workers", *keyword.kwlist, *INTRINSICS,
     *(name for offered in MODULES.values() for name in offered), *(f"copy_{dtype}" for dtype in DTYPES))
)  # fmt: skip
"""What generated code says by itself: values get other names, whatever the model calls them."""
