"""Asking in the page: forecasts, files of many rows, dates, what left the range, what was asked before, languages."""

import ast
import csv
import io
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from serve_fakes import Server, house_run, series_run, serving

from weftnet.base.language import translated

pytest.importorskip("selenium", reason="selenium is not installed")

from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select, WebDriverWait

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def towns(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("asked")
    runs = [house_run(folder / "houses"), series_run(folder / "power")]
    with serving(*(f"{run.folder.name}={run.folder}" for run in runs), "--engine", "torch", home=home) as server:
        yield server


@pytest.fixture
def page(browser: Any, towns: Server) -> Iterator[Any]:
    browser.get(towns.address)
    until(browser, lambda page: page.find_elements(By.CSS_SELECTOR, "#fields > div"))
    yield browser
    loud = [line["message"] for line in browser.get_log("browser") if line["level"] == "SEVERE"]
    assert not [line for line in loud if "Content Security Policy" in line or "Uncaught" in line]


def until(page: Any, what: Any) -> Any:
    return WebDriverWait(page, 30).until(what)


def press(page: Any, name: str) -> None:
    page.execute_script("document.getElementById(arguments[0]).click()", name)


def text(page: Any, name: str) -> str:
    return str(page.find_element(By.ID, name).text)


def shown(page: Any, name: str, words: str) -> str:
    until(page, lambda page: words in text(page, name))
    return text(page, name)


def choose(page: Any, model: str) -> None:
    Select(page.find_element(By.ID, "model")).select_by_value(model)


def test_a_forecast_is_asked_with_a_table(page: Any, towns: Server) -> None:
    choose(page, "power")
    press(page, "ask")
    shown(page, "trouble", "The table is empty")
    press(page, "example")
    until(page, lambda page: page.find_element(By.ID, "table").get_property("value"))
    table = page.find_element(By.ID, "table").get_property("value")
    head, *rows = list(csv.reader(io.StringIO(table)))
    assert head == ["load", "heat"]
    assert len(rows) == 12
    press(page, "ask")
    shown(page, "result", "4 steps")
    question = {name: [float(row[place]) for row in rows] for place, name in enumerate(head)}
    expected = towns.predict("power", [question])[0]
    page.execute_script("document.querySelector('#answer details').open = true")
    said = page.find_element(By.CSS_SELECTOR, "#answer pre").text.replace(",", "").split()
    np.testing.assert_allclose([float(each) for each in said], np.ravel(expected["values"]), rtol=1e-4)
    box = page.find_element(By.ID, "table")
    box.clear()
    box.send_keys("\n".join(";".join(row).replace(".", ",") for row in rows[1:]))
    press(page, "ask")
    shown(page, "trouble", "The table has 11 rows, but 12 are needed")
    box.clear()
    box.send_keys("\n".join(";".join(row).replace(".", ",") for row in rows))  # without a header, as a German writes it
    press(page, "ask")
    until(page, lambda page: len(page.find_elements(By.CSS_SELECTOR, "#asks li")) == 2)
    assert page.execute_script("return question") == question
    assert not text(page, "trouble")


def test_units_thousands_dates_and_what_left_the_range(page: Any, towns: Server) -> None:
    choose(page, "houses")
    day = page.find_element(By.CSS_SELECTOR, "#fields input[name=built]")
    assert day.get_attribute("type") == "date"
    page.execute_script("arguments[0].value = '2031-05-01'", day)
    page.find_element(By.CSS_SELECTOR, "#fields input[name=area]").send_keys("900")
    press(page, "ask")
    row = {"area": 900, "built": "2031-05-01"}
    marks = shown(page, "marks", "built")
    assert "left the range seen in training: area 900 (40 … 158)" in marks
    assert "built 2031-05-01 (2015-01-" in marks
    value = towns.predict("houses", [row])[0]["value"]
    assert shown(page, "answer", "€") == f"{value:,.{0 if value >= 1e4 else 1}f} €"
    assert "price (€)" in text(page, "result")
    page.find_element(By.CSS_SELECTOR, "#fields input[name=area]").clear()
    page.find_element(By.CSS_SELECTOR, "#fields input[name=area]").send_keys("90")
    page.execute_script("arguments[0].value = '2018-05-01'", day)
    press(page, "ask")
    until(page, lambda page: len(page.find_elements(By.CSS_SELECTOR, "#asks li")) == 2)
    assert not text(page, "marks")
    page.find_elements(By.CSS_SELECTOR, "#asks button")[1].click()
    assert shown(page, "marks", "area 900")
    assert page.find_element(By.CSS_SELECTOR, "#fields input[name=area]").get_property("value") == "900"
    assert day.get_property("value") == "2031-05-01"


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_a_file_of_many_rows_is_answered_as_a_file(page: Any, towns: Server, tmp_path: Path, ending: str) -> None:
    choose(page, "houses")
    rows = [
        {"area": 40 + number, "town": ["Bonn", "Trier", "Köln"][number % 3], "built": "2017-01-01"}
        for number in range(230)
    ]
    path = tmp_path / f"many.{ending}"
    if ending == "csv":
        path.write_text(
            "id,area,town,built\n"
            + "".join(
                f'"a ""{number}""",{row["area"]},{row["town"]},{row["built"]}\n' for number, row in enumerate(rows)
            )
        )
    else:
        path.write_text("\n".join(json.dumps({"id": number, **row}) for number, row in enumerate(rows)))
    page.find_element(By.ID, "batch-file").send_keys(str(path))
    until(page, lambda page: page.find_elements(By.CSS_SELECTOR, "#batch-link a"))
    link = page.find_element(By.CSS_SELECTOR, "#batch-link a")
    assert link.get_attribute("download") == f"many.answers.{ending}"
    page.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)})
    page.execute_script("arguments[0].click()", link)
    answers = tmp_path / f"many.answers.{ending}"
    until(page, lambda page: answers.is_file())
    content = answers.read_text(encoding="utf-8")
    expected = [each["value"] for start in (0, 115) for each in towns.predict("houses", rows[start : start + 115])]
    if ending == "csv":
        lines = list(csv.DictReader(io.StringIO(content)))
        assert [line["id"] for line in lines] == [f'a "{number}"' for number in range(230)]
        got = [float(line["value"]) for line in lines]
        marks = [line["marks"] for line in lines]
    else:
        lines = [json.loads(line) for line in content.splitlines()]
        got, marks = [line["value"] for line in lines], ["; ".join(line.get("marks", [])) for line in lines]
    np.testing.assert_allclose(got, expected, rtol=1e-6)
    assert marks[2] == "never seen in training, or too rarely: town 'Köln'"
    assert not marks[0]
    assert "left the range seen in training: area 269" in marks[229]
    assert "left what was seen in training" in text(page, "batch-link")


