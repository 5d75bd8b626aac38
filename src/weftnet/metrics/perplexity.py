"""Perplexity: exp of the cross-entropy in nats; among how many equally likely tokens the model chooses, so to speak."""

from torch import Tensor

from weftnet.metrics.cross_entropy import CrossEntropy


class Perplexity(CrossEntropy, better="min"):
    """From logits (n, classes) and class numbers (n)."""

    def of(self, total: Tensor) -> Tensor:
        """exp of the mean."""
        return super().of(total).exp()
