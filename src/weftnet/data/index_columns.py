"""Columns that are a table's index, which pandas writes beside the others: they count rows, and are no inputs.

__index_level_0__       in Parquet and Feather, where also the file's own metadata name them
Unnamed: 0              in a CSV, whose first column has no name in the header
"""

import re
from dataclasses import replace

from weftnet.data.content import Content
from weftnet.data.ways import read_as

_NAMES = re.compile(r"__index_level_\d+__|Unnamed: \d+")


def index_aside(content: Content) -> Content:
    """The content with such columns put aside: no inputs, unless somebody says what they are; with a note."""
    found = {name for name in content.columns if _NAMES.fullmatch(name)} if content.table else set()
    aside = (content.aside | found) - {content.target}
    if content.files is not None or not content.table or not aside or aside >= set(content.columns) - {content.target}:
        return content
    notes = [
        f"{name}: the index of the table as it was saved, and left out; to read it: {read_as(name, 'number')}"
        for name in content.columns
        if name in aside
    ]
    return replace(content, aside=frozenset(aside), notes=(*content.notes, *notes))
