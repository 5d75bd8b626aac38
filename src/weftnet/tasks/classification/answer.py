"""Classification: p = softmax(logits); the label is the likeliest class, the first of equally likely ones."""

from collections.abc import Mapping
from typing import Annotated, Any, TypedDict

from numpy.typing import NDArray

from weftnet.base.answers import Shares
from weftnet.tasks._softmax import softmax


class Answer(TypedDict):
    """The schema of an answer."""

    label: str
    probabilities: Annotated[dict[str, float], Shares(exclusive=True)]


def classification(outputs: NDArray[Any], settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """`label`, and `probabilities` by label, from logits (batch, classes).

    Args:
        outputs: (batch, classes) logits.
        settings: `labels` of the task.
    """
    labels, p = settings["labels"], softmax(outputs)
    return [
        {"label": labels[best], "probabilities": dict(zip(labels, row, strict=True))}
        for best, row in zip(p.argmax(1).tolist(), p.tolist(), strict=True)
    ]
