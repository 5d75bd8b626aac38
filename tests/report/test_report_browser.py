"""Reports in a real browser: on a phone and on a desktop, in light and dark mode."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from weftnet.architecture.spec import Architecture, Block, Chain
from weftnet.data import open_data
from weftnet.report import write_run
from weftnet.run.loading import load
from weftnet.tasks import TASKS
from weftnet.train import Recipe, fit

FIXTURES = Path(__file__).parents[1] / "fixtures" / "run_format_1"
CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
#: texts whose contrast with the page is below 4.5, as WCAG 2 computes it; those on a ground of their own are left out
CONTRAST = """
const light = colour => {
  const [r, g, b] = colour.match(/[\\d.]+/g).map(Number).map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const ground = light(getComputedStyle(document.body).backgroundColor);
const ratio = l => (Math.max(l, ground) + 0.05) / (Math.min(l, ground) + 0.05);
return [...document.querySelectorAll('p, td, th, h1, h2, h3, summary, figcaption, a, .charts svg text')]
  .filter(e => e.textContent.trim() && !e.closest('.words'))
  .map(e => [e.textContent.slice(0, 30), getComputedStyle(e)[e.namespaceURI.includes('svg') ? 'fill' : 'color']])
  .map(([text, colour]) => [text, ratio(light(colour))])
  .filter(([_, contrast]) => contrast < 4.5).slice(0, 5);
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium drives the browser")
    if not CHROMIUM or not DRIVER:
        pytest.skip("chromium and chromedriver are not installed")
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for each in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(each)
    options.add_argument(f"--user-data-dir={tmp_path_factory.mktemp('browser')}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options, webdriver.ChromeService(DRIVER))
    driver.set_page_load_timeout(60)
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A report of each kept run, the text run's without its data, and of tasks that none of them has."""
    reports = {}
    for name, source in (("digits", "digits"), ("table", FIXTURES / "people.csv"), ("text", None)):
        loaded = load(FIXTURES / name)
        data = None if source is None else open_data(source, state=loaded.run.json("data.json"))
        path = tmp_path_factory.mktemp(name) / "report.html"
        reports[name] = write_run(loaded, data, path, why="" if data else "The data are not at hand.")
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 90)).cumsum(1).tolist()
    tags = [";".join(each for each in ("high", "right") if rng.random() < 0.5) for _ in a]
    data = open_data("digits")
    autoencoder = TASKS.get("variational_autoencoder").from_data(data, latent=2)
    both = Architecture({"encoder": Chain((Block("flatten"),)), "decoder": Chain((Block("dense", {"dim": 4}),))})
    run = fit(both, autoencoder, data, Recipe(steps=3), tmp_path_factory.mktemp("autoencoder") / "run")
    reports["autoencoder"] = write_run(load(run), data, tmp_path_factory.mktemp("pages") / "report.html")
    for name, columns, options in (
        ("multilabel", {"a": a, "b": b, "tags": tags}, {"target": "tags", "kinds": {"tags": "labels"}}),
        ("forecasting", {"a": a, "b": b}, {"context": 8, "horizon": 3}),
    ):
        data = open_data(columns, **options)
        task, folder = TASKS.get(name).from_data(data), tmp_path_factory.mktemp(name)
        network = Architecture.of(Chain((Block("dense", {"dim": 4}),)))
        run = fit(network, task, data, Recipe(steps=3), folder / "run")
        reports[name] = write_run(load(run), data, folder / "report.html")
    return reports


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("name", ["digits", "table", "text", "multilabel", "forecasting", "autoencoder"])
def test_it_fits_loads_nothing_and_follows_the_colour_scheme(
    browser: Any, pages: dict[str, Path], name: str, width: int, scheme: str
) -> None:
    metrics = {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    browser.get(pages[name].as_uri())
    assert browser.execute_script("return innerWidth") == width
    browser.execute_script("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    assert browser.execute_script("return performance.getEntriesByType('resource').map(e => e.name)") == []
    assert browser.execute_script("return document.scripts.length") == 1
    assert [line for line in browser.get_log("browser") if "favicon" not in line["message"]] == []
    colour = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert colour == ("rgb(255, 255, 255)" if scheme == "light" else "rgb(20, 23, 26)")
    dim = browser.execute_script(CONTRAST)
    assert not dim, f"too little contrast: {dim}"
    empty = "return [...document.querySelectorAll('img')].filter(e => !e.naturalWidth).length"
    assert browser.execute_script(empty) == 0
    titles = browser.execute_script("return [...document.querySelectorAll('h2')].map(e => e.textContent)")
    links = browser.execute_script("return [...document.querySelectorAll('nav a')].map(e => e.hash.slice(1))")
    assert {"Network", "Training", "Data", "Cost and recipe", "Provenance"} <= set(titles)
    assert all(browser.execute_script("return !!document.getElementById(arguments[0])", link) for link in links)


@pytest.mark.slow
def test_it_speaks_the_readers_language(browser: Any, pages: dict[str, Path]) -> None:
    """That of the browser; a switch changes it, and is remembered by the next page."""

    def titles() -> set[str]:
        return set(browser.execute_script("return [...document.querySelectorAll('h2, nav a')].map(e => e.textContent)"))

    def opened(accepted: str) -> set[str]:
        agent = browser.execute_script("return navigator.userAgent")
        browser.execute_cdp_cmd("Network.setUserAgentOverride", {"userAgent": agent, "acceptLanguage": accepted})
        browser.get(pages["table"].as_uri())
        return titles()

    browser.get(pages["table"].as_uri())
    browser.execute_script("localStorage.clear()")
    assert {"Network", "Provenance"} <= opened("de-DE,fr;q=0.5")
    assert browser.execute_script("return document.documentElement.lang") == "en"
    assert {"网络", "来源"} <= opened("zh-TW,en;q=0.5")
    assert browser.execute_script("return document.documentElement.lang") == "zh"
    browser.find_element("css selector", "#languages [lang=en]").click()
    assert {"Network", "Provenance"} <= titles()
    assert {"Network", "Provenance"} <= opened("zh-CN")
    browser.find_element("css selector", "#languages [lang=zh]").click()
    assert {"网络", "来源"} <= opened("en")
    browser.execute_script("localStorage.clear()")
