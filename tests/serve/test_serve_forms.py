"""Answers of forms that none of our tasks has: server, description, protocol and page follow the schema."""

import base64
import json
import shutil
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Annotated, Any, TypedDict

import numpy as np
import pytest
from PIL import Image
from serve_threads import Fake, running

from weftnet.base.answers import Mask, Number, Picture, Shares, Texts, encoded
from weftnet.base.png import png
from weftnet.data.fields import Field
from weftnet.data.kinds.image import Image as Photo
from weftnet.errors import DataError
from weftnet.run.facts import TaskFacts
from weftnet.serve.model import Asked, Model
from weftnet.tasks import ANSWERS, INFERENCES

#: the left half is of class 1; 9 is no class
AREAS = np.full((6, 8), 9, np.uint8)
AREAS[:, :4] = 1
NAMES = ["sky", "<b>road</b>"]


class Answer(TypedDict):
    mask: Annotated[str, Mask(classes="names")]
    shares: Annotated[dict[str, float], Shares()]
    height: Annotated[float, Number(unit="m")]
    edges: Annotated[str, Picture()]
    names: Annotated[list[str], Texts(constant=True)]


class Options(TypedDict, total=False):
    height: float


def parting(outputs: Any, settings: Any) -> list[dict[str, Any]]:
    """Areas of a picture."""
    return [answer(settings.get("height", 2.5)) for _ in outputs]


def answer(height: float = 2.5) -> dict[str, Any]:
    shares = {"sky": 0.25, "<b>road</b>": 0.75}
    edges = encoded(np.zeros((2, 3, 3), np.uint8))
    return {"mask": encoded(AREAS), "shares": shares, "height": height, "edges": edges, "names": NAMES}


class Painter(Fake):
    def load(self, folder: Path) -> Model:
        fields = (Field("photo", "image", Photo().wire, "image", False),)
        return Model(folder, "fake", fields, lambda raw, options: parting(raw["photo"], options), TaskFacts("parting"))


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folder = tmp_path_factory.mktemp("painter")
    (folder / "manifest.json").write_text("{}")
    for registry in (ANSWERS, INFERENCES):  # its options are those of the module that holds it
        registry.add("parting", parting, "painting")
    with running(Painter(), folder) as port:
        yield port
    for registry in (ANSWERS, INFERENCES):
        registry.forget("painting")


def ask(port: int, path: str, body: Any = None) -> Any:
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {"Content-Type": "application/json"}
    connection.request("GET" if body is None else "POST", path, body and json.dumps(body), headers)
    reply = connection.getresponse()
    content = reply.read()
    connection.close()
    assert reply.status == 200, content
    length = reply.getheader("Inference-Header-Content-Length")
    return json.loads(content) if length is None else (json.loads(content[: int(length)]), content[int(length) :])


def test_answers_and_their_description(port: int) -> None:
    photo = base64.b64encode(png(AREAS)).decode()
    assert ask(port, "/predict", {"rows": [{"photo": photo}] * 2})["answers"] == [answer()] * 2
    facts = ask(port, "/v1/models/m")["answer"]
    assert {name: each["draw"] for name, each in facts.items()} == {
        "mask": "mask", "shares": "shares", "height": "number", "edges": "picture", "names": "texts",
    }  # fmt: skip
    reply = ask(port, "/openapi.json")["paths"]["/predict"]["post"]["responses"]["200"]
    items = reply["content"]["application/json"]["schema"]["properties"]["answers"]["items"]
    assert items["properties"]["mask"]["contentMediaType"] == "image/png"
    assert set(items["required"]) == set(answer())


def test_options_of_a_question(port: int) -> None:
    photo = base64.b64encode(png(AREAS)).decode()
    body = {"rows": [{"photo": photo}], "options": {"height": 7}}
    assert ask(port, "/predict", body)["answers"] == [answer(7)]
    schema = ask(port, "/openapi.json")["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"]
    assert schema["schema"]["properties"]["options"]["properties"] == {"height": {"type": "number"}}
    inputs = [{"name": "photo", "shape": [1], "datatype": "BYTES", "data": [photo]}]
    tensors = ask(port, "/v2/models/m/infer", {"inputs": inputs, "parameters": {"options": {"height": 7}}})["outputs"]
    assert {each["name"]: each["data"] for each in tensors}["height"] == [7.0]
    with pytest.raises(AssertionError, match="parting takes no option"):
        ask(port, "/predict", body | {"options": {"hight": 7}})
    with pytest.raises(AssertionError, match="an option is of another type"):
        ask(port, "/predict", body | {"options": {"height": "tall"}})
    with pytest.raises(AssertionError, match="the options are no object"):
        ask(port, "/predict", body | {"options": [7]})


