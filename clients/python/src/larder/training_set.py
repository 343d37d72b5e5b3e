"""Rows of a training set with their manifest, and the tensor that a model gets of them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Mapping, Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from .frames import is_dataframe

if TYPE_CHECKING:
    import numpy as np

    from .frames import Frame

Manifest = Mapping[str, Any]

#: Where the manifest lies: `dataframe.attrs["larder"]`, or the metadata `larder` of an Arrow schema.
KEY = "larder"
_TENSOR_TYPES = ("float32", "float64", "bool", "vector")

#: Element types of an input, and the types of features that go into it, as `larder apply` checks them.
_FITS = {
    "float32": ("float32", "float64", "int64", "bool", "vector"),
    "float64": ("float32", "float64", "int64", "bool", "vector"),
    "int64": ("int64", "bool"),
    "bool": ("bool",),
    "string": ("string",),
}


def with_manifest(rows: Frame, manifest: Manifest) -> Frame:
    """The rows with their manifest attached."""
    if is_dataframe(rows):
        rows.attrs[KEY] = dict(manifest)
        return rows
    metadata = {**(rows.schema.metadata or {}), KEY.encode(): json.dumps(manifest).encode()}
    return rows.replace_schema_metadata(metadata)


def manifest_of(rows: Any) -> Manifest:
    """The manifest of rows that `historical`, `rows` or `read_training_set` gave.

    :raises ValueError: pandas drops it in some operations, such as a merge.
    """
    if is_dataframe(rows):
        manifest = rows.attrs.get(KEY)
    elif isinstance(rows, pa.Table):
        text = (rows.schema.metadata or {}).get(KEY.encode())
        manifest = None if text is None else json.loads(text)
    else:
        raise TypeError(f"Expected a dataframe or an Arrow table, not {type(rows).__name__}.")
    if manifest is None:
        raise ValueError(
            "These rows carry no manifest of a training set. Keep it with "
            "manifest = larder.manifest_of(rows) before you change them, and give it as manifest=…"
        )
    return manifest  # type: ignore[no-any-return]


def read_training_set(folder: str | Path, *, part: str | None = None) -> Frame:
    """Reads the folder that `larder training-set build --out FOLDER` wrote.

    A dataframe where pandas is installed, else an Arrow table. `part`: one of the split's, such as "train";
    without it all rows.
    """
    table, manifest = read_folder(Path(folder), part)
    try:
        import pandas  # noqa: F401
    except ImportError:
        return with_manifest(table, manifest)
    return with_manifest(table.to_pandas(), manifest)


def read_folder(folder: Path, part: str | None = None) -> tuple[pa.Table, Manifest]:
    path = folder / "manifest.json"
    if not path.is_file():
        raise FileNotFoundError(f"{folder} is not a training set: it has no manifest.json.")
    manifest: Manifest = json.loads(path.read_text("utf-8"))
    files = [file for file in manifest["files"] if part is None or file["part"] == part]
    if not files:
        parts = ", ".join(sorted({file["part"] for file in manifest["files"]}))
        raise ValueError(f"{folder} has no part {part!r}; its parts are {parts}.")
    tables = [_read_file(folder / file["path"]) for file in files]
    return (tables[0] if len(tables) == 1 else pa.concat_tables(tables)), manifest


def _read_file(path: Path) -> pa.Table:
    if path.suffix == ".parquet":
        return pq.read_table(path)
    raise ValueError(f"{path} is not Parquet; build the training set with --format parquet.")


def manifest_sha256(manifest: Manifest) -> str:
    """Hash of the manifest as JSON with sorted keys and no whitespace, the same in TypeScript."""
    text = json.dumps(manifest, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def inputs(
    rows: Frame,
    *,
    features: Sequence[str] | None = None,
    missing: float | None = None,
    manifest: Manifest | None = None,
) -> np.ndarray[Any, Any]:
    """The tensor of the rows as the model gets it: float32 [N, F], in the order of the features.

    A bool is 0 or 1, a vector of n takes n columns, a null is `missing` (NaN unless the model says otherwise).

    :param features: some of the training set's, in the order of the model. Default: all.
    """
    import numpy as np

    manifest = manifest or manifest_of(rows)
    several = None if features is not None else features_by_input(manifest)
    if several is not None:
        raise ValueError(
            f"The training set was built for a model that takes several inputs ({', '.join(several)}); "
            "use inputs_by_name(rows, types), or name the features of one tensor."
        )
    columns = tensor_columns(manifest, features)
    fill = np.nan if missing is None else missing
    parts = [_floats(rows, name, length, fill) for name, length in columns]
    return np.concatenate(parts, axis=1) if parts else np.empty((len(rows), 0), np.float32)


def tensor_columns(manifest: Manifest, features: Sequence[str] | None = None) -> list[tuple[str, int | None]]:
    """Names of the features in order, with the length of a vector and None for a single number.

    :raises ValueError: a feature is not in the training set, or its type does not go into a tensor.
    """
    known = {feature["name"]: feature for feature in manifest["features"]}
    names = list(known) if features is None else list(features)
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ValueError(f"The training set has no feature {unknown[0]}; it has {', '.join(known)}.")
    other = [name for name in names if known[name]["type"] not in _TENSOR_TYPES]
    if other:
        raise ValueError(
            f"{other[0]} is {known[other[0]]['type']}, which does not go into a tensor; "
            "name the features of the model in features=[…], or encode it in an on-demand view."
        )
    return [(name, known[name].get("length")) for name in names]


def inputs_by_name(
    rows: Frame,
    types: Mapping[str, str],
    *,
    inputs: Mapping[str, Sequence[str]] | None = None,
    missing: float | None = None,
    manifest: Manifest | None = None,
) -> dict[str, np.ndarray[Any, Any]]:
    """The inputs of a model that takes several by name, as it gets them: an array [N, F] for each.

    A null is `missing` in a number or bool (NaN unless the model says otherwise), and an empty text in a string.

    :param types: the element type of each input: "float32", "float64", "int64", "bool" or "string".
    :param inputs: the features of each input, in order. Default: those of the model that the training set was built for.
    :raises ValueError: a feature does not go into its input, or is missing where an int64 or bool has no NaN.
    """
    manifest = manifest or manifest_of(rows)
    named = features_by_input(manifest, inputs)
    if named is None:
        raise ValueError(
            "The training set was not built for a model that takes several inputs; "
            "name the features of each: inputs={'numbers': […], …}."
        )
    if set(types) != set(named):
        raise ValueError(f"types has {', '.join(types) or 'no input'}; the inputs are {', '.join(named)}.")
    read = [read_input(rows, name, (features, types[name]), manifest) for name, features in named.items()]
    return {each.name: each.filled(missing) for each in read}


def features_by_input(
    manifest: Manifest, inputs: Mapping[str, Sequence[str]] | None = None
) -> dict[str, list[str]] | None:
    """The features of each input, as given or as the manifest has them. None: a model that takes one tensor."""
    named = inputs or (manifest.get("model") or {}).get("inputs")
    return None if named is None else {name: list(features) for name, features in named.items()}


@dataclass(frozen=True)
class Input:
    """The values of one input, with a mask of the missing ones."""

    name: str
    type: str
    values: np.ndarray[Any, Any]
    missing: np.ndarray[Any, Any]

    def take(self, rows: Sequence[int]) -> Input:
        return replace(self, values=self.values[rows], missing=self.missing[rows])

    def filled(self, missing: float | None) -> np.ndarray[Any, Any]:
        """The values as the model gets them."""
        if self.type == "string" or not self.missing.any():
            return self.values
        if missing is None and self.type in ("int64", "bool"):
            raise ValueError(
                f"The input {self.name!r} is {self.type}, which has no NaN for its missing values; "
                "declare a default in the definition of the view, or give missing=…, as in the definition of the model."
            )
        values = self.values.copy()
        values[self.missing] = float("nan") if missing is None else missing
        return values


def read_input(rows: Frame, name: str, given: tuple[Sequence[str], str], manifest: Manifest) -> Input:
    """One input of features, of its element type."""
    import numpy as np

    features, type = given
    if type not in _FITS:
        raise ValueError(f"The type of the input {name!r} must be one of {', '.join(_FITS)}, not {type!r}.")
    known = {feature["name"]: feature for feature in manifest["features"]}
    parts = []
    for feature in features:
        if feature not in known:
            raise ValueError(f"The training set has no feature {feature}; it has {', '.join(known)}.")
        if known[feature]["type"] not in _FITS[type]:
            raise ValueError(f"The input {name!r} is {type}, which cannot hold {feature} ({known[feature]['type']}).")
        parts.append(_typed(_column(rows, feature), type, known[feature].get("length")))
    values, nulls = zip(*parts, strict=True)
    return Input(name, type, np.concatenate(values, axis=1), np.concatenate(nulls, axis=1))


def _typed(column: Any, type: str, length: int | None) -> tuple[Any, Any]:
    """The values of a column as [N, width], and which of them are missing; NaN is."""
    import numpy as np

    dtype = np.dtype(object if type == "string" else type)
    if length is not None:
        values = _vectors(column, length, np.nan).astype(dtype)
        return values, np.isnan(values)
    nulls = np.asarray(column.is_null()).reshape(-1, 1)
    if type == "string":
        return np.array(column.cast(pa.string()).fill_null("").to_pylist(), dtype).reshape(-1, 1), nulls
    if type.startswith("float"):
        values = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False).astype(dtype).reshape(-1, 1)
        return values, np.isnan(values) | nulls
    whole = column.cast(pa.bool_() if type == "bool" else pa.int64())
    return whole.fill_null(False if type == "bool" else 0).to_numpy(zero_copy_only=False).reshape(-1, 1), nulls


def _column(rows: Any, name: str) -> Any:
    column = pa.array(rows[name], from_pandas=True) if is_dataframe(rows) else rows.column(name)
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _floats(rows: Any, name: str, length: int | None, missing: float) -> Any:
    import numpy as np

    column = _column(rows, name)
    if length is not None:
        return _vectors(column, length, missing)
    values = column.cast(pa.float64()).to_numpy(zero_copy_only=False).astype(np.float32)
    values[np.asarray(column.is_null())] = missing
    return values.reshape(-1, 1)


def _vectors(column: Any, length: int, missing: float) -> Any:
    import numpy as np

    matrix = np.full((len(column), length), missing, np.float32)
    present = np.asarray(column.is_valid())
    if present.any():
        flat = column.drop_null().flatten()
        matrix[present] = flat.to_numpy(zero_copy_only=False).reshape(-1, length)
    return matrix
