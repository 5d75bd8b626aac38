"""Processes that train together: each runs a job, a function of this file, on a folder.

`together` forks them, as importing torch would take longer than most jobs, with the variables that torchrun sets; as
a program this file runs one job. A process that exits while threads of a process group are running has an exit status
of its own: such a thread can abort it.
"""

import atexit
import json
import os
import signal
import socket
import subprocess
import sys
import time
import traceback
import warnings
from collections.abc import Callable
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith("TORCHELASTIC")},
    "OMP_NUM_THREADS": "1",
    "PYTHONWARNINGS": "error::FutureWarning",
    "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *filter(None, [os.environ.get("PYTHONPATH")])]),
    "MASTER_ADDR": "127.0.0.1",
}


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


def together(size: int, job: str, folder: Path, **settings: Any) -> list[str]:
    """What each process prints; all of them have to succeed.

    They are forked by a new process: one that has computed gradients can't be.
    """
    command = [sys.executable, __file__, "together", str(size), job, str(folder), json.dumps(settings)]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    printed: list[str] = json.loads(done.stdout)
    return printed


def _together(size: int, job: str, folder: Path, settings: Any) -> list[str]:
    for module in ("torch.distributed.nn.functional", "weftnet.train.sharding"):
        import_module(module)  # once for all processes
    folder.parent.mkdir(parents=True, exist_ok=True)
    shared = {"WORLD_SIZE": str(size), "MASTER_ADDR": ENVIRONMENT["MASTER_ADDR"], "MASTER_PORT": str(free_port())}
    with ExitStack() as stack:
        files = [stack.enter_context(TemporaryFile("w+")) for _ in range(2 * size)]
        pids = [
            _forked(shared | {"RANK": str(rank), "LOCAL_RANK": str(rank)}, files[rank], files[size + rank],
                    lambda: globals()[job](folder, settings))
            for rank in range(size)
        ]  # fmt: skip
        statuses = _ended(pids)
        for file in files:
            file.seek(0)
        printed = [file.read() for file in files]
    for status, errors in zip(statuses, printed[size:], strict=True):
        assert status == 0, errors
    return printed[:size]


def _forked(variables: dict[str, str], output: IO[str], errors: IO[str], work: Callable[[], None]) -> int:
    """The id of a process that does the work as a program of its own would, up to its last exit hook."""
    if pid := os.fork():
        return pid
    status = 1
    try:
        os.dup2(output.fileno(), 1)
        os.dup2(errors.fileno(), 2)
        sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w")
        os.environ.update(variables)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        warnings.resetwarnings()
        warnings.simplefilter("error", FutureWarning)
        atexit._clear()  # those of the process that was forked
        atexit.register(_left_behind)
        work()
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _ended(pids: list[int], seconds: float = 300) -> list[int]:
    """The exit statuses, in order; who is late is killed."""
    deadline, statuses = time.monotonic() + seconds, dict[int, int]()
    while len(statuses) < len(pids):
        for pid in pids:
            if pid not in statuses:
                if time.monotonic() > deadline:
                    os.kill(pid, signal.SIGKILL)
                done, status = os.waitpid(pid, os.WNOHANG)
                if done:
                    statuses[pid] = os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    return [statuses[pid] for pid in pids]


def everything(folder: Path, settings: Any) -> None:
    """Several jobs in one process, as starting takes longest: {job's folder: [job, settings]}."""
    for name, (job, own) in settings.items():
        globals()[job](folder / name, own)


def scene(folder: Path, settings: Any) -> None:
    """A training of `parallel_scenes`, started or resumed, and stopped after so many steps."""
    import torch
    from parallel_scenes import SCENES
    from training_fakes import Data, open_run

    from weftnet.train.joining import current_team
    from weftnet.train.loop import train

    torch.set_num_threads(1)
    team = current_team("cpu", settings.get("shard", False))
    model, task, recipe = SCENES[settings["name"]]
    made = model()
    data = Data(dtype=torch.float64, hook=_end_at(settings))
    run = team.shared_run(open_run(folder, recipe) if team.leads else None)
    if run.status == "finished":  # before the workers were started anew
        return
    outcome = train(made, task, data, recipe, run, team=team)
    print(outcome.status, outcome.step, flush=True)


