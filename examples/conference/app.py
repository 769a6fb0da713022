"""A team meeting by telephone: everybody waits with music until the moderator calls, who ends it for all.

It knows nothing of Offhook: it answers the webhooks of the Vonage Voice API with NCCOs and runs unchanged
against either. Start it with `uvicorn app:app --port 5001` and set an application's answer_url to
`http://127.0.0.1:5001/answer` and its event_url to `http://127.0.0.1:5001/events`.

    GET  /answer      somebody calls: a greeting, then the meeting
    GET  /hold.wav    what those hear who wait
    POST /recording   the meeting is over and its recording can be fetched
    POST /events      what happens to the calls
    GET  /            who is in, and the recordings so far
"""

import io
import math
import os
import struct
import wave
from typing import Any

from fastapi import FastAPI, Request, Response

MODERATOR = os.environ.get("MODERATOR_NUMBER", "15550100010")
NOTES = (392.0, 494.0, 587.0, 494.0)
RATE = 8000
Ncco = list[dict[str, Any]]

app = FastAPI()
present: dict[str, str] = {}
"""Leg → the number that called."""
recordings: list[dict[str, Any]] = []


@app.get("/answer")
async def answer(request: Request) -> Ncco:
    role: dict[str, Any]
    caller, meeting = request.query_params.get("from", ""), request.query_params.get("to", "")
    if caller == MODERATOR:
        greeting, role = "Welcome. The meeting begins.", {"endOnExit": True}
    else:
        greeting = "Welcome. The meeting begins when the moderator calls."
        role = {"startOnEnter": False, "musicOnHoldUrl": [str(request.url_for("hold"))]}
    return [
        {"action": "talk", "text": greeting, "language": "en-US"},
        {
            "action": "conversation",
            "name": f"meeting-{meeting}",
            "record": True,
            "eventUrl": [str(request.url_for("recording"))],
            **role,
        },
    ]


@app.get("/hold.wav", name="hold")
async def hold() -> Response:
    """Four soft notes of half a second, which are repeated for as long as somebody waits."""
    size = RATE // 2
    samples = [
        round(4000 * math.sin(math.pi * n / size) * math.sin(2 * math.pi * hertz * n / RATE))
        for hertz in NOTES
        for n in range(size)
    ]
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(struct.pack(f"<{len(samples)}h", *samples))
    return Response(file.getvalue(), media_type="audio/wav")


@app.post("/recording", name="recording")
async def recording(request: Request) -> dict[str, str]:
    recordings.append(await request.json())
    return {}


@app.post("/events")
async def events(request: Request) -> dict[str, str]:
    event = await request.json()
    if event.get("status") == "answered":
        present[event["uuid"]] = event["from"]
    elif event.get("status") == "completed":
        present.pop(event["uuid"], None)
    return {}


@app.get("/")
async def overview() -> dict[str, Any]:
    return {"present": sorted(present.values()), "recordings": [each["recording_url"] for each in recordings]}
