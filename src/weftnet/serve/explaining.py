"""Why an answer is what it is: `weftnet explain` for one row, behind HTTP.

An explanation takes far longer than an answer, and gradients need torch and the run's weights: the run is loaded for it
when first needed, whatever engine answers. One explanation is computed at a time, and a few may wait.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from weftnet.data.wire import from_json
from weftnet.errors import DataError, MissingExtra, WeftnetError
from weftnet.serve.model import finite, not_finite
from weftnet.serve.refusal import Refusal, overloaded, stopping
from weftnet.serve.repository import Version

MAX_WAITING = 4
TIMEOUT = 60.0
#: runs in memory
MAX_LOADED = 4


class Explainer:
    """Explains answers of the versions of a repository."""

    def __init__(self) -> None:
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="weftnet-explain")
        self._loaded: dict[tuple[Path, str], Any] = {}  # used by the worker alone
        self._waiting = 0
        self._closed = False

    async def explain(self, version: Version, row: Any, method: str | None) -> dict[str, Any]:
        """The answer to a row, and the evidence for it, drawn as a fragment of HTML.

        Raises:
            Refusal: 501 if this model can't be explained here, 503 if too many wait, 504 if it takes too long.
            DataError: the row can't be used.
        """
        if self._closed:
            raise stopping()
        if self._waiting > MAX_WAITING:
            raise overloaded(self._waiting, MAX_WAITING)
        self._waiting += 1
        work = asyncio.get_running_loop().run_in_executor(self._worker, self._explain, version, row, method)
        work.add_done_callback(self._done)
        try:
            return await asyncio.wait_for(asyncio.shield(work), TIMEOUT)
        except TimeoutError:
            raise Refusal(504, "no explanation in time", expected=f"one within {TIMEOUT:g} s") from None

    async def close(self) -> None:
        """Finish the explanations that were accepted."""
        self._closed = True
        await asyncio.to_thread(self._worker.shutdown, wait=True)

    def _done(self, work: "asyncio.Future[Any]") -> None:
        self._waiting -= 1
        if not work.cancelled():
            work.exception()  # retrieved: the client may be gone

    def _explain(self, version: Version, row: Any, method: str | None) -> dict[str, Any]:
        from weftnet.explain import attribute, draw

        raw = from_json(version.model.fields, [row])
        loaded = self._run_of(version)
        try:
            explanation = attribute(loaded, raw, method)[0]
        except (DataError, MissingExtra):
            raise
        except WeftnetError as error:  # the method does not apply to the network, for example
            raise Refusal(422, error.what, where=error.where, expected=error.expected, fix=error.fix) from None
        checks = {name: float(value) for name, value in explanation.checks.items()}
        if not finite(dict(explanation.answer)) or not finite(checks):
            raise not_finite(0)
        return {
            "model": version.name,
            "version": version.version,
            "answer": dict(explanation.answer),
            "method": explanation.method,
            "target": explanation.target,
            "checks": checks,
            "html": draw(explanation),
        }

    def _run_of(self, version: Version) -> Any:
        """The run of a version, in torch."""
        folder, key = version.model.folder, (version.model.folder, version.digest)
        if key not in self._loaded:
            if not (folder / "run.json").is_file():
                fix = "serve the run itself: weftnet exports it for speed and keeps it for explanations"
                raise Refusal(501, "an export can't be explained", where=version.name, fix=fix)
            from weftnet.run.loading import load

            while len(self._loaded) >= MAX_LOADED:
                del self._loaded[next(iter(self._loaded))]
            self._loaded[key] = load(folder)
        return self._loaded[key]
