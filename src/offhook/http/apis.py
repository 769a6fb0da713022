"""Every API of the surface, in the order in which routes are tried and documents are listed.

An API that is not here is not served; what is here has a document at `/openapi/{name}.json`.
"""

from offhook.http import files, health
from offhook.http.applications import old_routes as applications_v1
from offhook.http.applications import routes as applications
from offhook.http.kpn import router as kpn
from offhook.http.legs import router as legs
from offhook.http.numbers import router as numbers
from offhook.http.openapi.api import Api
from offhook.http.openapi.security import CLIENT, IN_QUERY, KEY_AND_SECRET, METRICS, TOKEN_OF_APPLICATION
from offhook.http.users import router as users
from offhook.http.voice_v1 import router as voice_v1
from offhook.http.voice_v2 import router as voice_v2

APIS = (
    Api(
        "voice_v1",
        voice_v1,
        "Voice",
        "Place calls, read them, and steer those that are live.",
        (TOKEN_OF_APPLICATION,),
    ),
    Api(
        "voice_v2",
        voice_v2,
        "Voice, version 2",
        "Place calls without waiting for their ids, which come with the first event.",
        (TOKEN_OF_APPLICATION,),
    ),
    Api(
        "legs",
        legs,
        "Legs",
        "An older view of an application's calls.",
        (TOKEN_OF_APPLICATION,),
    ),
    Api(
        "applications",
        applications.router,
        "Applications",
        "What calls belong to: keys that sign tokens, and addresses of webhooks.",
        (KEY_AND_SECRET,),
    ),
    Api(
        "applications_v1",
        applications_v1.router,
        "Applications, version 1",
        "The same applications in the flat shape of old programs.",
        (KEY_AND_SECRET, IN_QUERY),
    ),
    Api(
        "numbers",
        numbers,
        "Numbers",
        "Numbers that an account has, those it may buy, and what becomes of calls to them.",
        (KEY_AND_SECRET, IN_QUERY),
    ),
    Api(
        "users",
        users,
        "Users",
        "Who can be called by name: users of an application.",
        (TOKEN_OF_APPLICATION,),
    ),
    Api(
        "kpn",
        kpn,
        "KPN wrapper",
        "The Voice API behind OAuth client credentials, with a quota.",
        (CLIENT,),
        {"access_token": (KEY_AND_SECRET, "")},
    ),
    Api(
        "files",
        files.router,
        "Files",
        "Recordings, by the addresses that webhooks tell.",
        (TOKEN_OF_APPLICATION,),
    ),
    Api(
        "operation",
        health.router,
        "Operation",
        "For machines that watch this one.",
        otherwise={"metrics": (METRICS, "")},
    ),
)
