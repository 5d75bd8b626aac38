"""Replies in JSON, and the reply to every error."""

import json
import logging
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response

from weftnet.errors import WeftnetError
from weftnet.serve.body import Gone
from weftnet.serve.refusal import Refusal, error_json, status_of

log = logging.getLogger("weftnet.serve")

_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode  # made once: json.dumps makes one each time
_HUNG_UP = 499  # nginx's status for a client that closed the connection; only the metrics see it


class Reply(Response):
    """A JSON reply."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """The document as ASCII: a lone surrogate that came in can go out again."""
        return _encode(content).encode("ascii")


def reply_to(error: Exception, method: str, path: str) -> Response:
    """The reply to an error: in weftnet's form, under /v2 in that of the protocol."""
    if isinstance(error, Gone):
        return Response(status_code=_HUNG_UP)
    known = _as_weftnet_error(error, f"{method} {path}"[:200])
    if (status := status_of(known)) == 500:
        log.error("%s %s failed", method, path, exc_info=error)
    content = {"error": str(known)} if path.startswith("/v2") else error_json(known)
    return Reply(content, status, headers=known.headers if isinstance(known, Refusal) else None)


def _as_weftnet_error(error: Exception, where: str) -> WeftnetError:
    if isinstance(error, WeftnetError):
        return error
    if not isinstance(error, HTTPException):
        return Refusal(500, "the server failed; its log says why", where=where)
    headers = dict(error.headers or {})
    what = {404: "nothing is served at this path", 405: "this path takes another method"}
    text = what.get(error.status_code, str(error.detail))
    return Refusal(error.status_code, text, where=where, expected=headers.get("Allow", ""), headers=headers)
