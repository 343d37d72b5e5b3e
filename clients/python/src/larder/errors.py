"""What can go wrong, as exceptions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Mapping


@dataclass(frozen=True)
class ErrorDetail:
    """One problem of a request: a JSON pointer into it, and what is wrong there."""

    pointer: str
    detail: str


class LarderError(Exception):
    """An error that the service answered with, by its code of docs/reference/errors.md."""

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        status: int = 0,
        title: str = "",
        retryable: bool = False,
        request_id: str | None = None,
        errors: tuple[ErrorDetail, ...] = (),
    ) -> None:
        lines = [f"{code}: {detail}"]
        lines += [f"  {error.pointer} {error.detail}" for error in errors]
        super().__init__("\n".join(lines))
        self.code = code
        self.detail = detail
        self.status = status
        self.title = title
        self.retryable = retryable
        self.request_id = request_id
        self.errors = errors

    @classmethod
    def from_problem(cls, problem: Mapping[str, Any]) -> LarderError:
        """From a body of application/problem+json (RFC 9457)."""
        return cls(
            str(problem.get("code", "UNKNOWN")),
            str(problem.get("detail", problem.get("title", ""))),
            status=int(problem.get("status", 0)),
            title=str(problem.get("title", "")),
            retryable=bool(problem.get("retryable", False)),
            request_id=problem.get("request_id"),
            errors=tuple(
                ErrorDetail(str(error.get("pointer", "")), str(error.get("detail", "")))
                for error in problem.get("errors", ())
            ),
        )


class ServiceUnreachable(LarderError):
    """No answer came: nothing listens there, the connection broke, or the time was over."""

    def __init__(self, detail: str) -> None:
        super().__init__("SERVICE_UNREACHABLE", detail, retryable=True)


class TrainingSetFailed(LarderError):
    """The build of a training set ended without rows; `code` says why."""


class ArtifactInvalid(LarderError):
    """The folder of a model is not what `larder apply` accepts."""

    def __init__(self, detail: str, code: str = "ARTIFACT_INVALID") -> None:
        super().__init__(code, detail)
