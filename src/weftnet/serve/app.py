"""The server as one ASGI application: weftnet's API, the Open Inference Protocol, metrics and the page."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router

from weftnet.serve import api, inference_protocol
from weftnet.serve.description import description
from weftnet.serve.gate import Gate
from weftnet.serve.keys import Keys
from weftnet.serve.metrics import Metrics
from weftnet.serve.options import Options
from weftnet.serve.page import page
from weftnet.serve.places import Place
from weftnet.serve.reply import Reply
from weftnet.serve.repository import Load, Repository
from weftnet.serve.service import Service


class Application:
    """What uvicorn runs; loads its models when it starts, and answers every accepted request before it ends.

    Args:
        places: of the models.
        load: a folder → a model.
        options: of the server.
    """

    def __init__(self, places: Sequence[Place], load: Load, options: Options) -> None:
        metrics = Metrics()
        keys = Keys.read(options.keys) if options.keys else Keys()
        self.service = Service(options, Repository(places, load, options, metrics), metrics, keys)
        self.gate = Gate(Router(self._routes(), redirect_slashes=False, lifespan=self._lifespan), self.service)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """ASGI."""
        scope["app"] = self  # Starlette's router raises 404 and 405 inside an application, which the gate answers
        await self.gate(scope, receive, send)

    def _routes(self) -> list[Route]:
        """Every path; the first that matches is taken, so that predictions stand first."""
        return [
            *api.routes(self.service),
            *inference_protocol.routes(self.service),
            Route("/metrics", self._metrics, methods=["GET"]),
            Route("/openapi.json", self._description, methods=["GET"]),
            Route("/", self._page, methods=["GET"]),
        ]

    async def _metrics(self, request: Request) -> Response:
        metrics = self.service.metrics
        self.service.repository.measure()
        metrics.in_flight.set(self.gate.in_flight)
        return Response(metrics.text(), media_type=metrics.content_type)

    async def _description(self, request: Request) -> Response:
        return Reply(description(self.service))

    async def _page(self, request: Request) -> Response:
        return page()

    @asynccontextmanager
    async def _lifespan(self, app: Router) -> AsyncIterator[None]:
        repository = self.service.repository
        if not repository.ready:
            await repository.open()
        watching = asyncio.ensure_future(repository.watch())
        try:
            yield
        finally:
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching
            await repository.close()
            await self.service.explainer.close()
