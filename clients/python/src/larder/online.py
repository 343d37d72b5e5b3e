"""Online features as a table with the types of the schema."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Mapping, Sequence

import pyarrow as pa

from .connection import Connection
from .prediction import json_value

MAX_ENTITIES = 1_000

_ARROW = {
    "float32": pa.float32(),
    "float64": pa.float64(),
    "int64": pa.int64(),
    "bool": pa.bool_(),
    "string": pa.string(),
    "timestamp": pa.timestamp("ms", tz="UTC"),
    "json": pa.string(),
}


def read_online(
    connection: Connection, features: Sequence[str], entities: pa.Table, *, details: bool
) -> pa.Table:
    """The columns of `entities`, then one column per feature; with details the status and time of each view."""
    rows = json_value(entities.to_pylist())
    columns: dict[str, list[Any]] = {}
    refs: list[str] = []
    views: list[str] = []
    for start in range(0, len(rows), MAX_ENTITIES):
        answer = connection.post(
            "/v1/features/online",
            {"features": list(features), "entities": rows[start : start + MAX_ENTITIES]},
        )
        refs, views = answer["features"], answer["views"]
        for row in answer["rows"]:
            for ref, value in zip(refs, row["values"]):
                columns.setdefault(ref, []).append(value)
            for view, read in zip(views, row["views"]):
                columns.setdefault(f"{view}.status", []).append(read["status"])
                columns.setdefault(f"{view}.event_timestamp", []).append(read["event_timestamp"])
    fields = _fields(connection)
    table = entities
    for ref in refs:
        table = table.append_column(_name(ref, refs), _column(columns[ref], fields.get(_key(ref))))
    if details:
        for view in views:
            table = table.append_column(f"{view}.status", pa.array(columns[f"{view}.status"]))
            times = _column(columns[f"{view}.event_timestamp"], {"type": "timestamp"})
            table = table.append_column(f"{view}.event_timestamp", times)
    return table


def _fields(connection: Connection) -> dict[tuple[str, str], Mapping[str, Any]]:
    """Fields of every applied view version, by its reference and name, and by the view for the newest."""
    fields: dict[tuple[str, str], Mapping[str, Any]] = {}
    for view in connection.get("/v1/views")["views"]:
        for field in view["schema"]:
            fields[view.get("ref", view["view"]), field["name"]] = field
            if view.get("newest", True):
                fields[view["view"], field["name"]] = field
    return fields


def _name(ref: str, refs: list[str]) -> str:
    """`ad_image:brightness`, as in training sets; `ad_image@2:brightness` where two versions are asked for."""
    view, name = _key(ref)
    bare = view.partition("@")[0]
    versions = {other for other, _ in map(_key, refs) if other.partition("@")[0] == bare}
    return ref if len(versions) > 1 else f"{bare}:{name}"


def _key(ref: str) -> tuple[str, str]:
    view, _, name = ref.partition(":")
    return view, name


def _column(values: list[Any], field: Mapping[str, Any] | None) -> pa.Array:
    """JSON of the service as Arrow: int64 may be decimal text, timestamps are ISO 8601."""
    kind = None if field is None else field["type"]
    if kind == "int64":
        return pa.array([None if value is None else int(value) for value in values], pa.int64())
    if kind == "timestamp":
        return pa.array([_time(value) for value in values], _ARROW["timestamp"])
    if kind == "json":
        import json

        return pa.array([None if value is None else json.dumps(value) for value in values], pa.string())
    if kind == "vector" and field is not None:
        return pa.array(values, pa.list_(pa.float32(), field["length"]))
    return pa.array(values, None if kind is None else _ARROW[kind])


def _time(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value.replace("Z", "+00:00"))
