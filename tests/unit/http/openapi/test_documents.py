"""The documents: true to the routes, whole, and fit to be read by programs."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from offhook.http.apis import APIS
from offhook.http.declared import Refusal
from offhook.http.openapi.api import Api
from offhook.http.openapi.documents import SERVER, make, shown
from offhook.http.openapi.tidy import operations

ROOT = Path(__file__).parents[4]
MADE = files("offhook.http.openapi").joinpath("made")
NAMES = [api.name for api in APIS]


@pytest.fixture(scope="module", params=APIS, ids=NAMES)
def api(request: pytest.FixtureRequest) -> Api:
    found = request.param
    assert isinstance(found, Api)
    return found


@pytest.fixture(scope="module")
def document(api: Api) -> dict[str, Any]:
    return shown(api, SERVER)


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for each in value.values():
            yield from references(each)
    elif isinstance(value, list):
        for each in value:
            yield from references(each)


def test_the_files_are_what_the_routes_make(api: Api) -> None:
    assert shown(api, SERVER) == make(api), "run: scripts/openapi"


def test_the_script_finds_nothing_stale() -> None:
    found = subprocess.run(
        [sys.executable, ROOT / "scripts" / "_openapi.py", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (found.returncode, found.stderr) == (0, "")


def test_no_file_is_left_of_an_api_that_is_gone() -> None:
    assert {each.name for each in MADE.iterdir()} == {f"{name}.json" for name in NAMES}


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    for reference in references(document):
        place: Any = document
        for step in reference.removeprefix("#/").split("/"):
            assert step in place, reference
            place = place[step]


def test_operations_are_named_once_and_said_in_words(document: dict[str, Any]) -> None:
    found = [operation for _, _, operation in operations(document)]
    assert found
    names = [operation["operationId"] for operation in found]
    assert len(set(names)) == len(names)
    for operation in found:
        assert re.fullmatch(r"[a-z][a-z0-9_]*", operation["operationId"])
        assert operation["summary"]
        assert operation["description"]


def test_nothing_of_the_framework_is_declared(document: dict[str, Any]) -> None:
    assert "HTTPValidationError" not in json.dumps(document)
    assert not [op for _, _, op in operations(document) if "422" in op["responses"]]


def test_every_refusal_has_a_body_that_is_declared(document: dict[str, Any]) -> None:
    for path, method, operation in operations(document):
        for status, told in operation["responses"].items():
            where = f"{method} {path} {status}"
            if "$ref" in told:
                told = document["components"]["responses"][told["$ref"].rpartition("/")[2]]
            assert told["description"], where
            if status >= "400":
                assert told["content"]["application/json"]["schema"], where


def test_paths_of_documents_do_not_collide() -> None:
    seen: dict[tuple[str, str], str] = {}
    for api in APIS:
        for path, method, _ in operations(shown(api, SERVER)):
            key = (method, re.sub(r"\{\w+\}", "{}", path))
            assert key not in seen, f"{key} is in {seen.get(key)} and {api.name}"
            seen[key] = api.name


def test_links_go_from_what_is_made_to_what_can_be_done_with_it() -> None:
    document = shown(next(api for api in APIS if api.name == "voice_v1"), SERVER)
    links = document["paths"]["/v1/calls"]["post"]["responses"]["201"]["links"]
    assert links["talk"] == {"operationId": "talk", "parameters": {"uuid": "$response.body#/uuid"}}
    assert {"show", "modify", "stop_talk", "listen"} <= set(links)


def test_credentials_are_declared(api: Api, document: dict[str, Any]) -> None:
    schemes = document.get("components", {}).get("securitySchemes", {})
    needed = [*document.get("security", [])]
    for _, _, operation in operations(document):
        needed += operation.get("security", [])
    assert {name for each in needed for name in each} == set(schemes)
    assert bool(document.get("security")) == bool(api.security)


def test_exceptions_name_operations_that_exist(api: Api, document: dict[str, Any]) -> None:
    assert set(api.otherwise) <= {operation["operationId"] for _, _, operation in operations(document)}


def test_the_server_is_the_public_address(api: Api) -> None:
    document = shown(api, "https://voice.example.com")
    assert document["servers"] == [{"url": "https://voice.example.com"}]
    assert SERVER not in json.dumps(document)


@pytest.mark.parametrize("status", [408, 431])
def test_who_is_refused_before_the_path_is_known_gets_the_same_body_everywhere(
    api: Api, document: dict[str, Any], status: int
) -> None:
    for path, method, operation in operations(document):
        if str(status) not in operation["responses"]:
            continue
        declared = operation["responses"][str(status)]
        if "$ref" in declared:
            declared = document["components"]["responses"][declared["$ref"].rpartition("/")[2]]
        shape = declared["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        members = set(document["components"]["schemas"][shape]["properties"])
        assert members == set(Refusal.model_fields), f"{method} {path}"
        assert "headers" not in declared, f"{method} {path}"
