"""One HTTP connection: uvicorn's own protocol, behind limits on the head of a request and on patience.

uvicorn holds any number of headers, of any length, for any time. A parser of its own reads along here and counts: what
is sent is handed to uvicorn unchanged as long as the head it belongs to is within the limit. Both parsers see the same
bytes, so they agree on where a head ends. Counting costs a few microseconds a request.

A connection on which no head is complete `HEAD_SECONDS` after it was opened, or after something was sent that belongs
to no body, is closed, and so is one whose client reads nothing for `WRITE_SECONDS`. Between requests uvicorn waits for
`timeout_keep_alive`. Timers are started only for what comes in pieces: a request in one piece starts none.
"""

import asyncio
from typing import Any, cast

import httptools
from uvicorn.protocols.http.auto import AutoHTTPProtocol

MAX_HEAD = 65_536
"""Bytes of a request line with its headers."""
HEAD_SECONDS = 20.0
"""From the first byte of a head to its last, and from the opening of a connection to the end of the first head."""
WRITE_SECONDS = 30.0
"""A client that reads a reply may pause for so long."""


def _refusal(status: bytes, what: bytes, expected: bytes) -> bytes:
    """A reply that ends the connection."""
    body = b'{"error":{"what":"%s","expected":"%s"}}' % (what, expected)
    head = (
        b"HTTP/1.1 %s\r\ncontent-type: application/json\r\nx-content-type-options: nosniff\r\n"
        b"cache-control: no-store\r\nconnection: close\r\ncontent-length: %d\r\n\r\n"
    )
    return head % (status, len(body)) + body


_TOO_LONG = _refusal(
    b"431 Request Header Fields Too Large", b"the head of the request is too long", b"at most %d bytes" % MAX_HEAD
)
_NO_HTTP = _refusal(b"400 Bad Request", b"the request is not valid HTTP", b"a request of HTTP/1.1")
_TOO_SLOW = _refusal(b"408 Request Timeout", b"the head of the request did not come in time", b"all of it at once")


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
        self._parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn's: it closes, and says so
        self._transport: asyncio.Transport | None = None
        self._in_head = False
        self._head = 0  # bytes of the head so far, in lines that are complete
        self._pending = 0  # bytes since the last complete line
        self._in_body = False
        self._ended = False  # whether a request ended in the data read last
        self._heads = 0  # complete so far
        self._reading: asyncio.TimerHandle | None = None
        self._writing: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client is there."""
        self._transport = cast(asyncio.Transport, transport)
        self._reading = asyncio.get_running_loop().call_later(HEAD_SECONDS, self._too_slow)
        self._uvicorn.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """Hand the data on, or refuse them and close the connection."""
        refusal = self._read(data)
        if not refusal:
            self._wait()
            self._uvicorn.data_received(data)
        elif self._transport is not None and not self._transport.is_closing():
            self._transport.write(refusal)
            self._transport.close()

    def eof_received(self) -> bool | None:
        """The client sends nothing more."""
        return self._uvicorn.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is over."""
        for timer in (self._reading, self._writing):
            if timer is not None:
                timer.cancel()
        self._uvicorn.connection_lost(exc)

    def pause_writing(self) -> None:
        """The client is slow to read."""
        if self._transport is not None and self._writing is None:
            self._writing = asyncio.get_running_loop().call_later(WRITE_SECONDS, self._transport.abort)
        self._uvicorn.pause_writing()

    def resume_writing(self) -> None:
        """The client has caught up."""
        if self._writing is not None:
            self._writing.cancel()
            self._writing = None
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
        self._in_head, self._in_body = False, True
        self._heads += 1

    def on_message_complete(self) -> None:
        """The parser is at the end of a request."""
        self._in_body, self._ended = False, True

    def _count(self, size: int) -> None:
        self._head += size
        self._pending = -1  # what is pending began somewhere in the data now being read
        if self._head > MAX_HEAD:
            raise TooLong

    def _read(self, data: bytes) -> bytes:
        """Why the data are refused: they are no HTTP, or their head is too long; empty if they are not."""
        self._ended = False
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:  # uvicorn reads on as if nothing had been asked for
            return b""
        except httptools.HttpParserCallbackError:
            return _TOO_LONG
        except httptools.HttpParserError:
            return _NO_HTTP
        if not self._in_head:
            return b""
        self._pending = 0 if self._pending < 0 else self._pending + len(data)
        return _TOO_LONG if self._head + self._pending > MAX_HEAD else b""

    def _wait(self) -> None:
        """Limit the time to the end of a head that has begun, and of blank lines, which uvicorn takes for life."""
        if not self._in_body and (self._in_head or not self._ended):
            if self._reading is None:
                self._reading = asyncio.get_running_loop().call_later(HEAD_SECONDS, self._too_slow)
        elif self._reading is not None:
            self._reading.cancel()
            self._reading = None

    def _too_slow(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            if not self._heads and self._in_head:  # else there may be a reply under way
                self._transport.write(_TOO_SLOW)
            self._transport.close()
