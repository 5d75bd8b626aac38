"""How numbers are written: the marks between their digits, and what stands around them.

    1.234,56   decimal ",", thousands "."       $1,234.56   thousands ",", unit "$"
    1 234,5    decimal ",", thousands " "       12.5 %      unit "%"
    −3.5       a minus sign is a minus          (12.50)     negative, as accountants write it

Whatever a notation is read from, blanks of every kind (no-break, thin) are blanks, and full-width digits are digits.
Groups are of three digits, or of two before the last three, as in India.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import product

#: what may stand between whole and fraction, and between groups of digits
DECIMALS, THOUSANDS = (".", ","), ("", ",", ".", " ", "'")
_MINUS = str.maketrans({"−": "-", "‐": "-", "‑": "-", "–": "-", "﹣": "-", "’": "'", "ʼ": "'", "´": "'"})
_CURRENCY = r"(?:[A-Z]{0,3}[$¢-¥฿₠-₿]|[A-Z]{3})"
_AROUND = re.compile(
    rf"(?P<sign>[-+]?) ?(?P<before>{_CURRENCY})? ?(?P<inner>[-+]?)(?P<body>[.,]?\d[\d.,' ]*(?:[eE][-+]?\d+)?)"
    rf" ?(?P<after>[%‰°]C?|{_CURRENCY}|[^\W\d_]{{1,3}}[.²³]?)?"
)


@dataclass(frozen=True)
class Notation:
    """How numbers are written.

    Args:
        decimal: between whole and fraction.
        thousands: between groups of digits; "" where there are none.
        unit: before or after every number; "" where there is none.
    """

    decimal: str = "."
    thousands: str = ""
    unit: str = ""

    @cached_property
    def _body(self) -> re.Pattern[str]:
        point = re.escape(self.decimal)
        group = re.escape(self.thousands)
        plain = rf"(?:\d+(?:{point}\d*)?|{point}\d+)(?:[eE][-+]?\d+)?"
        grouped = rf"[1-9]\d{{0,2}}(?:{group}\d{{2,3}})*{group}\d{{3}}(?:{point}\d*)?"
        return re.compile(f"{plain}|{grouped}" if group else plain)

    def read(self, word: str) -> float:
        """The number that a word is.

        Raises:
            ValueError: it is none in this notation.
        """
        sign, body, unit = parts(word)
        if unit != self.unit or not self._body.fullmatch(body):
            raise ValueError(word)
        plain = body.replace(self.thousands, "") if self.thousands else body
        return float(sign + plain.replace(self.decimal, "."))

    @property
    def words(self) -> str:
        """What is unusual about it, in a few words; "" if nothing is."""
        unusual = [f"{self.decimal!r} as the decimal point"] * (self.decimal != ".")
        unusual += [f"{self.thousands!r} between thousands"] * bool(self.thousands)
        return ", ".join(unusual + [f"the unit {self.unit!r}"] * bool(self.unit))


PLAIN = Notation()


def parts(word: str) -> tuple[str, str, str]:
    """Sign, digits with their marks, and unit of a word.

    Raises:
        ValueError: it is no number in any notation.
    """
    text = " ".join(unicodedata.normalize("NFKC", word).translate(_MINUS).split())
    negative = text.startswith("(") and text.endswith(")")
    match = _AROUND.fullmatch(text[1:-1].strip() if negative else text)
    if match is None or (match["before"] and match["after"]) or len(match["sign"] + match["inner"]) + negative > 1:
        raise ValueError(word)
    sign = "-" if negative else match["sign"] + match["inner"]
    return sign, match["body"].rstrip(), match["before"] or match["after"] or ""


def candidates(units: Iterable[str], decimal: str = "", thousands: str = "") -> Iterator[Notation]:
    """The notations with one of these units; the marks that a person set are kept."""
    for unit, mark, group in product(
        units, [decimal] if decimal else DECIMALS, [thousands] if thousands else THOUSANDS
    ):
        if mark != group:
            yield Notation(mark, group, unit)


def in_plain(word: str, notation: Notation) -> str:
    """A word in plain notation, if it is a number in the one given; otherwise as it is."""
    try:
        return f"{notation.read(word):.17g}"
    except ValueError:
        return word
