"""All models that are served, each in one or several versions.

    weftnet serve runs/digits            one model called `digits`, version 1
    weftnet serve flowers=runs/iris      one model called `flowers`
    weftnet serve runs/wine              the folder of a `weftnet fit`: its best run
    weftnet serve shop/                  with shop/1, shop/2 …: a model with as many versions; the highest answers

The folders are checked every second. A version whose manifest changed is loaded beside the old one, then replaces it
in one step; the old one is dropped when it has answered the requests it accepted. A version that can't be loaded leaves
the old one in place. A request holds a lease on its version, which keeps it from being dropped.
"""

import asyncio
import json
import logging
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from weftnet.compete.competition import best_run
from weftnet.errors import RunError, SettingError, UnknownName, WeftnetError
from weftnet.serve.batcher import Batcher
from weftnet.serve.metrics import Metrics
from weftnet.serve.model import Answers, Asked, Model
from weftnet.serve.options import Options
from weftnet.serve.refusal import Refusal

log = logging.getLogger("weftnet.serve")

Load = Callable[[Path], Model]
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_MANIFESTS = ("run.json", "manifest.json")


@dataclass(frozen=True)
class Place:
    """Where a model is.

    Args:
        name: it is served under.
        folder: a run, an export, the folder of a fit (its best run), or a folder of them with numbers for names.
    """

    name: str
    folder: Path

    @classmethod
    def parse(cls, text: str) -> "Place":
        """`NAME=FOLDER` or `FOLDER`.

        Raises:
            SettingError: the name can't be part of a URL.
        """
        name, equals, folder = text.partition("=")
        path = Path(folder if equals else text)
        name = name if equals else path.resolve().name
        if not _NAME.fullmatch(name):
            expected = "letters, digits, dots, dashes and underscores"
            fix = f"name it: NAME={path}"
            raise SettingError("this name can't be part of a URL", where=text, expected=expected, got=name, fix=fix)
        return cls(name, path)

    def versions(self) -> dict[str, Path]:
        """The folders to load, by version; of a competition, its best run."""
        try:
            folder = best_run(self.folder)
        except RunError:  # a fit without a best run yet
            return {}
        if any((folder / name).is_file() for name in _MANIFESTS):
            return {"1": folder}
        if not self.folder.is_dir():
            return {}
        numbered = {path.name: path for path in self.folder.iterdir() if path.name.isdigit()}
        return {name: path for name, path in numbered.items() if any((path / each).is_file() for each in _MANIFESTS)}


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
        self._failed: dict[tuple[str, str], str] = {}
        self._scanning = asyncio.Lock()
        self._dropping: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Load everything for the first time.

        Raises:
            WeftnetError: a place has no model, or one that can't be served.
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
            except (
                WeftnetError,
                OSError,
            ) as error:  # such as a folder that is being moved: the next scan will tell
                log.warning("the models' folders can't be read: %s", error)

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

    def measure(self) -> None:
        """Update the metrics of waiting rows."""
        for name, versions in self._models.items():
            self._metrics.waiting(name, sum(version.batcher.waiting for version in versions.values()))

    async def _scan(self, *, first: bool) -> dict[str, list[str]]:
        async with self._scanning:
            done: dict[str, list[str]] = {"loaded": [], "dropped": [], "failed": []}
            for place in self._places:
                digests = await asyncio.to_thread(_digests, place, first)
                if first and not digests:
                    what = "contains no run, no export, and no numbered folders of them"
                    raise RunError(what, where=str(place.folder))
                for number, (folder, digest) in digests.items():
                    await self._update(place.name, number, folder, digest, done, first)
                for number in [number for number in self._models[place.name] if number not in digests]:
                    self._retire(self._models[place.name].pop(number))
                    done["dropped"].append(f"{place.name}/{number}")
            return done

    async def _update(
        self, name: str, number: str, folder: Path, digest: str, done: dict[str, list[str]], first: bool
    ) -> None:
        """Load a version if its folder changed."""
        old = self._models[name].get(number)
        if (old is not None and old.digest == digest) or self._failed.get((name, number)) == digest:
            return
        began = time.perf_counter()
        try:
            model = await asyncio.to_thread(self._load, folder)
        except (WeftnetError, OSError) as error:
            if first:
                raise
            self._failed[name, number] = digest
            self._metrics.loaded(name, number, None)
            done["failed"].append(f"{name}/{number}")
            log.error("%s version %s can't be loaded: %s", name, number, error)
            return
        self._failed.pop((name, number), None)
        self._metrics.loaded(name, number, time.perf_counter() - began)
        self._install(Version(name, number, model, self._batcher(name, model), digest))
        done["loaded"].append(f"{name}/{number}")
        log.info("%s version %s is served by %s, from %s", name, number, model.engine, folder)

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


def _digests(place: Place, first: bool) -> dict[str, tuple[Path, str]]:
    """The folder of each version, and the digest of its manifest.

    A run still in training is no version yet; if it is all that the server was started with, loading it says so.
    """
    digests = {}
    for number, folder in place.versions().items():
        path = next((folder / name for name in _MANIFESTS if (folder / name).is_file()), folder / _MANIFESTS[0])
        try:
            content = path.read_bytes()
            finished = path.name != "run.json" or json.loads(content)["status"] == "finished"
        except (OSError, ValueError, LookupError, TypeError):  # gone or half written: loading it would say so
            content, finished = b"", False
        if finished or (first and folder == place.folder):
            digests[number] = folder, sha256(content).hexdigest()
    return digests
