"""The data that a run is judged by: those that it was trained on, or others, opened in the same way."""

from weftnet.data import Data
from weftnet.data.opening import reopen
from weftnet.data.request import Source
from weftnet.errors import DataError
from weftnet.run.loading import Loaded


def data_of(loaded: Loaded, source: Source | None) -> Data:
    """The run's own data, or other data opened in the same way; both with the target, if the task has one.

    Raises:
        DataError: the data can't be read, have changed since the run was trained on them, or lack the target.
    """
    state, origin = loaded.run.json("data.json"), loaded.run.facts.origin
    if source is None and origin is not None:
        what, fix = (
            "it was trained on data that are not here",
            f"name others: weftnet evaluate {loaded.run.folder} DATA",
        )
        raise DataError(what, where=str(loaded.run.folder), got=f"published weights: {origin.text}", fix=fix)
    data = reopen(state, source)
    if source is None and data.fingerprint != state["fingerprint"]:
        raise DataError(
            "the data are not those that the run was trained on: its splits can't be restored",
            where=data.source,
            expected=f"fingerprint {state['fingerprint']}",
            got=data.fingerprint,
            fix=f"restore them, or evaluate on all rows of the new data: weftnet evaluate RUN {data.source}",
        )
    first = next((batch for split in data.sizes if data.sizes[split] for batch in data.batches(split, 1)), None)
    if first is None:
        raise DataError("there is nothing to evaluate", where=data.source, got="no rows")
    if data.target is not None and not first.targets:
        raise DataError(
            f"the data have no column {state['target']!r}, which the run predicts",
            where=data.source,
            fix="add the column; or ask only for answers: weftnet predict",
        )
    return data


def split_of(data: Data) -> str:
    """The split that a run is judged by: the first that exists of test, validation and train."""
    return next(split for split in ("test", "validation", "train") if data.sizes.get(split))
