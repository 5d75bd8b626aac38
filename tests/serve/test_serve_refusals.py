"""A wrong request is refused with a status and a sentence, never with a 5xx."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from serve_fakes import Server

JSON = {"Content-Type": "application/json"}
PREDICT = "/v1/models/shapes/predict"
GOOD = {"length": 1.0, "width": 2.0, "colour": "red"}


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status", "message"),
    [
        ("POST", PREDICT, b"{", JSON, 400, "the body is not valid JSON"),
        ("POST", PREDICT, b'{"rows": [{"length": NaN}]}', JSON, 400, "the body is not valid JSON"),
        ("POST", PREDICT, b"\xff\xfe", JSON, 400, "the body is not valid JSON"),
        ("POST", PREDICT, b"[" * 100_000, JSON, 400, "nested too deeply"),
        ("POST", PREDICT, b'{"rows": ' + b"9" * 5000 + b"}", JSON, 400, "the body is not valid JSON"),
        ("POST", PREDICT, b"[]", JSON, 422, "the body is not an object"),
        ("POST", PREDICT, b'{"row": 1}', JSON, 422, "unknown field 'row'"),
        ("POST", PREDICT, b"{}", JSON, 422, "there are no rows"),
        ("POST", PREDICT, b'{"rows": []}', JSON, 422, "there are no rows"),
        ("POST", PREDICT, b'{"rows": [3]}', JSON, 422, "a row is not a mapping"),
        ("POST", PREDICT, b'{"rows": [{"lenght": 3}]}', JSON, 422, "no column is called 'lenght'"),
        ("POST", PREDICT, b'{"rows": [{"length": "wide", "width": 1, "colour": "red"}]}', JSON, 422, "not a number"),
        ("POST", PREDICT, b'{"rows": [{"length": [1], "width": 1, "colour": "red"}]}', JSON, 422, "wrong form"),
        ("POST", PREDICT, json.dumps({"rows": [GOOD] * 601}).encode(), JSON, 422, "too many rows"),
        ("POST", PREDICT, b" " * 200_001, JSON, 413, "the body is too long"),
        ("POST", PREDICT, b"{}", {"Content-Type": "text/plain"}, 415, "unsupported media type"),
        ("POST", PREDICT, b"{}", {}, 415, "unsupported media type"),
        ("POST", PREDICT, b"x", {"Content-Type": "multipart/form-data"}, 400, "the form can't be read"),
        ("GET", PREDICT, None, {}, 405, "this path takes another method"),
        ("GET", "/v1/models/shape", None, {}, 404, "no model is called 'shape'"),
        ("POST", "/v1/models/shape/predict", b"{}", JSON, 404, "no model is called 'shape'"),
        ("POST", "/v1/models/shapes/versions/7/predict", b"{}", JSON, 404, "has no version '7'"),
        ("POST", "/predict", b"{}", JSON, 404, "several models are served here"),
        ("GET", "/etc/passwd", None, {}, 404, "nothing is served at this path"),
        ("POST", "/admin/reload", b"", {}, 403, "needs an API key"),
        ("POST", "/v1/models/digits/predict", b'{"rows": [{"x": "/etc/passwd"}]}', JSON, 422, ""),
        ("POST", "/v1/models/digits/predict", b'{"rows": [{"x": "AAAA"}]}', JSON, 422, "no image"),
    ],
)  # fmt: skip
def test_refusals(
    server: Server, method: str, path: str, body: bytes | None, headers: dict[str, str], status: int, message: str
) -> None:
    got, reply_headers, document = server.ask(method, path, body, headers)
    assert got == status, document
    assert message in document["error"]["what"]
    assert reply_headers["content-type"] == "application/json"
    assert reply_headers["x-content-type-options"] == "nosniff"
    assert set(document["error"]) <= {"what", "where", "expected", "got", "fix"}


def test_a_bad_row_is_named_within_its_request(server: Server) -> None:
    rows: list[dict[str, Any]] = [dict(GOOD) for _ in range(100)]
    rows[3]["length"] = "wide"
    assert "row 3" in server.ask("POST", PREDICT, {"rows": rows})[2]["error"]["where"]
    rows[3]["length"], rows[70]["length"] = 1.0, "wide"
    where = server.ask("POST", PREDICT, {"rows": rows})[2]["error"]["where"]
    assert "in the rows from 64" in where  # the second batch of the request
    assert "row 6" in where


def test_a_bad_request_fails_alone(server: Server) -> None:
    """Requests that are answered together don't share their faults."""
    from concurrent.futures import ThreadPoolExecutor

    def ask(number: int) -> int:
        row = GOOD if number % 3 else GOOD | {"length": "wide"}
        return server.ask("POST", PREDICT, {"rows": [row]})[0]

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(ask, range(60))) == [200 if number % 3 else 422 for number in range(60)]


def test_a_chunked_body_is_cut_off_at_the_limit(server: Server) -> None:
    """Without Content-Length the limit holds on the stream: no more than it is ever taken."""
    with server.connect() as sock:
        head = f"POST {PREDICT} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        sock.sendall(head.encode() + b"Transfer-Encoding: chunked\r\n\r\n")
        sent = 0
        with suppress(OSError):  # it hangs up on us, as it should
            while sent < 50_000_000:
                sock.sendall(b"10000\r\n" + b" " * 0x10000 + b"\r\n")
                sent += 0x10000
        sock.settimeout(10)
        with suppress(ConnectionResetError):
            assert b" 413 " in sock.recv(100)
    assert sent < 20_000_000


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    model=st.sampled_from(["digits", "shapes", "prices", "reviews"]),
    names=st.lists(st.sampled_from(["length", "width", "colour", "x", "review"]) | st.text(max_size=5), max_size=4),
    data=st.data(),
)
def test_no_row_makes_the_server_fail(server: Server, model: str, names: list[str], data: st.DataObject) -> None:
    rows = [{name: data.draw(_VALUES) for name in names} for _ in range(data.draw(st.integers(1, 3)))]
    status, _, document = server.ask("POST", f"/v1/models/{model}/predict", {"rows": rows})
    assert status in ((200, 422) if _is_json(rows) else (400,)), document


def _is_json(rows: Any) -> bool:
    """Whether the rows can be written: infinity and NaN are no JSON."""
    try:
        return bool(json.dumps(rows, allow_nan=False))
    except ValueError:
        return False


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=_VALUES | st.fixed_dictionaries({"inputs": _VALUES}), binary=st.binary(max_size=30), length=st.integers(-2, 99)
)
def test_no_tensors_make_the_server_fail(server: Server, body: Any, binary: bytes, length: int) -> None:
    sent = json.dumps(body).encode() + binary
    headers = JSON if length < 0 else JSON | {"Inference-Header-Content-Length": str(length)}
    status, _, document = server.ask("POST", "/v2/models/shapes/infer", sent, headers)
    assert 400 <= status < 500
    assert isinstance(document["error"], str)
