"""Opens the archived files of a view with one library, as a user would, and prints what it sees as JSON."""

import json
import sys

library, files = sys.argv[1:]

if library == "duckdb":
    import duckdb

    duckdb.sql("set timezone = 'UTC'")
    rows = duckdb.sql(f"select * from read_parquet('{files}/*/*.parquet', hive_partitioning = true)").arrow()
    rows = rows.read_all() if hasattr(rows, "read_all") else rows
    names, rows = rows.schema.names, rows.to_pylist()
elif library == "polars by its list":
    import polars

    with open(f"{files}/_larder.json") as manifest:
        listed = [f"{files}/{file['path']}" for file in json.load(manifest)["files"]]
    frame = polars.scan_parquet(listed, hive_partitioning=True).collect()
    names, rows = frame.columns, frame.to_dicts()
elif library == "polars":
    import polars

    frame = polars.scan_parquet(f"{files}/*/*.parquet", hive_partitioning=True).collect()
    names, rows = frame.columns, frame.to_dicts()
else:
    import pandas

    # The folder as it is: pyarrow skips names that begin with "_".
    frame = pandas.read_parquet(files)
    names = list(frame.columns)
    # Missing values of a column of floats are NaN in pandas.
    rows = frame.astype(object).where(frame.notna(), None).to_dict("records")


def micros(instant):
    return None if instant is None else round(instant.timestamp() * 1_000_000)


print(
    json.dumps(
        {
            "names": sorted(names),
            "rows": [
                {
                    "ad_id": row["ad_id"],
                    "month": str(row["month"]),
                    "event_us": micros(row["event_timestamp"]),
                    "created_us": micros(row["created_timestamp"]),
                    "online_us": micros(row["online_at"]),
                    "revision": row["revision"],
                    "is_gone": bool(row["is_gone"]),
                    "price": row["price"],
                    "title": row["title"],
                    "embedding": None if row["embedding"] is None else [float(each) for each in row["embedding"]],
                }
                for row in rows
            ],
        }
    )
)
