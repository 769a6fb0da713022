"""Record a message, as a voicemail box does: after the beep, until the hash key is pressed."""

import os
from typing import Any

import uvicorn
from fastapi import FastAPI, Request

app = FastAPI()


@app.get("/answer")
async def answer(request: Request) -> list[dict[str, Any]]:
    return [
        {"action": "talk", "text": "Leave a message after the beep, then press hash."},
        {
            "action": "record",
            "format": "wav",
            "beepStart": True,
            "endOnKey": "#",
            "endOnSilence": 10,
            "eventUrl": [str(request.url_for("recordings"))],
        },
        {"action": "talk", "text": "Thank you. Goodbye."},
    ]


@app.post("/recordings")
async def recordings(request: Request) -> dict[str, str]:
    event = await request.json()
    print("recorded:", event["recording_url"], flush=True)
    return {}


@app.post("/events")
async def events() -> dict[str, str]:
    return {}


if __name__ == "__main__":
    uvicorn.run(app, port=int(os.environ.get("PORT", "5000")))
