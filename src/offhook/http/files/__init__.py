"""Recordings by the addresses that webhooks show: downloaded, in ranges where asked, and deleted.

`routes` finds the file and says what it is, `ranges` reads the request's Range, `sending` carries the bytes.
See docs/specs/http.md §5.
"""

from offhook.http.files.routes import router

__all__ = ["router"]
