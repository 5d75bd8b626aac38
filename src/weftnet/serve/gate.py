"""What every request passes: count, host, API key, limit on requests in flight, and every error turned into a reply.

A plain ASGI layer around the application: it costs microseconds, and no exception escapes it. Health, metrics, the
description of the API and the page need no key.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

from weftnet.serve.body import Receive
from weftnet.serve.hosts import Hosts
from weftnet.serve.refusal import Refusal, stopping
from weftnet.serve.reply import reply_to
from weftnet.serve.service import Service

Scope = MutableMapping[str, Any]
Send = Callable[[Scope], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

OPEN = frozenset({
    "/", "/health/live", "/health/ready", "/v2/health/live", "/v2/health/ready", "/metrics", "/openapi.json",
})  # fmt: skip
#: headers of every reply
_ALWAYS = ((b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store"))
_CLOSE = ((b"connection", b"close"),)


class Gate:
    """ASGI around ASGI.

    Args:
        app: answers the requests that are let in.
        service: whose limits, keys and metrics are used.
    """

    def __init__(self, app: App, service: Service) -> None:
        self._app, self._service = app, service
        self._hosts = Hosts(service.options.host, service.options.allowed_hosts)
        self._most = 4 * service.options.queue + 64
        self.in_flight = 0
        """Requests accepted and not yet answered."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status, service = time.perf_counter(), 0, self._service

        async def send_counted(message: Scope) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], *_ALWAYS, *(_CLOSE if service.stopping else ())]
            await send(message)

        self.in_flight += 1
        try:
            self._admit(scope["path"], scope["headers"])
            await self._app(scope, receive, send_counted)
        except asyncio.CancelledError:  # the grace period of a stop is over
            if status:
                raise
            await reply_to(stopping(), scope["method"], scope["path"])(scope, receive, send_counted)
        except Exception as error:
            if not status:
                await reply_to(error, scope["method"], scope["path"])(scope, receive, send_counted)
        finally:
            self.in_flight -= 1
            service.metrics.answered(self._model(scope["path"]), status, time.perf_counter() - began)

    def _admit(self, path: str, headers: Iterable[tuple[bytes, bytes]]) -> None:
        """Refuse a request for another host, without a key, or above the limit of requests in flight.

        Raises:
            Refusal: 400, 401, 421, 503.
        """
        self._hosts.require(headers)
        if path not in OPEN:
            self._service.keys.require(headers)
            if self.in_flight > self._most:
                raise Refusal(503, "too many requests at once", headers={"Retry-After": "1"})

    def _model(self, path: str) -> str:
        """The model a path is about, if it is one that is served."""
        parts = path.split("/", 4)
        named = parts[3] if len(parts) > 3 and parts[2] == "models" else ""
        names = self._service.repository.names()
        return names[0] if path == "/predict" and len(names) == 1 else named if named in names else ""
