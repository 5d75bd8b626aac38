"""One HTTP connection: uvicorn's own protocol, behind a limit on the head of a request.

uvicorn holds any number of headers, of any length. A parser of its own reads along here and counts: what is sent is
handed to uvicorn unchanged as long as the head it belongs to is within the limit. Both parsers see the same bytes, so
they agree on where a head ends. Counting costs a few microseconds a request.
"""

import asyncio
from typing import Any, cast

import httptools
from uvicorn.protocols.http.auto import AutoHTTPProtocol

MAX_HEAD = 65_536
"""Bytes of a request line with its headers."""

_BODY = b'{"error":{"what":"the head of the request is too long","expected":"at most %d bytes"}}' % MAX_HEAD
_REFUSAL = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: application/json\r\n"
    b"x-content-type-options: nosniff\r\ncache-control: no-store\r\nconnection: close\r\n"
    b"content-length: %d\r\n\r\n" % len(_BODY)
) + _BODY


class TooLong(Exception):
    """A head is over the limit."""


class Connection(asyncio.Protocol):
    """What uvicorn makes for every client that connects.

    Args:
        arguments: of uvicorn's protocol, handed on as they are.
    """

    def __init__(self, **arguments: Any) -> None:
        self._uvicorn = AutoHTTPProtocol(**arguments)
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._in_head = False
        self._head = 0  # bytes of the head so far, in lines that are complete
        self._pending = 0  # bytes since the last complete line

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client is there."""
        self._transport = cast(asyncio.Transport, transport)
        self._uvicorn.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """Hand the data on, or refuse them and close the connection."""
        if self._within_limit(data):
            self._uvicorn.data_received(data)
        elif self._transport is not None and not self._transport.is_closing():
            self._transport.write(_REFUSAL)
            self._transport.close()

    def eof_received(self) -> bool | None:
        """The client sends nothing more."""
        return self._uvicorn.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is over."""
        self._uvicorn.connection_lost(exc)

    def pause_writing(self) -> None:
        """The client is slow to read."""
        self._uvicorn.pause_writing()

    def resume_writing(self) -> None:
        """The client has caught up."""
        self._uvicorn.resume_writing()

    def on_message_begin(self) -> None:
        """The parser is at the start of a request."""
        self._in_head, self._head, self._pending = True, 0, 0

    def on_url(self, url: bytes) -> None:
        """The parser read some of the address."""
        self._count(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        """The parser read a header."""
        self._count(len(name) + len(value))

    def on_headers_complete(self) -> None:
        """The parser is at the end of a head."""
        self._in_head = False

    def _count(self, size: int) -> None:
        self._head += size
        self._pending = -1  # what is pending began somewhere in the data now being read
        if self._head > MAX_HEAD:
            raise TooLong

    def _within_limit(self, data: bytes) -> bool:
        """Whether the head that the data belong to, if they do, is not too long yet."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:  # uvicorn reads on as if nothing had been asked for
            return True
        except httptools.HttpParserCallbackError:
            return False
        except httptools.HttpParserError:  # uvicorn answers 400 and closes; until it has, everything counts as head
            self._in_head = True
        if not self._in_head:
            return True
        self._pending = 0 if self._pending < 0 else self._pending + len(data)
        return self._head + self._pending <= MAX_HEAD
