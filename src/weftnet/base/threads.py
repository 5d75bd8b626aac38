"""How many threads may be asked for: a library that is told of more than the system can start ends the process."""

from typing import Any

#: more than any machine has cores for that trains one network
MOST = 1024
#: the limit in words
THREADS = f"a whole number from 1 to {MOST:,}"


def are_threads(value: Any) -> bool:
    """Whether a value is such a number."""
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MOST
