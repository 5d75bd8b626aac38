"""`--workers N`: this command once more, in N processes."""

import sys
from pathlib import Path

from netloom.train.launching import check_workers, enlisted, launch


def work_together(workers: int | None, jobs: int | None = None, out: Path | None = None, shard: bool = False) -> bool:
    """Run the command line in several processes; False where it is to be run here.

    Args:
        workers: how many; None or 1 is this process, and a worker starts no workers.
        jobs: trainings at once that were asked for.
        out: the folder that all shall use, where the command has one.
        shard: whether each worker keeps a share of the weights.

    Raises:
        SettingError: the options don't go together.
    """
    if enlisted():
        return False
    check_workers(workers, jobs, shard)
    if workers is None or workers == 1:
        return False
    launch([*sys.argv[1:], *([] if out is None else ["--out", str(out)])], workers)
    return True
