"""Receive an inbound call and greet the caller with the number that called."""

import os
from typing import Any

import uvicorn
from fastapi import FastAPI, Request

app = FastAPI()


@app.get("/answer")
async def answer(request: Request) -> list[dict[str, Any]]:
    caller = request.query_params["from"]
    return [{"action": "talk", "text": f"Thank you for calling from {' '.join(caller)}."}]


@app.post("/events")
async def events() -> dict[str, str]:
    return {}


if __name__ == "__main__":
    uvicorn.run(app, port=int(os.environ.get("PORT", "5000")))
