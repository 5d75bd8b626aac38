"""Months by name in many languages, and dates written with them put into English.

    5 janvier 2020, 5. Januar 2020, 5 de enero de 2020, 5 января 2020, Sept 5th, 2020

A word is a month of a language if it is one of its names, or the beginning – three letters or more – of the names of
one month alone, with or without a full stop, accents and capitals. Small words (de, of) and ordinals (5th, 1er) are
left out. A form with a language is `de:%d. %B %Y`.

Source of the names, wide, as in a date and by themselves: Unicode CLDR.
"""

import re
import unicodedata
from functools import cache

#: an abbreviation that is no beginning of a name is a name of its own
_NAMES: dict[str, str] = {
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar März/Mrz/Maerz April Mai Juni Juli August September Oktober November Dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre/setiembre octubre noviembre diciembre",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "nl": "januari februari maart/mrt april mei juni juli augustus september oktober november december",
    "sv": "januari februari mars april maj juni juli augusti september oktober november december",
    "da": "januar februar marts april maj juni juli august september oktober november december",
    "nb": "januar februar mars april mai juni juli august september oktober november desember",
    "fi": (
        "tammikuuta/tammikuu helmikuuta/helmikuu maaliskuuta/maaliskuu huhtikuuta/huhtikuu toukokuuta/toukokuu "
        "kesäkuuta/kesäkuu heinäkuuta/heinäkuu elokuuta/elokuu syyskuuta/syyskuu lokakuuta/lokakuu "
        "marraskuuta/marraskuu joulukuuta/joulukuu"
    ),
    "et": "jaanuar veebruar märts aprill mai juuni juuli august september oktoober november detsember",
    "lv": "janvāris februāris marts aprīlis maijs jūnijs jūlijs augusts septembris oktobris novembris decembris",
    "lt": (
        "sausio/sausis vasario/vasaris kovo/kovas balandžio/balandis gegužės/gegužė birželio/birželis liepos/liepa "
        "rugpjūčio/rugpjūtis rugsėjo/rugsėjis spalio/spalis lapkričio/lapkritis gruodžio/gruodis"
    ),
    "pl": (
        "stycznia/styczeń lutego/luty marca/marzec kwietnia/kwiecień maja/maj czerwca/czerwiec lipca/lipiec "
        "sierpnia/sierpień września/wrzesień października/październik listopada/listopad grudnia/grudzień"
    ),
    "cs": (
        "ledna/leden února/únor března/březen dubna/duben května/květen června/červen/čvn července/červenec/čvc "
        "srpna/srpen září října/říjen listopadu/listopad prosince/prosinec"
    ),
    "sk": (
        "januára/január februára/február marca/marec apríla/apríl mája/máj júna/jún júla/júl augusta/august "
        "septembra/september októbra/október novembra/november decembra/december"
    ),
    "sl": "januar februar marec april maj junij julij avgust september oktober november december",
    "hr": (
        "siječnja/siječanj veljače/veljača ožujka/ožujak travnja/travanj svibnja/svibanj lipnja/lipanj "
        "srpnja/srpanj kolovoza/kolovoz rujna/rujan listopada/listopad studenoga/studeni prosinca/prosinac"
    ),
    "hu": "január február március április május június július augusztus szeptember október november december",
    "ro": "ianuarie februarie martie aprilie mai iunie iulie august septembrie octombrie noiembrie decembrie",
    "bg": "януари февруари март април май юни юли август септември октомври ноември декември",
    "ru": (
        "января/январь февраля/февраль марта/март апреля/апрель мая/май июня/июнь июля/июль августа/август "
        "сентября/сентябрь октября/октябрь ноября/ноябрь декабря/декабрь"
    ),
    "uk": (
        "січня/січень лютого/лютий березня/березень квітня/квітень травня/травень червня/червень липня/липень "
        "серпня/серпень вересня/вересень жовтня/жовтень листопада/листопад грудня/грудень"
    ),
    "el": (
        "Ιανουαρίου/Ιανουάριος Φεβρουαρίου/Φεβρουάριος Μαρτίου/Μάρτιος Απριλίου/Απρίλιος Μαΐου/Μάιος "
        "Ιουνίου/Ιούνιος Ιουλίου/Ιούλιος Αυγούστου/Αύγουστος Σεπτεμβρίου/Σεπτέμβριος Οκτωβρίου/Οκτώβριος "
        "Νοεμβρίου/Νοέμβριος Δεκεμβρίου/Δεκέμβριος"
    ),
    "tr": "Ocak Şubat Mart Nisan Mayıs Haziran Temmuz Ağustos Eylül Ekim Kasım Aralık",
    "ca": "gener febrer març abril maig juny juliol agost setembre octubre novembre desembre",
    "id": "Januari Februari Maret April Mei Juni Juli Agustus/Agt September Oktober November Desember",
}
LANGUAGES = tuple(_NAMES)
_ENGLISH = _NAMES["en"].split()
_FORM = re.compile(r"([a-z]{2}):(%.*)")
_LETTERS = re.compile(r"[^\W\d_]+\.?")
_ORDINAL = re.compile(r"(?<=\d)(?:st|nd|rd|th|er|e|º|ª)(?=[\s,])")
#: small words, and words that belong to a clock or an offset
_SMALL, _KEPT = frozenset({"de", "del", "of", "the"}), frozenset({"am", "pm", "utc", "gmt", "z", "t"})


def language_of(form: str) -> str:
    """The language of a form; "" for English, and for forms without words."""
    return found[1] if (found := _FORM.fullmatch(form)) else ""


def pattern_of(form: str) -> str:
    """A form without its language."""
    return found[2] if (found := _FORM.fullmatch(form)) else form


def in_english(word: str, language: str) -> str:
    """A date with its month in English.

    Raises:
        ValueError: a word in it is no month of the language.
    """
    text = _LETTERS.sub(lambda match: _month_in_english(match[0], language), _ORDINAL.sub("", word))
    return " ".join(text.split()).replace(" ,", ",")


def of_language(word: str, language: str) -> str:
    """A date in English with its month in a language."""
    names = _NAMES[language].split()
    return _LETTERS.sub(lambda match: _translated(match[0], names), word)


def _translated(word: str, names: list[str]) -> str:
    return names[_ENGLISH.index(word)].split("/")[0] if word in _ENGLISH else word


def _month_in_english(word: str, language: str) -> str:
    plain = _folded(word)
    if plain in _KEPT:
        return word
    if plain in _SMALL:
        return ""
    months = _months(language)
    exact = {month for month, names in enumerate(months) if plain in names}
    begun = {month for month, names in enumerate(months) if any(name.startswith(plain) for name in names)}
    found = exact or (begun if len(plain) >= 3 else set())
    if len(found) != 1:
        raise ValueError(word)
    return _ENGLISH[found.pop()]


@cache
def _months(language: str) -> list[list[str]]:
    """The names of each month, folded."""
    return [[_folded(name) for name in names.split("/")] for names in _NAMES[language].split()]


def _folded(word: str) -> str:
    """Lower case, without accents and full stops."""
    letters = unicodedata.normalize("NFKD", word.casefold().rstrip("."))
    return "".join(letter for letter in letters if not unicodedata.combining(letter))
