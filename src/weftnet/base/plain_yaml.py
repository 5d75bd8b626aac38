"""YAML as people mean it: the core schema of YAML 1.2, where PyYAML reads YAML 1.1.

    1e-3, 1E30, .5   numbers                    yes, no, on, off    texts
    010              ten, not eight             1:30                a text, not ninety
    0o10, 0x1F       eight, thirty-one          2020-01-05          a text, not a date

No tags (nothing is executed), no aliases (no bombs), no repeated keys (no silent loss). Underscores in numbers, which
Python and YAML 1.1 allow, are read too. Source: https://yaml.org/spec/1.2.2, section 10.3.2.
"""

import re
from typing import Any, ClassVar

import yaml

INTEGER = re.compile(r"^([-+]?\d[\d_]*|0o[0-7]+|0x[0-9a-fA-F]+)$")
FLOAT = re.compile(r"^[-+]?(\d[\d_]*\.[\d_]*([eE][-+]?\d+)?|\.\d[\d_]*([eE][-+]?\d+)?|\d[\d_]*[eE][-+]?\d+"
                   r"|\.(inf|Inf|INF)|[-+]\.(inf|Inf|INF)|\.(nan|NaN|NAN))$")  # fmt: skip
TRUTH = re.compile(r"^(true|True|TRUE|false|False|FALSE)$")
_TAG = "tag:yaml.org,2002:"
_OWN = ("int", "float", "bool", "timestamp", "value", "merge")


class PlainLoader(yaml.SafeLoader):
    """YAML's safe subset, by the core schema, without aliases and without repeated keys."""

    yaml_implicit_resolvers: ClassVar = {
        first: [(tag, expression) for tag, expression in several if tag.removeprefix(_TAG) not in _OWN]
        for first, several in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def compose_node(self, parent: Any, index: Any) -> Any:
        """As PyYAML's; an alias is an error."""
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(problem="aliases are not allowed", problem_mark=event.start_mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        """As PyYAML's; a key that is a list, or comes twice, is an error."""
        seen: set[Any] = set()
        for key, _ in node.value:
            name = self.construct_object(key, deep=True)
            if isinstance(name, list | dict):
                raise yaml.MarkedYAMLError(problem="a key must be a name", problem_mark=key.start_mark)
            if name in seen:
                raise yaml.MarkedYAMLError(problem=f"the key {name!r} is repeated", problem_mark=key.start_mark)
            seen.add(name)
        return super().construct_mapping(node, deep=deep)

    def construct_integer(self, node: Any) -> int:
        """A whole number: decimal unless it begins with 0o or 0x."""
        word = self.construct_scalar(node).replace("_", "")
        return int(word, 0) if word[:2] in ("0o", "0x") else int(word)


PlainLoader.add_implicit_resolver(_TAG + "int", INTEGER, list("-+0123456789"))
PlainLoader.add_implicit_resolver(_TAG + "float", FLOAT, list("-+0123456789."))
PlainLoader.add_implicit_resolver(_TAG + "bool", TRUTH, list("tTfF"))
PlainLoader.add_constructor(_TAG + "int", PlainLoader.construct_integer)


def parse(text: str) -> Any:
    """The value that a text of YAML is.

    Raises:
        yaml.YAMLError: it is none; also where a number has too many digits to be read.
    """
    try:
        return yaml.load(text, Loader=PlainLoader)
    except ValueError as error:
        raise yaml.YAMLError(str(error)) from error
    except RecursionError as error:
        raise yaml.YAMLError("nested too deeply") from error
