"""Seeds of the SIP targets: the test vectors, and a message of each kind that a stack may get."""

from pathlib import Path

VECTORS = Path(__file__).resolve().parents[3] / "tests" / "vectors" / "sip"
METHODS = (
    "INVITE",
    "ACK",
    "BYE",
    "CANCEL",
    "OPTIONS",
    "INFO",
    "UPDATE",
    "REGISTER",
    "PRACK",
    "MESSAGE",
    "FROB",
)
STATUSES = (100, 180, 183, 200, 202, 302, 401, 407, 408, 481, 486, 487, 488, 491, 500, 603, 699)
WORDS = (
    b"SIP/2.0",
    b"INVITE ",
    b"Via: ",
    b";branch=z9hG4bK",
    b";rport",
    b";received=1.2.3.4",
    b";tag=",
    b"sip:",
    b"sips:",
    b"tel:",
    b"Content-Length: 5\r\n",
    b"l: -1\r\n",
    b"Require: 100rel\r\n",
    b"Route: <sip:a;lr>\r\n",
    b"Record-Route: <sip:a>, <sip:b;lr>\r\n",
    b"Max-Forwards: 0\r\n",
    b"CSeq: 4294967296 INVITE\r\n",
    b"Contact: *\r\n",
    b"Authorization: Digest ",
    b'Proxy-Authenticate: Digest realm="r", nonce="n", qop="auth,auth-int", algorithm=SHA-256\r\n',
    b"Retry-After: 5\r\n",
    b"Content-Type: multipart/mixed\r\n",
    b"User-to-User: 00;encoding=hex\r\n",
)
OFFER = (
    b"v=0\r\no=- 1 1 IN IP4 127.0.0.2\r\ns=-\r\nc=IN IP4 127.0.0.2\r\nt=0 0\r\n"
    b"m=audio 4000 RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n"
)


def request(
    method: str, *, branch: str = "one", call: str = "call", tag: str = "", body: bytes = b""
) -> bytes:
    """A plain request of a telephone at 127.0.0.2; `tag` is the To tag."""
    to = f"<sip:u@127.0.0.1>;tag={tag}" if tag else "<sip:u@127.0.0.1>"
    return (
        f"{method} sip:u@127.0.0.1 SIP/2.0\r\n"
        f"Via: SIP/2.0/UDP 127.0.0.2:5060;branch=z9hG4bK{branch};rport\r\n"
        f'Max-Forwards: 70\r\nFrom: "P" <sip:p@127.0.0.2>;tag=far\r\nTo: {to}\r\nCall-ID: {call}\r\n'
        f"CSeq: 1 {method}\r\nContact: <sip:p@127.0.0.2>\r\nContent-Type: application/sdp\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode() + body


def samples() -> tuple[bytes, ...]:
    """All seeds."""
    vectors = [path.read_bytes() for path in sorted(VECTORS.glob("*.dat"))]
    plain = [request(method, body=OFFER if method == "INVITE" else b"") for method in METHODS]
    response = plain[0].replace(b"INVITE sip:u@127.0.0.1 SIP/2.0", b"SIP/2.0 200 OK")
    return (*vectors, *plain, response)
