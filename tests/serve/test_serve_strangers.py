"""Clients that drip, say nothing, talk no HTTP, or ask under another name; over real sockets."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from serve_threads import Fake, ask, running, write

from weftnet.serve import connection
from weftnet.serve.hosts import Hosts
from weftnet.serve.refusal import Refusal

SECONDS = 1.0
LIVE = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n"


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folder = tmp_path_factory.mktemp("strangers")
    write(folder / "m", 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(connection, "HEAD_SECONDS", SECONDS)
        patch.setattr(connection, "WRITE_SECONDS", SECONDS)
        with running(Fake(), folder / "m", allowed_hosts=("shop.example", "*.inside.example")) as port:
            yield port


def opened(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=30)


def everything(client: socket.socket) -> bytes:
    """What the server says until it closes the connection."""
    got = b""
    try:
        while chunk := client.recv(65536):
            got += chunk
    except ConnectionError:  # it closed while something of ours was still under way
        pass
    return got


def exchange(port: int, sent: bytes) -> tuple[int, bytes, dict[str, object]]:
    """Status, head and JSON of the reply that ends a connection."""
    with opened(port) as client:
        client.sendall(sent)
        head, _, body = everything(client).partition(b"\r\n\r\n")
    return int(head.split()[1]), head.lower(), json.loads(body)


def test_a_reply_does_not_say_what_serves(port: int) -> None:
    """A version of uvicorn is of use to attackers alone."""
    head = exchange(port, LIVE + b"Connection: close\r\n\r\n")[1]
    assert b"\r\nserver:" not in head
    assert b"uvicorn" not in head


def test_hundreds_of_dripping_heads_are_closed(port: int) -> None:
    """Each sends a byte now and then, half of them after a request that was answered; nobody else has to wait."""
    with ExitStack() as stack:
        clients = [stack.enter_context(opened(port)) for _ in range(200)]
        for client in clients[::2]:
            client.sendall(LIVE + b"\r\n")
        for number, client in enumerate(clients):
            client.sendall(b"\r\n" if number % 4 == 2 else b"GET / HTTP/1.1\r\nx: ")
        begun = time.monotonic()
        assert ask(port, 1.0)[0] == 200
        left = list(clients)
        while left and time.monotonic() - begun < 30:
            still = []
            for client in left:
                try:
                    client.sendall(b"\r\n" if clients.index(client) % 4 == 2 else b"y")
                    still.append(client)
                except OSError:  # closed
                    pass
            left = still
            time.sleep(0.05)
        assert not left
        assert ask(port, 1.0)[0] == 200


def test_a_client_that_says_nothing_is_closed(port: int) -> None:
    with opened(port) as client:
        assert everything(client) == b""


def test_a_head_that_is_late_is_told_so(port: int) -> None:
    status, head, document = exchange(port, LIVE)
    assert (status, document["error"]["what"]) == (408, "the head of the request did not come in time")  # type: ignore[index]
    assert b"connection: close" in head


def answered(client: socket.socket) -> bytes:
    """One answer to the end of its JSON, which may come in a piece of its own."""
    received = b""
    while not received.endswith(b"}"):
        received += (piece := client.recv(65536))
        assert piece, received
    return received


def test_a_head_in_time_is_answered_however_it_is_cut(port: int) -> None:
    with opened(port) as client:
        for _ in range(3):
            for place in range(0, len(LIVE), 9):
                client.sendall(LIVE[place : place + 9])
            client.sendall(b"\r\n")
            assert answered(client).startswith(b"HTTP/1.1 200")
        time.sleep(1.5 * SECONDS)  # between requests it may be idle for longer
        client.sendall(LIVE + b"\r\n")
        assert answered(client).startswith(b"HTTP/1.1 200")


def test_a_client_that_does_not_read_is_cut_off(port: int) -> None:
    """It asks for more than the buffers in between hold."""
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.settimeout(30)
        client.connect(("127.0.0.1", port))
        question = b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n" * 100_000
        with pytest.raises(ConnectionError):
            client.sendall(question)


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01",  # TLS
        b"BREW /pot HTTP/1.1\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        LIVE + b"a b: c\r\n\r\n",
        LIVE + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
        LIVE + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        LIVE + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST" + LIVE[3:] + b"Content-Length: -1\r\n\r\n",
    ],
)
def test_what_is_no_http_is_refused_in_json(port: int, sent: bytes) -> None:
    status, head, document = exchange(port, sent)
    assert (status, document["error"]["what"]) == (400, "the request is not valid HTTP")  # type: ignore[index]
    assert b"content-type: application/json" in head
    assert b"connection: close" in head


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200), ("localhost:80", 200), ("LOCALHOST.", 200), ("[::1]:8000", 200), ("shop.example:443", 200),
        ("a.inside.example", 200), ("attacker.example", 421), ("127.0.0.1.attacker.example", 421),
        ("inside.example", 421), ("localhost@attacker.example", 421), ("192.0.2.7", 421), ("", 421), ("[::1", 200),
    ],
)  # fmt: skip
def test_a_page_of_a_stranger_reads_nothing(port: int, host: str, status: int) -> None:
    """Its name may resolve to this server; the request says the name."""
    for path in ("/health/live", "/v1/models", "/metrics"):
        head = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
        with opened(port) as client:
            client.sendall(head.encode())
            reply = everything(client)
        assert int(reply.split()[1]) == status
        if status != 200:
            error = json.loads(reply.partition(b"\r\n\r\n")[2])["error"]
            assert error["what"] == "the server is not asked under this name"
            assert "--allowed-host" in error["fix"]


@pytest.mark.parametrize("lines", ["", "Host: localhost\r\nHost: attacker.example\r\n"])
def test_a_request_has_one_host(port: int, lines: str) -> None:
    status, _, document = exchange(port, f"GET /metrics HTTP/1.1\r\n{lines}Connection: close\r\n\r\n".encode())
    assert (status, document["error"]["what"]) == (400, "the request needs one header Host")  # type: ignore[index]


def allowed(hosts: Hosts, host: str) -> bool:
    try:
        hosts.require([(b"accept", b"*/*"), (b"host", host.encode())])
    except Refusal:
        return False
    return True


@pytest.mark.parametrize("listening", ["0.0.0.0", "::", ""])
def test_at_every_address_every_address_is_answered_and_no_strange_name(listening: str) -> None:
    hosts = Hosts(listening)
    assert all(allowed(hosts, host) for host in ("192.0.2.7:80", "[2001:db8::1]", "localhost", socket.gethostname()))
    assert not allowed(hosts, "attacker.example")


def test_any_name_may_be_allowed() -> None:
    assert allowed(Hosts("127.0.0.1", ["*"]), "attacker.example")
    assert allowed(Hosts("server.example"), "Server.Example:8000")


@settings(max_examples=100, deadline=None)
@given(st.from_regex(r"[a-z][a-z0-9-]{0,9}(\.[a-z][a-z0-9-]{0,9}){1,3}(:[0-9]{1,5})?", fullmatch=True))
def test_no_other_name_is_answered(name: str) -> None:
    for listening in ("127.0.0.1", "0.0.0.0"):
        assert not allowed(Hosts(listening, ["*.inside.example"]), name) or name.partition(":")[0] in (
            socket.gethostname(), "localhost",
        ) or name.partition(":")[0].endswith(".inside.example")  # fmt: skip
