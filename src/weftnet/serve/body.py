"""A request's body, read within its limits, and JSON read without trust.

A body that is too long is refused as soon as that is known: by its header if it has one, otherwise when the limit is
passed, so no more than the limit is ever held. Reading is over after `seconds`, however slowly a client sends.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, NoReturn

from weftnet.serve.refusal import Refusal

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

_CLOSE = {"Connection": "close"}  # the rest of the body is not read


class Gone(Exception):
    """The client hung up."""


async def body_of(receive: Receive, headers: Mapping[bytes, bytes], limit: int, seconds: float) -> bytes:
    """The whole body.

    Raises:
        Refusal: 413 if it is longer than `limit` bytes, 408 if it isn't there in time, 400 if its length is no number.
        Gone: the client hung up in the middle.
    """
    length_of(headers, limit)
    try:
        async with asyncio.timeout(seconds):
            return await _read(receive, limit)
    except TimeoutError:
        raise not_in_time(seconds) from None


def length_of(headers: Mapping[bytes, bytes], limit: int) -> int:
    """The length that a head tells of its body; 0 if it tells none.

    Raises:
        Refusal: 413 if it is more than `limit` bytes, 400 if it is no number.
    """
    told = headers.get(b"content-length", b"0")
    if not told.isdigit():
        raise Refusal(400, "the header Content-Length is no number", got=repr(told[:40]))
    if (length := int(told[:20])) > limit:
        raise _too_long(limit, f"{length} bytes")
    return length


def not_in_time(seconds: float) -> Refusal:
    """The refusal of a body that was waited for."""
    expected = f"all of it in {seconds:g} s"
    return Refusal(408, "the body did not come in time", headers=_CLOSE, expected=expected)


async def _read(receive: Receive, limit: int) -> bytes:
    parts, length = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        part = message.get("body", b"")
        length += len(part)
        if length > limit:
            raise _too_long(limit, f"more than {limit} bytes")
        parts.append(part)
        if not message.get("more_body"):
            return parts[0] if len(parts) == 1 else b"".join(parts)


def _too_long(limit: int, got: str) -> Refusal:
    fix = "send fewer rows or smaller files at a time, or start the server with a larger --max-body"
    return Refusal(413, "the body is too long", headers=_CLOSE, expected=f"at most {limit} bytes", got=got, fix=fix)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


_DECODER = json.JSONDecoder(parse_constant=_no_constant)  # made once: json.loads would make one for every body


def json_of(body: bytes) -> Any:
    """The value of a JSON body.

    Raises:
        Refusal: 400; it is no JSON, not UTF-8, nested too deep, or holds NaN or an absurdly long number.
    """
    try:
        return _DECODER.decode(body.decode())
    except RecursionError:
        raise Refusal(400, "the body is nested too deep") from None
    except ValueError as error:
        raise Refusal(400, "the body is no JSON", expected='such as {"rows": [{…}]}', got=str(error)[:200]) from None


def json_object(body: bytes, *known: str) -> dict[str, Any]:
    """The object of a JSON body that has no other fields than those known.

    Raises:
        Refusal: 400 as above, 422 for another value or an unknown field.
    """
    value = json_of(body)
    if not isinstance(value, dict):
        raise Refusal(422, "the body is no object", expected=_fields(known), got=type(value).__name__)
    if unknown := [name for name in value if name not in known]:
        raise Refusal(422, f"unknown field {unknown[0][:80]!r}", expected=_fields(known))
    return value


def _fields(names: tuple[str, ...]) -> str:
    return "a JSON object with " + ", ".join(map(repr, names))
