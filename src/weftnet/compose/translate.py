"""A block's own error in one line that speaks of values and sizes rather than of tensors."""

import re

from weftnet.blocks import BLOCKS

#: torch's messages → ours, with groups filled in; they do not mention the batch of two that a block is tried with.
PATTERNS: tuple[tuple[str, str], ...] = (
    (r"mat1 and mat2 shapes cannot be multiplied \(\d+x(\d+) and (\d+)x\d+\)",
     "reads {1} values per position, not {0}"),
    (r"same reduction dim, but got \[.*?(\d+)\] X \[(\d+)", "reads {1} values per position, not {0}"),
    (r"expected input\[.*\] to have (\d+) channels, but got (\d+)", "reads {0} channels, not {1}"),
    (r"size of tensor a \((\d+)\) must match the size of tensor b \((\d+)\)", "can't combine {0} values with {1}"),
    (r"Kernel size can't be greater than actual input size", "the kernel is larger than the input"),
    (r"[Oo]utput size is too small", "nothing is left: the kernel is larger than the input"),
    (r"Sizes of tensors must match except in dimension \d+\. Expected size (\d+) but got size (\d+)",
     "can't join {0} values with {1}"),
    (r"shape '\[(.+)\]' is invalid for input of size (\d+)", "the input can't be reshaped to [{0}]"),
    (r"Dimension out of range", "the input has too few axes"),
    (r"embed_dim must be divisible by num_heads", "heads: expected a divisor of the width"),
    (r"missing \d+ required positional argument.*: (.+)", "is missing the argument {0}"),
    (r"got an unexpected keyword argument '(\w+)'", "has no setting {0!r}"),
)  # fmt: skip


def sentence(error: Exception) -> str:
    """The error in one line, without the names of blocks at its start."""
    text = str(error).strip()
    for pattern, ours in PATTERNS:
        if match := re.search(pattern, text):
            return ours.format(*match.groups())
    line = text.split("\n")[0]
    while (head := line.partition(": ")[0]) in BLOCKS and head != line:  # a block made of blocks names the inner one
        line = line.removeprefix(f"{head}: ")
    return line or f"fails: {type(error).__name__}"
