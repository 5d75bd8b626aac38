"""What every request passes: count, API key, bound on requests in work, and every fault turned into an answer.

A plain ASGI layer around FastAPI: it costs microseconds, and nothing escapes it. Predictions that go the straight way
(`direct.py`) call its parts themselves. What may be asked without a key: whether the server lives and is ready, its
metrics, its API's description and its page.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

from weftnet.serve.body import Receive
from weftnet.serve.refusal import Refusal
from weftnet.serve.reply import reply_to
from weftnet.serve.service import Service

Scope = MutableMapping[str, Any]
Send = Callable[[Scope], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

OPEN = frozenset({
    "/", "/health/live", "/health/ready", "/v2/health/live", "/v2/health/ready", "/metrics", "/openapi.json",
})  # fmt: skip
#: headers of every reply
ALWAYS = ((b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store"))
CLOSE = ((b"connection", b"close"),)


class Gate:
    """ASGI around ASGI.

    Args:
        app: answers what is not direct.
        service: whose limits, keys and metrics are used.
    """

    def __init__(self, app: App, service: Service) -> None:
        self._app, self.service = app, service
        self._most = 4 * service.options.queue + 64
        self.now = 0
        """Requests in work."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status, service = time.perf_counter(), 0, self.service

        async def sending(message: Scope) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], *ALWAYS, *(CLOSE if service.stopping else ())]
            await send(message)

        self.now += 1
        try:
            self.admit(scope["path"], scope["headers"])
            await self._app(scope, receive, sending)
        except asyncio.CancelledError:  # the grace of a stop is over
            status = status or 503
            raise
        except Exception as fault:
            if not status:
                await reply_to(fault, scope["method"], scope["path"])(scope, receive, sending)
        finally:
            self.left(self._model(scope["path"]), status, began)

    def admit(self, path: str, headers: Iterable[tuple[bytes, bytes]]) -> None:
        """Refuse who brings no key, or comes when too much is in work.

        Raises:
            Refusal: 401, 503.
        """
        if path not in OPEN:
            self.service.keys.require(headers)
            if self.now > self._most:
                raise Refusal(503, "too many requests at once", headers={"Retry-After": "1"})

    def left(self, model: str, status: int, began: float) -> None:
        """Count a request that is over."""
        self.now -= 1
        self.service.metrics.answered(model, status, time.perf_counter() - began)

    def _model(self, path: str) -> str:
        """The model a path is about, if it is one that is served."""
        parts = path.split("/", 4)
        named = parts[3] if len(parts) > 3 and parts[2] == "models" else ""
        names = self.service.repository.names()
        return names[0] if path == "/predict" and len(names) == 1 else named if named in names else ""
