"""Weights of PyTorch load by the `weights` section of a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

import nndsl

DENSE = """
model M() {
  input x: f32[batch, 4]
  output y = x |> Dense(3)
}
"""


def loaded(text: str, folder: Path, **arrays: Any) -> dict[str, np.ndarray]:
    """The weights of a model after a file with these arrays was loaded; `__` in a name is a dot."""
    named = {name.replace("__", "."): np.ascontiguousarray(a, np.float32) for name, a in arrays.items()}
    save_file(named, folder / "torch.safetensors")
    model = nndsl.compile(text, engine="numpy")
    model.load_weights(folder / "torch.safetensors")
    return model.get_weights()


W, B = np.arange(12.0).reshape(3, 4), np.arange(3.0)


@pytest.mark.parametrize(
    ("kernel", "wanted"),
    [
        ('"w".T', W.T),
        ('"w".permute(1, 0)', W.T),
        ('"w".reshape(4, -1)', W.reshape(4, 3)),
        ('2 * "w".T - "w".T / 4', 1.75 * W.T),
        ('concat("w"[2:], "w"[:2]).T', np.concatenate([W[2:], W[:2]]).T),
        ('stack("w"[:, 0], "w"[:, 1], "w"[:, 2], "w"[:, 3])', W.T),
    ],
)
def test_a_param_is_made_of_the_arrays_of_the_file(kernel: str, wanted: np.ndarray, tmp_path: Path) -> None:
    text = DENSE + 'weights {\n  Dense_1.kernel = ' + kernel + '\n  Dense_1.bias = "lin.bias"\n}\n'
    weights = loaded(text, tmp_path, w=W, lin__bias=B)
    np.testing.assert_allclose(weights["Dense_1.kernel"], wanted)
    np.testing.assert_array_equal(weights["Dense_1.bias"], B)


def test_states_are_mapped_and_other_arrays_of_the_file_are_left_alone(tmp_path: Path) -> None:
    text = """
    model M() {
      input x: f32[batch, 3]
      output y = x |> BatchNormalization()
    }
    weights M {
      BatchNormalization_1.gamma = "bn.weight"
      BatchNormalization_1.beta = "bn.bias"
      BatchNormalization_1.moving_mean = "bn.running_mean"
      BatchNormalization_1.moving_variance = "bn.running_var"
    }
    """
    arrays = {f"bn__{name}": B + i for i, name in enumerate(("weight", "bias", "running_mean", "running_var"))}
    weights = loaded(text, tmp_path, **arrays, bn__num_batches_tracked=np.zeros(()))
    np.testing.assert_array_equal(weights["BatchNormalization_1.moving_variance"], B + 3)


def test_what_does_not_fit_is_told_together_and_nothing_is_loaded(tmp_path: Path) -> None:
    text = DENSE + 'weights {\n  Dense_1.kernel = "w"\n  Dense_1.bias = "lin.bais"\n}\n'
    save_file({"w": W.astype("float32"), "lin.bias": B.astype("float32")}, tmp_path / "torch.safetensors")
    model = nndsl.compile(text, engine="numpy", seed=1)
    before = model.get_weights()
    with pytest.raises(nndsl.NndslError) as caught:
        model.load_weights(tmp_path / "torch.safetensors")
    assert [problem.code for problem in caught.value.problems] == ["NN721", "NN721"]
    assert "put `.T` behind it" in str(caught.value)
    assert "did you mean `lin.bias`?" in str(caught.value)
    for name, array in model.get_weights().items():
        np.testing.assert_array_equal(array, before[name])


def test_files_of_nndsl_are_read_as_before(tmp_path: Path) -> None:
    text = DENSE + 'weights {\n  Dense_1.kernel = "w".T\n  Dense_1.bias = "b"\n}\n'
    model = nndsl.compile(text, engine="numpy", seed=1)
    model.save(tmp_path / "own.safetensors")
    other = nndsl.compile(text, engine="numpy", seed=2)
    other.load_weights(tmp_path / "own.safetensors")
    np.testing.assert_array_equal(other.params["Dense_1.kernel"], model.params["Dense_1.kernel"])


def test_a_pickle_of_pytorch_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / "net.pt").write_bytes(b"PK\x03\x04 and so on")
    with pytest.raises(nndsl.NndslError, match="looks like a pickle of PyTorch"):
        nndsl.compile(DENSE, engine="numpy").load_weights(tmp_path / "net.pt")


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ('weights { Dense_1.kernel = "a"\n Dense_1.kernel = "b" }', "mapped twice"),
        ('weights { Dense_1.kernel = 3 }', "no array of a file"),
        ('weights { Dense_1.kernel = 3 + 4 }', "no array in this"),
        ('weights { Dense_1.kernel = "a".T2 }', "no array of a file"),
        ('weights { Dense_1.kernel = "a"[x] }', "whole number"),
        ('weights { Dense_1.kernel = "a".reshape() }', "whole numbers are needed"),
        ('weights { Dense_1.kernel = concat() }', "joins arrays"),
        ('weights { a = "a" }\nweights M { a = "a" }', "two weights sections"),
        ('weights N { a = "a" }', "there is no model `N`"),
    ],
)
def test_lines_that_map_nothing_are_told_before_anything_runs(section: str, said: str) -> None:
    with pytest.raises(nndsl.NndslError, match=said):
        nndsl.compile(DENSE + section + "\n")
