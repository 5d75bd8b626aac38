"""Masks and boxes lie in an image of their size that shows all of it."""

from pathlib import Path

import pytest

from weftnet.data import open_data
from weftnet.errors import DataError
from weftnet.tasks import EXAMPLES, TASKS


@pytest.mark.parametrize(("task", "what"), [("segmentation", "masks"), ("detection", "boxes")])
def test_images_that_are_cropped_or_of_another_size_are_refused(task: str, what: str, tmp_path: Path) -> None:
    example = EXAMPLES.get(task)(tmp_path)
    for size, resize, says in ((None, "stretch", ""), (None, "crop", f"cropped, and {what} are not"), (
        [5, 7], "stretch", f"no image has the size of the {what}"
    )):  # fmt: skip
        own = {"resize": resize, **({} if size is None else {"size": size})}
        plain = open_data(example.source, **example.options)
        name = next(name for name, signal in plain.signals.items() if signal.kind == "image")
        if size is None:
            own["size"] = list(plain.signals[name].sizes[1:])
        kinds = {**example.options.get("kinds", {}), name: {"image": own}}
        data = open_data(example.source, **{**example.options, "kinds": kinds})
        if not says:
            TASKS.get(task).from_data(data)
            continue
        with pytest.raises(DataError, match=says):
            TASKS.get(task).from_data(data)
