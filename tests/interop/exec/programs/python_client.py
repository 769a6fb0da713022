"""Makes an application at Vonage with one of Python's HTTP clients, as their first pages show them."""

import asyncio
import base64
import http.client
import json
import os
import sys
import urllib.request
from collections.abc import Callable
from typing import Any

HOST, PATH = "api.nexmo.com", "/v2/applications"
URL = f"https://{HOST}{PATH}"
BODY = {"name": sys.argv[2]}
KEY = (os.environ["VONAGE_API_KEY"], os.environ["VONAGE_API_SECRET"])
HEADERS = {
    "Authorization": "Basic " + base64.b64encode(":".join(KEY).encode()).decode(),
    "Content-Type": "application/json",
}


def with_requests() -> Any:
    import requests

    return requests.post(URL, json=BODY, auth=KEY).json()


def with_a_requests_session_without_environment() -> Any:
    import requests

    with requests.Session() as session:
        session.trust_env = False
        return session.post(URL, json=BODY, auth=KEY).json()


def with_httpx() -> Any:
    import httpx

    return httpx.post(URL, json=BODY, auth=KEY).json()


def with_httpx_async() -> Any:
    import httpx

    async def post() -> Any:
        async with httpx.AsyncClient() as client:
            return (await client.post(URL, json=BODY, auth=KEY)).json()

    return asyncio.run(post())


def with_aiohttp() -> Any:
    import aiohttp

    async def post() -> Any:
        async with (
            aiohttp.ClientSession(auth=aiohttp.BasicAuth(*KEY)) as session,
            session.post(URL, json=BODY) as answer,
        ):
            return await answer.json()

    return asyncio.run(post())


def with_aiohttp_on_uvloop() -> Any:
    import aiohttp
    import uvloop

    async def post() -> Any:
        async with (
            aiohttp.ClientSession(auth=aiohttp.BasicAuth(*KEY)) as session,
            session.post(URL, json=BODY) as answer,
        ):
            return await answer.json()

    return uvloop.run(post())


def with_urllib3() -> Any:
    import urllib3

    return json.loads(urllib3.PoolManager().request("POST", URL, json=BODY, headers=HEADERS).data)


def with_urllib3_and_certifi() -> Any:
    import certifi
    import urllib3

    pool = urllib3.PoolManager(ca_certs=certifi.where())
    return json.loads(pool.request("POST", URL, json=BODY, headers=HEADERS).data)


def with_urllib() -> Any:
    request = urllib.request.Request(URL, json.dumps(BODY).encode(), HEADERS)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def with_http_client() -> Any:
    connection = http.client.HTTPSConnection(HOST)
    connection.request("POST", PATH, json.dumps(BODY), HEADERS)
    try:
        return json.load(connection.getresponse())
    finally:
        connection.close()


def with_plain_http() -> Any:
    request = urllib.request.Request(URL.replace("https:", "http:"), json.dumps(BODY).encode(), HEADERS)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


client: Callable[[], Any] = globals()[f"with_{sys.argv[1]}"]
print(client()["id"])
