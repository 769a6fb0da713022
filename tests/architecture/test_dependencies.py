"""What routes depend on runs on the loop: the framework runs plain functions in threads, which costs more
than most of them do and lets the time of a world go on.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import offhook.http

FILES = sorted(Path(offhook.http.__path__[0]).rglob("*.py"))
VERBS = {"get", "put", "post", "patch", "delete", "api_route"}


def _trees() -> Iterator[ast.Module]:
    return (ast.parse(path.read_text()) for path in FILES)


def _is_route(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    made = (each.func for each in function.decorator_list if isinstance(each, ast.Call))
    return any(isinstance(each, ast.Attribute) and each.attr in VERBS for each in made)


def _depended_on(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Depends":
            for argument in node.args:
                yield argument.id if isinstance(argument, ast.Name) else ast.unparse(argument)


def test_routes_and_their_dependencies_are_coroutines() -> None:
    wanted = {name for tree in _trees() for name in _depended_on(tree)}
    seen, threaded = set(), set()
    for tree in _trees():
        for node in ast.walk(tree):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            if node.name in wanted or _is_route(node):
                seen.add(node.name)
                if isinstance(node, ast.FunctionDef):
                    threaded.add(node.name)
    assert {"by_token", "by_secret", "by_key", "takes_json", "create"} <= seen
    assert wanted <= seen, "a dependency that this test does not find"
    assert threaded == set()
