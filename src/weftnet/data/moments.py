"""Dates and times, as words and as seconds since 1970.

A form says how a column writes them:

    iso           2020-01-05, 2020-01-05T13:00:00+01:00, 2020-01-05 13:00 UTC        `datetime.fromisoformat`
    mail          Sun, 05 Jan 2020 10:00:00 GMT        RFC 5322, `email.utils`
    seconds, milliseconds, microseconds, nanoseconds   numbers since 1970
    %d.%m.%Y …    05.01.2020, 5 January 2020, 01/05/2020 …   `datetime.strptime`
    de:%d. %B %Y … 5. Januar 2020, 5 de enero de 2020 …      months of other languages (`months.py`)
    %Y%m%d, %Y%m  20200105, 202001: whole numbers that are days or months of a calendar
    %H:%M …       13:45, 1:45 PM     times of day: seconds since midnight

An offset is converted to UTC; without one, UTC is meant. Parsing is the standard library's.
"""

import re
from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime, time, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from functools import cache
from itertools import islice, product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weftnet.data.months import LANGUAGES, in_english, language_of, of_language, pattern_of

#: numbers since 1970: how many make a second
EPOCHS = {"seconds": 1.0, "milliseconds": 1e3, "microseconds": 1e6, "nanoseconds": 1e9}
_CLOCKS = ("%H:%M", "%H:%M:%S", "%H:%M:%S.%f", "%I:%M %p", "%I:%M:%S %p", "%I:%M%p")
#: whole numbers that are days or months, and how many digits they have
COMPACT = {"%Y%m%d": 8, "%Y%m": 6}
_DAYS = (
    *("%d.%m.%Y", "%d.%m.%y", "%d/%m/%Y", "%m/%d/%Y", "%d/%m/%y", "%m/%d/%y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d"),
    *("%Y.%m.%d", "%d %b %Y", "%d %B %Y", "%d. %b %Y", "%d. %B %Y", "%b %d, %Y", "%B %d, %Y", "%b %d %Y", "%B %d %Y"),
    *("%d-%b-%Y", "%d-%b-%y", "%d %b, %Y", "%d %B, %Y", "%a %d %b %Y", "%A, %B %d, %Y", "%A, %d %B %Y", "%a, %d %b %Y"),
    *("%a %b %d %Y", "%Y %B %d", "%Y. %B %d."),
)
_MONTHS = ("%Y-%m", "%b %Y", "%B %Y", "%b-%Y", "%Y/%m", "%m/%Y")
_EASTERN = ("%Y年%m月%d日", "%Y年%m月", "%Y년 %m월 %d일", "%Y년 %m월")
_TWO, _NAME = r"\d{1,2}", r"[^\W\d_]{3,9}"
_MARKS = dict.fromkeys("dmyHIMS", _TWO) | dict.fromkeys("bBaA", _NAME) | {
    "y": r"\d\d", "Y": r"\d{4}", "f": r"\d{1,6}", "p": "[AaPp][Mm]", "z": r"(?:[-+]\d\d:?\d\d|Z)",
}  # fmt: skip
#: digits with a mark or a letter between them, or a word and a year
_DATELIKE = re.compile(r"(?=.*\d\D+\d|.*[^\W\d_]{3}\D*\d{4})[\w\s.,:/+-]{4,48}")
#: a day, a word and a year at the end, after the name of a weekday or without it
_DAY_OF_WORD = re.compile(
    r"(?:[^\W\d_]+\.?,? )?(?:\d{1,2}[.\s-]{0,3}([^\W\d_]{2,})[.,\s-]{0,3}|([^\W\d_]{2,})\.? \d{1,2},? )(?:19|20)\d\d"
)
_WORDS_OF_YEARS = 24
_ZONES = ("", "%z", " %z")
#: words that decide on a form, and those that are tried first
_MOST, _FIRST = 2**14, 12
_DAY = 86400.0
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: 1970 to 2106: what counts as a moment where a number could be anything
_RECENT = (3e8, 2**32)


@cache
def patterns() -> tuple[str, ...]:
    """Every form of words that is looked for."""
    clocks = [f"{mark}{clock}{zone}" for mark, clock, zone in product((" ", ", ", "T"), _CLOCKS, _ZONES)]
    return ("iso", "mail", *_CLOCKS, *_MONTHS, *_EASTERN, *(day + clock for day in _DAYS for clock in ("", *clocks)))


def second_of(word: Any, form: str) -> float:
    """Seconds since 1970 of a word or number; of a time of day since midnight.

    Raises:
        ValueError, TypeError: it is none in this form.
    """
    if form in EPOCHS:
        return float(word) / EPOCHS[form]
    text = word.strip()
    if form == "mail":
        return _seconds(parsedate_to_datetime(text))
    if form == "iso":
        if text[4:5] != "-" or len(text) < 8:
            raise ValueError(word)
        return _seconds(datetime.fromisoformat(text.replace(" UTC", "+00:00").replace(" GMT", "+00:00")))
    if language := language_of(form):
        text, form = in_english(text, language), pattern_of(form)
    if len(text) != COMPACT.get(form, len(text)):
        raise ValueError(word)
    moment = datetime.strptime(text, form)
    return _seconds(moment) if has_day(form) else (moment - datetime(1900, 1, 1)).total_seconds()


