"""How much memory the messages of an Arrow stream would take, from their heads alone: nothing is decompressed.

A compressed buffer begins with its own size once it is decompressed, and Arrow allocates that much at once, for a whole
batch of rows. The heads are flatbuffers, of which this reads the few fields that say where the buffers lie.
Source: Apache Arrow, columnar format 1.5, Message.fbs, https://arrow.apache.org/docs/format/Columnar.html
"""

import struct
from typing import Any

#: kinds of a message's head
_DICTIONARY, _ROWS = 2, 3
#: fields by number: of a message, of a batch of rows, of a dictionary
_KIND, _HEAD = 1, 2
_LENGTH, _BUFFERS, _COMPRESSION = 0, 2, 3
_DATA = 1


def largest_message(source: Any) -> int:
    """Bytes of the largest message of a stream, decompressed; its rows, where they take no bytes at all.

    Args:
        source: an Arrow file, at the start of the stream; it is read to its end.
    """
    from pyarrow import ipc

    largest, reader = 0, ipc.MessageReader.open_stream(source)
    while True:
        try:
            message = reader.read_next_message()
        except StopIteration:
            return largest
        largest = max(largest, _size(memoryview(message.metadata), message.body))


def _size(head: memoryview, body: Any) -> int:
    (root,) = struct.unpack_from("<I", head, 0)
    kind = _field(head, root, _KIND)
    batch = _table(head, _field(head, root, _HEAD))
    if not kind or head[kind] not in (_DICTIONARY, _ROWS):
        return 0
    if head[kind] == _DICTIONARY:
        batch = _table(head, _field(head, batch, _DATA))
    rows, buffers = _field(head, batch, _LENGTH), _table(head, _field(head, batch, _BUFFERS))
    packed, total = _field(head, batch, _COMPRESSION), 0
    content = memoryview(body)
    for number in range(struct.unpack_from("<I", head, buffers)[0]):
        offset, length = struct.unpack_from("<qq", head, buffers + 4 + 16 * number)
        own = struct.unpack_from("<q", content, offset)[0] if packed and length >= 8 else -1
        total += max(own, length)
    return max(total, struct.unpack_from("<q", head, rows)[0] if rows else 0)


def _field(head: memoryview, table: int, number: int) -> int:
    """Where a field of a table lies; 0 if it is absent."""
    fields = table - struct.unpack_from("<i", head, table)[0]
    place = 4 + 2 * number
    if place >= struct.unpack_from("<H", head, fields)[0]:
        return 0
    (offset,) = struct.unpack_from("<H", head, fields + place)
    return table + offset if offset else 0


def _table(head: memoryview, place: int) -> int:
    """What an offset at this place refers to."""
    return place + int(struct.unpack_from("<I", head, place)[0])
