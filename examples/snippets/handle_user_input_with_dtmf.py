"""Handle user input with DTMF: say back which key was pressed."""

import os
from typing import Any

import uvicorn
from fastapi import FastAPI, Request

app = FastAPI()


@app.get("/answer")
async def answer(request: Request) -> list[dict[str, Any]]:
    return [
        {"action": "talk", "text": "Please press a key.", "bargeIn": True},
        {
            "action": "input",
            "type": ["dtmf"],
            "dtmf": {"maxDigits": 1, "timeOut": 10},
            "eventUrl": [str(request.url_for("pressed"))],
        },
    ]


@app.post("/pressed", name="pressed")
async def pressed(request: Request) -> list[dict[str, Any]]:
    event = await request.json()
    return [{"action": "talk", "text": f"You pressed {event['dtmf']['digits']}."}]


@app.post("/events")
async def events() -> dict[str, str]:
    return {}


if __name__ == "__main__":
    uvicorn.run(app, port=int(os.environ.get("PORT", "5000")))
