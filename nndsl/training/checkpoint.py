"""Weights on disk: safetensors with params and states, and for resuming the optimizer's slots and step.

Names in the file are `params/Dense_1.kernel`, `states/…`, `slots/…`, and `data/…` for what was learned from the data;
the metadata holds nndsl's version, the model's name, its consts as JSON, classes and vocabularies, and the step.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nndsl import __version__
from nndsl.data.learned import Learned
from nndsl.diagnostics import NndslError
from nndsl.files import write_atomic
from nndsl.ir.mapping import Mapped
from nndsl.problems.weights import CannotWrite, WeightsDoNotFit, WeightsUnreadable
from nndsl.training.mapping import mapped
from nndsl.training.trainable import Array, Trainable

ENTRY = "nndsl"
PARAMS, STATES, SLOTS, DATA = "params/", "states/", "slots/", "data/"


@dataclass(frozen=True)
class Checkpoint:
    """What a file holds. `arrays` have their prefixed names; `step` is None where the file has no optimizer
    state."""

    arrays: Mapping[str, Array]
    metadata: Mapping[str, object]

    @property
    def step(self) -> int | None:
        """Optimizer steps done when it was saved for resuming."""
        step = self.metadata.get("step")
        return step if isinstance(step, int) and step >= 0 else None

    @property
    def vocabulary(self) -> tuple[str, ...] | None:
        """What the indices of a text model mean, where the file says it."""
        tokens = self.metadata.get("vocabulary")
        fine = isinstance(tokens, list) and all(isinstance(token, str) and token for token in tokens)
        return tuple(tokens) if fine and isinstance(tokens, list) and len(set(tokens)) == len(tokens) > 0 else None

    @property
    def learned(self) -> Learned:
        """What was learned from the training data beside the weights."""
        arrays = {name.removeprefix(DATA): a for name, a in self.arrays.items() if name.startswith(DATA)}
        return Learned.of_file(arrays, self.metadata.get("names"))

    @property
    def origin(self) -> str:
        """`model Reuters(hidden=64)`, for messages; empty where the file does not tell."""
        name, consts = self.metadata.get("model"), self.metadata.get("consts")
        if not isinstance(name, str):
            return ""
        inside = ", ".join(f"{k}={v}" for k, v in consts.items()) if isinstance(consts, dict) else ""
        return f"model {name}({inside})"


def encode(
    session: Trainable,
    model_name: str,
    consts: Mapping[str, object],
    training: bool = False,
    vocabulary: Sequence[str] | None = None,
    learned: Learned | None = None,
) -> bytes:
    """The bytes of a weights file; with slots and step when `training`, with what indices mean where that is said, and
    what was learned from the data."""
    arrays = {PARAMS + name: array for name, array in session.params.items()}
    arrays |= {STATES + name: array for name, array in session.states.items()}
    metadata: dict[str, object] = {"version": __version__, "model": model_name, "consts": dict(consts)}
    if vocabulary is not None:
        metadata["vocabulary"] = list(vocabulary)
    if learned:
        arrays |= {DATA + name: array for name, array in learned.flat().items()}
        metadata["names"] = learned.described()
    if training:
        arrays |= {SLOTS + name: array for name, array in session.slots.items()}
        metadata["step"] = session.step
        metadata["learning_rate"] = session.learning_rate
    return _bytes(arrays, metadata)


def encoded(params: Mapping[str, Array], states: Mapping[str, Array], model_name: str) -> bytes:
    """The bytes of a weights file of a model that nobody opened: one that was imported."""
    arrays = {PARAMS + name: array for name, array in params.items()}
    arrays |= {STATES + name: array for name, array in states.items()}
    return _bytes(arrays, {"version": __version__, "model": model_name, "consts": {}})


def _bytes(arrays: Mapping[str, Array], metadata: Mapping[str, object]) -> bytes:
    from safetensors.numpy import save

    # Not ascontiguousarray, which would turn a scalar into an array of one.
    whole = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    return bytes(save(whole, {ENTRY: json.dumps(metadata, default=str)}))


def write(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a weights file, whole or not at all. Raises NndslError (NN612)."""
    try:
        write_atomic(Path(path), content)
    except (OSError, ValueError) as fault:
        raise NndslError(CannotWrite(None, os.fspath(path), reason_of(fault))) from None


def reason_of(fault: Exception) -> str:
    """What the system says, without the path it repeats."""
    return (getattr(fault, "strerror", None) or str(fault)).lower()