def fitted(folder: Path, settings: Any) -> None:
    """A run of `fit`, perhaps from another run: {net, recipe, start, shard}; the data are drawn."""
    import numpy as np
    import torch

    from weftnet.architecture.reading import from_dict
    from weftnet.data import open_data
    from weftnet.tasks import TASKS
    from weftnet.train import Recipe, Start, fit

    torch.set_num_threads(1)
    x = np.random.default_rng(0).normal(size=(60, 6)).astype(np.float32)
    data = open_data({"x": x, "y": (x[:, :3].argmax(1) + 1).astype(str)})
    task = TASKS.get("classification").from_data(data)
    start = Start(**settings["start"]) if "start" in settings else None
    recipe = Recipe.for_task(task, **settings.get("recipe", {}))
    fit(from_dict(settings["net"]), task, data, recipe, folder, device="cpu", shard="shard" in settings, start=start)


def turns(folder: Path, settings: Any) -> None:
    """A training in several turns."""
    for own in settings:
        scene(folder, own)


def sent(folder: Path, settings: Any) -> None:
    """Bytes that this worker sends in a step, averaged over some steps, and those that are predicted."""
    import torch
    import torch.distributed as dist
    from torch import nn

    from weftnet.blocks.normalisation.batch_norm import BatchNorm
    from weftnet.cost.communication import volume
    from weftnet.train.joining import current_team

    torch.set_num_threads(1)
    torch.manual_seed(0)
    team = current_team("cpu", settings["shard"])
    model = nn.ModuleDict({"network": nn.Sequential(nn.Linear(201, 301), BatchNorm(301), nn.Tanh(), nn.Linear(301, 3))})
    predicted = volume(model, team.size, settings["shard"]).total
    placed = team.for_training(team.distribute(model))
    network = placed["network"]
    counts, steps = [], 5
    for step in range(steps + 2):
        if step >= 2:  # the first ones make connections and buckets
            dist.barrier()
            counts.append(_bytes_sent())
        team.backward(network(torch.randn(8, 201)).square().mean(), list(network.parameters()), 1.0)
        network.zero_grad()
    dist.barrier()
    counts.append(_bytes_sent())
    print((counts[-1] - counts[0]) / steps, predicted, flush=True)


def _bytes_sent() -> int:
    """Of all TCP connections of this process, by their `tcp_info` (tcpi_bytes_sent, …_retrans, Linux 4.19).

    What is sent again, as a busy machine is late to acknowledge it, counts once.
    """
    total = 0
    for name in os.listdir("/proc/self/fd"):
        try:
            if os.readlink(f"/proc/self/fd/{name}").startswith("socket:"):
                with socket.socket(fileno=os.dup(int(name))) as connection:
                    info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
                sent, again = (int.from_bytes(info[place : place + 8], sys.byteorder) for place in (200, 208))
                total += sent - again
        except OSError:
            continue  # closed meanwhile, or no TCP
    return total


def _end_at(settings: Any) -> Any:
    """At some batch the second worker is asked to stop, or is killed unless it was restarted already."""

    def hook(number: int) -> None:
        if os.environ["RANK"] != "1":
            return
        if number == settings.get("stop"):
            os.kill(os.getpid(), signal.SIGINT)
        if number == settings.get("kill") and os.environ.get("TORCHELASTIC_RESTART_COUNT") == "0":
            os.kill(os.getpid(), signal.SIGKILL)

    return hook


def _left_behind() -> None:
    """Runs as the last exit hook, as it is the first to be registered."""
    names = [path.read_text().strip() for path in Path("/proc/self/task").glob("*/comm")]
    if left := [name for name in names if "gloo" in name]:
        print("threads still running:", *left, file=sys.stderr, flush=True)
        os._exit(70)


if __name__ == "__main__":
    if sys.argv[1] == "together":
        print(json.dumps(_together(int(sys.argv[2]), sys.argv[3], Path(sys.argv[4]), json.loads(sys.argv[5]))))
        sys.exit()
    atexit.register(_left_behind)
    globals()[sys.argv[1]](Path(sys.argv[2]), json.loads(sys.argv[3]))
