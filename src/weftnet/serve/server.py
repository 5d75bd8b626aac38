"""The life of a server: uvicorn, one event loop, and a stop that loses no accepted request.

SIGTERM, SIGINT → no new connections; for `LINGER` seconds every reply closes its connection, so that busy clients leave
by themselves; then idle connections are closed, accepted requests are finished (within `grace` seconds), and the
process ends with 0. A second signal ends it at once.
"""

import asyncio
import logging
import socket
from collections.abc import Callable
from types import FrameType

import uvicorn

from weftnet.errors import SettingError
from weftnet.serve.app import Application
from weftnet.serve.connection import Connection
from weftnet.serve.options import Options

log = logging.getLogger("weftnet.serve")

LINGER = 0.5
MAX_CONNECTIONS = 4096


class Server(uvicorn.Server):
    """uvicorn, with a stop in two steps."""

    def __init__(self, app: Application, options: Options) -> None:
        self._service = app.service
        config = uvicorn.Config(
            app,
            host=options.host,
            port=options.port,
            http=Connection,
            ws="none",
            lifespan="on",
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=MAX_CONNECTIONS,
            timeout_keep_alive=30,
            timeout_graceful_shutdown=max(1, round(options.grace)),
        )
        super().__init__(config)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let busy clients leave, then stop as uvicorn does."""
        self._service.stopping = True
        log.info("stopping: finishing the accepted requests")
        for server in self.servers:
            server.close()
        end = asyncio.get_running_loop().time() + LINGER
        while self.server_state.connections and asyncio.get_running_loop().time() < end and not self.force_exit:
            await asyncio.sleep(0.01)
        await super().shutdown(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal: the first starts a graceful stop, which ends the process with 0; the second does not wait."""
        self.force_exit = self.should_exit
        self.should_exit = True

    @property
    def address(self) -> str:
        """The URL it listens at."""
        host, port = self.servers[0].sockets[0].getsockname()[:2]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def listening(options: Options) -> socket.socket:
    """A socket bound to the address.

    Raises:
        SettingError: it is in use, or not an address of this machine.
    """
    bound = None
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(options.host, options.port, type=socket.SOCK_STREAM)[0]
        bound = socket.socket(family, kind, protocol)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
    except OSError as error:
        if bound is not None:
            bound.close()
        where, fix = f"{options.host}:{options.port}", "choose another --host or --port (0 is any free port)"
        raise SettingError("can't listen on this address", where=where, got=str(error), fix=fix) from None
    return bound


def run(app: Application, options: Options, on_start: Callable[[str], object] = lambda address: None) -> bool:
    """Serve until a signal.

    Args:
        app: to serve.
        options: where and how.
        on_start: is called with the URL once the server answers.

    Returns:
        whether every accepted request was answered.

    Raises:
        WeftnetError: a model can't be loaded, or the address can't be listened on.
    """
    server = Server(app, options)

    async def main() -> None:
        await app.service.repository.open()
        bound = listening(options)
        serving = asyncio.ensure_future(server.serve(sockets=[bound]))
        while not server.started and not serving.done():
            await asyncio.sleep(0.01)
        if server.started:
            on_start(server.address)
        await serving

    with asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner:
        runner.run(main())
    return not server.force_exit
