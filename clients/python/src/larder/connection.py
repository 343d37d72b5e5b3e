"""HTTP: one connection pool, problems as exceptions, retries where nothing can have happened."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import IO, Any, Iterator, Mapping

import httpx

from .errors import LarderError, ServiceUnreachable

MAX_WAIT_SECONDS = 30.0


class Connection:
    """Requests to one service."""

    def __init__(self, url: str, *, api_key: str | None, timeout: float, retries: int) -> None:
        headers = {"user-agent": "larder-python"}
        if api_key is not None:
            headers["authorization"] = f"Bearer {api_key}"
        self.url = url.rstrip("/")
        self._retries = retries
        self._client = httpx.Client(base_url=self.url, headers=headers, timeout=timeout)

    def close(self) -> None:
        self._client.close()

    def get(self, path: str, params: Mapping[str, str] | None = None) -> Any:
        return self._json("GET", path, params=params)

    def post(self, path: str, body: Any) -> Any:
        return self._json("POST", path, json=body)

    def delete(self, path: str) -> Any:
        return self._json("DELETE", path)

    def upload(self, path: str, file: IO[bytes], *, media_type: str, params: Mapping[str, str]) -> Any:
        """Sends a file as the body, from its start at every try."""
        size = file.seek(0, 2)
        headers = {"content-type": media_type, "content-length": str(size)}
        return self._json("POST", path, params=params, headers=headers, content=_parts(file))

    @contextmanager
    def stream(self, path: str, params: Mapping[str, str]) -> Iterator[Iterator[bytes]]:
        """The body of an answer in parts, as it arrives."""
        try:
            with self._client.stream("GET", path, params=params) as response:
                if response.is_error:
                    response.read()
                    raise _problem(response)
                yield response.iter_bytes()
        except httpx.TransportError as error:
            raise self._unreachable(error) from error

    def _json(self, method: str, path: str, **options: Any) -> Any:
        for tries in range(self._retries + 1):
            last = tries == self._retries
            try:
                response = self._client.request(method, path, **options)
            except httpx.TransportError as error:
                # A write that was sent may have been done: only what never left is sent again.
                safe = method == "GET" or isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
                if last or not safe:
                    raise self._unreachable(error) from error
                time.sleep(0.1 * 2**tries)
                continue
            if not response.is_error:
                return response.json()
            wait = _retry_after(response)
            if last or wait is None:
                raise _problem(response)
            time.sleep(wait)
        raise AssertionError("unreachable")

    def _unreachable(self, error: httpx.TransportError) -> ServiceUnreachable:
        reason = str(error) or type(error).__name__
        return ServiceUnreachable(f"{self.url} does not answer: {reason}.")


def _parts(file: IO[bytes]) -> Any:
    class Parts:
        def __iter__(self) -> Iterator[bytes]:
            file.seek(0)
            while part := file.read(1 << 20):
                yield part

    return Parts()


def _retry_after(response: httpx.Response) -> float | None:
    """Seconds to wait, where the service refused before it did anything and says when to come back."""
    if response.status_code not in (429, 503):
        return None
    try:
        seconds = float(response.headers["retry-after"])
    except (KeyError, ValueError):
        return None
    return seconds if seconds <= MAX_WAIT_SECONDS else None


def _problem(response: httpx.Response) -> LarderError:
    try:
        body = response.json()
    except ValueError:
        body = None
    if isinstance(body, dict) and body.get("code") == "ROUTE_NOT_FOUND":
        url = response.request.url.copy_with(query=None)
        detail = f"{url} does not exist there: the service is older than this client, or the address is not the service's root."
        return LarderError.from_problem({**body, "detail": detail})
    if isinstance(body, dict) and "code" in body:
        return LarderError.from_problem(body)
    return LarderError(
        "UNEXPECTED_ANSWER",
        f"{response.request.url} answered {response.status_code}, which is not an answer of Larder.",
        status=response.status_code,
    )
