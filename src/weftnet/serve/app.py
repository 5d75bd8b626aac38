"""The server as one ASGI application: FastAPI with weftnet's API, the Open Inference Protocol, metrics and the page."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from weftnet import __version__
from weftnet.errors import WeftnetError
from weftnet.serve import api, inference_protocol
from weftnet.serve.api import Endpoint
from weftnet.serve.body import Gone
from weftnet.serve.description import description
from weftnet.serve.direct import Way
from weftnet.serve.gate import Gate
from weftnet.serve.keys import Keys
from weftnet.serve.metrics import Metrics
from weftnet.serve.options import Options
from weftnet.serve.page import page
from weftnet.serve.reply import Reply, reply_to
from weftnet.serve.repository import Load, Place, Repository
from weftnet.serve.service import Service


class Application:
    """What uvicorn runs; loads its models when it starts, and answers what it took before it ends.

    Args:
        places: of the models.
        load: a folder → a model.
        options: of the server.
    """

    def __init__(self, places: Sequence[Place], load: Load, options: Options) -> None:
        metrics = Metrics()
        keys = Keys.read(options.keys) if options.keys else Keys()
        self.service = Service(options, Repository(places, load, options, metrics), metrics, keys)
        endpoints = {**api.endpoints(self.service), **inference_protocol.endpoints(self.service)}
        self.gate = Gate(self._fastapi(endpoints), self.service)
        self.ways = self._straight()
        """By path, what goes the straight way."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """ASGI."""
        await self.gate(scope, receive, send)

    def _fastapi(self, endpoints: Mapping[str, tuple[str, Endpoint]]) -> FastAPI:
        app = FastAPI(
            title="weftnet",
            version=__version__,
            openapi_url=None,  # our own, from the models' fields
            docs_url=None,  # their page loads from elsewhere
            redoc_url=None,
            redirect_slashes=False,
            lifespan=self._lifespan,
            exception_handlers=dict.fromkeys((HTTPException, WeftnetError, Gone, Exception), _refused),
        )
        for path, (method, endpoint) in endpoints.items():
            app.router.add_route(path, endpoint, methods=[method])
        app.router.add_route("/metrics", self._metrics, methods=["GET"])
        app.router.add_route("/openapi.json", self._description, methods=["GET"])
        app.router.add_route("/", self._page, methods=["GET"])
        return app

    def _straight(self) -> dict[bytes, Way]:
        """The paths of predictions without a version, written out for every model."""
        ways = {}
        for name in (names := self.service.repository.names()):
            ours, protocol = (api.TYPES, api.read), (inference_protocol.TYPES, inference_protocol.read)
            paths = {f"/v1/models/{name}/predict": ours, f"/v2/models/{name}/infer": protocol}
            if len(names) == 1:
                paths["/predict"] = ours
            for path, (types, read) in paths.items():
                ways[path.encode()] = Way(path, name, types, read, self.gate)
        return ways

    async def _metrics(self, request: Request) -> Response:
        metrics = self.service.metrics
        self.service.repository.measure()
        metrics.in_flight.set(self.gate.now)
        return Response(metrics.text(), media_type=metrics.content_type)

    async def _description(self, request: Request) -> Response:
        return Reply(description(self.service))

    async def _page(self, request: Request) -> Response:
        return page()

    @asynccontextmanager
    async def _lifespan(self, app: FastAPI) -> AsyncIterator[None]:
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


async def _refused(request: Request, fault: Exception) -> Response:
    return reply_to(fault, request.method, request.url.path)
