"""A text with each token on its colour; a tooltip shows its attribution."""

from html import escape
from typing import Any

from numpy.typing import NDArray

from weftnet.explain.explanation import DisplayedInput
from weftnet.explain.pictures._colours import shares, tint


def draw_tokens(displayed: DisplayedInput, values: NDArray[Any]) -> str:
    """The tokens in order, words separated by spaces; padding is left out.

    Args:
        displayed: a text for each step.
        values: (time,) attributions.
    """
    words = [
        f"<span style='background:{tint(share)}' title='{value:.4g}'>{escape(token)}</span>"
        for token, value, share in zip(displayed.values, values.tolist(), shares(values).tolist(), strict=True)
        if token
    ]
    spaced = all(len(token) <= 1 for token in displayed.values) or any(
        token.startswith(" ") for token in displayed.values
    )
    blank = "" if spaced else " "  # characters and subwords contain their own spaces
    return f"<p class=words>{blank.join(words)}</p>"
