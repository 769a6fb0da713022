"""The Voice API, version 1: create, read and steer calls.

What goes over the wire is in docs/specs/http.md §2. REST bodies are snake_case except `dtmfAnswer` and
`content-type`; clients send numbers as strings and arrays of one as bare strings, and both are accepted.
"""
