"""The input column of an imported network: how its images or texts were prepared when it was trained."""

from typing import Any

from weftnet.errors import RunError
from weftnet.transfer import pictures, texts
from weftnet.transfer.foreign import Foreign
from weftnet.transfer.matching import Match


def of(read: Foreign, found: Match) -> dict[str, dict[str, Any]]:
    """The fitted input columns by name.

    Args:
        read: the weights, and what lies beside them.
        found: the entry that they fit.

    Raises:
        RunError: it is not known how inputs are prepared.
    """
    if found.checkpoint.picture is not None:
        return {"image": pictures.column(pictures.told(read, found.checkpoint.picture(found.settings, found.found)))}
    if found.checkpoint.longest is not None:
        return {"text": texts.column(read, found.checkpoint.longest(found.found))}
    raise RunError("it is not known what the network reads", where=str(read.path), got=found.entry)
