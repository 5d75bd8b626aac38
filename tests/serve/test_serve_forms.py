"""Answers of forms that none of our tasks has: server, description, protocol and page follow the schema."""

import base64
import json
import shutil
import sys
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Annotated, Any, TypedDict

import numpy as np
import pytest
from PIL import Image
from serve_threads import Fake, running

from weftnet.base.answers import Mask, Number, Numbers, Picture, Shares, Texts, encoded
from weftnet.base.placed import Placed, PlacedThings
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
#: in pixels of a picture of height 12 and width 16
THINGS = [{"label": "<b>cat</b>", "likelihood": 0.9, "box": [2.0, 3.0, 9.0, 10.0]}]


class Answer(TypedDict):
    mask: Annotated[str, Mask(classes="names")]
    shares: Annotated[dict[str, float], Shares()]
    height: Annotated[float, Number(unit="m")]
    edges: Annotated[str, Picture()]
    names: Annotated[list[str], Texts(constant=True)]


class Found(TypedDict):
    things: Annotated[list[Placed], PlacedThings(size="size")]
    size: Annotated[list[int], Numbers()]


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
def test_a_page_lays_the_mask_over_the_picture(browser: Any, port: int, tmp_path: Path) -> None:
    pytest.importorskip("selenium")
    from selenium.webdriver.common.by import By

    asked(browser, port, tmp_path, "#answer .legend span")
    assert [each.text for each in browser.find_elements(By.CSS_SELECTOR, "#answer .legend span")] == ["<b>road</b>"]
    assert "2.5 m" in browser.find_element(By.ID, "answer").text
    assert len(browser.find_elements(By.CSS_SELECTOR, "#answer img")) == 1
    inside, outside = pixels(browser, [[1, 1], [6, 4]])
    assert outside == [10, 200, 30, 255]
    assert inside != outside
    loud = [line for line in browser.get_log("browser") if line["level"] == "SEVERE" and "favicon" not in str(line)]
    assert not loud


@pytest.mark.slow
def test_a_page_draws_boxes_over_the_picture(
    browser: Any, port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A frame in one colour at the box's place, the picture elsewhere, and the class as a text."""
    pytest.importorskip("selenium")
    from selenium.webdriver.common.by import By

    monkeypatch.setattr(sys.modules[__name__], "Answer", Found)
    monkeypatch.setattr(sys.modules[__name__], "answer", lambda height: {"things": THINGS, "size": [12, 16]})
    asked(browser, port, tmp_path, "#answer canvas")
    legend = browser.find_element(By.CSS_SELECTOR, "#answer .legend").text
    assert legend == "<b>cat</b> (1)"
    canvas = browser.find_element(By.CSS_SELECTOR, "#answer canvas")
    assert (canvas.get_property("width"), canvas.get_property("height")) == (480, 360)  # 30 times as large
    assert canvas.get_attribute("aria-label") == "<b>cat</b> 90.0 %"
    edges = pixels(browser, [[60, 200], [270, 200], [200, 300]])
    assert edges[0] == edges[1] == edges[2] != [10, 200, 30, 255]
    assert pixels(browser, [[20, 20], [200, 200], [400, 330]]) == [[10, 200, 30, 255]] * 3
    assert not [line for line in browser.get_log("browser") if "Uncaught" in line["message"]]


def asked(page: Any, port: int, folder: Path, awaited: str) -> None:
    """A green picture of 16 × 12 is asked about, and the answer is there."""
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import WebDriverWait

    Image.new("RGB", (16, 12), (10, 200, 30)).save(folder / "photo.png")
    page.get(f"http://127.0.0.1:{port}")
    waits = WebDriverWait(page, 30)
    file = waits.until(lambda page: page.find_elements(By.CSS_SELECTOR, "#fields .drop input"))[0]
    file.send_keys(str(folder / "photo.png"))
    waits.until(lambda page: page.find_element(By.CSS_SELECTOR, ".drop img").get_property("naturalWidth") == 16)
    page.execute_script("document.getElementById('ask').click()")
    waits.until(lambda page: page.find_elements(By.CSS_SELECTOR, awaited))


def pixels(page: Any, places: list[list[int]]) -> list[list[int]]:
    """Colours of the canvas of the answer."""
    script = (
        "const context = document.querySelector('#answer canvas').getContext('2d');"
        "return arguments[0].map(([x, y]) => [...context.getImageData(x, y, 1, 1).data])"
    )
    colours: list[list[int]] = page.execute_script(script, places)
    return colours
