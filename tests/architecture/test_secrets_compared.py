"""Secrets are compared in constant time: `==` says by its length of time where two texts begin to differ."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TypeGuard

import pytest

import offhook

ROOT = Path(offhook.__path__[0])
SECRET = re.compile(
    r"(secret|password|passphrase|token|signature|mac|seal|credential|digest|hint)(s|_hash)?$"
)
COUNTERS = "ncco"
"""A folder whose tokens are the numbers of requests under way, and nobody's secret."""


def _name(node: ast.expr) -> str:
    """The last name of an expression: `secret` of `given.secret.encode()`."""
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Call):
        inner = node.func
        return _name(inner.value) if isinstance(inner, ast.Attribute) else _name(inner)
    if isinstance(node, ast.Subscript):
        key = node.slice.value if isinstance(node.slice, ast.Constant) else None
        return key if isinstance(key, str) else _name(node.value)
    return ""


def _compared(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Compare) or not isinstance(node.ops[0], ast.Eq | ast.NotEq):
            continue
        sides = [node.left, *node.comparators]
        if any(isinstance(side, ast.Constant) for side in sides):
            continue
        for side in sides:
            if SECRET.search(_name(side).lower()):
                yield node.lineno, ast.unparse(node)


def test_no_secret_is_compared_with_an_operator() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {text}"
        for path in sorted(ROOT.rglob("*.py"))
        if path.relative_to(ROOT).parts[0] != COUNTERS
        for line, text in _compared(ast.parse(path.read_text()))
    ]
    assert found == []


def test_the_check_sees_comparisons() -> None:
    wrong = "given.secret == stored; token(x) != expected; row['password'] == value; self._token == other"
    assert len(list(_compared(ast.parse(wrong)))) == 4
    right = "scheme == 'bearer'; token is None; len(secret) == 3; kind == other; equal(secret, other)"
    assert list(_compared(ast.parse(right))) == []


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("security/passwords.py", "scrypt hashes, hints"),
        ("sip/digest_hash.py", "digest responses"),
        ("sip/nonces.py", "the seal of a nonce"),
        ("http/keys.py", "two secrets of one request"),
        ("http/health.py", "the token of /metrics"),
    ],
)
def test_where_secrets_are_compared(path: str, what: str) -> None:
    calls = {_name(node.func) for node in ast.walk(ast.parse((ROOT / path).read_text())) if _is_call(node)}
    assert calls & {"compare_digest", "equal"}, what


def _is_call(node: ast.AST) -> TypeGuard[ast.Call]:
    return isinstance(node, ast.Call)
