"""What happens to a notebook whose cells are run twice, or out of order within a section; read from the code alone.

Usage: cell_order.py [NAME ...]        (default: every notebook; prints one line for each finding)

The cells' module-level code is followed name by name. Findings, each with the cell that causes it:
- undefined: a name is used before any cell defines it;
- again: a cell changes, or uses up, what an earlier cell made, so that its second run starts from something else;
- trains on: a cell trains a model that an earlier cell built, so that a second run continues the training;
- draws on: a cell draws from a random generator of an earlier cell: the second run draws other, equally good numbers;
- order: a cell reads a name that two cells of its section bind to different things: which one ran last decides.
A cell that binds a name before it reads it is free to use any name, such as `fig, ax` or a loop's variable.
"""

import ast
import builtins
import json
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

from code_names import base, called, free, parameters, stored

ROOT = Path(__file__).resolve().parent.parent
KNOWN = set(dir(builtins)) | {"display", "get_ipython", "__name__", "_"}
CHANGES = {"append", "extend", "insert", "pop", "popitem", "remove", "clear", "reverse", "shuffle", "assign_add",
           "assign_sub", "scatter_update"}
TRAINS = {"train_on_batch", "train_step", "minimize", "apply_gradients"}
FIT_WORDS = {"epochs", "batch_size", "verbose", "callbacks", "steps_per_epoch"}  # a fit that goes on, unlike sklearn's
GENERATORS = {"default_rng", "RandomState", "SeedGenerator"}
ITERATORS = {"zip", "map", "filter", "iter", "enumerate", "reversed"}
VIEWS = ITERATORS | {"items", "values", "list", "tuple", "sorted"}  # hand out the very objects they were given


@dataclass
class Function:
    """A function or class of the notebook: the globals it reads, the parameters it trains, its parameters' names."""

    reads: set
    trains: set
    parameters: list


@dataclass
class Cell:
    """What one cell does at module level."""

    index: int
    section: int
    reads: set = field(default_factory=set)  # names read before this cell binds them
    binds: dict = field(default_factory=dict)  # name -> code of what binds it
    findings: list = field(default_factory=list)


def trained(call, functions):
    """Names of the objects that a call trains."""
    name, found = called(call), set()
    words = {keyword.arg for keyword in call.keywords}
    if isinstance(call.func, ast.Attribute) and (name in TRAINS or (name == "fit" and words & (FIT_WORDS | {None}))):
        found.add(base(call.func.value))
    if isinstance(call.func, ast.Name) and name in functions:
        function = functions[name]
        given = dict(zip(function.parameters, call.args)) | {k.arg: k.value for k in call.keywords if k.arg}
        found |= {base(given[p]) for p in function.trains if p in given}
    return found - {None}


