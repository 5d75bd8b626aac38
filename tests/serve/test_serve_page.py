"""The page for people, in headless Chromium: as someone who has never seen JSON uses it."""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from serve_fakes import Server, serving, writing_run

pytest.importorskip("selenium", reason="selenium is not installed")

from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select, WebDriverWait


@pytest.fixture
def page(browser: Any, server: Server) -> Iterator[Any]:
    browser.get(server.address)
    waits(browser).until(lambda page: page.find_elements(By.CSS_SELECTOR, "#fields > div"))
    yield browser
    loud = [line["message"] for line in browser.get_log("browser") if line["level"] == "SEVERE"]
    assert not [line for line in loud if "Content Security Policy" in line or "Uncaught" in line]


def waits(page: Any) -> Any:
    return WebDriverWait(page, 30)


def choose(page: Any, model: str) -> None:
    Select(page.find_element(By.ID, "model")).select_by_value(model)


def press(page: Any, name: str) -> None:
    button = page.find_element(By.ID, name)
    page.execute_script("arguments[0].scrollIntoView({block: 'center'})", button)
    button.click()


def label(page: Any) -> str:
    return str(waits(page).until(lambda page: page.find_elements(By.CSS_SELECTOR, "#label"))[0].text)


def field(page: Any, name: str) -> Any:
    """By the label a person reads."""
    label = next(each for each in page.find_elements(By.CSS_SELECTOR, "#fields label") if each.text == name)
    return page.find_element(By.ID, label.get_attribute("for"))


def test_an_image_is_chosen_and_answered(page: Any, server: Server, tmp_path: Path) -> None:
    import base64

    path = tmp_path / "digit.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (16, 16), np.uint8)).save(path)
    choose(page, "digits")
    press(page, "ask")
    assert "choose a file first" in page.find_element(By.ID, "trouble").text
    field(page, "x").send_keys(str(path))
    waits(page).until(lambda page: page.find_element(By.CSS_SELECTOR, ".drop img").get_property("naturalWidth") == 16)
    press(page, "ask")
    answer = server.predict("digits", [{"x": base64.b64encode(path.read_bytes()).decode()}])[0]
    assert label(page) == answer["label"]
    shares = [each.text for each in page.find_elements(By.CSS_SELECTOR, "#answer .share")]
    best = max(answer["probabilities"].values())
    assert shares[0] == f"{100 * best:.1f} %"
    assert len(shares) == 10
    assert not page.find_element(By.ID, "trouble").is_displayed()


def test_a_form_is_filled_answered_and_explained(page: Any, server: Server) -> None:
    pytest.importorskip("captum")
    choose(page, "shapes")
    field(page, "length").send_keys("wide")
    field(page, "width").send_keys("1.1")
    press(page, "ask")
    assert "“wide” is not a number" in page.find_element(By.ID, "trouble").text
    field(page, "length").clear()
    field(page, "length").send_keys("6,5")  # as a German writes it
    Select(field(page, "colour")).select_by_value("green")
    press(page, "ask")
    expected = server.predict("shapes", [{"length": 6.5, "width": 1.1, "colour": "green"}])[0]
    assert label(page) == expected["label"]
    press(page, "explain")
    waits(page).until(lambda page: page.find_elements(By.CSS_SELECTOR, "#reasons .explanation svg"))
    assert "length" in page.find_element(By.ID, "reasons").text


def test_an_empty_form_is_refused(page: Any, server: Server) -> None:
    choose(page, "shapes")
    press(page, "ask")
    assert "Nothing is filled in" in page.find_element(By.ID, "trouble").text
    Select(field(page, "colour")).select_by_value("green")
    press(page, "ask")
    assert label(page) == server.predict("shapes", [{"colour": "green"}])[0]["label"]


@pytest.mark.parametrize("model", ["shapes", "reviews", "prices"])
def test_the_programs_that_are_printed_work_as_printed(page: Any, server: Server, model: str) -> None:
    choose(page, model)
    curl, python = (page.find_element(By.ID, name).get_attribute("textContent") for name in ("curl", "python"))
    commands = [["bash", "-c", curl.replace("curl ", "curl --silent --fail ", 1)], [sys.executable, "-c", python]]
    said = [subprocess.run(each, capture_output=True, text=True, timeout=60, check=True).stdout for each in commands]
    question = json.loads(curl.partition("-d '")[2].removesuffix("'").replace("'\\''", "'"))
    answers = server.predict(model, question["rows"])
    assert json.loads(said[0])["answers"] == answers
    assert ast.literal_eval(said[1]) == answers


def test_a_sentence_is_typed(page: Any, server: Server) -> None:
    choose(page, "reviews")
    field(page, "review").send_keys("a good film <b>and</b> lovely")
    press(page, "ask")
    assert label(page) == server.predict("reviews", [{"review": "a good film <b>and</b> lovely"}])[0]["label"]


