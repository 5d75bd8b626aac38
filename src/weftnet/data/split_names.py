"""What the splits are called in folders, files and columns."""

from weftnet.data.splits import SPLITS

OTHER_NAMES = {
    "training": "train", "val": "validation", "valid": "validation", "dev": "validation", "development": "validation",
    "testing": "test",
}  # fmt: skip


def split_named(word: str) -> str | None:
    """The split that a word names: `val` → `validation`; None if it names none."""
    word = word.strip().lower()
    word = OTHER_NAMES.get(word, word)
    return word if word in SPLITS else None
