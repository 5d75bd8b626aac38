"""Words of the field are buttons that show what they mean, and each explanation stands in one place."""

import re

from weftnet.base.language import translated
from weftnet.base.words import WORDS
from weftnet.metrics import METRICS
from weftnet.report.page import facts, page, table
from weftnet.report.words import explained, explanation


def test_a_metric_is_explained_by_its_own_file() -> None:
    assert explanation("macro_f1") == "Macro F1: the mean F1 over the classes that occur or were predicted."
    assert explanation("a class called precision") == ""
    for name in METRICS.names():
        assert len(explanation(name).split()) > 3, name


def test_a_page_brings_each_explanation_once() -> None:
    html = page("t", [table(["class", "precision", "F1"], [["a", "1", "2"]]), facts([("macro_f1", "3"), ("F1", "4")])])
    buttons = re.findall(r"<button type=button class=word popovertarget='([^']+)'", html)
    shown = re.findall(r"<p popover class=told id='([^']+)'>", html)
    assert buttons == ["word-precision", "word-f1", "word-macro-f1", "word-f1"]
    assert shown == ["word-precision", "word-f1", "word-macro-f1"]


def test_what_data_brought_makes_no_button() -> None:
    bad = "popovertarget='word-f1'"
    html = page(bad, [table(["class"], [["precision"], [bad]])])
    assert "<button" not in html.partition("<script>")[0].replace("<button type=button id", "")
    assert "class=told" not in html.partition("</style>")[2]


def test_words_are_explained_in_chinese_too() -> None:
    lacking = [told for told in WORDS.values() if translated(told, "zh") is None]
    assert not lacking
    assert "data-zh='精确率'" in explained("precision")
