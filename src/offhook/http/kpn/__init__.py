"""The KPN wrapper: the Voice API behind OAuth client credentials, with quotas and headers of its own.

`gateway` and `envelope` are what every answer goes through, `token` and `access` who asks, the others what is
asked: `applications` and `applications_v2` over `shapes`, `voice`, `playback`, `signed`, `numbers`. See
docs/specs/kpn.md.
"""

from fastapi import APIRouter

from offhook.http.kpn import applications, applications_v2, numbers, playback, signed, token, voice

router = APIRouter()
# `applications_v2` comes first: v2 is no id of an application.
for part in (token, applications_v2, applications, voice, playback, signed, numbers):
    router.include_router(part.router)
