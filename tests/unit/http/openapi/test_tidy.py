"""Documents made fit to read, one change at a time."""

from typing import Any

from offhook.http.openapi import tidy


def document(**paths: Any) -> dict[str, Any]:
    return {"paths": {f"/{path}": item for path, item in paths.items()}}


def test_a_default_of_null_is_none() -> None:
    schema = {"default": {"a": None, "b": 1}, "properties": {"x": {"type": "string", "default": None}}}
    assert tidy.without_titles(schema) == {"default": {"b": 1}, "properties": {"x": {"type": "string"}}}


def test_a_member_called_title_stays_and_titles_of_schemas_go() -> None:
    schema = {
        "title": "Problem",
        "properties": {"title": {"title": "Title", "type": "string"}},
        "example": {"title": "Not Found"},
        "required": ["title"],
    }
    assert tidy.without_titles(schema) == {
        "properties": {"title": {"type": "string"}},
        "example": {"title": "Not Found"},
        "required": ["title"],
    }


def test_refusals_that_are_shared_stand_once() -> None:
    gone, other = {"description": "Gone."}, {"description": "Other."}
    made = tidy.folded(
        document(
            a={"get": {"responses": {"200": gone, "404": gone}}},
            b={"get": {"responses": {"200": gone, "404": gone}}},
            c={"get": {"responses": {"404": other}}, "put": {"responses": {"404": other}}},
            d={"get": {"responses": {"404": {"description": "Alone."}}}},
        )
    )
    assert made["components"]["responses"] == {"NotFound": gone, "NotFound-2": other}
    responses = {path: item["get"]["responses"] for path, item in made["paths"].items()}
    assert responses["/a"] == {"200": gone, "404": {"$ref": "#/components/responses/NotFound"}}
    assert responses["/c"] == {"404": {"$ref": "#/components/responses/NotFound-2"}}
    assert responses["/d"] == {"404": {"description": "Alone."}}


def test_operations_are_named_after_their_handlers() -> None:
    made = tidy.named(
        {
            "paths": {
                "/v1/x": {"get": {"operationId": "show_v1_x_get"}},
                "/v1/x/{id}": {"get": {"operationId": "show_v1_x__id__get"}},
            }
        }
    )
    assert [op["operationId"] for _, _, op in tidy.operations(made)] == ["show", "show_2"]


def test_only_the_frameworks_own_422_goes() -> None:
    theirs = {
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/HTTPValidationError"}}}
    }
    ours = {"description": "Cannot be done."}
    made = document(
        a={"get": {"responses": {"200": {}, "422": theirs}}}, b={"get": {"responses": {"422": ours}}}
    )
    made["components"] = {"schemas": {"HTTPValidationError": {}, "ValidationError": {}, "Call": {}}}
    tidy.without_unsent(made)
    assert made["paths"]["/a"]["get"]["responses"] == {"200": {}}
    assert made["paths"]["/b"]["get"]["responses"] == {"422": ours}
    assert made["components"]["schemas"] == {"Call": {}}


def test_a_link_needs_a_member_with_the_value() -> None:
    def made(members: dict[str, Any]) -> dict[str, Any]:
        answer = {"content": {"application/json": {"schema": {"properties": members}}}}
        linked = tidy.linked(
            document(
                **{
                    "x": {"post": {"operationId": "make", "responses": {"201": answer}}},
                    "x/{key}": {"get": {"operationId": "show", "responses": {}}},
                    "x/{key}/y/{n}": {"get": {"operationId": "deeper", "responses": {}}},
                }
            )
        )
        made_of: dict[str, Any] = linked["paths"]["/x"]["post"]["responses"]["201"]
        return made_of

    assert made({"id": {}})["links"] == {
        "show": {"operationId": "show", "parameters": {"key": "$response.body#/id"}}
    }
    assert made({"key": {}, "id": {}})["links"]["show"]["parameters"] == {"key": "$response.body#/key"}
    assert "links" not in made({"name": {}})
