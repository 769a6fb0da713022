"""HAL links of a listing by record offset.

Hrefs are absolute, because some clients feed them to a URL parser that refuses relative ones; `next` and
`prev` are left out where no such page exists, because clients stop at a missing `next`.
"""

from urllib.parse import urlencode


def offset_links(
    base: str, query: dict[str, str], *, total: int, page_size: int, record_index: int
) -> dict[str, dict[str, str]]:
    """Links for the page at `record_index` (in records) of `total` records; `query` holds the filters."""

    def link(index: int) -> dict[str, str]:
        parameters = {**query, "page_size": str(page_size), "record_index": str(index)}
        return {"href": f"{base}?{urlencode(parameters)}"}

    last = max(0, (total - 1) // page_size * page_size)
    links = {"self": link(record_index), "first": link(0), "last": link(last)}
    if record_index + page_size < total:
        links["next"] = link(record_index + page_size)
    if record_index > 0:
        links["prev"] = link(max(0, record_index - page_size))
    return links


def page_links(path: str, *, page: int, page_size: int, pages: int) -> dict[str, dict[str, str]]:
    """Links of a listing by page number, counted from 1."""

    def link(number: int) -> dict[str, str]:
        return {"href": f"{path}?page_size={page_size}&page={number}"}

    links = {"self": link(page), "first": link(1), "last": link(pages)}
    if page < pages:
        links["next"] = link(page + 1)
    if page > 1:
        links["prev"] = link(page - 1)
    return links
