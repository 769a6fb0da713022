"""Record a call from its beginning to its end, here one that is connected to TO_NUMBER."""

import os
from typing import Any

import uvicorn
from fastapi import FastAPI, Request

app = FastAPI()


@app.get("/answer")
async def answer(request: Request) -> list[dict[str, Any]]:
    return [
        {"action": "record", "format": "wav", "eventUrl": [str(request.url_for("recordings"))]},
        {
            "action": "connect",
            "from": os.environ["VONAGE_NUMBER"],
            "endpoint": [{"type": "phone", "number": os.environ["TO_NUMBER"]}],
        },
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
