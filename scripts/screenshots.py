"""Pictures of the pages that people read, for the documentation: of a report and of the server's page.

    python scripts/screenshots.py RUN TABLE_RUN [--out docs/images] [--font FILE.ttf]

Each page is photographed at 1280 and at 390 pixels, light and dark, in English and in Chinese, from its top; the
server's page, of a run that reads a table, with a form that was filled in and answered. A machine without a Chinese
font is lent one by `--font` (PyMuPDF brings Droid Sans Fallback). Needs chromium with its chromedriver, and selenium.
"""

import argparse
import io
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image
from selenium import webdriver
from selenium.webdriver.support.ui import WebDriverWait

ROOT = Path(__file__).parents[1]
#: width → height of what is shown
SIZES = {1280: 900, 390: 760}
LANGUAGES = ("en", "zh")
SCHEMES = ("light", "dark")
#: what is written into the form, by column; 2 into all others
WORDS = {"area": "70", "town": "Bonn"}
#: bytes that a picture may take
LARGEST = 60_000


@contextmanager
def browser(language: str, home: Path) -> Iterator[Any]:
    """A browser whose reader speaks a language."""
    options = webdriver.ChromeOptions()
    options.binary_location = str(shutil.which("chromium") or shutil.which("google-chrome"))
    for argument in (
        "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
        f"--user-data-dir={home / language}", f"--lang={language}",
    ):  # fmt: skip
        options.add_argument(argument)
    options.add_experimental_option("prefs", {"intl.accept_languages": language, "intl.selected_languages": language})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))
    driver.set_page_load_timeout(120)
    try:
        yield driver
    finally:
        driver.quit()


@contextmanager
def server(run: Path) -> Iterator[str]:
    """The address of a server of the run."""
    command = [sys.executable, "-m", "weftnet", "serve", str(run), "--port", "0", "--quiet"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def taken(driver: Any, width: int, scheme: str, path: Path) -> None:
    """A picture of the page's top, as small as it has to be."""
    height = SIZES[width]
    device = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", device)
    media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    driver.execute_script("window.scrollTo(0, 0)")
    picture = Image.open(io.BytesIO(driver.get_screenshot_as_png())).convert("RGB")
    for quality in range(85, 20, -10):
        picture.save(path, "WEBP", quality=quality, method=6)
        if path.stat().st_size <= LARGEST:
            break
    print(f"{path.relative_to(ROOT) if path.is_relative_to(ROOT) else path}  {path.stat().st_size:,} bytes", flush=True)


def answered(driver: Any) -> None:
    """The form is filled in and sent, and its answer shown."""
    wait = WebDriverWait(driver, 60)
    wait.until(lambda page: page.execute_script("return document.querySelectorAll('#fields > div').length"))
    for label in driver.find_elements("css selector", "#fields label"):
        field = driver.find_element("id", label.get_attribute("for"))
        field.send_keys(WORDS.get(label.text.split()[0], "2"))
    driver.find_element("id", "ask").click()
    wait.until(lambda page: page.execute_script("return document.getElementById('answer').innerText"))


def main() -> None:
    """Take all of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="folder of the run that is reported on")
    parser.add_argument("table", type=Path, help="folder of the run that is served")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images")
    parser.add_argument("--font", type=Path, help="a font with Chinese letters, where the machine has none")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        if args.font:
            (home / "data" / "fonts").mkdir(parents=True)
            shutil.copy(args.font, home / "data" / "fonts")
            os.environ["XDG_DATA_HOME"] = str(home / "data")
        told = [sys.executable, "-m", "weftnet", "report", str(args.run), "--out", str(home / "report.html"), "--quiet"]
        subprocess.run(told, check=True, stdout=subprocess.DEVNULL)
        with server(args.table) as address:
            for language in LANGUAGES:
                with browser(language, home) as driver:
                    for name, place in (("report", (home / "report.html").as_uri()), ("serve", address)):
                        driver.get(place)
                        if name == "serve":
                            answered(driver)
                        for width in SIZES:
                            for scheme in SCHEMES:
                                path = args.out / f"{name}-{width}-{scheme}-{language}.webp"
                                taken(driver, width, scheme, path)


if __name__ == "__main__":
    main()
