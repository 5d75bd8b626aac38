"""What the tests import is declared in pyproject.toml: nothing is there only because something else brought it."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parent.parent


def _imported(path: Path) -> set[str]:
    """First names of the modules that a file imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


def test_every_import_of_the_tests_is_a_declared_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [*project["dependencies"], *(line for lines in project["optional-dependencies"].values() for line in lines)]
    declared = {project["name"]} | {re.split(r"[^\w.-]", line)[0].lower().replace("_", "-") for line in lines}
    brings = packages_distributions()
    undeclared = [
        f"{path.relative_to(ROOT)} imports {name}, of {', '.join(packages)}"
        for path in sorted((ROOT / "tests").rglob("*.py"))
        for name in _imported(path) - set(sys.stdlib_module_names)
        if (packages := {package.lower().replace("_", "-") for package in brings.get(name, [])})
        and not packages & declared
    ]
    assert not undeclared, "\n".join(undeclared)
