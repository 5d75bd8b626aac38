"""What a question about a series computes: one pass, and the interval of each value, see `_intervals.py`."""

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from weftnet.tasks._inference import Arrays, Options, Run
from weftnet.tasks.forecasting._intervals import bounded


def forecasting(
    run: Run, inputs: Arrays, masks: Arrays, settings: Mapping[str, Any], options: Options
) -> dict[str, NDArray[Any]]:
    """`forecast` (batch, horizon, targets); `low` and `high` alike, `quantiles` (batch, levels, horizon, targets)."""
    outputs = next(iter(run("network", inputs, masks).values()))
    return bounded(outputs, inputs["series"], settings)
