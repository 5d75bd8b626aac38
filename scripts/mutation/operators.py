"""The mistakes: constants and defaults ± 1, whole numbers above ten doubled and halved, comparisons, + − * /, not,
and/or, True/False, calls removed, arguments swapped. Examples of data and messages of errors are left as they are."""

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

FLIPPED: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Add: ast.Sub, ast.Sub: ast.Add,
    ast.Mult: ast.Div, ast.Div: ast.Mult, ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip
UNCHANGED = (ast.JoinedStr, ast.FormattedValue, ast.Raise, ast.Subscript)
"""Inside these nothing is changed: messages, and types that look like values."""
EITHER = {"max", "min", "maximum", "minimum", "logaddexp", "equal", "allclose", "isclose", "array_equal"}
"""Functions whose first two arguments may stand in either order."""
GUARD = "strict"
"""An argument that asks for an error where others have made a mistake."""
EXAMPLE = "example"
"""The function, or the module, of data that could as well be others."""


@dataclass(frozen=True)
class Mutant:
    """A change of one line.

    Args:
        module: path below the package.
        function: qualified name of the function that holds the line; empty outside functions.
        line: its number.
        old, new: the line without its indentation.
        default: whether the change is in a signature.
    """

    module: str
    function: str
    line: int
    old: str
    new: str
    default: bool = False

    @property
    def package(self) -> str:
        """The first folder of the module's path."""
        return self.module.split("/")[0]

    @property
    def change(self) -> tuple[str, str, str]:
        """What names it where lines have moved."""
        return self.module, self.old, self.new

    def placed(self, text: str) -> "Mutant | None":
        """Itself at the nearest line that is as it was; None where there is none any more."""
        lines = [number for number, line in enumerate(text.split("\n"), 1) if line.strip() == self.old]
        return replace(self, line=min(lines, key=lambda line: abs(line - self.line))) if lines else None

    def applied(self, text: str) -> str:
        """The module's text with the change."""
        lines = text.split("\n")
        line = lines[self.line - 1]
        lines[self.line - 1] = line[: len(line) - len(line.lstrip())] + self.new
        return "\n".join(lines)


def changes(node: ast.AST) -> Iterator[ast.AST]:
    """Every node that could stand in its place."""
    match node:
        case ast.Constant(value=bool(value)):
            yield ast.Constant(not value)
        case ast.Constant(value=int(value)) if value > 10:
            yield ast.Constant(2 * value)
            yield ast.Constant(value // 2)
        case ast.Constant(value=int(value) | float(value)):
            yield ast.Constant(value + 1)
            yield ast.Constant(value - 1)
        case ast.Compare(ops=[op]) if type(op) in FLIPPED:
            changed = copy.deepcopy(node)
            changed.ops = [FLIPPED[type(op)]()]  # type: ignore[list-item]
            yield changed
        case ast.BinOp(op=op) | ast.BoolOp(op=op) if type(op) in FLIPPED:
            changed = copy.deepcopy(node)
            changed.op = FLIPPED[type(op)]()  # type: ignore[union-attr]
            yield changed
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield operand
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name in EITHER:
            return
        case ast.Call(args=[first, second, *_]) if not isinstance(first, ast.Starred):
            changed = copy.deepcopy(node)
            changed.args[:2] = [copy.deepcopy(second), copy.deepcopy(first)]
            yield changed
        case ast.Expr(value=ast.Call()) | ast.AugAssign():
            yield ast.Pass()


def nodes(
    parent: ast.AST, path: tuple[str, ...] = (), function: str = "", default: bool = False
) -> Iterator[tuple[ast.expr | ast.stmt, str, bool]]:
    """Every node that may be changed, the qualified name of its function as code objects have it, and whether it is in
    the function's signature."""
    if isinstance(parent, ast.keyword) and parent.arg == GUARD:
        return
    if isinstance(parent, UNCHANGED) or getattr(parent, "name", "") == EXAMPLE or _declared(parent):
        return
    default = default or isinstance(parent, ast.arguments)
    inside, own = path, function
    if isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        inside = (*path, parent.name)
        if not isinstance(parent, ast.ClassDef):
            own, inside = ".".join(inside), (*inside, "<locals>")
    for name, value in ast.iter_fields(parent):
        if name in ("annotation", "returns", "decorator_list", "type_params"):
            continue
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, ast.expr | ast.stmt):
                yield each, own, default
            if isinstance(each, ast.AST):
                yield from nodes(each, inside, own, default)


def _declared(node: ast.AST) -> bool:
    """Whether it is a function of a protocol, which says its form alone: its body is a text."""
    body = getattr(node, "body", []) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else []
    return len(body) == 1 and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)


def mutants(path: Path, source: Path) -> list[Mutant]:
    """Every mutant of a module, each once; a few are no Python.

    Args:
        path: of the module.
        source: the folder of the package.
    """
    if path.stem == EXAMPLE:
        return []
    text = path.read_text(encoding="utf-8")
    lines, module = text.split("\n"), str(path.relative_to(source))
    found: dict[Mutant, None] = {}
    for node, function, default in nodes(ast.parse(text)):
        if node.lineno != node.end_lineno:
            continue
        line = lines[node.lineno - 1].encode()
        for changed in changes(node):
            new = ast.unparse(ast.fix_missing_locations(changed))
            if isinstance(node, ast.expr) and not isinstance(changed, ast.Constant | ast.Call):
                new = f"({new})"
            whole = (line[: node.col_offset] + new.encode() + line[node.end_col_offset :]).decode()
            mutant = Mutant(module, function, node.lineno, lines[node.lineno - 1].strip(), whole.strip(), default)
            if mutant.new != mutant.old:
                found[mutant] = None
    return list(found)


def is_python(text: str) -> bool:
    """Whether a text can be parsed."""
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    return True
