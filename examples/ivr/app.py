"""An order line: a caller asks for the status of an order, leaves a message, or speaks to somebody.

It knows nothing of Offhook: it answers the webhooks of the Vonage Voice API with NCCOs and runs unchanged
against either. Start it with `uvicorn app:app --port 5000` and set an application's answer_url to
`http://127.0.0.1:5000/answer` and its event_url to `http://127.0.0.1:5000/events`.

    GET  /answer      a call came in: the menu
    POST /menu        a key was pressed in the menu
    POST /order       an order number was keyed in
    POST /recording   a message was left
    POST /events      what happens to the calls
"""

import os
from typing import Any

from fastapi import FastAPI, Request

OPERATOR = os.environ.get("OPERATOR_NUMBER", "15550100002")
ORDERS = {"1234": "was sent yesterday and arrives on Thursday", "777": "waits for your payment"}
Ncco = list[dict[str, Any]]

app = FastAPI()
messages: list[dict[str, Any]] = []


def talk(text: str, *, barge_in: bool = False) -> dict[str, Any]:
    return {"action": "talk", "text": text, "language": "en-US", "bargeIn": barge_in}


def menu(request: Request, greeting: str = "") -> Ncco:
    text = "For the status of an order, press 1. To leave a message, press 2. To speak to somebody, press 3."
    return [
        talk(f"{greeting} {text}".strip(), barge_in=True),
        {
            "action": "input",
            "type": ["dtmf"],
            "dtmf": {"maxDigits": 1, "timeOut": 8},
            "eventUrl": [str(request.url_for("choose"))],
        },
    ]


@app.get("/answer")
async def answer(request: Request) -> Ncco:
    return menu(request, "Welcome to the order line.")


@app.post("/menu")
async def choose(request: Request) -> Ncco:
    event = await request.json()
    digit = (event.get("dtmf") or {}).get("digits")
    if digit == "1":
        return ask_for_order(request)
    if digit == "2":
        return take_message(request)
    if digit == "3":
        return speak_to_somebody(event)
    return menu(request, "Sorry, I did not get that.")


def ask_for_order(request: Request) -> Ncco:
    return [
        talk("Please key in your order number, then press the hash key.", barge_in=True),
        {
            "action": "input",
            "type": ["dtmf"],
            "dtmf": {"maxDigits": 10, "timeOut": 10, "submitOnHash": True},
            "eventUrl": [str(request.url_for("order"))],
        },
    ]


@app.post("/order", name="order")
async def order(request: Request) -> Ncco:
    event = await request.json()
    number = (event.get("dtmf") or {}).get("digits") or ""
    state = ORDERS.get(number, "is not known to us")
    return [talk(f"Order {' '.join(number) or 'nothing'} {state}."), *menu(request)]


def take_message(request: Request) -> Ncco:
    return [
        talk("Speak after the tone and press the hash key when you are done."),
        {
            "action": "record",
            "format": "wav",
            "beepStart": True,
            "endOnKey": "#",
            "timeOut": 60,
            "eventUrl": [str(request.url_for("recording"))],
        },
        talk("Thank you."),
        *menu(request),
    ]


@app.post("/recording", name="recording")
async def recording(request: Request) -> dict[str, str]:
    messages.append(await request.json())
    return {}


def speak_to_somebody(event: dict[str, Any]) -> Ncco:
    return [
        talk("One moment, please."),
        {
            "action": "connect",
            "from": event["to"],
            "timeout": 20,
            "endpoint": [{"type": "phone", "number": OPERATOR}],
        },
        talk("Nobody can take your call now. Please try again later."),
    ]


@app.post("/events")
async def events() -> dict[str, str]:
    return {}
