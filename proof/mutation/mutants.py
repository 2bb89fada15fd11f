"""The mutants of a module: small mistakes, each an edit of one expression of its text."""

import ast
import copy
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

OPERATORS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.And: ast.Or,
    ast.Or: ast.And,
}
#: Each comparison by its neighbour at the boundary and by its opposite.
COMPARISONS: dict[type[ast.AST], tuple[type[ast.AST], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
NAMES = {"min": "max", "max": "min", "minimum": "maximum", "maximum": "minimum"}
#: Calls that are the same with their two arguments swapped, or that no run gets past.
UNORDERED = {*NAMES, "isinstance", "getattr", "cast", "hypot", "logaddexp", "allclose", "array_equal", "zip"}
#: Keyword arguments that change no result: whether lengths are checked again, whose line a warning shows.
HARMLESS = {"strict", "stacklevel"}


@dataclass(frozen=True)
class Mutant:
    """One mistake: the bytes from `start` to `end` of the source, `before`, become `after`.

    Parameters
    ----------
    place : str
        The function or class that it is in, with dots; "" at the top of the module.
    count : int
        How many mutants of this place before it have the same `before` and `after`.
    """

    place: str
    line: int
    start: int
    end: int
    before: str
    after: str
    count: int = 0

    def applied(self, source: str) -> str:
        text = source.encode()
        return (text[: self.start] + self.after.encode() + text[self.end :]).decode()

    @property
    def shown(self) -> tuple[str, str]:
        """Before and after, each in one line."""
        return " ".join(self.before.split()), " ".join(self.after.split())


def mutants_of(source: str, same_result: frozenset[str] = frozenset()) -> list[Mutant]:
    """All mutants of a module's text, but for places that no result depends on.

    These are types, texts (docstrings, formatted strings, errors and warnings), decorators, and assignments to
    the constants named in `same_result`, such as sizes of blocks.
    """
    finder = _Finder(source, same_result)
    finder.visit(ast.parse(source))
    seen: Counter[tuple[str, str, str]] = Counter()
    found = []
    for mutant in sorted(finder.found, key=lambda one: (one.start, one.end, one.after)):
        key = (mutant.place, *mutant.shown)
        found.append(replace(mutant, count=seen[key]))
        seen[key] += 1
    return found


class _Finder(ast.NodeVisitor):
    """Walks a module, remembers where it is, and writes down what can be changed."""

    def __init__(self, source: str, same_result: frozenset[str]) -> None:
        self.text = source.encode()
        lines = self.text.splitlines(keepends=True)
        self.line_starts = [sum(map(len, lines[:k])) for k in range(len(lines))]
        self.same_result = same_result
        self.place: list[str] = []
        self.found: list[Mutant] = []

    def _add(self, node: ast.expr | ast.stmt, after: str) -> None:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        start = self.line_starts[node.lineno - 1] + node.col_offset
        end = self.line_starts[node.end_lineno - 1] + node.end_col_offset
        before = self.text[start:end].decode()
        self.found.append(Mutant(".".join(self.place), node.lineno, start, end, before, after))

    def _enter(self, node: ast.FunctionDef | ast.ClassDef) -> None:
        self.place.append(node.name)
        if isinstance(node, ast.FunctionDef):
            for default in (*node.args.defaults, *node.args.kw_defaults):
                if default is not None:
                    self.visit(default)
        for statement in node.body:
            self.visit(statement)
        self.place.pop()

    visit_FunctionDef = visit_ClassDef = _enter  # noqa: N815 - names of ast

    def _leave_out(self, node: ast.AST) -> None:
        """Texts and types."""

    visit_Raise = visit_Assert = visit_JoinedStr = visit_TypeAlias = _leave_out  # noqa: N815 - names of ast
    visit_Import = visit_ImportFrom = _leave_out  # noqa: N815 - names of ast

    def visit_Assign(self, node: ast.Assign) -> None:
        if not any(isinstance(target, ast.Name) and target.id in self.same_result for target in node.targets):
            self.visit(node.value)
            for target in node.targets:
                self.visit(target)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        for changed in _with_operator(node):
            self._add(node, ast.unparse(changed))
        self.visit(node.target)
        self.visit(node.value)

    def visit_If(self, node: ast.If) -> None:
        if ast.unparse(node.test) != "TYPE_CHECKING":
            self._condition(node)

    def _condition(self, node: ast.If | ast.While | ast.IfExp) -> None:
        if not isinstance(node.test, ast.Compare | ast.UnaryOp):  # these have an opposite of their own
            self._add(node.test, f"(not ({ast.unparse(node.test)}))")
        self.generic_visit(node)

    visit_While = visit_IfExp = _condition  # noqa: N815 - names of ast

    def visit_BinOp(self, node: ast.BinOp | ast.BoolOp) -> None:
        if isinstance(node, ast.BinOp) and _is_type(node):
            return
        for changed in _with_operator(node):
            self._add(node, f"({ast.unparse(changed)})")
        self.generic_visit(node)

    visit_BoolOp = visit_BinOp  # noqa: N815 - names of ast

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        if isinstance(node.op, ast.USub | ast.Not):
            self._add(node, f"({ast.unparse(node.operand)})")
        if isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant):
            self._add(node, f"({ast.unparse(node)} - 1)")
        else:
            self.visit(node.operand)

    def visit_Compare(self, node: ast.Compare) -> None:
        for k, operator in enumerate(node.ops):
            for other in COMPARISONS[type(operator)]:
                changed = copy.deepcopy(node)
                changed.ops[k] = other()  # type: ignore[call-overload]
                self._add(node, f"({ast.unparse(changed)})")
        self.generic_visit(node)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        """Places are moved on by one, but not counted from the other end: of a small array that is the same."""
        self.visit(node.value)
        start = len(self.found)
        self.visit(node.slice)
        inside = self.found[start:]
        self.found[start:] = [mutant for mutant in inside if mutant.after != f"(-{mutant.before})"]

    def visit_Constant(self, node: ast.Constant) -> None:
        value = node.value
        if isinstance(value, bool):
            self._add(node, str(not value))
        elif isinstance(value, int | float):
            if value + 1 != value:
                self._add(node, repr(value + 1))
            if value:
                self._add(node, f"({-value!r})")

    def visit_Name(self, node: ast.Name) -> None:
        if node.id in NAMES:
            self._add(node, NAMES[node.id])

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if node.attr in NAMES:
            self._add(node, f"{ast.unparse(node.value)}.{NAMES[node.attr]}")
        self.visit(node.value)

    def visit_Call(self, node: ast.Call) -> None:
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if called == "warn":
            return
        if called not in UNORDERED and _are_two(node.args):
            changed = copy.deepcopy(node)
            changed.args.reverse()
            self._add(node, ast.unparse(changed))
        self.generic_visit(node)

    def visit_keyword(self, node: ast.keyword) -> None:
        if node.arg not in HARMLESS:
            self.visit(node.value)


def _with_operator(node: ast.BinOp | ast.BoolOp | ast.AugAssign) -> Iterator[ast.AST]:
    other = OPERATORS.get(type(node.op))
    if other is not None:
        changed = copy.deepcopy(node)
        changed.op = other()  # type: ignore[assignment]
        yield changed


def _are_two(arguments: list[ast.expr]) -> bool:
    """Two arguments that differ."""
    starred = any(isinstance(one, ast.Starred) for one in arguments)
    return len(arguments) == 2 and not starred and len({ast.dump(one) for one in arguments}) == 2


def _is_type(node: ast.BinOp) -> bool:
    """``int | tuple[str, ...]``, as in isinstance and in names of types."""
    types = {"int", "float", "str", "bool", "tuple", "list", "dict", "None", "complex", "bytes"}
    sides = [ast.unparse(side).partition("[")[0].rpartition(".")[2] for side in (node.left, node.right)]
    return isinstance(node.op, ast.BitOr) and any(side in types or side[:1].isupper() for side in sides)
