"""Runs that are trained once, and one server of all of them that nobody may stop."""

import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from once import once
from serve_fakes import Server, image_run, serving, table_run, text_run

from weftnet.run.folder import Run

MAKE: dict[str, Callable[[Path], Run]] = {
    "digits": image_run,
    "shapes": table_run,
    "prices": partial(table_run, task="regression"),
    "reviews": text_run,
}


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """No test changes them."""
    folder = once(tmp_path_factory, "served", lambda place: [make(place / name) for name, make in MAKE.items()])
    return {name: Run.open(folder / name) for name in MAKE}


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("serving")


@pytest.fixture(scope="session")
def server(runs: dict[str, Run], home: Path) -> Iterator[Server]:
    folders = [f"{name}={run.folder}" for name, run in runs.items()]
    options = ("--engine", "torch", "--max-body", "200kB", "--timeout", "20s", "--queue", "600")
    with serving(*folders, *options, home=home) as running:
        yield running
        assert not [line for line in running.lines if "failed" in line or "Traceback" in line]


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Headless Chromium."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    driver, binary = shutil.which("chromedriver"), shutil.which("chromium") or shutil.which("google-chrome")
    if not driver or not binary:
        pytest.skip("there is no chromium with a chromedriver here")
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    folder = tmp_path_factory.mktemp("chromium")
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1200,1000",
                     "--disable-dev-shm-usage", f"--user-data-dir={folder}"):  # fmt: skip
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    page = webdriver.Chrome(options=options, service=webdriver.ChromeService(executable_path=driver))
    yield page
    page.quit()
