"""Trainings one after another, or several at once in processes of their own; Ctrl-C stops them and keeps their runs.

Each worker is in a process group of its own, so a terminal's Ctrl-C reaches only this process, which forwards it once.
A worker that is training then finishes its step and keeps its run; jobs that have not started are skipped. A second
Ctrl-C is forwarded too and interrupts the step. A worker whose parent process has ended exits.

The data are opened once: a single worker trains on them here, and several map the same arrays (`data/sharing.py`).
"""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Event

from weftnet.compete.jobs import Job, Outcome, interrupted, run_job
from weftnet.data.data import Data
from weftnet.data.sharing import Parcel, shared
from weftnet.plugins import load_plugin
from weftnet.train.listeners._listener import Listener


@dataclass(frozen=True)
class _Worker:
    """What a worker process has for all of its jobs.

    Args:
        ended: set once no further job may start.
        data: what every job trains on.
    """

    ended: Event
    data: Data


#: In a worker, from its start.
_worker: _Worker | None = None


def run_jobs(
    jobs: Sequence[Job],
    data: Data,
    workers: int,
    done: Callable[[Outcome], None],
    progress: Callable[[str], Listener] | None = None,
    plugins: Sequence[str] = (),
) -> list[Outcome]:
    """Run all jobs; their outcomes in order of completion.

    Args:
        jobs: to be run.
        data: what every job trains on.
        workers: how many jobs run at once. Several workers use one thread each; a single one uses torch's default.
        done: called with every outcome.
        progress: title → the display of one training's progress; for a single worker.
        plugins: files and folders that every worker loads too.

    Raises:
        DataError: the data can't be shared with other processes.
    """
    if workers == 1:
        return _in_turn(jobs, data, done, progress)
    with shared(data) as parcel:
        return _at_once(jobs, parcel, workers, done, plugins)


def _in_turn(
    jobs: Sequence[Job], data: Data, done: Callable[[Outcome], None], progress: Callable[[str], Listener] | None
) -> list[Outcome]:
    outcomes: list[Outcome] = []
    for job in jobs:
        if any(outcome.status in ("stopped", "skipped") for outcome in outcomes):
            outcome = interrupted(job)
        else:
            try:
                told = [progress(f"{job.name} seed {job.seed}")] if progress else []
                outcome = run_job(job, data, told)
            except KeyboardInterrupt:
                outcome = interrupted(job)
        outcomes.append(outcome)
        done(outcome)
    return outcomes


def _at_once(
    jobs: Sequence[Job], parcel: Parcel, workers: int, done: Callable[[Outcome], None], plugins: Sequence[str]
) -> list[Outcome]:
    context = multiprocessing.get_context("spawn")
    ended, pids = context.Event(), context.SimpleQueue()
    outcomes = []
    with _ignored(), ProcessPoolExecutor(workers, context, _start_worker, (ended, pids, parcel, plugins)) as pool:
        futures: dict[Future[Outcome], Job] = {pool.submit(_work, job): job for job in jobs}
        with _forwarded(ended, pids):
            for future in as_completed(futures):
                outcomes.append(_outcome(future, futures[future]))
                done(outcomes[-1])
    return outcomes


def _outcome(future: "Future[Outcome]", job: Job) -> Outcome:
    try:
        return future.result()
    except BrokenProcessPool:
        what = "its process, or another worker's, was killed; if memory ran out, --jobs 1 needs less"
        return job.outcome("failed", error=what)


@contextmanager
def _ignored() -> Iterator[None]:
    """Ctrl-C is ignored here, and in processes started here until they install a handler."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _forwarded(ended: Event, pids: "SimpleQueue[int]") -> Iterator[None]:
    """On Ctrl-C no further job starts, and every worker is interrupted."""
    known: list[int] = []

    def forward(*_: object) -> None:
        ended.set()
        while not pids.empty():
            known.append(pids.get())
        for pid in known:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGINT)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, forward)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _start_worker(ended: Event, pids: "SimpleQueue[int]", parcel: Parcel, plugins: Sequence[str]) -> None:
    """One thread, as two workers that use all cores each would slow each other down; plugins, then data."""
    global _worker
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.setpgrp()
    pids.put(os.getpid())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    os.environ["OMP_NUM_THREADS"] = "1"
    import torch

    torch.set_num_threads(1)
    for plugin in plugins:
        load_plugin(plugin)
    _worker = _Worker(ended, parcel.open())


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _work(job: Job) -> Outcome:
    """Run a job in a worker, which reacts to Ctrl-C only while it has one."""
    assert _worker is not None  # it was started
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        outcome = interrupted(job) if _worker.ended.is_set() else run_job(job, _worker.data)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        return interrupted(job)
    return outcome
