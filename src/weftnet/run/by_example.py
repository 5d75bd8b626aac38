"""How much each group of a split's examples says of the metric that decides: `examples.json` of a run folder.

    {metric: {split: [pseudo-value of each group]}}        see weftnet.metrics._left_out

Runs that were evaluated on the same examples are compared by it.
"""

import math
from collections.abc import Mapping, Sequence

from weftnet.base.files import json_text
from weftnet.errors import DamagedCheckpoint
from weftnet.run.folder import Run

FILE = "examples.json"


def keep(run: Run, metric: str, values: Mapping[str, Sequence[float]]) -> None:
    """Write them into the run's folder."""
    rounded = {split: [float(f"{value:.9g}") for value in each] for split, each in values.items() if each}
    if rounded:
        run.put_text(FILE, json_text({metric: rounded}))


def by_example(run: Run, metric: str) -> dict[str, list[float]]:
    """The pseudo-values by split; none where the run doesn't know them.

    Raises:
        DamagedCheckpoint: the file is not what `keep` writes.
    """
    if FILE not in run.facts.files:
        return {}
    found = run.json(FILE).get(metric, {})
    lists = list(found.values()) if isinstance(found, dict) else [None]
    if not all(isinstance(each, list) and all(map(_number, each)) for each in lists):
        raise DamagedCheckpoint("holds no scores by example", where=str(run.folder / FILE))
    return {str(split): [float(value) for value in each] for split, each in found.items()}


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
