"""The client of one service."""

from __future__ import annotations

import tempfile
import time as clock
from pathlib import Path
from typing import TYPE_CHECKING, Any, Iterator, Mapping, Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from .connection import Connection
from .errors import LarderError, TrainingSetFailed
from .frames import is_dataframe, like, to_table
from .online import read_online
from .prediction import Prediction, json_value
from .training_set import Manifest, with_manifest

if TYPE_CHECKING:
    from .frames import Frame, Rows

MAX_BATCH_ROWS = 1_000
_PARQUET = "application/vnd.apache.parquet"
_FIRST_POLL_SECONDS = 0.1
_LAST_POLL_SECONDS = 2.0


class Larder:
    """A client of one Larder service. Threads may share it; `close` it, or use `with`.

    :param url: address of the service, such as "http://127.0.0.1:6570".
    :param api_key: sent as `Authorization: Bearer`, where the service asks for keys.
    :param timeout: seconds that one request may wait for an answer.
    :param retries: times that a request is sent again after the service refused it (429, 503) or was not reached.
    """

    def __init__(
        self, url: str, api_key: str | None = None, timeout: float = 30.0, *, retries: int = 2
    ) -> None:
        self._connection = Connection(url, api_key=api_key, timeout=timeout, retries=retries)

    def __enter__(self) -> Larder:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Larder({self._connection.url!r})"

    def close(self) -> None:
        """Closes the connections."""
        self._connection.close()

    def predict(
        self,
        model: str,
        entities: Mapping[str, Any] | None = None,
        request: Mapping[str, Any] | None = None,
        *,
        version: int | str | None = None,
        deadline_ms: int | None = None,
        features: bool = False,
    ) -> Prediction:
        """One prediction.

        :param entities: join keys by name.
        :param request: request fields by name; times need a time zone.
        :param version: number of a version or an alias. Default: the champion.
        :param features: adds the feature values and timings to the answer.
        :raises LarderError: MODEL_NOT_FOUND, REQUEST_INVALID with a pointer to each wrong field, …
        """
        body = {**_row(entities, request), **_options(version, deadline_ms, features)}
        return Prediction.from_answer(self._connection.post(f"/v1/models/{_segment(model)}/predict", body))

    def predict_batch(
        self,
        model: str,
        rows: Sequence[Mapping[str, Mapping[str, Any]]],
        *,
        shared_entities: Mapping[str, Any] | None = None,
        shared_request: Mapping[str, Any] | None = None,
        version: int | str | None = None,
        deadline_ms: int | None = None,
        features: bool = False,
    ) -> list[Prediction | LarderError]:
        """Many predictions, in the order given; a row that fails is a `LarderError` in its place.

        :param rows: `{"entities": {…}, "request": {…}}` each, of which either may be left out.
        :param shared_entities: merged under every row, as is `shared_request`.
        """
        results: list[Prediction | LarderError] = []
        shared = _row(shared_entities, shared_request)
        for start in range(0, len(rows), MAX_BATCH_ROWS):
            body: dict[str, Any] = {
                "rows": [json_value(row) for row in rows[start : start + MAX_BATCH_ROWS]],
                **_options(version, deadline_ms, features),
            }
            if shared:
                body["shared"] = shared
            answer = self._connection.post(f"/v1/models/{_segment(model)}/predict-batch", body)
            for row in answer["rows"]:
                if "error" in row:
                    results.append(LarderError.from_problem(row["error"]))
                else:
                    whole = {"model": answer["model"], "version": answer["version"], **row}
                    results.append(Prediction.from_answer(whole))
        return results

    def online(self, features: Sequence[str], entities: Rows, *, details: bool = False) -> Frame:
        """What the online store holds now: the columns of `entities`, then one column `view:feature` each.

        :param features: features (`ad_image:brightness`) or whole views (`ad_stats`).
        :param entities: rows with the join keys: a dataframe, an Arrow table or a list of dicts.
        :param details: adds `view.status` (PRESENT, NOT_FOUND, OUTSIDE_MAX_AGE) and `view.event_timestamp`.
        :returns: a dataframe for a dataframe, else an Arrow table.
        """
        return like(entities, read_online(self._connection, features, to_table(entities), details=details))

    def historical(
        self,
        spine: Rows,
        model_or_features: str | Sequence[str],
        as_served: bool = False,
        time: str = "event_timestamp",
        *,
        engine: str | None = None,
        wait: float | None = None,
    ) -> Frame:
        """The rows of `spine` with every feature as it was known at each row's time.

        :param spine: rows with the join keys, a time with a time zone, request fields, and anything else (labels,
            ids), which is passed through unchanged.
        :param model_or_features: a model (`"ad_ctr"`, `"ad_ctr@3"`), whose features and order are used, or a list of
            features and views.
        :param as_served: what the online store had confirmed at that time, instead of what the source knew.
        :param time: the column with the time.
        :param engine: "postgresql" or "duckdb". Default: what the service expects to be faster.
        :param wait: seconds to wait for the build. Default: as long as it takes.
        :returns: a dataframe for a dataframe, else an Arrow table; `manifest_of(rows)` says how it was built.
        :raises TrainingSetFailed: the build failed; `code` says why.
        """
        table = _with_time_zone(to_table(spine), time)
        what = "model" if isinstance(model_or_features, str) else "features"
        params = {
            what: model_or_features if isinstance(model_or_features, str) else ",".join(model_or_features),
            "time": time,
        }
        if as_served:
            params["as_served"] = "true"
        if engine is not None:
            params["engine"] = engine
        # The service reads Parquet in half the time of an Arrow stream, which is written faster but is three times as large.
        with tempfile.TemporaryFile() as file:
            pq.write_table(table, file, compression="zstd", coerce_timestamps="us", allow_truncated_timestamps=True)
            accepted = self._connection.upload("/v1/training-sets", file, media_type=_PARQUET, params=params)
        training_set_id = accepted["training_set_id"]
        try:
            self._wait(training_set_id, wait)
        except BaseException:
            # nobody would fetch it any more
            self._cancel(training_set_id)
            raise
        return self.rows(training_set_id, dataframe=is_dataframe(spine))

    def training_set(self, training_set_id: str) -> Mapping[str, Any]:
        """Status, progress and manifest of a training set."""
        return self._connection.get(f"/v1/training-sets/{_segment(training_set_id)}")

    def rows(self, training_set_id: str, *, part: str | None = None, dataframe: bool = True) -> Frame:
        """The rows of a finished training set.

        :param part: one of its split, such as "train".
        :param dataframe: False: an Arrow table.
        """
        manifest: Manifest = self.training_set(training_set_id)["manifest"]
        params = {"format": "parquet"} if part is None else {"format": "parquet", "part": part}
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "rows.parquet")
            with self._connection.stream(f"/v1/training-sets/{_segment(training_set_id)}/rows", params) as parts:
                _save(path, parts)
            table = pq.read_table(path, memory_map=False)
        return with_manifest(table.to_pandas() if dataframe else table, manifest)

    def _wait(self, training_set_id: str, wait: float | None) -> None:
        until = None if wait is None else clock.monotonic() + wait
        pause = _FIRST_POLL_SECONDS
        while True:
            state = self.training_set(training_set_id)
            if state["status"] == "complete":
                return
            if state["status"] not in ("queued", "building"):
                error = state.get("error") or {}
                raise TrainingSetFailed(
                    error.get("code", "TRAINING_SET_FAILED"),
                    error.get("reason", f"The training set {training_set_id} is {state['status']}."),
                )
            if until is not None and clock.monotonic() + pause > until:
                raise TimeoutError(f"The training set {training_set_id} was not complete after {wait} s.")
            clock.sleep(pause)
            pause = min(pause * 1.5, _LAST_POLL_SECONDS)

    def _cancel(self, training_set_id: str) -> None:
        try:
            self._connection.delete(f"/v1/training-sets/{_segment(training_set_id)}")
        except LarderError:
            pass


def _row(entities: Mapping[str, Any] | None, request: Mapping[str, Any] | None) -> dict[str, Any]:
    given = {"entities": entities, "request": request}
    return {name: json_value(value) for name, value in given.items() if value is not None}


def _options(version: int | str | None, deadline_ms: int | None, features: bool) -> dict[str, Any]:
    given = {"version": version, "deadline_ms": deadline_ms, "features": features or None}
    options = {name: value for name, value in given.items() if value is not None}
    return {"options": options} if options else {}


def _segment(text: str) -> str:
    from urllib.parse import quote

    return quote(text, safe="")


def _with_time_zone(table: pa.Table, time: str) -> pa.Table:
    if time not in table.column_names:
        raise ValueError(f"The spine has no column {time!r}; name its time with time=…")
    kind = table.schema.field(time).type
    if pa.types.is_timestamp(kind) and kind.tz is None:
        raise ValueError(
            f"The times in {time!r} have no time zone; if they are UTC: "
            f'spine[{time!r}] = spine[{time!r}].dt.tz_localize("UTC").'
        )
    return table


def _save(path: Path, parts: Iterator[bytes]) -> None:
    with path.open("wb") as file:
        for part in parts:
            file.write(part)
