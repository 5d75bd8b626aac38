"""Texts of any script as words, by the Unicode properties of their characters.

    letters, digits and marks of scripts with blanks     one word:         नमस्ते, don, cafe\u0301
    a letter of a script without blanks, and its marks   a word of its own:  很 好, ที่
    any other character that is no blank                 a word of its own:  ! 🙂

Texts are compared composed (NFC) and in lower case, so that é is one word, however it was typed.
Source: Unicode Standard Annex 29, Text segmentation, which leaves scripts without blanks to dictionaries: a letter is
what can be told without one.
"""

import re
import unicodedata
from functools import cache

#: Han, Hiragana, Katakana, Bopomofo; and Thai, Lao, Tibetan, Myanmar, Khmer: the ranges of scripts without blanks
_EAST = (
    "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3040-\u30ff\u3105-\u312f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf"
    "\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U0001b000-\U0001b16f\U00020000-\U000323af"
)
_SOUTH_EAST = (
    "\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0ece\u0edc-\u0edf\u0f40-\u0fbc\u1000-\u103f\u1050-\u108f\u1780-\u17d3"
    "\ua9e0-\ua9fe\uaa60-\uaa7f"
)
#: the last mark that is looked for, and joiners, which belong to the word they stand in
_LAST, _JOINERS = 0x1F000, "\u200c\u200d"
#: letters to a word, by measure of running text
_LETTERS = {_EAST: 1.7, _SOUTH_EAST: 4.0}


@cache
def _marks() -> str:
    """Combining marks, as ranges of a class of characters."""
    marks = [code for code in range(0x300, _LAST) if unicodedata.category(chr(code))[0] == "M"]
    starts = [code for code in marks if not _is_mark(code - 1)]
    ends = [code for code in marks if not _is_mark(code + 1)]
    return "".join(f"{chr(a)}-{chr(b)}" for a, b in zip(starts, ends, strict=True))


def _is_mark(code: int) -> bool:
    return unicodedata.category(chr(code))[0] == "M"


@cache
def _pattern() -> re.Pattern[str]:
    marks, own = _marks() + _JOINERS, _EAST + _SOUTH_EAST
    return re.compile(f"[{own}][{marks}]*|(?:(?![{own}])[\\w{marks}])+|[^\\w\\s][{marks}]*")


def words_of(text: str) -> list[str]:
    """The words of a text, in lower case."""
    if text.isascii():
        return _ASCII.findall(text.lower())
    return _pattern().findall(unicodedata.normalize("NFC", text.lower()))


def count_of_words(text: str) -> float:
    """About how many words a text has: where a script has no blanks, by the usual number of letters to a word."""
    if text.isascii():
        return len(text.split())
    count = 0.0
    for script, letters in _LETTERS.items():
        text, found = re.subn(f"[{script}]", " ", text)
        count += found / letters
    return count + len(text.split())


_ASCII = re.compile(r"\w+|[^\w\s]")
