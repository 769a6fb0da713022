"""The Applications API: create, list, read, replace and delete (docs/specs/http.md §4).

Version 2 (`routes`, `schemas`, `shown`) and the deprecated version 1 (`old_routes`, `flat`, `flat_shown`) of
the same applications; `verbs` is what both do.
"""

from offhook.http.applications import old_routes
from offhook.http.errors import PROBLEMS, VOICE, Family

FAMILIES = (Family(old_routes.PATH, VOICE.body, PROBLEMS.challenge),)
"""Version 1 tells errors as the Voice API does."""
