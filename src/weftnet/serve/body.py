"""A request's body, read within its limits, and JSON read without trust.

A body that is too long is refused as soon as that is known: from its Content-Length if it has one, otherwise when the
limit is passed, so no more than the limit is ever held. Reading has a deadline, however slowly a client sends.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, NoReturn

from starlette.requests import Request

from weftnet.serve.options import Options
from weftnet.serve.refusal import Refusal

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

_CLOSE = {"Connection": "close"}  # the rest of the body is not read


class Gone(Exception):
    """The client hung up."""


async def body_of(request: Request, options: Options) -> bytes:
    """The whole body of a request.

    Raises:
        Refusal: 413 if it is longer than allowed, 408 if it isn't there in time, 400 if its length is not a number.
        Gone: the client hung up before it was sent.
    """
    limit, seconds = options.max_body, options.timeout
    _check_length(dict(request.scope["headers"]), limit)
    try:
        async with asyncio.timeout(seconds):
            return await _read(request.receive, limit)
    except TimeoutError:
        expected = f"all of it in {seconds:g} s"
        raise Refusal(408, "the body did not come in time", headers=_CLOSE, expected=expected) from None


def _check_length(headers: Mapping[bytes, bytes], limit: int) -> None:
    """Refuse a body whose header says that it is longer than allowed, or says no number."""
    length = headers.get(b"content-length", b"0")
    if not length.isdigit():
        raise Refusal(400, "the header Content-Length is not a number", got=repr(length[:40]))
    if (size := int(length[:20])) > limit:
        raise _too_long(limit, f"{size} bytes")


async def _read(receive: Receive, limit: int) -> bytes:
    chunks, length = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        chunk = message.get("body", b"")
        length += len(chunk)
        if length > limit:
            raise _too_long(limit, f"more than {limit} bytes")
        chunks.append(chunk)
        if not message.get("more_body"):
            return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _too_long(limit: int, got: str) -> Refusal:
    fix = "send fewer rows or smaller files at a time, or start the server with a larger --max-body"
    return Refusal(413, "the body is too long", headers=_CLOSE, expected=f"at most {limit} bytes", got=got, fix=fix)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not valid JSON")


_DECODER = json.JSONDecoder(parse_constant=_no_constant)  # made once: json.loads would make one for every body


def json_of(body: bytes) -> Any:
    """The value of a JSON body.

    Raises:
        Refusal: 400; it is not JSON, not UTF-8, nested too deeply, or holds NaN or an absurdly long number.
    """
    try:
        return _DECODER.decode(body.decode())
    except RecursionError:
        raise Refusal(400, "the body is nested too deeply") from None
    except ValueError as error:
        expected = 'such as {"rows": [{…}]}'
        raise Refusal(400, "the body is not valid JSON", expected=expected, got=str(error)[:200]) from None


def json_object(body: bytes, *known: str) -> dict[str, Any]:
    """The object of a JSON body that has no other fields than those known.

    Raises:
        Refusal: 400 as above, 422 for another value or an unknown field.
    """
    value = json_of(body)
    if not isinstance(value, dict):
        raise Refusal(422, "the body is not an object", expected=_fields(known), got=type(value).__name__)
    if unknown := [name for name in value if name not in known]:
        raise Refusal(422, f"unknown field {unknown[0][:80]!r}", expected=_fields(known))
    return value


def _fields(names: tuple[str, ...]) -> str:
    return "a JSON object with " + ", ".join(map(repr, names))
