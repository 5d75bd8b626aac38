"""What a block's own error says, in one line that speaks of values and sizes rather than of tensors."""

import re

from weftnet.blocks import BLOCKS

#: torch's messages → ours; groups are filled in. The batch of two that blocks are tried with is left out.
PATTERNS: tuple[tuple[str, str], ...] = (
    (r"mat1 and mat2 shapes cannot be multiplied \(\d+x(\d+) and (\d+)x\d+\)", "reads {1} values at a place, not {0}"),
    (r"same reduction dim, but got \[.*?(\d+)\] X \[(\d+)", "reads {1} values at a place, not {0}"),
    (r"expected input\[.*\] to have (\d+) channels, but got (\d+)", "reads {0} channels, not {1}"),
    (r"size of tensor a \((\d+)\) must match the size of tensor b \((\d+)\)", "can't combine {0} values with {1}"),
    (r"Kernel size can't be greater than actual input size", "the kernel is larger than what comes in"),
    (r"[Oo]utput size is too small", "nothing is left: the kernel is larger than what comes in"),
    (r"Sizes of tensors must match except in dimension \d+\. Expected size (\d+) but got size (\d+)",
     "can't join {0} values with {1}"),
    (r"shape '\[(.+)\]' is invalid for input of size (\d+)", "what comes in can't be folded into [{0}]"),
    (r"Dimension out of range", "what comes in has too few axes"),
    (r"embed_dim must be divisible by num_heads", "heads: expected a divisor of the width"),
    (r"missing \d+ required positional argument.*: (.+)", "is not given {0}"),
    (r"got an unexpected keyword argument '(\w+)'", "has no setting {0!r}"),
)  # fmt: skip


def sentence(error: Exception) -> str:
    """The error in one line, without the names of blocks in front of it."""
    text = str(error).strip()
    for pattern, ours in PATTERNS:
        if found := re.search(pattern, text):
            return ours.format(*found.groups())
    line = text.split("\n")[0]
    while (head := line.partition(": ")[0]) in BLOCKS and head != line:  # a block made of blocks names the inner one
        line = line.removeprefix(f"{head}: ")
    return line or f"fails: {type(error).__name__}"
