"""Character error rate: wrong characters of a text, in those of the reference, blanks included.

    rate = (substitutions + deletions + insertions) / characters of the references,  the fewest from one to the other

0 is best; a text that is longer than its reference can make it more than 1. Counted by jiwer over all texts together.
"""

from weftnet.metrics import _edits


class CharacterErrorRate(_edits.ErrorRate, better="min", unit="share"):
    """From tokens (batch, steps) and the tokens of the references (batch, length), padded with 0."""

    counts = "characters"


example = _edits.example
