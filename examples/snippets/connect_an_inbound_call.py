"""Connect an inbound call to the phone TO_NUMBER."""

import os
from typing import Any

import uvicorn
from fastapi import FastAPI

app = FastAPI()


@app.get("/answer")
async def answer() -> list[dict[str, Any]]:
    return [
        {
            "action": "connect",
            "from": os.environ["VONAGE_NUMBER"],
            "endpoint": [{"type": "phone", "number": os.environ["TO_NUMBER"]}],
        }
    ]


@app.post("/events")
async def events() -> dict[str, str]:
    return {}


if __name__ == "__main__":
    uvicorn.run(app, port=int(os.environ.get("PORT", "5000")))
