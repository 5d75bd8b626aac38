"""What a question about things in a picture computes: one pass, of which non-maximum suppression is a part.

A box that is kept is so whatever less sure boxes there are; so a question may ask for surer ones alone.
"""

from collections.abc import Mapping
from typing import Any, TypedDict

import numpy as np
from numpy.typing import NDArray

from weftnet.errors import DataError
from weftnet.tasks._inference import Arrays, Run

#: how sure an answer is at the least, and boxes of a picture, unless a question says; the most that it may ask for
_LEAST, _MOST, _ALL = 0.3, 100, 1000
#: numbers before the logits of a place
_PLACE = 7


class Options(TypedDict, total=False):
    """What a question may ask.

    least: how likely a box is, from 0 to 1, for it to be told.
    most: boxes of a picture that are told, the surest.
    """

    least: float
    most: int


def detection(
    run: Run, inputs: Arrays, masks: Arrays, settings: Mapping[str, Any], options: Options
) -> dict[str, NDArray[Any]]:
    """`found`, all that the network gives, and `boxes` (batch, most, 6), the surest that are kept, the surest first.

    Of a box there are the corners, in pixels of the picture that is read, the likelihood and the class; −1 for none.

    Raises:
        DataError: an option is out of range.
    """
    least, most = options.get("least", _LEAST), options.get("most", _MOST)
    if not 0 <= least <= 1:
        raise DataError("least is out of range", where="options", expected="0 to 1", got=str(least))
    if not 1 <= most <= _ALL:
        raise DataError("most is out of range", where="options", expected=f"1 to {_ALL}", got=str(most))
    given = run("network", inputs, masks)
    found, kept = given["found"], given["kept"]
    boxes = np.zeros((len(found), most, 6), np.float32)
    boxes[..., 5] = -1
    limits = np.array([settings["width"], settings["height"]] * 2, np.float32)
    for row, (own, several) in enumerate(zip(found, kept, strict=True)):
        places, classes = several.nonzero()
        with np.errstate(over="ignore"):  # of a logit far below zero, whose likelihood is 0
            sure = 1 / (1 + np.exp(-own[places, _PLACE + classes]))
        told = np.argsort(-sure, kind="stable")[:most]
        told = told[sure[told] >= least]
        boxes[row, : len(told), :4] = own[places[told], :4].clip(0, limits)
        boxes[row, : len(told), 4], boxes[row, : len(told), 5] = sure[told], classes[told]
    return {"found": found, "boxes": boxes}
