"""Rows of a training set as a model gets them, and as golden.json and background.json have them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Mapping, Sequence

from . import onnx_model
from .training_set import Input, Manifest, features_by_input, inputs, read_input, tensor_columns

if TYPE_CHECKING:
    from .frames import Frame


@dataclass(frozen=True)
class SealedRows:
    """One float32 tensor, or an array of its own type for each named input."""

    #: As `larder.features` states them: a list, or a list for each input.
    features: list[str] | dict[str, list[str]]
    inputs: tuple[Input, ...]

    def __len__(self) -> int:
        return len(self.inputs[0].values)

    @property
    def nulls(self) -> Any:
        """A mask [N, F] over the columns of all inputs."""
        import numpy as np

        return np.concatenate([each.missing for each in self.inputs], axis=1)

    def take(self, rows: Sequence[int]) -> SealedRows:
        return replace(self, inputs=tuple(each.take(rows) for each in self.inputs))

    def feed(self, missing: float | None) -> dict[str, Any]:
        """What ONNX Runtime gets."""
        return {each.name: each.filled(missing) for each in self.inputs}

    def given(self, missing: float | None) -> Any:
        """What `predict` gets: the tensor, or a mapping from input to array."""
        copies = {name: values.copy() for name, values in self.feed(missing).items()}
        return copies if isinstance(self.features, dict) else copies[self.inputs[0].name]

    def cells(self) -> list[Any]:
        """Rows as JSON has them, null where a value is missing."""
        cells = {each.name: _cells(each) for each in self.inputs}
        if not isinstance(self.features, dict):
            return cells[self.inputs[0].name]
        return [{name: rows[at] for name, rows in cells.items()} for at in range(len(self))]


@dataclass(frozen=True)
class Wanted:
    """What a model gets of a training set."""

    features: list[str] | dict[str, list[str]]
    manifest: Manifest

    def check(self, model: Any, outputs: Sequence[str] | None, path: Path) -> onnx_model.Signature:
        lengths = {feature["name"]: feature.get("length") or 1 for feature in self.manifest["features"]}

        def width(names: Sequence[str]) -> int:
            unknown = [name for name in names if name not in lengths]
            if unknown:
                raise ValueError(f"The training set has no feature {unknown[0]}; it has {', '.join(lengths)}.")
            return sum(lengths[name] for name in names)

        if not isinstance(self.features, dict):
            return onnx_model.check_signature(model, width=width(self.features), outputs=outputs, path=path)
        widths = {name: width(names) for name, names in self.features.items()}
        return onnx_model.check_named_signature(model, widths=widths, outputs=outputs, path=path)

    def read(self, rows: Frame, types: Mapping[str, str]) -> SealedRows:
        import numpy as np

        if isinstance(self.features, dict):
            read = (read_input(rows, name, (names, types[name]), self.manifest) for name, names in self.features.items())
            return SealedRows(self.features, tuple(read))
        tensor = inputs(rows, features=self.features, manifest=self.manifest)
        (name,) = types
        return SealedRows(self.features, (Input(name, "float32", tensor, np.isnan(tensor)),))


def wanted(
    manifest: Manifest, features: Sequence[str] | None, named: Mapping[str, Sequence[str]] | None
) -> Wanted:
    """What is given, or what the model takes that the training set was built for, or all features."""
    if features is not None and named is not None:
        raise ValueError("Give features=[…] for one tensor or inputs={…} for several, not both.")
    several = None if features is not None else features_by_input(manifest, named)
    if several is not None:
        return Wanted(several, manifest)
    return Wanted([name for name, _ in tensor_columns(manifest, features)], manifest)


def short(value: Any) -> float:
    """The shortest decimal that identifies a float32 or a float64."""
    return float(str(value))


def _cells(read: Input) -> list[list[Any]]:
    return [
        [None if null else _cell(read.type, value) for value, null in zip(values, nulls, strict=True)]
        for values, nulls in zip(read.values, read.missing, strict=True)
    ]


def _cell(type: str, value: Any) -> Any:
    if type == "string":
        return str(value)
    if type == "bool":
        return bool(value)
    if type == "int64":
        # What a double cannot hold is written as decimal digits.
        return int(value) if abs(int(value)) < 2**53 else str(int(value))
    return short(value)