def word_of(second: float, form: str) -> Any:
    """The word, or number, in this form."""
    if form in EPOCHS:
        return second * EPOCHS[form]
    moment = (_EPOCH + timedelta(seconds=round(second, 6))) if np.isfinite(second) else _EPOCH
    if form == "mail":
        return format_datetime(moment)
    if language := language_of(form):
        return of_language(moment.strftime(pattern_of(form)), language)
    if form != "iso":
        return moment.strftime(form)
    plain = moment.replace(tzinfo=None)
    return str(plain.date() if plain.time() == time() else plain)


def has_day(form: str) -> bool:
    """Whether a form has dates, rather than times of day alone."""
    return not pattern_of(form).startswith("%") or any(mark in form for mark in ("%d", "%m", "%b", "%B"))


def forms(words: Iterable[str]) -> list[str]:
    """The forms in which all of some words are dates or times, one for each different reading; [] if there is none."""
    chosen = list(dict.fromkeys(islice(words, _MOST)))
    found: dict[tuple[float, ...], str] = {}
    for form in possible(chosen[:_FIRST]):
        if seconds := all_read(chosen, form):
            found.setdefault(seconds, form)
            if form == "iso":
                break
    return list((found or _of_languages(chosen)).values())


def _of_languages(words: list[str]) -> dict[tuple[float, ...], str]:
    """As `forms`, of words with months in other languages than English, or with ordinals."""
    found: dict[tuple[float, ...], str] = {}
    if not all(_DATELIKE.fullmatch(word) for word in words[:_FIRST]):
        return found
    for language in LANGUAGES:
        try:
            english = [in_english(word, language) for word in words]
        except ValueError:
            continue
        for form in possible(english[:_FIRST]):
            if "%B" in form and (seconds := all_read(english, form)):
                found.setdefault(seconds, f"{language}:{form}")
    return found


def like_dates(words: Collection[str]) -> bool:
    """Whether nearly all words look like dates with few different words for the month."""
    found = [match[1] or match[2] for word in words if (match := _DAY_OF_WORD.fullmatch(word.strip()))]
    many = len(found) >= 0.95 * len(words)
    return many and 1 < len(set(found)) <= _WORDS_OF_YEARS


def compact_of(numbers: NDArray[np.float64]) -> str:
    """The form in which different whole numbers are all days, or months, of a calendar; "" if one is not."""
    for form, digits in COMPACT.items():
        low, high = (year * 10 ** (digits - 4) for year in (1900, 2101))
        if len(numbers) and (numbers >= low).all() and (numbers < high).all():
            return form * bool((numbers == np.round(numbers)).all() and all_read([f"{n:.0f}" for n in numbers], form))
    return ""


def possible(words: list[str]) -> list[str]:
    """The forms that all of some words seem to have, by their letters and digits; [] if they are no dates."""
    if not words or not all(_DATELIKE.fullmatch(word) for word in words):
        return []
    return [form for form in patterns() if all(_shape(form).fullmatch(word.strip()) for word in words)]


@cache
def _shape(form: str) -> re.Pattern[str]:
    """What words of a form look like: strptime compiles each pattern anew, too slow for hundreds of them."""
    if form == "iso":
        clock, zone = r"[ T]\d\d(:?\d\d(:?\d\d([.,]\d+)?)?)?", r"Z|[-+]\d\d(:?\d\d)*| UTC| GMT"
        return re.compile(rf"\d{{4}}-(\d\d-\d\d|W\d\d-\d)({clock})?({zone})?")
    if form == "mail":
        return re.compile(r"([A-Z][a-z]{2}, )?\d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d(:\d\d)? ([-+]\d{4}|[A-Z]{1,4})")
    return re.compile(re.sub(r"%(.)", lambda mark: _MARKS[mark[1]], re.sub(r"([.+])", r"\\\1", form)))


def all_read(words: list[str], form: str) -> tuple[float, ...]:
    """The seconds of all words; () if one of them is none in this form."""
    try:
        return tuple(second_of(word, form) for word in words)
    except (ValueError, TypeError, IndexError, OverflowError):
        return ()


def epoch_of(numbers: NDArray[np.float64]) -> str:
    """The unit in which whole numbers are moments between 1979 and 2106; "" if they may be anything else."""
    if not len(numbers) or (numbers != np.round(numbers)).any():
        return ""
    low, high = float(numbers.min()), float(numbers.max())
    fits = [unit for unit, scale in EPOCHS.items() if _RECENT[0] <= low / scale and high / scale <= _RECENT[1]]
    return fits[0] if fits else ""


def stamped(values: list[Any]) -> NDArray[np.datetime64] | None:
    """Python's dates and times, None among them, as an array of microseconds; None if some are anything else."""
    kinds = {type(value) for value in values if value is not None}
    if not kinds or not all(issubclass(kind, date | np.datetime64) for kind in kinds):
        return None
    plain = [
        value.astimezone(UTC).replace(tzinfo=None) if isinstance(value, datetime) and value.tzinfo else value
        for value in values
    ]
    gone = np.datetime64("NaT")
    return np.array([gone if each is None or each != each else np.datetime64(each, "us") for each in plain])


def turns(seconds: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Which share of a day, a week and a year has passed at some moments."""
    days = np.floor(seconds / _DAY).astype(np.int64)
    dates = days.astype("datetime64[D]")
    of_year = (dates - dates.astype("datetime64[Y]")).astype(np.int64)
    return {"day": seconds / _DAY - days, "week": (days + 3) % 7 / 7, "year": of_year / 366}  # 1970 began on a Thursday


def _seconds(moment: datetime) -> float:
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
