"""An answer as server-sent events, each of them JSON: pieces of its text while it is computed, then all of it.

    event: text         data: {"text": "…"}                                  what goes on, any number of times
    event: answer       data: {"model": …, "version": …, "answers": [{…}]}   as without a stream, and the end
    event: error        data: {"error": {…}}                                 instead of the answer, and the end

What is wrong before the first event is an ordinary reply with its status.
Source: server-sent events, https://html.spec.whatwg.org/multipage/server-sent-events.html, 2015.
"""

import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from typing import Any

from starlette.responses import StreamingResponse

from weftnet.errors import WeftnetError
from weftnet.serve.model import Answers, Rows
from weftnet.serve.refusal import error_json
from weftnet.serve.repository import Version

TYPE = "text/event-stream"


async def events(pieces: AsyncGenerator[str | tuple[Version, Answers], None], rows: Rows) -> StreamingResponse:
    """The reply.

    Args:
        pieces: of `Service.pieces`.
        rows: that were asked, for notes.

    Raises:
        WeftnetError: there is no first piece.
    """
    first = await anext(pieces)

    async def written() -> AsyncIterator[bytes]:
        async with aclosing(pieces):  # whoever hangs up ends the computation
            try:
                yield _event(first, rows)
                async for piece in pieces:
                    yield _event(piece, rows)
            except WeftnetError as error:
                yield _written("error", error_json(error))

    return StreamingResponse(written(), media_type=TYPE)


def _event(piece: str | tuple[Version, Answers], rows: Rows) -> bytes:
    if isinstance(piece, str):
        return _written("text", {"text": piece})
    version, answers = piece
    beside = version.model.beside(rows)
    return _written("answer", {"model": version.name, "version": version.version, "answers": answers, **beside})


def _written(name: str, content: Mapping[str, Any]) -> bytes:
    return f"event: {name}\ndata: {json.dumps(content, separators=(',', ':'))}\n\n".encode("ascii")
