"""BLEU: how many pieces of up to four words the written texts share with the true ones, 0 to 100.

    BLEU = 100 · min(1, e^(1 − r/c)) · (p_1 p_2 p_3 p_4)^(1/4)
    p_n  = the share of the written pieces of n words that stand in the true text, c and r the words of both

Source: K. Papineni and others, BLEU, 2002, https://aclanthology.org/P02-1040/; computed by sacrebleu (M. Post, A call
for clarity in reporting BLEU scores, 2018, https://arxiv.org/abs/1804.08771) with its defaults, whose signature says
all: nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:…
"""

from collections.abc import Sequence

from weftnet.metrics._texts import OfTexts, example, sacrebleu

__all__ = ["Bleu", "example"]


class Bleu(OfTexts, better="max"):
    """Of whole texts, cased, as sacrebleu splits them into words."""

    def of(self, written: Sequence[str], true: Sequence[str]) -> float:
        """Over all texts together."""
        return float(sacrebleu("BLEU").corpus_score(list(written), [list(true)]).score)