def test_a_value_is_shown_and_what_is_too_large_is_told(page: Any, server: Server) -> None:
    choose(page, "prices")
    field(page, "width").send_keys("1e308")
    press(page, "ask")
    waits(page).until(lambda page: "too large" in page.find_element(By.ID, "trouble").text)
    field(page, "width").clear()
    field(page, "width").send_keys("1.0")
    press(page, "ask")
    assert float(label(page)) == pytest.approx(server.predict("prices", [{"width": 1.0}])[0]["value"], rel=1e-4)


@pytest.mark.slow
def test_options_of_a_question_are_asked_for(browser: Any, home: Path, tmp_path: Path) -> None:
    """A text is continued by as many tokens as the page says; what is out of range is told."""
    run = writing_run(tmp_path / "writer")
    with serving(f"writer={run.folder}", "--engine", "torch", home=home) as server:
        browser.get(server.address)
        waits(browser).until(lambda page: page.find_elements(By.CSS_SELECTOR, "#options input"))
        field(browser, "tokens").send_keys("the cat")
        browser.find_element(By.CSS_SELECTOR, "#more summary").click()
        browser.find_element(By.ID, "o-length").send_keys("9")
        browser.find_element(By.ID, "o-temperature").send_keys("0")
        press(browser, "ask")
        body = {"rows": [{"tokens": "the cat"}], "options": {"length": 9, "temperature": 0}}
        expected = server.ask("POST", "/v1/models/writer/predict", body)[2]["answers"][0]["text"]
        assert len(expected) == 9
        waits(browser).until(lambda page: expected.strip() in page.find_element(By.ID, "answer").text)
        stop = expected.strip()[2]  # a lone text, and then a list of them
        for typed in (stop, f'["{stop}", "zzz"]'):
            browser.find_element(By.ID, "o-stop").clear()
            browser.find_element(By.ID, "o-stop").send_keys(typed)
            press(browser, "ask")
            waits(browser).until(lambda page: expected.strip() not in page.find_element(By.ID, "answer").text)
            assert not browser.find_element(By.ID, "trouble").text
        browser.find_element(By.ID, "o-length").send_keys("999999")
        press(browser, "ask")
        waits(browser).until(lambda page: "too many tokens" in page.find_element(By.ID, "trouble").text)


@pytest.mark.slow
def test_a_text_is_shown_while_it_is_written(browser: Any, home: Path, tmp_path: Path) -> None:
    """What stands there grows piece by piece up to the whole answer; whoever clears the form ends it."""
    run = writing_run(tmp_path / "writer")
    with serving(f"writer={run.folder}", "--engine", "torch", home=home) as server:
        browser.get(server.address)
        waits(browser).until(lambda page: page.find_elements(By.CSS_SELECTOR, "#options input"))
        browser.execute_script(
            "window.grown = []; new MutationObserver(() => grown.push(document.getElementById('answer').textContent))"
            ".observe(document.getElementById('answer'), {childList: true, subtree: true, characterData: true})"
        )
        field(browser, "tokens").send_keys("the cat")
        browser.find_element(By.CSS_SELECTOR, "#more summary").click()
        for name, value in (("length", "300"), ("temperature", "0")):
            browser.find_element(By.ID, f"o-{name}").send_keys(value)
        press(browser, "ask")
        waits(browser).until(lambda page: "version" in page.find_element(By.ID, "took").text)
        body = {"rows": [{"tokens": "the cat"}], "options": {"length": 300, "temperature": 0}}
        expected = server.ask("POST", "/v1/models/writer/predict", body)[2]["answers"][0]["text"]
        seen = [each for each in browser.execute_script("return grown") if expected.startswith(each) and each]
        assert len({len(each) for each in seen}) > 2
        assert seen == sorted(seen, key=len)
        assert expected.strip() in browser.find_element(By.ID, "answer").text
        browser.find_element(By.ID, "o-length").clear()
        browser.find_element(By.ID, "o-length").send_keys("9999")
        press(browser, "ask")
        waits(browser).until(lambda page: "is being written" in page.find_element(By.ID, "took").text)
        press_reset(browser)
        waits(browser).until(lambda page: page.find_element(By.ID, "ask").is_enabled())
        assert not browser.find_element(By.ID, "result").is_displayed()
        assert not browser.find_element(By.ID, "trouble").text


def press_reset(page: Any) -> None:
    page.find_element(By.CSS_SELECTOR, "button[type=reset]").click()


def test_it_fits_a_phone_and_everything_has_a_name(page: Any) -> None:
    page.set_window_size(400, 800)
    try:
        for model in ("digits", "shapes", "prices", "reviews"):
            choose(page, model)
            assert page.execute_script("return document.documentElement.scrollWidth <= innerWidth")
            for control in page.find_elements(By.CSS_SELECTOR, "input, select, textarea, button"):
                if control.is_displayed():
                    assert control.accessible_name
    finally:
        page.set_window_size(1200, 1000)


def test_the_page_loads_nothing_from_elsewhere(page: Any, server: Server) -> None:
    loaded = page.execute_script("return performance.getEntriesByType('resource').map(each => each.name)")
    assert loaded
    assert all(name.startswith((server.address, "data:", "blob:")) for name in loaded)
    headers = server.ask("GET", "/")[1]
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe-inline" not in headers["content-security-policy"].partition("script-src")[2].partition(";")[0]
