"""Tensors of the Open Inference Protocol, version 2 ⇄ plain Python values.

    JSON     {"name", "shape", "datatype", "data": [ … row-major, flat or nested … ]}
    binary   the data follow the JSON, little-endian; BYTES as elements with their lengths in 4 bytes before them

Source: https://kserve.github.io/website/docs/concepts/architecture/data-plane/v2-protocol and Triton's extension
`binary_tensor_data`. Differs: NaN in a tensor of floats is a missing number, which is null in JSON.
"""

import base64
import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from weftnet.serve.refusal import Refusal

#: the protocol's datatypes, as NumPy's
DTYPES = {
    "BOOL": "?", "INT8": "i1", "INT16": "<i2", "INT32": "<i4", "INT64": "<i8", "UINT8": "u1", "UINT16": "<u2",
    "UINT32": "<u4", "UINT64": "<u8", "FP16": "<f2", "FP32": "<f4", "FP64": "<f8",
}  # fmt: skip
_MAX_AXES = 8


@dataclass(frozen=True)
class Tensor:
    """A tensor of a request.

    Args:
        name: of the input.
        datatype: the protocol's.
        rows: nested lists of numbers, strings, or bytes from a binary body; one entry a row.
    """

    name: str
    datatype: str
    rows: list[Any]


def read(inputs: Any, binary: bytes) -> list[Tensor]:
    """The inputs of a request.

    Raises:
        Refusal: 400; names the input, and what is wrong with it.
    """
    if not isinstance(inputs, list) or not inputs:
        raise Refusal(400, "there are no inputs", where="inputs", expected='[{"name", "shape", "datatype", "data"}]')
    received = []
    for number, each in enumerate(inputs):
        tensor, binary = _read(each, f"inputs[{number}]", binary)
        received.append(tensor)
    if binary:
        raise Refusal(400, "the body is longer than its inputs", got=f"{len(binary)} bytes too many")
    return received


def write(name: str, datatype: str, values: Sequence[Any], binary: bool) -> tuple[dict[str, Any], bytes]:
    """An output: its JSON, and its bytes if it is to be sent in binary.

    Args:
        name: of the output.
        datatype: the protocol's.
        values: one element a row: texts or files for BYTES (a file is base64 in JSON), else numbers or lists of them.
        binary: whether to send it so.
    """
    if datatype == "BYTES":
        head: dict[str, Any] = {"name": name, "datatype": datatype, "shape": [len(values)]}
        if not binary:
            return head | {"data": [_plain(value) for value in values]}, b""
        elements = [value if isinstance(value, bytes) else value.encode("utf-8", "surrogatepass") for value in values]
        data = b"".join(struct.pack("<I", len(element)) + element for element in elements)
    else:
        array = np.asarray(values, DTYPES[datatype])
        head = {"name": name, "datatype": datatype, "shape": list(array.shape)}
        if not binary:
            return head | {"data": array.reshape(-1).tolist()}, b""
        data = array.tobytes()
    return head | {"parameters": {"binary_data_size": len(data)}}, data


def _read(item: Any, where: str, binary: bytes) -> tuple[Tensor, bytes]:
    if not isinstance(item, dict) or not isinstance(item.get("name"), str):
        raise Refusal(400, "an input has no name", where=where, expected='{"name", "shape", "datatype", "data"}')
    where = f"{where} {item['name'][:80]!r}"
    shape, datatype = item.get("shape"), item.get("datatype")
    if not isinstance(shape, list) or not 1 <= len(shape) <= _MAX_AXES or not all(map(_is_size, shape)):
        raise Refusal(400, "the shape is not a list of sizes", where=where, expected="[rows, …]", got=repr(shape)[:80])
    if not isinstance(datatype, str) or (datatype != "BYTES" and datatype not in DTYPES):
        expected = ", ".join(["BYTES", *DTYPES])
        raise Refusal(400, "unknown datatype", where=where, expected=expected, got=repr(datatype)[:40])
    count = math.prod(shape)
    parameters = item.get("parameters")
    size = parameters.get("binary_data_size") if isinstance(parameters, dict) else None
    if size is None:
        flat = _flat(item.get("data"), where)
    elif not _is_size(size) or size > len(binary):
        raise Refusal(400, "the body ends before its data", where=where, got=repr(size)[:40])
    else:
        flat, binary = _unpacked(binary[:size], datatype, where), binary[size:]
    if len(flat) != count:
        raise Refusal(400, "the data do not fill the shape", where=where, expected=f"{count}", got=f"{len(flat)}")
    return Tensor(item["name"], datatype, _shaped(flat, shape)), binary


def _is_size(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31


def _flat(nested: Any, where: str) -> list[Any]:
    """Nested lists as one list."""
    if not isinstance(nested, list):
        raise Refusal(400, "the data are not a list", where=where, got=type(nested).__name__)
    for _ in range(_MAX_AXES):
        if not any(isinstance(value, list) for value in nested):
            return list(nested)
        if not all(isinstance(value, list) for value in nested):
            break
        nested = [value for inner in nested for value in inner]
    raise Refusal(400, "the data are nested unevenly", where=where)


def _unpacked(data: bytes, datatype: str, where: str) -> list[Any]:
    if datatype != "BYTES":
        dtype = np.dtype(DTYPES[datatype])
        if len(data) % dtype.itemsize:
            raise Refusal(
                400, "the bytes do not hold a whole number of elements", where=where, got=f"{len(data)} bytes"
            )
        values: list[Any] = np.frombuffer(data, dtype).tolist()
        return [None if value != value else value for value in values] if dtype.kind == "f" else values
    elements, offset = [], 0
    while offset < len(data):
        length = int.from_bytes(data[offset : offset + 4], "little")
        offset += 4
        if offset + length > len(data):
            raise Refusal(400, "an element is longer than the remaining bytes", where=where)
        elements.append(data[offset : offset + length])
        offset += length
    return elements


def _shaped(flat: list[Any], shape: list[int]) -> list[Any]:
    """Row-major values as nested lists; the shape (rows, 1) reads as (rows)."""
    sizes = shape[1:]
    if sizes == [1]:
        return flat
    for size in reversed(sizes):
        if not size:
            return [[] for _ in range(shape[0])]
        flat = [flat[start : start + size] for start in range(0, len(flat), size)]
    return flat


def _plain(value: str | bytes) -> str:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value
