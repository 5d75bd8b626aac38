"""How a value of a column is written outside of Python: in JSON, as a word, in a field of a form, as a tensor.

    number   3.5, or nothing                         label    "red", 7, true, or nothing
    text     "a sentence", or nothing                labels   ["red", "green"]
    date     "2020-01-05", or seconds since 1970             words    ["Ada", "wrote"], or "Ada wrote"
    numbers  [1, 2] or [[1, 2], [3, 4]]
    boxes    {"size": [64, 64], "boxes": [[3, 4, 20, 30]], "labels": ["cat"]}
    media    a file in base64 (a `data:` URL too), or its values as nested lists

A kind names one of these classes, or brings a class of its own. Input is checked for its form alone; whether a value
can be used is for the kind to decide. A string never becomes a path: a client must not be able to open a file here.
"""

from weftnet.data.wires._wire import Wire
from weftnet.data.wires.boxes import BoxesWire
from weftnet.data.wires.date import DateWire
from weftnet.data.wires.file import FileWire
from weftnet.data.wires.label import LabelWire
from weftnet.data.wires.labels import LabelsWire
from weftnet.data.wires.number import NumberWire
from weftnet.data.wires.numbers import NumbersWire
from weftnet.data.wires.words import WordsWire

__all__ = [
    "BoxesWire",
    "DateWire",
    "FileWire",
    "LabelWire",
    "LabelsWire",
    "NumberWire",
    "NumbersWire",
    "Wire",
    "WordsWire",
]
