"""OpenAPI 3.1 documents of every API, made from the routes and models that serve it, and pages to read them.

`api` is how an API takes its place, `documents` makes a document, `tidy` takes out what the framework adds
and folds what repeats, `security` names the credentials, `made/` holds the documents, `page` and `routes`
serve them. See docs/specs/http.md, "OpenAPI documents".
"""

from offhook.http.openapi.api import Api
from offhook.http.openapi.routes import CHALLENGE, router

__all__ = ["CHALLENGE", "Api", "router"]
