"""The Applications API, version 2: create, list, read, replace and delete (docs/specs/http.md §4)."""
