"""The ONNX file of an artifact: what Larder reads of it, and what sealing adds."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Mapping, Sequence

from .errors import ArtifactInvalid

METADATA = "larder.features"

#: Highest versions that the ONNX Runtime of the service reads. `larder apply` has the last word.
MAX_IR_VERSION = 13
MAX_OPSET = {"": 26, "ai.onnx.ml": 5}

#: An output field: the name of a tensor of the file, or one column of it.
Output = str | tuple[str, int]


@dataclass(frozen=True)
class Signature:
    """The inputs, with their element types, and for each output field the tensor and column where its score lies."""

    inputs: Mapping[str, str]
    columns: Mapping[str, tuple[str, int]]


def load(path: Path) -> Any:
    import onnx

    if not path.is_file():
        raise ArtifactInvalid(f"{path} is missing; export the trained model to it first.")
    try:
        return onnx.load_model(path, load_external_data=False)
    except Exception as error:
        raise ArtifactInvalid(f"{path} is not an ONNX file; export the model again.") from error


def write_features(model: Any, features: Sequence[str] | Mapping[str, Sequence[str]], path: Path) -> None:
    """Writes `larder.features` into the metadata, by input for several. Refuses a file that was sealed with others before."""
    value = json.dumps(features, separators=(",", ":"), ensure_ascii=False)
    for entry in model.metadata_props:
        if entry.key != METADATA:
            continue
        if json.loads(entry.value) != json.loads(value):
            raise ArtifactInvalid(
                f"{path} was trained on other features than this training set has:\n"
                f"  file          {entry.value}\n  training set  {value}\n"
                "Export the model again from this training set.",
                "MODEL_SIGNATURE_MISMATCH",
            )
        return
    model.metadata_props.add(key=METADATA, value=value)


def name_outputs(model: Any, outputs: Mapping[str, Output]) -> None:
    """Adds one float output [N, 1] for every field that is a column of another output."""
    from onnx import TensorProto, helper, numpy_helper
    import numpy as np

    graph = model.graph
    existing = {output.name: output for output in graph.output}
    for field, output in outputs.items():
        tensor, column = output if isinstance(output, tuple) else (output, 0)
        if tensor not in existing:
            raise ArtifactInvalid(f"The model has no output {tensor!r}; it has {', '.join(existing)}.")
        if tensor == field:
            continue
        if field in existing:
            if any(node.name == f"larder.{field}" for node in graph.node):
                continue  # sealed before
            raise ArtifactInvalid(f"The model has an output {field!r} already; name it as it is.")
        index = f"larder.{field}.column"
        graph.initializer.append(numpy_helper.from_array(np.array([column], np.int64), index))
        shape = existing[tensor].type.tensor_type.shape
        if len(shape.dim) == 2:
            node = helper.make_node("Gather", [tensor, index], [field], name=f"larder.{field}", axis=1)
            graph.output.append(helper.make_tensor_value_info(field, TensorProto.FLOAT, [None, 1]))
        else:
            graph.initializer.pop()
            node = helper.make_node("Identity", [tensor], [field], name=f"larder.{field}")
            graph.output.append(helper.make_tensor_value_info(field, TensorProto.FLOAT, [None]))
        graph.node.append(node)


def check_signature(model: Any, *, width: int, outputs: Sequence[str] | None, path: Path) -> Signature:
    """What `larder apply` demands of the file: versions, one file, one input [N, F], an output for each field.

    :param outputs: the fields; None: every output that can be one.
    :raises ArtifactInvalid:
    """
    inputs = _inputs(model, path)
    if len(inputs) != 1:
        raise _mismatch(
            path,
            f"the model must have one input, not {_names(inputs)}; export it with one tensor [N, F], "
            "or name the features of each input: inputs={'numbers': […], …}.",
        )
    kind, shape = _tensor(inputs[0])
    if kind != "float" or len(shape) != 2 or shape[0] is not None:
        raise _mismatch(
            path,
            f"the input {inputs[0].name!r} must be float32 [N, {width}] with N not fixed, not {kind} {shape}; "
            f"with skl2onnx: initial_types=[('x', FloatTensorType([None, {width}]))].",
        )
    if shape[1] not in (width, None):
        raise _mismatch(
            path, f"the input {inputs[0].name!r} has {shape[1]} columns; the features of the training set take {width}."
        )
    return Signature({inputs[0].name: "float32"}, _output_columns(model, outputs, path))


def check_named_signature(
    model: Any, *, widths: Mapping[str, int], outputs: Sequence[str] | None, path: Path
) -> Signature:
    """The same for a file with an input [N, F] of its own type for each name.

    :param widths: columns of each input.
    :raises ArtifactInvalid:
    """
    inputs = _inputs(model, path)
    if {value.name for value in inputs} != set(widths):
        raise _mismatch(path, f"its inputs are {_names(inputs)}; the features are for {', '.join(widths)}.")
    types = {}
    for value in inputs:
        kind, shape = _tensor(value)
        width = widths[value.name]
        if kind not in _ELEMENT_TYPES or len(shape) != 2 or shape[0] is not None or shape[1] not in (width, None):
            raise _mismatch(
                path,
                f"the input {value.name!r} must be float32, float64, int64, bool or string [N, {width}] with N not fixed, "
                f"not {kind} {shape}.",
            )
        types[value.name] = _ELEMENT_TYPES[kind]
    return Signature({name: types[name] for name in widths}, _output_columns(model, outputs, path))


_ELEMENT_TYPES = {"float": "float32", "double": "float64", "int64": "int64", "bool": "bool", "string": "string"}


def _inputs(model: Any, path: Path) -> list[Any]:
    _check_versions(model, path)
    _check_data_inside(model, path)
    weights = {tensor.name for tensor in model.graph.initializer}
    return [value for value in model.graph.input if value.name not in weights]


def _output_columns(model: Any, fields: Sequence[str] | None, path: Path) -> dict[str, tuple[str, int]]:
    floats = {}
    for output in model.graph.output:
        kind, shape = _tensor(output)
        if kind == "float":
            floats[output.name] = shape
    single = {name for name, shape in floats.items() if len(shape) == 1 or (len(shape) == 2 and shape[1] == 1)}
    wanted = list(fields) if fields is not None else [name for name in floats if name in single]
    if wanted and all(field in single for field in wanted):
        return {field: (field, 0) for field in wanted}
    if fields is not None and len(model.graph.output) == 1 and len(floats) == 1:
        ((name, shape),) = floats.items()
        if len(shape) == 1 and len(wanted) == 1 or len(shape) == 2 and shape[1] == len(wanted):
            return {field: (name, column) for column, field in enumerate(wanted)}
    has = ", ".join(f"{output.name} ({_tensor(output)[0]} {_tensor(output)[1]})" for output in model.graph.output)
    raise _mismatch(
        path,
        f"its outputs are {has}. Say where each output field of the model's definition is, "
        'for example outputs={"ctr": ("probabilities", 1)} for the second column of a classifier '
        "(convert classifiers with zipmap=False).",
    )


def _check_versions(model: Any, path: Path) -> None:
    if model.ir_version > MAX_IR_VERSION:
        raise ArtifactInvalid(
            f"{path} has IR version {model.ir_version}; at most {MAX_IR_VERSION} is supported; "
            f"set model.ir_version = {MAX_IR_VERSION} before you save it."
        )
    for opset in model.opset_import:
        domain = "" if opset.domain == "ai.onnx" else opset.domain
        limit = MAX_OPSET.get(domain)
        if limit is not None and opset.version > limit:
            raise ArtifactInvalid(
                f"{path} has opset {opset.version}{f' of {domain}' if domain else ''}; at most {limit} is supported; "
                f"export it again with target_opset={limit}."
            )


def _check_data_inside(model: Any, path: Path) -> None:
    outside = [tensor.name for tensor in model.graph.initializer if tensor.data_location == 1]
    if outside:
        raise ArtifactInvalid(
            f"{path} keeps {len(outside)} tensors in other files (first: {outside[0]}); an artifact has one model file; "
            "save the model with its data inside."
        )


def _tensor(value: Any) -> tuple[str, list[int | None]]:
    from onnx import TensorProto

    if not value.type.HasField("tensor_type"):
        return "no tensor", []
    tensor = value.type.tensor_type
    shape = [dim.dim_value if dim.HasField("dim_value") and dim.dim_value > 0 else None for dim in tensor.shape.dim]
    return TensorProto.DataType.Name(tensor.elem_type).lower(), shape


def _names(values: Sequence[Any]) -> str:
    return ", ".join(value.name for value in values) or "none"


def _mismatch(path: Path, problem: str) -> ArtifactInvalid:
    return ArtifactInvalid(f"{path}: {problem}", "MODEL_SIGNATURE_MISMATCH")
