"""Arrays: where they come from, how they are checked, and in which batches they go to the kernels."""

from nndsl.data.batches import batches, split_rows
from nndsl.data.columns import Column, DataSet, Dense, Ragged
from nndsl.data.feed import bind_xy, check_array, check_batch, check_feed, fast_path, sizes, to_batch
from nndsl.data.ports import Port

__all__ = [
    "Column", "DataSet", "Dense", "Port", "Ragged", "batches", "bind_xy", "check_array", "check_batch", "check_feed",
    "fast_path", "sizes", "split_rows", "to_batch",
]  # fmt: skip