def test_a_bad_row_of_a_file_is_named(page: Any, tmp_path: Path) -> None:
    choose(page, "houses")
    path = tmp_path / "many.csv"
    path.write_text("area,town\n" + "50,Bonn\n" * 130 + "wide,Bonn\n")
    page.find_element(By.ID, "batch-file").send_keys(str(path))
    assert "Row 130 of the file" in shown(page, "trouble", "Row")


def test_the_programs_of_a_forecast_work_as_printed(page: Any, towns: Server) -> None:
    choose(page, "power")
    check_programs(page, towns, Path.cwd())


def test_the_programs_for_a_picture_work_beside_the_picture(browser: Any, server: Server, tmp_path: Path) -> None:
    browser.get(server.address)
    until(browser, lambda page: page.find_elements(By.CSS_SELECTOR, "#model option"))
    choose(browser, "digits")
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (16, 16), np.uint8)).save(tmp_path / "x.png")
    check_programs(browser, server, tmp_path)


def check_programs(page: Any, server: Server, folder: Path) -> None:
    curl, python = (page.find_element(By.ID, name).get_attribute("textContent") for name in ("curl", "python"))
    commands = [["bash", "-c", curl.replace("curl ", "curl --silent --fail ", 1)], [sys.executable, "-c", python]]
    said = [
        subprocess.run(each, capture_output=True, text=True, timeout=60, check=True, cwd=folder).stdout
        for each in commands
    ]
    answers = json.loads(said[0])["answers"]
    assert len(answers) == 1
    assert ast.literal_eval(said[1]) == answers


def test_the_page_translates_as_reports_do(page: Any) -> None:
    texts = [
        "Clear", "clear.", "Version 3", "version 3; 12 ms", "left the range seen in training: a (b) 1,400 (40 … 158)",
        "x: 1 of 2 rows hold a number far outside those of the training rows: '7' (1)", "“a.b” is not a number.",
        "The table has 3 columns and no header, but 12 are asked for.", "no such text", "a text; a number", "", "Data",
        "version {number}", "constructor", "toString", "5 ms. Clear", "Not drawn: x. y", "a · version 2",
    ]  # fmt: skip
    assert page.execute_script("return arguments[0].map(each => translated(each, 'zh') ?? null)", texts) == [
        translated(each, "zh") for each in texts
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_legible_on_a_phone_in_both_languages(page: Any, scheme: str) -> None:
    metrics = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    try:
        for model in ("houses", "power"):
            choose(page, model)
            press(page, "example")
            until(
                page,
                lambda page: page.execute_script(
                    "const all = [...document.querySelectorAll('#table, #fields input:not([type=file])')];"
                    "return all.every(each => each.value)"
                ),
            )
            press(page, "ask")
            until(page, lambda page: page.find_element(By.ID, "result").is_displayed())
            for language, word in (("zh", "清空"), ("en", "Clear")):
                page.execute_script("document.querySelector(`#languages [lang=${arguments[0]}]`).click()", language)
                assert page.find_element(By.CSS_SELECTOR, "button[type=reset]").text == word
                assert page.execute_script("return document.documentElement.scrollWidth") <= 390
                assert page.execute_script(
                    "return [...document.querySelectorAll('button, input, textarea, select')]"
                    ".every(each => !each.offsetWidth || each.getBoundingClientRect().right <= 390)"
                )
                for control in page.find_elements(By.CSS_SELECTOR, "input, select, textarea, button"):
                    assert not control.is_displayed() or control.accessible_name
    finally:
        page.execute_script("localStorage.clear()")
        page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
