"""The runtime functions that generated code may call, by the module they come from."""

from __future__ import annotations

INTRINSICS = (
    "array_bool",
    "array_f32",
    "array_f64",
    "array_i32",
    "array_i64",
    "barrier",
    "entry",
    "kernel",
    "program",
    "share",
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
    "copy_all",
)
SCALAR = (
    "ceil",
    "cos",
    "erf_f32",
    "erf_f64",
    "exp_f32",
    "exp_f64",
    "expm1_f32",
    "expm1_f64",
    "floor",
    "floor_divide",
    "floor_mod",
    "is_finite_f32",
    "is_finite_f64",
    "log1p_f32",
    "log1p_f64",
    "log_f32",
    "log_f64",
    "maximum",
    "minimum",
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
BAGS = ("distinct_words", "bag", "bag_scatter")

MODULES: dict[str, tuple[str, ...]] = {"bags": BAGS, "random_scalar": RANDOM, "ready": READY, "scalar": SCALAR}
"""What is imported from `nndsl.runtime.<module>` where a program uses it."""
