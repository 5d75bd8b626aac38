"""chrF2: how many pieces of up to six characters the written texts share with the true ones, 0 to 100.

    chrF = 100 · (1 + β²) P R / (β² P + R),  β = 2        P, R: means over n = 1 … 6 of the shares of pieces that agree

Source: M. Popović, chrF: character n-gram F-score for automatic MT evaluation, 2015, https://aclanthology.org/W15-3049/;
computed by sacrebleu with its defaults.
"""

from collections.abc import Sequence

from weftnet.metrics._texts import OfTexts, example, sacrebleu

__all__ = ["Chrf", "example"]


class Chrf(OfTexts, better="max"):
    """Of whole texts."""

    def of(self, written: Sequence[str], true: Sequence[str]) -> float:
        """Over all texts together."""
        return float(sacrebleu("CHRF").corpus_score(list(written), [list(true)]).score)
