"""A cheap load generator: keep-alive connections over asyncio protocols, with requests prepared in advance.

    python client.py HOST PORT PATH BODIES.json CONCURRENCY SECONDS

Every connection sends a request, waits for the whole reply, and sends the next. Of a reply only the status line and the
header Content-Length are parsed; its body is searched for the expected label.
Prints JSON: requests, seconds, errors, and latencies in milliseconds.
"""

import asyncio
import json
import sys
import time
from pathlib import Path

import numpy as np
import uvloop


class Load:
    """What all connections share."""

    def __init__(self, requests: list[bytes], expected: list[str], until: float) -> None:
        self.requests, self.expected, self.until = requests, expected, until
        self.latencies: list[float] = []
        self.errors, self.wrong, self.sent, self.open = 0, 0, 0, 0
        self.done = asyncio.get_running_loop().create_future()

    def closed(self) -> None:
        self.open -= 1
        if not self.open and not self.done.done():
            self.done.set_result(None)


class Connection(asyncio.Protocol):
    """One client."""

    def __init__(self, load: Load) -> None:
        self.load, self.answer, self.end = load, b"", -1
        load.open += 1

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.ask()

    def ask(self) -> None:
        if time.perf_counter() >= self.load.until:
            self.transport.close()
            return
        self.number = self.load.sent % len(self.load.requests)
        self.load.sent += 1
        self.answer, self.end, self.began = b"", -1, time.perf_counter()
        self.transport.write(self.load.requests[self.number])

    def data_received(self, data: bytes) -> None:
        self.answer += data
        if self.end < 0:
            end = self.answer.find(b"\r\n\r\n")
            if end < 0:
                return
            head = self.answer[:end].lower()
            place = head.index(b"content-length:") + 15
            stop = head.find(b"\r\n", place)
            self.end = end + 4 + int(head[place : stop if stop > 0 else None])
        if len(self.answer) >= self.end:
            self.load.latencies.append(time.perf_counter() - self.began)
            if not self.answer.startswith(b"HTTP/1.1 200"):
                self.load.errors += 1
            elif self.load.expected[self.number].encode() not in self.answer:
                self.load.wrong += 1
            self.ask()

    def connection_lost(self, error: Exception | None) -> None:
        if self.end < 0 and self.answer == b"" and time.perf_counter() < self.load.until:
            self.load.errors += 1
        self.load.closed()


async def main() -> None:
    host, port, path, file, concurrency, seconds = sys.argv[1:]
    cases = json.loads(Path(file).read_text(encoding="utf-8"))
    requests = []
    for case in cases:
        body = json.dumps(case["body"]).encode()
        head = f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
        requests.append(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    began = time.perf_counter()
    load = Load(requests, [case["expected"] for case in cases], began + float(seconds))
    loop = asyncio.get_running_loop()
    for _ in range(int(concurrency)):
        await loop.create_connection(lambda: Connection(load), host, int(port))
    await load.done
    seconds_taken = time.perf_counter() - began
    latencies = np.array(load.latencies) * 1000
    percentiles = {f"p{share}": round(float(np.percentile(latencies, share)), 3) for share in (50, 99)}
    counts = {"requests": len(latencies), "errors": load.errors, "wrong": load.wrong}
    print(json.dumps({"rate": round(len(latencies) / seconds_taken, 1), **counts, **percentiles}))


uvloop.run(main())
