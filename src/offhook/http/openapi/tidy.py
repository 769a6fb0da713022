"""A document of the framework made fit to read: pure functions from JSON to JSON.

The framework declares a 422 that is never sent, names operations after their paths, and gives every member
of a model a title that says its name again. The same dozen refusals stand at every operation; here they
stand once and are referred to. See docs/specs/http.md, "OpenAPI documents".
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from offhook.http.declared import MODEL
from offhook.http.errors import TITLES

Json = dict[str, Any]
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
UNSENT = ("HTTPValidationError", "ValidationError")
UNTITLED = {408: "Request Timeout", 431: "Request Header Fields Too Large"}
"""Answers that are written before there is a request to route."""
MAPS = frozenset({"properties", "patternProperties", "$defs", "schemas", "dependentSchemas"})
"""Members whose keys are names of somebody's choice, not keywords."""
VERBATIM = frozenset({"example", "examples", "const", "enum", "required"})


def operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    """Path, method and operation of each."""
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, method, item[method]


def models(value: Any) -> Iterator[str]:
    """The names of models (`declared.shows`) in a part of a document."""
    if isinstance(value, list):
        for each in value:
            yield from models(each)
    elif isinstance(value, dict):
        if MODEL in value:
            yield value[MODEL]
        for each in value.values():
            yield from models(each)


def replaced(value: Any, schemas: Json) -> Any:
    """The same part with schemas in the place of these names."""
    if isinstance(value, list):
        return [replaced(each, schemas) for each in value]
    if not isinstance(value, dict):
        return value
    if MODEL in value:
        return schemas[value[MODEL]]
    return {key: replaced(each, schemas) for key, each in value.items()}


def without_unsent(document: Json) -> Json:
    """Takes out the framework's own refusal of parameters: ours are declared by the routes."""
    for _, _, operation in operations(document):
        told = json.dumps(operation["responses"].get("422", {}))
        if UNSENT[0] in told:
            del operation["responses"]["422"]
    schemas = document.get("components", {}).get("schemas", {})
    for name in UNSENT:
        schemas.pop(name, None)
    return document


def without_titles(schema: Any) -> Any:
    """Schemas without titles, and without defaults that are null: such members are left out of bodies.

    A member that is called `title` stays.
    """
    if isinstance(schema, list):
        return [without_titles(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    found: Json = {}
    for key, value in schema.items():
        if key in MAPS and isinstance(value, dict):
            found[key] = {name: without_titles(each) for name, each in value.items()}
        elif key == "default":
            if value is not None:
                found[key] = _present(value)
        elif key in VERBATIM:
            found[key] = value
        elif key != "title" or not isinstance(value, str):
            found[key] = without_titles(value)
    return found


def _present(default: Any) -> Any:
    if not isinstance(default, dict):
        return default
    return {name: each for name, each in default.items() if each is not None}


def named(document: Json) -> Json:
    """Operations get the names of their handlers; of several with one name those behind get a number."""
    seen: Counter[str] = Counter()
    for path, method, operation in operations(document):
        suffix = re.sub(r"\W", "_", path) + "_" + method  # the framework writes it behind the name
        name = operation["operationId"].removesuffix(suffix)
        seen[name] += 1
        operation["operationId"] = name if seen[name] == 1 else f"{name}_{seen[name]}"
    return document


def folded(document: Json) -> Json:
    """Refusals that several operations share, once in `components`."""
    counts: Counter[str] = Counter()
    for _, _, operation in operations(document):
        counts.update(_key(status, told) for status, told in operation["responses"].items())
    names: dict[str, str] = {}
    shared: Json = {}
    for _, _, operation in operations(document):
        for status, told in sorted(operation["responses"].items()):
            key = _key(status, told)
            if counts[key] < 2 or status < "400":
                continue
            if key not in names:
                names[key] = _free(status, shared)
                shared[names[key]] = told
            operation["responses"][status] = {"$ref": f"#/components/responses/{names[key]}"}
    if shared:
        document.setdefault("components", {})["responses"] = shared
    return document


def _key(status: str, told: Json) -> str:
    return status + json.dumps(told, sort_keys=True)


def _free(status: str, taken: Json) -> str:
    """`NotFound`, or `NotFound-2` where that is another answer already."""
    name = {**TITLES, **UNTITLED}.get(int(status), f"Status {status}").replace(" ", "")
    numbered = [name, *(f"{name}-{number}" for number in range(2, len(taken) + 3))]
    return next(each for each in numbered if each not in taken)


def linked(document: Json) -> Json:
    """What a POST makes is what the paths one step below are about: says so in `links` (OpenAPI §4.8.20)."""
    for path, method, operation in operations(document):
        made = next((s for s in ("201", "200") if s in operation["responses"]), None)
        if method != "post" or made is None:
            continue
        answer = operation["responses"][made]
        links = {
            other["operationId"]: {"operationId": other["operationId"], "parameters": {name: expression}}
            for below, _, other in operations(document)
            if (name := _parameter_below(path, below)) is not None
            and (expression := _where(document, answer, name)) is not None
        }
        if links:
            answer["links"] = links
    return document


def _parameter_below(path: str, below: str) -> str | None:
    """`uuid` of `/v1/calls/{uuid}/talk` below `/v1/calls`."""
    rest = below.removeprefix(path + "/{")
    if rest == below:
        return None
    name, _, behind = rest.partition("}")
    return None if "{" in behind else name


def _where(document: Json, answer: Json, name: str) -> str | None:
    """The member of the answer that has the parameter's value."""
    schema = answer.get("content", {}).get("application/json", {}).get("schema", {})
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    members = schema.get("properties", {})
    found = next((each for each in (name, "id") if each in members), None)
    return None if found is None else f"$response.body#/{found}"
