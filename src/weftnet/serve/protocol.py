"""HTTP/1.1 as uvicorn speaks it, with two differences: a head is bounded, and plain predictions go the straight way.

Plain is a POST to a path of predictions whose body has a told length and a type that is read there, on a connection
where nothing else is under way. Everything else (a form, a body in chunks, `Expect: 100-continue`, HTTP/1.0, a request
that came before the last one was answered, a client that doesn't take its replies) is left to uvicorn and ASGI.
"""

from collections.abc import Mapping
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from weftnet.serve.api import content_type
from weftnet.serve.direct import Prediction, Way

MOST_HEAD = 65_536


class Protocol(HttpToolsProtocol):
    """One connection. uvicorn alone would hold any number of headers."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._ways: Mapping[bytes, Way] = self.config.app.ways  # type: ignore[union-attr]
        self._prediction: Prediction | None = None
        self._head = 0

    def data_received(self, data: bytes) -> None:
        """Something was sent."""
        super().data_received(data)
        if self._prediction is not None:
            self._prediction.wait()

    def on_message_begin(self) -> None:
        """A request begins."""
        self._head = 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """A part of the request line."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header."""
        self._count(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is there: the straight way, or the long one."""
        way = self._ways.get(self.url)
        if way is not None and self._is_free():
            headers = dict(self.headers)
            told = b"content-length" in headers and b"transfer-encoding" not in headers
            if told and content_type(headers) in way.types:
                self._prediction = Prediction(self, way, headers, self.parser.should_keep_alive())
                self.cycle = self._prediction  # type: ignore[assignment]
                return
        super().on_headers_complete()
        if len(self.pipeline) == 1:  # it waits for a reply: only who reads on learns that the client hung up
            self.flow.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone, which concerns a prediction even if another request came after it."""
        super().connection_lost(exc)
        if self._prediction is not None:
            self._prediction.disconnected = True
            self._prediction.set()

    def _is_free(self) -> bool:
        """Whether this is a POST that could be answered at once."""
        parser, most = self.parser, self.limit_concurrency
        return (
            (self.cycle is None or self.cycle.response_complete)
            and parser.get_method() == b"POST"
            and parser.get_http_version() == "1.1"
            and not parser.should_upgrade()
            and not self.expect_100_continue
            and not self.flow.write_paused
            and not self.transport.is_closing()
            and (most is None or (len(self.connections) < most and len(self.tasks) < most))
        )

    def _count(self, size: int) -> None:
        self._head += size
        if self._head > MOST_HEAD:
            raise ValueError("the head is too long")  # httptools makes its own error of it, uvicorn a 400
