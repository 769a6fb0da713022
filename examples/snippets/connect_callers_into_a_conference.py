"""Connect callers into a conference: everybody who calls is in the same room."""

import os
from typing import Any

import uvicorn
from fastapi import FastAPI

app = FastAPI()


@app.get("/answer")
async def answer() -> list[dict[str, Any]]:
    return [
        {"action": "talk", "text": "You are joining the conference."},
        {"action": "conversation", "name": "snippet-conference"},
    ]


@app.post("/events")
async def events() -> dict[str, str]:
    return {}


if __name__ == "__main__":
    uvicorn.run(app, port=int(os.environ.get("PORT", "5000")))
