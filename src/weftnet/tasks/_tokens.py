"""What tasks of tokens take from data whose one input is text."""

from typing import Any

from weftnet.data.data import Data
from weftnet.data.kinds._kind import Written
from weftnet.data.preprocessing import Preprocessing
from weftnet.errors import DataError


def of_tokens(data: Data, what: str) -> dict[str, Any]:
    """`vocabulary`, `context`, and `writer`, the state of the kind that turns tokens into text.

    Args:
        data: whose one input is tokens.
        what: is said where it is something else.

    Raises:
        DataError: the input is something else, or there are several.
    """
    signals = list(data.signals.values())
    if len(signals) != 1 or signals[0].kind != "tokens" or "vocabulary" not in signals[0].known:
        raise DataError(
            what,
            where=data.name,
            expected="one input of tokens with a known vocabulary",
            got=", ".join(f"{name}: {signal}" for name, signal in data.signals.items()),
            fix="use another task, or name the text column as the only input",
        )
    (kind,) = Preprocessing.from_state(data.state()["preprocessing"]).columns.values()
    writer = kind.state() if isinstance(kind, Written) else None
    return {"vocabulary": signals[0].known["vocabulary"], "context": signals[0].size("time"), "writer": writer}
