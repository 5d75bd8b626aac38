"""A text with each token on its colour; what a token counts for shows when it is pointed at."""

from html import escape
from typing import Any

from numpy.typing import NDArray

from weftnet.explain.explanation import Shown
from weftnet.explain.pictures._colours import shares, wash


def draw_tokens(shown: Shown, values: NDArray[Any]) -> str:
    """Tokens in a row, words with blanks between them; padding is left out.

    Args:
        shown: a text for each step.
        values: (time,) attributions.
    """
    words = [
        f"<span style='background:{wash(share)}' title='{value:.4g}'>{escape(token)}</span>"
        for token, value, share in zip(shown.values, values.tolist(), shares(values).tolist(), strict=True)
        if token
    ]
    own = all(len(token) <= 1 for token in shown.values) or any(token.startswith(" ") for token in shown.values)
    blank = "" if own else " "  # characters and pieces of words bring their blanks along
    return f"<p class=words>{blank.join(words)}</p>"
