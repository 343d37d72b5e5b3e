"""Answers of predict and predict-batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Mapping


@dataclass(frozen=True)
class Prediction:
    """One prediction. `features` and `timings_ms` only when asked for."""

    prediction_id: str
    model: str
    version: int
    outputs: dict[str, Any]
    degraded: bool
    degraded_reasons: tuple[str, ...] = ()
    features: tuple[dict[str, Any], ...] | None = None
    timings_ms: dict[str, float] | None = None

    @classmethod
    def from_answer(cls, answer: Mapping[str, Any]) -> Prediction:
        features = answer.get("features")
        return cls(
            prediction_id=answer["prediction_id"],
            model=answer["model"],
            version=answer["version"],
            outputs=dict(answer["outputs"]),
            degraded=answer["degraded"],
            degraded_reasons=tuple(answer.get("degraded_reasons", ())),
            features=None if features is None else tuple(features),
            timings_ms=answer.get("timings_ms"),
        )


def json_value(value: Any) -> Any:
    """A value of Python, numpy or pandas as the JSON that the service expects."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if value == value else None
    if isinstance(value, Mapping):
        return {str(key): json_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [json_value(item) for item in value]
    if hasattr(value, "isoformat"):
        return _instant(value)
    if hasattr(value, "tolist"):
        return json_value(value.tolist())
    raise TypeError(f"A value of type {type(value).__name__} cannot be sent: {value!r}.")


def _instant(value: Any) -> str | None:
    if value != value:  # pandas.NaT
        return None
    if getattr(value, "tzinfo", None) is None:
        raise ValueError(
            f"The time {value!r} has no time zone; add one, for example .replace(tzinfo=datetime.timezone.utc)."
        )
    text: str = value.isoformat()
    return text
