"""Routes that call their handler directly.

For every request FastAPI works out anew what a handler needs, ready for bodies, queries, headers and forms.
The handlers of the Voice API read those themselves and need the request, parts of its path and what other
functions find out about it first (`Depends`). Here that is bound once, when the route is made. The route is
FastAPI's in all else: paths, methods, documents, errors. What a router or an application depends on is not
called: everything stands in the signature of the handler. See docs/decisions/direct-routes.md.
"""

import inspect
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from typing import Annotated, Any, get_args, get_origin

from fastapi import Request, Response
from fastapi.params import Depends
from fastapi.routing import APIRoute

from offhook.core.errors import LocalStateError

Function = Callable[..., Awaitable[Any]]
Bound = Callable[[Request], Coroutine[Any, Any, Any]]


class DirectRoute(APIRoute):
    """For `APIRouter(route_class=…)`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        called = list(needed(self.endpoint))
        if len(called) != len(set(called)):
            raise LocalStateError(
                f"{self.path}: a function that the handler depends on would be called twice"
            )
        return bound(self.endpoint)


def needed(function: Function) -> Iterator[Function]:
    """What is called before `function`, in order."""
    for _, before in _needs(function)[2]:
        yield from needed(before)
        yield before


def bound(function: Function) -> Bound:
    """`function` of nothing but the request. Raises LocalStateError for needs of other kinds."""
    requests, parts, before = _needs(function)
    first = [(name, bound(each)) for name, each in before]

    async def call(request: Request) -> Any:
        given: dict[str, Any] = dict.fromkeys(requests, request)
        for name in parts:
            given[name] = request.path_params[name]
        for name, find in first:
            given[name] = await find(request)
        return await function(**given)

    return call


def _needs(function: Function) -> tuple[list[str], list[str], list[tuple[str, Function]]]:
    """The names of the parameters that are the request, parts of the path, and results of functions."""
    requests: list[str] = []
    parts: list[str] = []
    before: list[tuple[str, Function]] = []
    for name, parameter in inspect.signature(function, eval_str=True).parameters.items():
        found = _dependency(parameter.annotation)
        if found is not None:
            before.append((name, found))
        elif parameter.annotation is Request:
            requests.append(name)
        elif parameter.annotation is str and parameter.default is parameter.empty:
            parts.append(name)
        else:
            raise LocalStateError(f"{function.__qualname__}: {name} is nothing that a direct route can give")
    return requests, parts, before


def _dependency(annotation: Any) -> Function | None:
    if get_origin(annotation) is not Annotated:
        return None
    for each in get_args(annotation)[1:]:
        if isinstance(each, Depends) and inspect.iscoroutinefunction(each.dependency):
            return each.dependency
    return None
