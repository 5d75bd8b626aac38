"""Words of the field that pages use, each with what it means, for readers who are not of the field.

Of a metric its own file says it, in the first lines of its docstring; here stand the words that have no file.
"""

from collections.abc import Mapping
from types import MappingProxyType

#: in small letters
WORDS: Mapping[str, str] = MappingProxyType({
    "95 % interval": "With other examples of the same kind the score would vary about as much as this.",
    "baseline": "The score of a trivial answer that ignores the input: a network has to beat it.",
    "completeness": "By how much the parts of an explanation miss the whole they should add up to; near 0 is good.",
    "epochs": "How often every example of the training split was seen.",
    "expected calibration error": "How far confidence and accuracy are apart on average: of the answers that are 80 % "
    "sure, 80 % should be right. 0 is perfect.",
    "f1": "The harmonic mean of precision and recall: high only where both are.",
    "flops": "Additions and multiplications of a forward pass.",
    "iou": "Of what is answered as a class and what is of it, the share that is both.",
    "latency": "How long a single example takes to be answered.",
    "missing_share": "What an explanation misses, as a share of the whole that it should add up to; near 0 is good.",
    "parameters": "The numbers that a network learns.",
    "precision": "Of the examples that are answered with a class, the share that is of it.",
    "recall": "Of the examples of a class, the share that is answered with it.",
    "seed": "The number that everything random follows from: the same seed gives the same run.",
})  # fmt: skip
