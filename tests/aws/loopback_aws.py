"""A scripted AWS on loopback, for what happens between botocore and the far end, and a clock that only steps."""

import json
import socket
import threading
from collections import defaultdict, deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qsl


class SteppedClock:
    """Stands still but for `sleep`."""

    def __init__(self) -> None:
        self._now = 1_000_000.0
        self._lock = threading.Lock()
        self.slept: list[float] = []

    def now(self) -> float:
        return self._now

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self._now += seconds
            self.slept.append(seconds)


@dataclass(frozen=True)
class Answer:
    """What the far end does with one request: `lost` hangs up without a word, `cut` breaks off in the middle."""

    body: str = ""
    status: int = 200
    lost: bool = False
    cut: bool = False


@dataclass(frozen=True)
class Request:
    """One request as it arrived."""

    operation: str
    params: dict[str, object]
    headers: dict[str, str]


@dataclass
class LoopbackAws:
    """Answers each operation from its script, the last answer for ever; remembers what arrived."""

    url: str
    scripts: dict[str, deque[Answer]] = field(default_factory=lambda: defaultdict(deque))
    requests: list[Request] = field(default_factory=list)

    def on(self, operation: str, *answers: Answer) -> None:
        self.scripts[operation] = deque(answers)

    def sent(self, operation: str) -> list[Request]:
        return [request for request in self.requests if request.operation == operation]

    def next(self, operation: str) -> Answer:
        script = self.scripts[operation]
        if not script:
            return Answer(f"nothing is scripted for {operation}", 418)
        return script.popleft() if len(script) > 1 else script[0]


def ec2_error(code: str, status: int = 400, message: str = "as scripted") -> Answer:
    errors = f"<Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>"
    return Answer(f"<Response>{errors}<RequestID>req-1</RequestID></Response>", status)


def query_error(code: str, status: int = 400, message: str = "as scripted") -> Answer:
    error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
    return Answer(f"<ErrorResponse>{error}<RequestId>req-1</RequestId></ErrorResponse>", status)


def ec2(operation: str, body: str = "") -> Answer:
    return Answer(f"<{operation}Response><requestId>req-1</requestId>{body}</{operation}Response>")


def ids(*names: str) -> str:
    """The VPCs of a DescribeVpcs answer."""
    return "<vpcSet>" + "".join(f"<item><vpcId>{name}</vpcId></item>" for name in names) + "</vpcSet>"


LOST = Answer(lost=True)


def handler(aws: LoopbackAws) -> type[BaseHTTPRequestHandler]:
    """The far end of `aws`."""

    class Far(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(Request(f"GET {self.path}", {}, dict(self.headers.items())))

        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            target = self.headers.get("X-Amz-Target")
            params = json.loads(text) if target else dict(parse_qsl(text))
            operation = target.rpartition(".")[2] if target else str(params.get("Action"))
            self._answer(Request(operation, params, dict(self.headers.items())))

        def _answer(self, request: Request) -> None:
            aws.requests.append(request)
            answer = aws.next(request.operation)
            if answer.lost:
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            body = answer.body.encode()
            self.send_response(answer.status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2] if answer.cut else body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Far
