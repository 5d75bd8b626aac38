"""ROUGE-L: the longest common subsequence of words of the written and the true text, as an F-score; of summaries.

    F = 2 P R / (P + R),   P = LCS / words written,   R = LCS / true words;   the mean over the texts

Source: C.-Y. Lin, ROUGE: a package for automatic evaluation of summaries, 2004, https://aclanthology.org/W04-1013/;
computed by rouge-score, with stemming.
"""

from collections.abc import Sequence

from weftnet.metrics._texts import OfTexts, example, rouge

__all__ = ["RougeL", "example"]


class RougeL(OfTexts, better="max", unit="share"):
    """The mean of F over the texts."""

    def of(self, written: Sequence[str], true: Sequence[str]) -> float:
        """The mean."""
        scorer = rouge(["rougeL"])
        found = [scorer.score(one, other)["rougeL"].fmeasure for one, other in zip(true, written, strict=True)]
        return float(sum(found) / len(found))
