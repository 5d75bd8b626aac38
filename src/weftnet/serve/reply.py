"""Answers in JSON, and the answer to every fault."""

import json
import logging
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response

from weftnet.errors import WeftnetError
from weftnet.serve.body import Gone
from weftnet.serve.refusal import Refusal, status_of, told

log = logging.getLogger("weftnet.serve")

_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode  # made once: json.dumps makes one each time
_HUNG_UP = 499  # nginx's number for a client that closed the request; nobody reads it but the metrics


class Reply(Response):
    """A JSON answer."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """The document as ASCII: a lone surrogate that came in can go out again."""
        return _encode(content).encode("ascii")


def reply_to(fault: Exception, method: str, path: str) -> Response:
    """What is answered when something went wrong: in weftnet's words, under /v2 in the form of the protocol."""
    if isinstance(fault, Gone):
        return Response(status_code=_HUNG_UP)
    error = _known(fault, f"{method} {path}"[:200])
    if (status := status_of(error)) == 500:
        log.error("%s %s failed", method, path, exc_info=fault)
    content = {"error": str(error)} if path.startswith("/v2") else told(error)
    return Reply(content, status, headers=error.headers if isinstance(error, Refusal) else None)


def _known(fault: Exception, where: str) -> WeftnetError:
    if isinstance(fault, WeftnetError):
        return fault
    if not isinstance(fault, HTTPException):
        return Refusal(500, "the server failed; its log says why", where=where)
    headers = dict(fault.headers or {})
    what = {404: "there is nothing at this address", 405: "this address takes another method"}
    text = what.get(fault.status_code, str(fault.detail))
    return Refusal(fault.status_code, text, where=where, expected=headers.get("Allow", ""), headers=headers)
