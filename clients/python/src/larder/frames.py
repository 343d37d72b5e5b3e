"""Tables of callers: pandas dataframes where pandas is used, else Arrow tables; and lists of rows."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Mapping, Sequence, Union

import pyarrow as pa

if TYPE_CHECKING:
    import pandas as pd

    Frame = Union["pd.DataFrame", pa.Table]
    Rows = Union[Frame, Sequence[Mapping[str, Any]]]


def is_dataframe(value: Any) -> bool:
    """Without importing pandas for a caller who does not use it."""
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(value, pandas.DataFrame)


def to_table(rows: Any) -> pa.Table:
    """An Arrow table of a dataframe (without its index), a table, or a list of rows."""
    if isinstance(rows, pa.Table):
        return rows
    if is_dataframe(rows):
        return pa.Table.from_pandas(rows, preserve_index=False).replace_schema_metadata(None)
    if isinstance(rows, Sequence) and all(isinstance(row, Mapping) for row in rows):
        return pa.Table.from_pylist([dict(row) for row in rows])
    raise TypeError(
        f"Expected a pandas dataframe, a pyarrow table or a list of rows, not {type(rows).__name__}."
    )


def like(rows: Any, table: pa.Table) -> Any:
    """The table in the caller's kind: a dataframe for a dataframe."""
    return table.to_pandas() if is_dataframe(rows) else table
