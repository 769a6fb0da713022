"""An API's document, made from its routes; the documents that were made, as a server shows them; their index.

Making one takes up to seconds, which control has not: `scripts/openapi` writes them into `made/`, a test
holds them to the routes, and a server reads the files.
"""

import json
from collections.abc import Sequence
from importlib import metadata
from importlib.resources import files
from typing import Any

from fastapi.openapi.utils import get_openapi
from pydantic import TypeAdapter

from offhook.http.declared import MODELS
from offhook.http.openapi import tidy
from offhook.http.openapi.api import Api, requirements
from offhook.http.openapi.security import used

Json = dict[str, Any]
VERSION = "3.1.0"
LICENCE = {"name": "Apache-2.0", "identifier": "Apache-2.0"}
SERVER = "http://127.0.0.1:8080"
"""Where a server without settings is; `made/` says this."""


def shown(api: Api, public_url: str) -> Json:
    """The document of `api` as a server at `public_url` gives it. Blocks."""
    text = files(__package__).joinpath("made", f"{api.name}.json").read_text("utf-8")
    return {**json.loads(text), "servers": [{"url": public_url}]}


def index(apis: Sequence[Api], public_url: str) -> Json:
    """A document without operations that names the others, for people and for programs."""
    return {
        "openapi": VERSION,
        "info": {
            "title": "Offhook",
            "version": metadata.version("offhook"),
            "description": "Every API has a document of its own; `x-documents` says where.",
            "license": LICENCE,
        },
        "servers": [{"url": public_url}],
        "paths": {},
        "x-documents": [
            {
                "name": api.name,
                "title": api.title,
                "url": f"{public_url}/openapi/{api.name}.json",
                "page": f"{public_url}/openapi/{api.name}",
            }
            for api in apis
        ],
    }


def make(api: Api) -> Json:
    """The document of `api`, from its routes and their models."""
    made = get_openapi(
        title=api.title,
        version=metadata.version("offhook"),
        openapi_version=VERSION,
        description=api.about,
        license_info=LICENCE,
        servers=[{"url": SERVER}],
        routes=api.router.routes,
        separate_input_output_schemas=False,
    )
    tidy.named(tidy.without_unsent(made))
    _with_models(made)
    tidy.linked(made)
    made["paths"] = _paths(made)
    components = made.setdefault("components", {})
    components["schemas"] = {
        name: tidy.without_titles(schema) for name, schema in components.get("schemas", {}).items()
    }
    _secure(made, api)
    return _in_order(tidy.folded(made))


def _with_models(made: Json) -> None:
    """Names of models become references, and the models parts of the document."""
    names = sorted(set(tidy.models(made["paths"])))
    schemas, definitions = TypeAdapter.json_schemas(
        [(name, "serialization", TypeAdapter(MODELS[name])) for name in names],
        ref_template="#/components/schemas/{model}",
    )
    made["paths"] = tidy.replaced(made["paths"], {name: schemas[name, "serialization"] for name in names})
    known = made.setdefault("components", {}).setdefault("schemas", {})
    known.update(definitions.get("$defs", {}))
    made["components"]["schemas"] = dict(sorted(known.items()))


def _paths(made: Json) -> Json:
    """Titles go from schemas; in paths nothing else has any."""
    found = tidy.without_titles(made["paths"])
    assert isinstance(found, dict)
    return found


def _secure(made: Json, api: Api) -> None:
    asked = requirements(api.security)
    for _, _, operation in tidy.operations(made):
        if operation["operationId"] in api.otherwise:
            operation["security"] = requirements(api.otherwise[operation["operationId"]])
            asked = [*asked, *operation["security"]]
    if api.security:
        made["security"] = requirements(api.security)
    schemes = used(asked)
    if schemes:
        made["components"]["securitySchemes"] = schemes


def _in_order(made: Json) -> Json:
    """As people look for things: what it is, how to get in, what there is, the parts."""
    order = ("openapi", "info", "servers", "security", "tags", "paths", "components")
    found = {name: made[name] for name in order if name in made}
    if not any(found["components"].values()):
        del found["components"]
    return {**found, **{name: value for name, value in made.items() if name not in order}}
