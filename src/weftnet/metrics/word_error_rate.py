"""Word error rate: wrong words of a text, in those of the reference; words are what blanks divide.

    rate = (substitutions + deletions + insertions) / words of the references,  the fewest from one to the other

0 is best; a text that is longer than its reference can make it more than 1. Counted by jiwer over all texts together.
"""

from weftnet.metrics import _edits


class WordErrorRate(_edits.ErrorRate, better="min", unit="share"):
    """From tokens (batch, steps) and the tokens of the references (batch, length), padded with 0."""

    counts = "words"


example = _edits.example