def read(path: str | os.PathLike[str]) -> Checkpoint:
    """The arrays of a weights file. Raises NndslError (NN607) where it is missing, damaged or of another
    format."""
    from safetensors import SafetensorError, safe_open

    name = os.fspath(path)
    try:
        # Opened as an ordinary file first: safetensors words a missing file or a folder less well.
        with open(path, "rb"):
            pass
        with safe_open(name, framework="numpy") as file:
            text = (file.metadata() or {}).get(ENTRY, "{}")
            arrays = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (it is no mapping)
    except SafetensorError as fault:
        raise NndslError(WeightsUnreadable(None, name, _no_safetensors(path, fault))) from None
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as fault:
        raise NndslError(WeightsUnreadable(None, name, reason_of(fault))) from None
    return Checkpoint(arrays, _metadata(text))


def _no_safetensors(path: str | os.PathLike[str], fault: Exception) -> str:
    """What is wrong with a file; PyTorch's own files are programs, which are not run."""
    with open(path, "rb") as file:
        head = file.read(4)
    if head[:2] in (b"PK", b"\x80\x02"):
        how = "safetensors.torch.save_file(model.state_dict(), …)"
        return f"it looks like a pickle of PyTorch, which could run anything; save it with {how}"
    return f"it is no whole safetensors file ({fault})"


def _metadata(text: str) -> dict[str, object]:
    """The metadata of a file; a file that others wrote has none, and may still fit."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def load(
    session: Trainable, path: str | os.PathLike[str], training: bool = False, lines: Sequence[Mapped] = ()
) -> Checkpoint:
    """Put the arrays of a file into a session: all of them, or none and an error.

    With `training` slots and step come back too, and have to be there. Without it, slots in the file are
    not looked at. A file that nndsl did not write is read by the lines of a `weights` section, where there are some.
    Raises NndslError (NN607, NN608, NN721).
    """
    found = read(path)
    if lines and not training and not found.metadata:
        own = {**session.params, **session.states}
        for name, array in mapped(own, found.arrays, lines, os.fspath(path)).items():
            np.copyto(own[name], array)
        return found
    expected = {PARAMS + name: array for name, array in session.params.items()}
    expected |= {STATES + name: array for name, array in session.states.items()}
    if training:
        expected |= {SLOTS + name: array for name, array in session.slots.items()}
    left_out = DATA if training else (SLOTS, DATA)
    given = {name: a for name, a in found.arrays.items() if not name.startswith(left_out)}
    faults = differences(expected, given)
    if training and found.step is None:
        faults.append("it holds weights alone, and no state of the optimizer to resume from")
    if faults:
        raise NndslError(WeightsDoNotFit(None, os.fspath(path), tuple(faults), found.origin))
    for name, array in expected.items():
        np.copyto(array, given[name])
    if training and found.step is not None:
        session.step = found.step
        _restore_rate(session, found.metadata.get("learning_rate"))
    return found


def _restore_rate(session: Trainable, rate: object) -> None:
    """The learning rate of the checkpoint: callbacks may have changed it. A schedule has it from the step by itself."""
    if isinstance(rate, int | float) and math.isfinite(rate) and rate >= 0 and rate != session.learning_rate:
        with contextlib.suppress(NndslError):
            session.learning_rate = float(rate)


def differences(expected: Mapping[str, Array], given: Mapping[str, Array]) -> list[str]:
    """What keeps the given arrays from standing in for the expected ones, a line each."""
    out: list[str] = []
    for name, array in expected.items():
        plain = name.split("/", 1)[-1]
        other = given.get(name)
        if other is None:
            out.append(f"`{plain}` ({describe(array)}) is not in the file")
        elif other.shape != array.shape or other.dtype != array.dtype:
            out.append(f"`{plain}` is {describe(other)} in the file and {describe(array)} in the model")
        elif other.dtype.kind == "f" and not np.isfinite(other).all():
            count = int(np.count_nonzero(~np.isfinite(other)))
            out.append(f"`{plain}` holds {count} numbers in the file that are NaN or infinite")
    out += [f"`{name.split('/', 1)[-1]}` is in the file and not in the model" for name in given if name not in expected]
    return out


def describe(array: Array) -> str:
    """`f32[784, 32]`."""
    short = {"float32": "f32", "float64": "f64", "int32": "i32", "int64": "i64"}
    return f"{short.get(str(array.dtype), str(array.dtype))}[{', '.join(map(str, array.shape))}]"
