"""Which names a piece of Python code reads, binds and calls."""

import ast


def base(node):
    """Name of the object an expression is a part of: `model` of model.layers[0].kernel, or None."""
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Starred)):
        node = node.value
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "setdefault":
        return base(node.func.value)
    return node.id if isinstance(node, ast.Name) else None


def called(node):
    """Last part of the name that a call calls."""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def stored(node):
    """Names that a piece of code binds, nested functions apart."""
    found, stack = set(), [node]
    while stack:
        node = stack.pop()
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, ast.ExceptHandler):
            found |= {node.name} - {None}
        elif isinstance(node, ast.alias):
            found.add((node.asname or node.name).split(".")[0])
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            found.add(node.id)
        if not isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Lambda)):
            stack += ast.iter_child_nodes(node)
    return found


def parameters(arguments):
    """Names of all parameters of a function."""
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    return [argument.arg for argument in every if argument]


def free(node, bound=frozenset()):
    """Names that a piece of code reads and does not bind itself."""
    if isinstance(node, ast.Name):
        return {node.id} - bound if isinstance(node.ctx, ast.Load) else set()
    if isinstance(node, (ast.FunctionDef, ast.Lambda)):
        body = node.body if isinstance(node.body, list) else [node.body]
        inner = bound | set(parameters(node.args)) | set().union(*map(stored, body))
        outside = [*node.args.defaults, *filter(None, node.args.kw_defaults), *getattr(node, "decorator_list", [])]
        return set().union(*(free(child, inner) for child in body), *(free(child, bound) for child in outside))
    if isinstance(node, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
        inner = bound | set().union(*(stored(generator.target) for generator in node.generators))
        first = free(node.generators[0].iter, bound)
        return first.union(*(free(child, inner) for child in ast.iter_child_nodes(node)))
    if isinstance(node, ast.ClassDef):
        bound = bound | set().union(*map(stored, node.body))
    return set().union(*(free(child, bound) for child in ast.iter_child_nodes(node)))
