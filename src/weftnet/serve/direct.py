"""The straight way of a prediction: from the head of its request to the bytes of its reply without a task in between.

A cycle of ASGI costs a task, an event, a queue of messages and three objects for each request and reply: as much as a
small network. Where nothing is out of the ordinary (`protocol.py` says when), this stands in its place. The rules are
those of every request: the gate's, the body's, the API's and the batcher's own functions are called, one after another.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from starlette.responses import Response
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from weftnet.serve.asked import Asked
from weftnet.serve.body import Gone, length_of, not_in_time
from weftnet.serve.gate import ALWAYS, CLOSE, Gate
from weftnet.serve.model import Answers
from weftnet.serve.refusal import stopping
from weftnet.serve.reply import reply_to
from weftnet.serve.repository import Version

if TYPE_CHECKING:
    from weftnet.serve.protocol import Protocol

#: bytes of a body that can't take long to read, even if it holds a picture that is larger than it looks
LIGHT = 16_384
#: body, headers, version → rows, and what makes the reply of their answers
Read = Callable[[bytes, Mapping[bytes, bytes], Version], tuple[Any, Callable[[Version, Answers], Response]]]


@dataclass(frozen=True)
class Way:
    """A path that predictions are asked at.

    Args:
        path: of the address.
        name: of the model.
        types: of bodies that are read here; others take the long way.
        read: a body.
        gate: that every request passes.
    """

    path: str
    name: str
    types: frozenset[str]
    read: Read
    gate: Gate


class Prediction:
    """One request for a prediction. uvicorn takes it for its `RequestResponseCycle` and for that one's task.

    uvicorn writes what happens into the fields of a cycle, then sets its event, on which the cycle's task wakes up.
    Here the event is the cycle itself, and being set drives it on: body, question, answer, reply.

    Args:
        protocol: the connection.
        way: what is asked, where.
        headers: of the request.
        keep_alive: whether the connection stays open.
    """

    def __init__(self, protocol: "Protocol", way: Way, headers: Mapping[bytes, bytes], keep_alive: bool) -> None:
        self.body, self.more_body = bytearray(), True
        self.disconnected = self.response_complete = False
        self.keep_alive, self.message_event = keep_alive, self
        self._protocol, self._way, self._headers = protocol, way, headers
        self._service, self._began = way.gate.service, time.perf_counter()
        self._asked: Asked | None = None
        self._timer: asyncio.TimerHandle | None = None
        way.gate.now += 1
        protocol.tasks.add(self)  # type: ignore[arg-type]
        try:
            way.gate.admit(way.path, protocol.headers)
            self._version = self._service.repository.find(way.name)
            length_of(headers, self._service.options.max_body)
        except Exception as fault:
            self._fail(fault)

    def set(self) -> None:
        """Something happened: a part of the body came, or all of it, or the client hung up."""
        if self.response_complete:
            return
        if self.disconnected:
            self._fail(Gone())
        elif self.more_body:
            self._protocol.flow.resume_reading()  # no more than the length that was allowed can come
        elif self._asked is None:
            self._ask()

    def wait(self) -> None:
        """What was sent is read: if the body isn't all there, it has to come in time."""
        if self.more_body and self._timer is None and not self.response_complete:
            self._timer = self._protocol.loop.call_later(self._service.options.timeout, self._late)

    def cancel(self, msg: object = None) -> None:
        """The grace of a stop is over."""
        self._protocol.loop.call_soon(self._fail, stopping())  # not now: uvicorn is walking through its tasks

    def _ask(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        body, self.body = bytes(self.body), bytearray()
        try:
            rows, reply = self._way.read(body, self._headers, self._version)
            self._asked = self._service.ask(rows, partial(self._told, reply), self._way.name, light=len(body) <= LIGHT)
        except Exception as fault:
            self._fail(fault)

    def _late(self) -> None:
        self._fail(not_in_time(self._service.options.timeout))

    def _told(
        self, reply: Callable[[Version, Answers], Response], version: Version, answers: Answers | Exception
    ) -> None:
        """The answers are there, or what is wrong."""
        try:
            if isinstance(answers, Exception):
                raise answers
            response = reply(version, answers)
        except Exception as fault:
            self._fail(fault)
        else:
            self._end(response)

    def _fail(self, fault: Exception) -> None:
        """A fault is told to the client, if it isn't too late for that."""
        if not self.response_complete:
            if self._asked is not None:
                self._asked.withdraw()
            self._end(reply_to(fault, "POST", self._way.path))

    def _end(self, response: Response) -> None:
        """Send the reply and be done with it."""
        if self._timer is not None:
            self._timer.cancel()
        self.response_complete, self._asked = True, None
        protocol, gate = self._protocol, self._way.gate
        protocol.tasks.discard(self)
        gate.left(self._way.name, response.status_code, self._began)
        if self.disconnected:
            return
        close = () if self.keep_alive and not self._service.stopping else CLOSE
        parts = [STATUS_LINE[response.status_code]]
        for name, value in (*protocol.server_state.default_headers, *response.raw_headers, *ALWAYS, *close):
            parts += name, b": ", value, b"\r\n"
        parts += b"\r\n", bytes(response.body)
        protocol.transport.write(b"".join(parts))
        if close or (b"connection", b"close") in response.raw_headers:
            protocol.transport.close()
        protocol.on_response_complete()
