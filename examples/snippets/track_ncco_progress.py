"""Track NCCO progress: a notify action tells how far a call has come, and what is to follow."""

import os
from typing import Any

import uvicorn
from fastapi import FastAPI, Request

app = FastAPI()


@app.get("/answer")
async def answer(request: Request) -> list[dict[str, Any]]:
    return [
        {"action": "talk", "text": "This is the first part."},
        {
            "action": "notify",
            "payload": {"reached": "the end of the first part"},
            "eventUrl": [str(request.url_for("progress"))],
        },
        {"action": "talk", "text": "Nobody hears this: the answer to notify took its place."},
    ]


@app.post("/progress", name="progress")
async def progress(request: Request) -> list[dict[str, Any]]:
    event = await request.json()
    print("reached:", event["payload"]["reached"], flush=True)
    return [{"action": "talk", "text": "And this is the second part."}]


@app.post("/events")
async def events() -> dict[str, str]:
    return {}


if __name__ == "__main__":
    uvicorn.run(app, port=int(os.environ.get("PORT", "5000")))
