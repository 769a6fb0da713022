"""The credentials that documents speak of (docs/specs/http.md §1)."""

from typing import Any

from offhook.http.kpn.parts import TOKEN

TOKEN_OF_APPLICATION = "application_token"
KEY_AND_SECRET = "basic"
IN_QUERY = "api_key+api_secret"
CLIENT = "client"
METRICS = "metrics_token"

SCHEMES: dict[str, dict[str, Any]] = {
    TOKEN_OF_APPLICATION: {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "A JSON Web Token with the claim `application_id`, signed with RS256 by the private "
        "key of that application; `offhook apps token` prints one.",
    },
    KEY_AND_SECRET: {
        "type": "http",
        "scheme": "basic",
        "description": "API key and API secret of the account.",
    },
    "api_key": {
        "type": "apiKey",
        "in": "query",
        "name": "api_key",
        "description": "As old clients send it; goes with `api_secret`.",
    },
    "api_secret": {"type": "apiKey", "in": "query", "name": "api_secret", "description": "See `api_key`."},
    CLIENT: {
        "type": "oauth2",
        "description": "An access token for the id and secret of a client.",
        "flows": {"clientCredentials": {"tokenUrl": TOKEN, "scopes": {}}},
    },
    METRICS: {
        "type": "http",
        "scheme": "bearer",
        "description": "The metrics token of the settings; not needed from the machine itself.",
    },
}


def used(text: list[dict[str, list[str]]]) -> dict[str, dict[str, Any]]:
    """The schemes that these requirements name."""
    return {name: SCHEMES[name] for name in SCHEMES if any(name in each for each in text)}
