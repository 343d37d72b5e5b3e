"""Completing the folder of a trained model, so that `larder apply` accepts it."""

from __future__ import annotations

import json
import os
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, Mapping, Sequence

from . import onnx_model
from .errors import ArtifactInvalid
from .sealed_rows import short, wanted
from .training_set import Manifest, manifest_of, manifest_sha256, read_folder

if TYPE_CHECKING:
    from .frames import Frame

    Predict = Callable[[Any], Any]

MAX_TRAINING_BYTES = 256 * 1024
GOLDEN_ROWS = 32
BACKGROUND_ROWS = 100
TOLERANCE = 1e-5


@dataclass(frozen=True)
class Sealed:
    """What `seal` wrote."""

    folder: Path
    #: In the order of the tensor, or of the inputs.
    features: tuple[str, ...]
    outputs: tuple[str, ...]
    golden_rows: int
    background_rows: int
    #: False: onnxruntime is not installed, so the model's scores were not compared with the trainer's.
    compared: bool


def seal(
    folder: str | Path,
    training_set: Frame | str | Path,
    *,
    predict: Predict | None = None,
    outputs: Mapping[str, onnx_model.Output] | Sequence[str] | None = None,
    features: Sequence[str] | None = None,
    inputs: Mapping[str, Sequence[str]] | None = None,
    missing: float | None = None,
    metrics: Mapping[str, Any] | None = None,
    parameters: Mapping[str, Any] | None = None,
    details: Mapping[str, Any] | None = None,
    manifest: Manifest | None = None,
    background_rows: int = BACKGROUND_ROWS,
    tolerance: float = TOLERANCE,
) -> Sealed:
    """Writes `larder.features` into `folder/model.onnx`, and `golden.json`, `background.json` and `training.json` beside it.

    Everything is checked first, as `larder apply` does; nothing is written when a check fails.

    :param training_set: rows of `historical` or `read_training_set`, or the folder of a training set.
    :param predict: the trainer's own scores of a float32 array [N, F], or, for a model that takes several inputs, of a
        mapping from input to array as `inputs_by_name` gives it: one array [N] or [N, K], or a mapping from
        output to array. Without it the scores come from ONNX Runtime, and the conversion is not verified.
    :param outputs: the output fields of the model's definition: names of the file's outputs, or a mapping from field
        to output or `(output, column)`. Default: the float outputs [N] and [N, 1] of the file.
    :param features: the model's features, when it was trained on some of the training set's.
    :param inputs: the features of each input of a model that takes several, in order. Default: those of the model that
        the training set was built for.
    :param missing: the `missing` of the model's definition, when it is a number. Default NaN.
    :param details: further members of training.json.
    :raises ArtifactInvalid: what `larder apply` would refuse.
    """
    folder = Path(folder)
    rows, manifest = _rows(training_set, manifest)
    chosen = wanted(manifest, features, inputs)
    if len(rows) == 0:
        raise ValueError("The training set has no rows to take golden rows from.")

    path = folder / "model.onnx"
    model = onnx_model.load(path)
    onnx_model.write_features(model, chosen.features, path)
    fields = None if outputs is None else list(outputs)
    if isinstance(outputs, Mapping):
        onnx_model.name_outputs(model, outputs)
    signature = chosen.check(model, fields, path)
    content = model.SerializeToString()

    read = chosen.read(rows, signature.inputs)
    golden = read.take(_golden_rows(read.nulls))
    background = read.take(_spread(len(read), max(1, min(background_rows, 200))))
    run = _session(content, signature, path)
    if predict is not None:
        scores = _by_field(predict(golden.given(missing)), list(signature.columns), len(golden))
    elif run is None:
        raise ValueError("Give predict=…, the trainer's own scores, or install onnxruntime: pip install 'larder[seal]'.")
    else:
        warnings.warn(
            "golden.json has the scores of ONNX Runtime, so it does not verify the conversion; give predict=…, "
            "the trainer's own scores.",
            stacklevel=2,
        )
        scores = run(golden.feed(missing))
    if run is None:
        warnings.warn(
            "onnxruntime is not installed: the model's scores were not compared with golden.json; larder apply will.",
            stacklevel=2,
        )
    else:
        _compare(scores, run(golden.feed(missing)), tolerance, path)

    training = _training(manifest, metrics=metrics, parameters=parameters, details=details)
    _write(folder / "golden.json", _json({
        "format": 1, "features": chosen.features, "rows": golden.cells(),
        "outputs": {field: _numbers(values, field) for field, values in scores.items()}, "tolerance": tolerance,
    }))  # fmt: skip
    _write(folder / "background.json", _json({"format": 1, "features": chosen.features, "rows": background.cells()}))
    _write(folder / "training.json", training)
    _write(path, content)
    names = [name for each in chosen.features.values() for name in each] if isinstance(chosen.features, dict) else chosen.features
    return Sealed(folder, tuple(names), tuple(signature.columns), len(golden), len(background), run is not None)


