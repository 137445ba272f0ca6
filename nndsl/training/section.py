"""What the arguments of `fit` and a `train` section say together: settings, feeds, ports."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence

from nndsl.data.ports import Port
from nndsl.diagnostics import NndslError
from nndsl.ir.experiment import TrainSpec
from nndsl.ir.graph import Model as ModelIr
from nndsl.ir.graph import Port as PortIr
from nndsl.problems.training import WrongSetting
from nndsl.training.fit import FitSettings


def data_port(port: PortIr) -> Port:
    """A declared input or target as the data checks see it: symbolic dims by their text."""
    kind = port.type.kind
    dims = tuple(size if isinstance(size, int) else str(size) for size in port.type.shape)
    total = kind.count if kind is not None and isinstance(kind.count, int) else None
    name = kind.name if kind is not None else None
    return Port(port.name, port.role, port.type.dtype, dims, name, total, port.span, port.doc)


def ports_of(model: ModelIr) -> tuple[tuple[Port, ...], tuple[Port, ...]]:
    """The inputs and the targets of a model."""
    return tuple(map(data_port, model.inputs)), tuple(map(data_port, model.targets))


def pair(name: str, value: object) -> tuple[object, object]:
    """The x and y of `validation_data`: a pair, or a dict of everything by name. Raises NndslError (NN600)."""
    if isinstance(value, Mapping):
        return value, None
    if isinstance(value, tuple | list) and len(value) == 2:
        return value[0], value[1]
    raise NndslError(WrongSetting(None, name, f"a {type(value).__name__}", "a pair (x, y), or a dict by name"))


def count_setting(name: str, value: object, least: int = 1) -> int:
    """A whole number of at least `least`. Raises NndslError (NN600)."""
    try:
        number = value.__index__()  # type: ignore[attr-defined]
    except AttributeError:
        number = None
    if number is None or isinstance(value, bool) or number < least:
        raise NndslError(WrongSetting(None, name, repr(value), f"a whole number from {least} on"))
    return int(number)


def bool_setting(name: str, value: object) -> bool:
    """True or False. Raises NndslError (NN600)."""
    if not isinstance(value, bool):
        raise NndslError(WrongSetting(None, name, repr(value), "True or False"))
    return value


def share_setting(name: str, value: object) -> float:
    """A number from 0 to below 1. Raises NndslError (NN600)."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1:
        raise NndslError(WrongSetting(None, name, repr(value), "a share from 0 to below 1"))
    return float(value)


def choice_setting(name: str, value: object, choices: Sequence[object]) -> None:
    """One of the choices. Raises NndslError (NN600)."""
    if value not in choices or isinstance(value, bool):
        expected = " or ".join(repr(choice) for choice in choices)
        raise NndslError(WrongSetting(None, name, repr(value), expected))


def fit_settings(
    spec: TrainSpec,
    epochs: object,
    batch_size: object,
    shuffle: object,
    seed: object,
    initial_epoch: object,
) -> FitSettings:
    """Arguments where given, else the train section, which holds Keras' defaults. Raises NndslError (NN600)."""

    def chosen(argument: object, of_section: object) -> object:
        return argument if argument is not None else of_section

    return FitSettings(
        epochs=count_setting("epochs", chosen(epochs, spec.epochs)),
        batch_size=count_setting("batch_size", chosen(batch_size, spec.batch_size)),
        shuffle=bool_setting("shuffle", chosen(shuffle, spec.shuffle)),
        seed=count_setting("seed", seed, least=0),
        initial_epoch=count_setting("initial_epoch", initial_epoch, least=0),
    )


def fresh_seed() -> int:
    """A seed for a run that names none."""
    return secrets.randbits(31)
