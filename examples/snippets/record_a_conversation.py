"""Record a conversation: everybody in the room is in one recording."""

import os
from typing import Any

import uvicorn
from fastapi import FastAPI, Request

app = FastAPI()


@app.get("/answer")
async def answer(request: Request) -> list[dict[str, Any]]:
    return [
        {
            "action": "conversation",
            "name": "snippet-recorded",
            "record": True,
            "eventUrl": [str(request.url_for("recordings"))],
        }
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
