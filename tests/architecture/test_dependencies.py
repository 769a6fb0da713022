"""What routes depend on runs on the loop: the framework runs plain functions in threads, which costs more
than most of them do and lets the time of a world go on.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import offhook.http

FILES = sorted(Path(offhook.http.__path__[0]).rglob("*.py"))
VERBS = {"get", "put", "post", "patch", "delete", "api_route"}
Function = ast.FunctionDef | ast.AsyncFunctionDef


def _trees() -> Iterator[ast.Module]:
    return (ast.parse(path.read_text()) for path in FILES)


def _is_route(function: Function) -> bool:
    made = (each.func for each in function.decorator_list if isinstance(each, ast.Call))
    return any(isinstance(each, ast.Attribute) and each.attr in VERBS for each in made)


def _calls(tree: ast.AST, name: str) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
            yield node


def _named(argument: ast.expr) -> str:
    return argument.id if isinstance(argument, ast.Name) else ast.unparse(argument)


def _depended_on(tree: ast.Module) -> set[str]:
    return {_named(argument) for call in _calls(tree, "Depends") for argument in call.args}


def _makers(tree: ast.Module) -> Iterator[tuple[str, int, str]]:
    """Functions that make routes which depend on one of their parameters: name, its place, its name."""
    for node in ast.walk(tree):
        if isinstance(node, Function):
            names = [each.arg for each in node.args.args]
            wanted = {_named(argument) for call in _calls(node, "Depends") for argument in call.args}
            for name in wanted & set(names):
                yield node.name, names.index(name), name


def test_routes_and_their_dependencies_are_coroutines() -> None:
    trees = list(_trees())
    wanted = {name for tree in trees for name in _depended_on(tree)}
    for maker, place, parameter in {found for tree in trees for found in _makers(tree)}:
        wanted.discard(parameter)
        wanted |= {
            _named(call.args[place]) for tree in trees for call in _calls(tree, maker) if call.args[place:]
        }
    seen, threaded = set(), set()
    for tree in trees:
        for node in ast.walk(tree):
            if not isinstance(node, Function):
                continue
            if node.name in wanted or _is_route(node):
                seen.add(node.name)
                if isinstance(node, ast.FunctionDef):
                    threaded.add(node.name)
    assert {"by_token", "by_secret", "by_key", "account_of", "takes_json", "create"} <= seen
    assert wanted <= seen, "a dependency that this test does not find"
    assert threaded == set()
