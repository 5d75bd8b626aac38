"""The reply to a request without an answer: an HTTP status, and the same five parts as every error of weftnet.

    {"error": {"what": …, "where": …, "expected": …, "got": …, "fix": …}}

A mistake in the request is a 4xx; a server that is full, too slow or stopping says so (503, 504).
"""

from typing import Any

from weftnet.errors import DataError, UnknownName, WeftnetError

_PARTS = ("what", "where", "expected", "got", "fix")


class Refusal(WeftnetError):
    """A request that is not answered.

    Args:
        status: of HTTP.
        what: is wrong, in one sentence.
        headers: of the reply, such as `Retry-After`.
        parts: where, expected, got and fix.
    """

    def __init__(self, status: int, what: str, *, headers: dict[str, str] | None = None, **parts: str) -> None:
        self.status, self.headers = status, headers or {}
        super().__init__(what, **parts)


def overloaded(waiting: int, queue: int) -> Refusal:
    """The queue is full."""
    return Refusal(
        503,
        "the queue is full",
        headers={"Retry-After": "1"},
        expected=f"at most {queue} rows waiting",
        got=f"{waiting} rows waiting",
        fix="try again in a moment",
    )


def stopping() -> Refusal:
    """No more requests are accepted."""
    return Refusal(
        503, "the server is stopping", headers={"Retry-After": "5"}, fix="try another server, or this one later"
    )


def too_late(seconds: float) -> Refusal:
    """The request timed out."""
    return Refusal(
        504, "no answer in time", expected=f"an answer within {seconds:g} s", fix="send fewer rows, or try again"
    )


def status_of(error: WeftnetError) -> int:
    """The HTTP status of an error."""
    if isinstance(error, Refusal):
        return error.status
    if isinstance(error, UnknownName):
        return 404
    return 422 if isinstance(error, DataError) else 500


def error_json(error: WeftnetError) -> dict[str, Any]:
    """The JSON body of a refusal."""
    return {"error": {part: text for part in _PARTS if (text := getattr(error, part))}}
