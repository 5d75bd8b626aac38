"""What the splits are called in folders, files and columns."""

from weftnet.data.splits import SPLITS

OTHER_NAMES = {"val": "validation", "valid": "validation", "dev": "validation", "training": "train"}


def split_named(word: str) -> str | None:
    """The split that a word names: `val` → `validation`; None if it names none."""
    word = word.strip().lower()
    word = OTHER_NAMES.get(word, word)
    return word if word in SPLITS else None