def test_requests_of_several_options_are_answered_each_by_its_own(port: int, tmp_path: Path) -> None:
    model, rows = Painter().load(tmp_path), [{"photo": base64.b64encode(png(AREAS)).decode()}]
    heights = [1.0, 2.0, 1.0, 3.0, 2.0]
    asked = [Asked(rows * count, {"height": height}) for count, height in enumerate(heights, 1)]
    asked.append(Asked([{"photo": 3}], {"height": 1.0}))  # fails alone
    *got, failed = model.answer(asked)
    assert got == [[answer(height)] * count for count, height in enumerate(heights, 1)]
    assert isinstance(failed, DataError)


def test_answers_as_tensors(port: int) -> None:
    outputs = ask(port, "/v2/models/m")["outputs"]
    assert [(each["name"], each["datatype"], len(each["shape"])) for each in outputs] == [
        ("mask", "BYTES", 1), ("shares", "FP64", 2), ("height", "FP64", 1), ("edges", "BYTES", 1),
    ]  # fmt: skip
    photo = {"name": "photo", "shape": [1], "datatype": "BYTES", "data": [base64.b64encode(png(AREAS)).decode()]}
    as_json = {each["name"]: each["data"] for each in ask(port, "/v2/models/m/infer", {"inputs": [photo]})["outputs"]}
    assert as_json["mask"] == [encoded(AREAS)]
    assert as_json["shares"] == [0.25, 0.75]
    wanted = [{"name": "mask", "parameters": {"binary_data": True}}]
    _, content = ask(port, "/v2/models/m/infer", {"inputs": [photo], "outputs": wanted})
    assert content[4:] == png(AREAS)


@pytest.mark.skipif(not shutil.which("chromedriver"), reason="there is no chromium with a chromedriver here")
def test_a_page_lays_the_mask_over_the_picture(port: int, tmp_path: Path) -> None:
    pytest.importorskip("selenium")
    from selenium import webdriver
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import WebDriverWait

    options = webdriver.ChromeOptions()
    options.binary_location = str(shutil.which("chromium") or shutil.which("google-chrome"))
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'chromium'}"):
        options.add_argument(argument)
    Image.new("RGB", (16, 12), (10, 200, 30)).save(tmp_path / "photo.png")
    page = webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))
    try:
        page.get(f"http://127.0.0.1:{port}")
        waits = WebDriverWait(page, 30)
        waits.until(lambda page: page.find_elements(By.CSS_SELECTOR, ".drop input"))[0].send_keys(
            str(tmp_path / "photo.png")
        )
        waits.until(lambda page: page.find_element(By.CSS_SELECTOR, ".drop img").get_property("naturalWidth") == 16)
        page.find_element(By.ID, "ask").click()
        waits.until(lambda page: page.find_elements(By.CSS_SELECTOR, "#answer .legend span"))
        assert [each.text for each in page.find_elements(By.CSS_SELECTOR, "#answer .legend span")] == ["<b>road</b>"]
        assert "2.5 m" in page.find_element(By.ID, "answer").text
        assert len(page.find_elements(By.CSS_SELECTOR, "#answer img")) == 1
        script = (
            "const context = document.querySelector('#answer canvas').getContext('2d');"
            "return [[1, 1], [6, 4]].map(([x, y]) => [...context.getImageData(x, y, 1, 1).data])"
        )
        inside, outside = page.execute_script(script)
        assert outside == [10, 200, 30, 255]
        assert inside != outside
        assert not [
            line for line in page.get_log("browser") if line["level"] == "SEVERE" and "favicon" not in str(line)
        ]
    finally:
        page.quit()
