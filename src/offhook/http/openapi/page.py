"""Pages to read and to try an API in a browser: Swagger UI from an installed package, nothing from elsewhere.

The pages run two scripts, both from this server, and the policy they are sent with lets them talk to nobody
else. See docs/decisions/openapi-pages.md.
"""

from collections.abc import Sequence
from html import escape
from importlib.resources import files

from fastapi_swagger import resources

from offhook.http.openapi.api import Api

ASSETS = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "favicon-32x32.png": "image/png",
}
START = "start.js"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<link rel="icon" href="{base}/openapi/assets/favicon-32x32.png">
"""
_STYLE = "<style>body{font:1rem/1.5 sans-serif;max-width:45rem;margin:2rem auto;padding:0 1rem}</style>\n"
_SCRIPT = """// A document names the public address. A page may have come by another one,
// which is the only one that it may ask.
const fromHere = () => ({
  statePlugins: {
    spec: {
      wrapActions: {
        updateJsonSpec: (update) => (document) =>
          update({ ...document, servers: [{ url: window.location.origin }] }),
      },
    },
  },
});
window.addEventListener("load", () => {
  const place = document.getElementById("reference");
  SwaggerUIBundle({
    domNode: place,
    url: place.dataset.document,
    plugins: [fromHere],
    deepLinking: true,
    docExpansion: "list",
    displayRequestDuration: true,
    validatorUrl: null,
  });
});
"""


def asset(name: str) -> tuple[bytes, str] | None:
    """A file that the pages need, and its type. Blocks."""
    if name == START:
        return _SCRIPT.encode(), "text/javascript"
    if name not in ASSETS:
        return None
    return files(resources).joinpath(name).read_bytes(), ASSETS[name]


def reference(api: Api) -> str:
    """The page of one API. Addresses are relative to the host: a proxy may have another name for us."""
    return (
        _HEAD.format(title=escape(f"{api.title} · Offhook"), base="")
        + '<link rel="stylesheet" href="/openapi/assets/swagger-ui.css">\n</head>\n<body>\n'
        + f'<div id="reference" data-document="/openapi/{escape(api.name)}.json"></div>\n'
        + '<script src="/openapi/assets/swagger-ui-bundle.js"></script>\n'
        + f'<script src="/openapi/assets/{START}"></script>\n</body>\n</html>\n'
    )


def contents(apis: Sequence[Api]) -> str:
    """The page that leads to the others."""
    rows = "".join(
        f'<li><a href="/openapi/{escape(api.name)}">{escape(api.title)}</a> '
        f'(<a href="/openapi/{escape(api.name)}.json">JSON</a>)</li>\n'
        for api in apis
    )
    title = "Offhook: APIs"
    return (
        _HEAD.format(title=title, base="")
        + _STYLE
        + f"</head>\n<body>\n<h1>{title}</h1>\n<ul>\n{rows}</ul>\n</body>\n</html>\n"
    )
