"""The metrics that Prometheus reads at `/metrics`.

    weftnet_requests_total{model,code}        weftnet_request_seconds{model}        weftnet_in_flight
    weftnet_batch_rows{model}                 weftnet_queue_rows{model}
    weftnet_model_load_seconds{model,version} weftnet_model_loads_total{model,result}
    weftnet_model_failed_versions{model}

Requests for models that are not served are counted under "", so that a client can't create any number of series.
"""

from collections.abc import Callable
from typing import Any

from weftnet.base.extras import need

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_ROWS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)


class Metrics:
    """Counters of one server; several servers of one process don't share them."""

    def __init__(self) -> None:
        prometheus = need("prometheus_client", extra="serve", what="serving")
        self._prometheus, self.registry = prometheus, prometheus.CollectorRegistry()
        self._requests = self._make("Counter", "requests", "Requests by model and status.", ["model", "code"])
        self._seconds = self._make(
            "Histogram", "request_seconds", "From the first byte to the answer.", ["model"], buckets=_SECONDS
        )
        self._rows = self._make("Histogram", "batch_rows", "Rows computed together.", ["model"], buckets=_ROWS)
        self._queue = self._make("Gauge", "queue_rows", "Rows waiting.", ["model"])
        self._load = self._make("Gauge", "model_load_seconds", "Time to load.", ["model", "version"])
        self._loads = self._make("Counter", "model_loads", "Loads by model and result.", ["model", "result"])
        self._failed = self._make("Gauge", "model_failed_versions", "Versions there that can't be served.", ["model"])
        self.in_flight = self._make("Gauge", "in_flight", "Requests accepted and not yet answered.", [])
        self._labelled: dict[Any, Any] = {}  # looking up a label costs more than counting

    def answered(self, model: str, code: int, seconds: float) -> None:
        """Count a request."""
        try:
            count, histogram = self._labelled[model, code]
        except KeyError:
            count, histogram = self._requests.labels(model, str(code)), self._seconds.labels(model)
            self._labelled[model, code] = count, histogram
        count.inc()
        histogram.observe(seconds)

    def batches(self, model: str) -> Callable[[int], None]:
        """A function that counts the rows of a batch of a model."""
        observe: Callable[[int], None] = self._rows.labels(model).observe
        return observe

    def loaded(self, model: str, version: str, seconds: float | None) -> None:
        """Count a load; `seconds` is None if it failed."""
        self._loads.labels(model, "failed" if seconds is None else "loaded").inc()
        if seconds is not None:
            self._load.labels(model, version).set(seconds)

    def waiting(self, model: str, rows: int) -> None:
        """Set how many rows wait for a model now."""
        self._queue.labels(model).set(rows)

    def failing(self, model: str, versions: int) -> None:
        """Set how many versions of a model are there but can't be served."""
        self._failed.labels(model).set(versions)

    def text(self) -> bytes:
        """All of them in Prometheus' text format."""
        text: bytes = self._prometheus.generate_latest(self.registry)
        return text

    @property
    def content_type(self) -> str:
        """Of that format."""
        return str(self._prometheus.CONTENT_TYPE_LATEST)

    def _make(self, kind: str, name: str, text: str, labels: list[str], **more: Any) -> Any:
        return getattr(self._prometheus, kind)(f"weftnet_{name}", text, labels, registry=self.registry, **more)
