"""What Prometheus reads: times are counted up to bounds that an operator asks for."""

import pytest

from weftnet.serve.metrics import Metrics

pytest.importorskip("prometheus_client")


def test_times_are_counted_up_to_half_a_minute() -> None:
    metrics = Metrics()
    for seconds in (0.0004, 0.03, 20.0, 40.0):
        metrics.answered("m", 200, seconds)
    counts = dict(line.rsplit(" ", 1) for line in metrics.text().decode().splitlines() if line[0] != "#")
    below = {bound: counts[f'weftnet_request_seconds_bucket{{le="{bound}",model="m"}}'] for bound in (
        "0.001", "0.025", "0.05", "10.0", "30.0", "+Inf"
    )}  # fmt: skip
    assert below == {"0.001": "1.0", "0.025": "1.0", "0.05": "2.0", "10.0": "2.0", "30.0": "3.0", "+Inf": "4.0"}
    assert counts['weftnet_requests_total{code="200",model="m"}'] == "4.0"