def _rows(training_set: Any, manifest: Manifest | None) -> tuple[Any, Manifest]:
    if isinstance(training_set, str | Path):
        # a model is trained on the first part of a split
        path = Path(training_set)
        rows, found = read_folder(path)
        parts = {file["part"] for file in found["files"]}
        if "train" in parts:
            rows, found = read_folder(path, "train")
        return rows, manifest or found
    return training_set, manifest or manifest_of(training_set)


def _spread(count: int, wanted: int) -> list[int]:
    """Evenly spaced positions."""
    wanted = min(count, wanted)
    return [int((at + 0.5) * count / wanted) for at in range(wanted)]


def _golden_rows(nulls: Any) -> list[int]:
    """Evenly spaced rows, the first row with a null in each column that has one, and the row with the most nulls."""
    import numpy as np

    chosen = set(_spread(len(nulls), GOLDEN_ROWS))
    for column in np.flatnonzero(nulls.any(axis=0)):
        if not any(nulls[row, column] for row in chosen):
            chosen.add(int(nulls[:, column].argmax()))
    if nulls.any():
        chosen.add(int(nulls.sum(axis=1).argmax()))
    return sorted(chosen)


def _session(content: bytes, signature: onnx_model.Signature, path: Path) -> Callable[[Any], dict[str, Any]] | None:
    try:
        import onnxruntime
    except ImportError:
        return None
    try:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise ArtifactInvalid(f"ONNX Runtime cannot open {path}: {error}") from error
    tensors = sorted({tensor for tensor, _ in signature.columns.values()})

    def run(feed: dict[str, Any]) -> dict[str, Any]:
        rows = len(next(iter(feed.values())))
        answer = dict(zip(tensors, session.run(tensors, feed), strict=True))
        return {
            field: answer[tensor].reshape(rows, -1)[:, column]
            for field, (tensor, column) in signature.columns.items()
        }

    return run


def _by_field(scores: Any, fields: list[str], rows: int) -> dict[str, Any]:
    """The trainer's scores as one array per field."""
    import numpy as np

    if isinstance(scores, Mapping):
        arrays = {str(field): np.asarray(values, np.float64).reshape(-1) for field, values in scores.items()}
    else:
        matrix = np.asarray(scores, np.float64).reshape(rows, -1)
        if matrix.shape[1] != len(fields):
            raise ValueError(f"predict gave {matrix.shape[1]} scores for each row; the outputs are {', '.join(fields)}.")
        arrays = {field: matrix[:, column] for column, field in enumerate(fields)}
    if set(arrays) != set(fields) or any(len(values) != rows for values in arrays.values()):
        raise ValueError(f"predict must give one score for each of {rows} rows for {', '.join(fields)}.")
    return {field: arrays[field] for field in fields}


def _compare(expected: Mapping[str, Any], actual: Mapping[str, Any], tolerance: float, path: Path) -> None:
    import numpy as np

    for field, values in expected.items():
        excess = np.abs(actual[field] - values) / (tolerance * np.maximum(1, np.abs(values)))
        worst = int(np.nan_to_num(excess, nan=np.inf).argmax())
        if not excess[worst] <= 1:
            raise ArtifactInvalid(
                f"{path}: golden row {worst} has {field} = {values[worst]!r} by predict; ONNX Runtime returns "
                f"{actual[field][worst]!r} (tolerance {tolerance}). Export the model that predict uses, "
                "or raise tolerance=… if the difference is that of float32.",
                "MODEL_GOLDEN_MISMATCH",
            )


def _training(manifest: Manifest, **given: Mapping[str, Any] | None) -> bytes:
    details = given.pop("details") or {}
    members: dict[str, Any] = {
        "training_set": {
            "training_set_id": manifest.get("training_set_id"),
            "content_sha256": manifest.get("content_sha256"),
            "manifest_sha256": manifest_sha256(manifest),
        },
        **{name: dict(value) for name, value in given.items() if value is not None},
        **details,
    }
    text = _json(members)
    if len(text) > MAX_TRAINING_BYTES:
        raise ArtifactInvalid(f"training.json would have {len(text)} bytes; at most {MAX_TRAINING_BYTES} are kept.")
    if b"\\u0000" in text:
        raise ArtifactInvalid("training.json must not contain the character U+0000.")
    return text


def _numbers(values: Any, field: str) -> list[float]:
    import numpy as np

    if not np.isfinite(values).all():
        raise ArtifactInvalid(f"The scores of {field} are not all finite; golden.json cannot hold NaN or infinity.")
    return [short(value) for value in values]


def _json(value: Any) -> bytes:
    def encode(item: Any) -> Any:
        if hasattr(item, "tolist"):
            return item.tolist()
        raise TypeError(f"{item!r} cannot be written as JSON.")

    text = json.dumps(value, default=encode, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
    return f"{text}\n".encode()


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_bytes(content)
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)
