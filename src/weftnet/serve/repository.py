"""All models that are served, each in one or several versions.

The folders are checked every second. A version whose manifest changed is loaded beside the old one, then replaces it
in one step; the old one is dropped when it has answered the requests it accepted. A version that can't be read or
loaded leaves the old one in place, and is said: in the log, with the version that answers, and in `failed` until it is
mended or gone. A request holds a lease on its version, which keeps it from being dropped.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from weftnet.errors import RunError, SettingError, UnknownName, WeftnetError
from weftnet.serve.batcher import Batcher
from weftnet.serve.metrics import Metrics
from weftnet.serve.model import Answers, Asked, Model
from weftnet.serve.options import Options
from weftnet.serve.places import Found, Place, find
from weftnet.serve.refusal import Refusal

log = logging.getLogger("weftnet.serve")

Load = Callable[[Path], Model]


@dataclass(frozen=True)
class _Failure:
    digest: str
    error: Exception


@dataclass
class Version:
    """A version in service.

    Args:
        name: of its model.
        version: its number.
        model: in memory.
        batcher: in front of its worker.
        digest: of the manifest it was loaded from.
    """

    name: str
    version: str
    model: Model
    batcher: Batcher[Asked, Answers]
    digest: str
    leases: int = 0
    free: asyncio.Event = field(default_factory=asyncio.Event)

    def hold(self) -> None:
        """Take a lease."""
        self.leases += 1

    def release(self) -> None:
        """Return a lease."""
        self.leases -= 1
        if not self.leases:
            self.free.set()

    async def drop(self) -> None:
        """Answer the accepted requests, then release the model."""
        while self.leases:
            self.free.clear()
            await self.free.wait()
        await self.batcher.close()


class Repository:
    """The models of a server; create and use it in its event loop.

    Args:
        places: where they are.
        load: folder → model; runs in a thread.
        options: of the server.
        metrics: of loads and batches.
    """

    def __init__(self, places: Sequence[Place], load: Load, options: Options, metrics: Metrics) -> None:
        names = [place.name for place in places]
        if duplicate := next((name for name in names if names.count(name) > 1), None):
            raise SettingError("two models have the same name", got=duplicate, fix="name one of them: NAME=FOLDER")
        self._places, self._load, self._options, self._metrics = tuple(places), load, options, metrics
        self._models: dict[str, dict[str, Version]] = {place.name: {} for place in places}
        self._failed: dict[str, dict[str, _Failure]] = {place.name: {} for place in places}
        self._scanning = asyncio.Lock()
        self._dropping: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Load everything for the first time.

        Raises:
            WeftnetError: a place has no model, or one that can't be served; names its folder.
        """
        await self._scan(first=True)

    async def refresh(self) -> dict[str, list[str]]:
        """Load new and changed versions, drop deleted ones; which of them, by what was done."""
        return await self._scan(first=False)

    async def watch(self) -> None:
        """Refresh again and again."""
        while True:
            await asyncio.sleep(self._options.poll)
            try:
                await self.refresh()
            except Exception:  # it must not end: the next look may find what is wrong mended
                log.exception("the models' folders can't be looked at")

    async def close(self) -> None:
        """Answer the accepted requests, and release every model."""
        for versions in self._models.values():
            for version in versions.values():
                self._retire(version)
            versions.clear()
        await asyncio.gather(*self._dropping)

    def names(self) -> list[str]:
        """The names of the models."""
        return list(self._models)

    def versions(self, name: str) -> dict[str, Version]:
        """The versions of a model, lowest first.

        Raises:
            UnknownName: there is no such model.
        """
        if name not in self._models:
            raise UnknownName("model", name[:100], self._models)
        return self._models[name]

    def find(self, name: str, version: str | None = None) -> Version:
        """A version; the highest, if none is named.

        Raises:
            UnknownName: there is no such model.
            Refusal: 404 for the version, 503 if the model has none at the moment.
        """
        versions = self.versions(name)
        if version is None:
            if not versions:
                raise Refusal(503, f"the model {name!r} has no version at the moment", headers={"Retry-After": "1"})
            return next(reversed(versions.values()))
        if version not in versions:
            raise Refusal(404, f"the model {name!r} has no version {version[:40]!r}", expected=", ".join(versions))
        return versions[version]

    @contextmanager
    def lease(self, name: str, version: str | None = None) -> Iterator[Version]:
        """A version that is not dropped while it is used. Raises as `find`."""
        leased = self.find(name, version)
        leased.hold()
        try:
            yield leased
        finally:
            leased.release()

    @property
    def ready(self) -> bool:
        """Whether every model has a version."""
        return all(self._models.values())

    def failed(self, name: str) -> dict[str, str]:
        """Why versions that are there are not served, by their number; "" is the model's folder itself."""
        return {
            number: failure.error.what if isinstance(failure.error, WeftnetError) else type(failure.error).__name__
            for number, failure in sorted(self._failed[name].items())
        }

    def measure(self) -> None:
        """Update the metrics of waiting rows, and of versions that can't be served."""
        for name, versions in self._models.items():
            self._metrics.failing(name, len(self._failed[name]))
            self._metrics.waiting(name, sum(version.batcher.waiting for version in versions.values()))

    async def _scan(self, *, first: bool) -> dict[str, list[str]]:
        async with self._scanning:
            done: dict[str, list[str]] = {"loaded": [], "dropped": [], "failed": []}
            for place in self._places:
                try:
                    seen = await asyncio.to_thread(find, place, first)
                except (WeftnetError, OSError) as error:  # such as a folder that is being moved
                    if first:
                        raise
                    self._fail(place.name, "", _Failure(str(error), error))
                    continue
                if first and not seen:
                    what = "contains no run, no export, and no numbered folders of them"
                    raise RunError(what, where=str(place.folder))
                failed = self._failed[place.name]
                self._failed[place.name] = {number: failed[number] for number in failed if number in seen}
                for number, found in seen.items():
                    await self._update(place.name, number, found, done, first)
                for number in [number for number in self._models[place.name] if number not in seen]:
                    self._retire(self._models[place.name].pop(number))
                    done["dropped"].append(f"{place.name}/{number}")
                    log.warning("%s version %s is gone; %s", place.name, number, self._answering(place.name))
            return done

    async def _update(self, name: str, number: str, found: Found, done: dict[str, list[str]], first: bool) -> None:
        """Load a version if its folder changed."""
        old, failed = self._models[name].get(number), self._failed[name].get(number)
        if (old is not None and old.digest == found.digest) or (failed is not None and failed.digest == found.digest):
            if old is not None and old.digest == found.digest:
                self._failed[name].pop(number, None)  # it is again what it was when it was loaded
            return
        began = time.perf_counter()
        try:
            if found.error is not None:
                raise found.error
            model = await asyncio.to_thread(self._load, found.folder)
        except Exception as error:  # what is in a file can be anything; the others go on being served
            if first:
                raise _at_start(error, found.folder) from error
            self._fail(name, number, _Failure(found.digest, error))
            done["failed"].append(f"{name}/{number}")
            return
        self._failed[name].pop(number, None)
        self._metrics.loaded(name, number, time.perf_counter() - began)
        self._install(Version(name, number, model, self._batcher(name, model), found.digest))
        done["loaded"].append(f"{name}/{number}")
        log.info("%s version %s is served by %s, from %s", name, number, model.engine, found.folder)

    def _fail(self, name: str, number: str, failure: _Failure) -> None:
        """Note what can't be served, and say it once; without a number it is the model's folder itself."""
        before = self._failed[name].get(number)
        self._failed[name][number] = failure
        if before is not None and before.digest == failure.digest:
            return
        self._metrics.loaded(name, number, None)
        which, unforeseen = f"version {number}" if number else "folder", not isinstance(failure.error, WeftnetError)
        said = repr(failure.error) if unforeseen else str(failure.error)
        log.error("%s %s can't be loaded: %s; %s", name, which, said, self._answering(name))

    def _answering(self, name: str) -> str:
        versions = self._models[name]
        return f"version {next(reversed(versions))} answers" if versions else "no version answers"

    def _batcher(self, name: str, model: Model) -> Batcher[Asked, Answers]:
        limits = self._options
        return Batcher(
            model.answer,
            max_batch=limits.max_batch,
            max_wait=limits.max_wait,
            queue=limits.queue,
            watch=self._metrics.batches(name),
        )

    def _install(self, new: Version) -> None:
        """Put a version in service, in one step, and retire the one it replaces."""
        old = self._models[new.name].get(new.version)
        versions = {**self._models[new.name], new.version: new}
        self._models[new.name] = dict(sorted(versions.items(), key=lambda item: int(item[0])))
        if old is not None:
            self._retire(old)

    def _retire(self, version: Version) -> None:
        """Drop a version, in the background."""
        task = asyncio.ensure_future(version.drop())
        self._dropping.add(task)
        task.add_done_callback(self._dropping.discard)


def _at_start(error: Exception, folder: Path) -> WeftnetError:
    """The error of a version that a server can't be started with: it names the folder."""
    if not isinstance(error, WeftnetError):
        return RunError("can't be loaded", where=str(folder), got=repr(error), fix="mend it, or move it elsewhere")
    if not error.where.startswith(str(folder)):
        error.where = f"{folder}: {error.where}" if error.where else str(folder)
    return error