class Walk:
    """Follow one cell in the order in which its statements run."""

    def __init__(self, cell, functions, kinds):
        self.cell, self.functions, self.kinds = cell, functions, kinds
        self.alias = {}  # name bound here -> names of earlier cells that it is a part of
        self.parts = {}  # name of a model bound here -> names of earlier cells that it was built from

    def note(self, kind, names, text):
        for name in sorted(names - {name for name, kind in self.kinds.items() if kind == "import"}):
            for origin in sorted(self.alias.get(name, {name})):
                if name in self.alias or origin not in self.cell.binds:
                    self.cell.findings.append((kind, origin, text))

    def read(self, names, seen=frozenset()):
        for name in names - set(self.cell.binds) - seen:
            self.cell.reads.add(name)
        for name in names & set(self.functions) - seen:
            self.read(self.functions[name].reads, seen | {name})

    def bind(self, target, value, text):
        for name in stored(target):
            self.cell.binds[name] = text
            self.functions.pop(name, None)
            self.alias.pop(name, None)
            self.kinds.pop(name, None)
            view = isinstance(value, ast.Call) and called(value) in VIEWS
            parts = [*value.args, getattr(value.func, "value", None)] if view else [value]
            origins = {b for part in parts if part is not None and (b := base(part))} - {name}
            origins = set().union(*(self.alias.get(b, {b} - set(self.cell.binds)) for b in origins))
            if origins and not isinstance(target, ast.alias):
                self.alias[name] = origins
            if isinstance(value, ast.Call):
                self.kinds[name] = called(value) if isinstance(target, ast.Name) else "a part"
                made = {base(part) for part in value.args} & set(self.kinds) - set(self.cell.binds)
                made = {part for part in made if self.kinds[part] != "import"}
                self.parts[name] = made if called(value)[:1].isupper() else set()  # of a class, not of a function
            if isinstance(target, ast.Name) and isinstance(value, ast.GeneratorExp):
                self.kinds[name] = "iter"
            if isinstance(target, ast.alias):
                self.kinds[name] = "import"

    def expression(self, node):
        if node is None:
            return
        self.read(free(node) - {part.target.id for part in ast.walk(node) if isinstance(part, ast.NamedExpr)})
        for part in ast.walk(node):
            if isinstance(part, ast.Call):
                text = ast.unparse(part.func)
                if isinstance(part.func, ast.Attribute) and called(part) in CHANGES:
                    self.note("again", {base(part.func.value)} - {None}, f"{text}(...)")
                if called(part) == "shuffle" and part.args:
                    self.note("again", {base(part.args[0])} - {None}, f"{text}(...)")
                if called(part) == "next" and part.args:
                    self.note("again", {base(part.args[0])} - {None}, "next(...)")
                for keyword in part.keywords:
                    if keyword.arg == "out":
                        self.note("again", {base(keyword.value)} - {None}, f"{text}(..., out=...)")
                for name in trained(part, self.functions):
                    self.note("trains on", {name} | self.parts.get(name, set()), f"{text}(...)")
                    if name in self.cell.binds:
                        self.cell.binds[name] += ", trained"
            if isinstance(part, ast.NamedExpr):
                self.bind(part.target, part.value, ast.unparse(part))

    def statement(self, node):
        text = ast.unparse(node)
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            self.read(set().union(*map(free, [*node.decorator_list, *getattr(node, "bases", [])])))
            self.cell.binds[node.name] = text
            calls = [call for call in ast.walk(node) if isinstance(call, ast.Call)]
            names = parameters(node.args) if isinstance(node, ast.FunctionDef) else []
            trains = {n for call in calls for n in trained(call, self.functions)} & set(names)
            self.functions[node.name] = Function(free(node) - {node.name}, trains, names)
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            self.expression(node.value)
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                self.expression(target)
                whole = base(target)
                if not isinstance(target, (ast.Name, ast.Tuple)) and whole in free(node.value):
                    self.note("again", {whole}, text)
                self.bind(target, node.value, text)
        elif isinstance(node, ast.AugAssign):
            self.expression(node.value)
            self.read({base(node.target)} - {None})
            self.note("again", {base(node.target)} - {None}, text)
            self.expression(node.target)
            if isinstance(node.target, ast.Name):
                self.cell.binds.setdefault(node.target.id, text)
        elif isinstance(node, ast.Delete):
            self.note("again", {base(target) for target in node.targets} - {None}, text)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            for alias in node.names:
                self.bind(alias, alias, f"import {alias.name}")
        elif isinstance(node, ast.For):
            self.expression(node.iter)
            self.bind(node.target, node.iter, f"for {ast.unparse(node.target)} in {ast.unparse(node.iter)}")
            self.block(node.body + node.orelse)
        elif isinstance(node, ast.With):
            for item in node.items:
                self.expression(item.context_expr)
                if item.optional_vars is not None:
                    self.bind(item.optional_vars, item.context_expr, ast.unparse(item))
            self.block(node.body)
        else:  # if, while, try, expressions, assert
            for child in ast.iter_child_nodes(node):
                if isinstance(child, ast.stmt):
                    self.statement(child)
                elif isinstance(child, ast.ExceptHandler):
                    self.cell.binds |= {child.name: "except"} if child.name else {}
                    self.block(child.body)
                else:
                    self.expression(child)

    def block(self, statements):
        for statement in statements:
            self.statement(statement)


def read_cells(notebook):
    """Follow all code cells of a notebook (a dictionary); return the list of `Cell`."""
    cells, functions, kinds, section, defined = [], {}, {}, 0, set()
    for index, content in enumerate(notebook["cells"]):
        text = "".join(content["source"])
        if content["cell_type"] != "code":
            section += len(re.findall(r"^## ", text, re.M))
            continue
        text = re.sub(r"^([ \t]*)[%!].*$", r"\1pass", text, flags=re.M)
        cell, before = Cell(index, section), dict(kinds)
        Walk(cell, functions, kinds).block(ast.parse(text).body)
        undefined = cell.reads - defined - KNOWN
        cell.findings += [("undefined", name, "used before any cell defines it") for name in sorted(undefined)]
        for name in sorted(cell.reads):
            if before.get(name) in GENERATORS | ITERATORS:
                kind = "draws on" if before[name] in GENERATORS else "again"
                cell.findings.append((kind, name, f"{before[name]}(...) of an earlier cell"))
        cell.findings += [("again", name, cell.binds[name]) for name in sorted(cell.reads & set(cell.binds))
                          if ("again", name) not in {finding[:2] for finding in cell.findings} and name in defined]
        defined |= set(cell.binds)
        cells.append(cell)
    return cells


def findings(notebook):
    """Sentences (cell, kind, name, text) about a notebook, in the order of its cells."""
    cells = read_cells(notebook)
    for position, cell in enumerate(cells):
        for name in sorted(cell.reads - KNOWN):
            makers = [other for other in cells[:position] if name in other.binds]
            rivals = [other for other in cells if other.section == cell.section and name in other.binds
                      and other not in (cell, *makers[-1:])]
            rivals = [other for other in rivals if makers and other.binds[name] != makers[-1].binds[name]]
            if rivals and name not in cell.binds:
                where = ", ".join(str(other.index) for other in (makers[-1], *rivals))
                cell.findings.append(("order", name, f"bound to different things by cells {where}"))
    return [(cell.index, *finding) for cell in cells for finding in dict.fromkeys(cell.findings)]


def main(names):
    paths = [ROOT / "notebooks" / f"{name}.ipynb" for name in names] or sorted((ROOT / "notebooks").glob("*.ipynb"))
    for path in paths:
        for index, kind, name, text in findings(json.loads(path.read_text(encoding="utf-8"))):
            print(f"{path.stem}, cell {index}: {kind} {name}: {text.splitlines()[0][:100]}")


if __name__ == "__main__":
    main(sys.argv[1:])
