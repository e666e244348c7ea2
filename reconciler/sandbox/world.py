"""The sandbox in process: inside `with Sandbox()` every boto3 client of this process talks to it."""

from __future__ import annotations

import os
import re
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from contextlib import ExitStack
from functools import cache
from types import SimpleNamespace, TracebackType
from typing import Any, Final, Self

import boto3
import botocore.endpoint
import botocore.session
import botocore.waiter
from botocore.awsrequest import AWSPreparedRequest
from botocore.exceptions import ConnectionClosedError
from moto import backend_index, backends
from moto.core import responses
from moto.core.base_backend import BackendDict
from moto.core.botocore_stubber import BotocoreStubber
from moto.core.model_instances import reset_model_data
from moto.core.models import DEFAULT_ACCOUNT_ID, botocore_stubber
from moto.core.request import normalize_request
from moto.core.utils import method_names_from_class
from moto.iam.models import get_account_id_from
from werkzeug.exceptions import HTTPException

from . import environment, wire
from .buckets import Buckets
from .clock import Clock
from .cloudtrail import CloudTrail
from .engine import Engine, running
from .faults import ConnectionLostError, Faults, Phase
from .gate import Gate
from .lag import Lag
from .models import shared_loader
from .patch import Installer, install
from .timings import Quotas, Timings

_OWN_REGION: Final = ("AWS_DEFAULT_REGION", "AWS_REGION")
_MOTO_ENVIRONMENT: Final = {"MOTO_EC2_LOAD_DEFAULT_AMIS": "false"}

Handler = Callable[[Any, str, Any], wire.Answer]


class Sandbox:
    """A strict AWS in this process, one at a time; no thread, no socket, so that a test may fork it.

    `strict=False` is plain moto behind the same gate; `without` names patches to leave out.
    """

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        faults: Faults | None = None,
        timings: Timings | None = None,
        quotas: Quotas | None = None,
        strict: bool = True,
        without: Collection[str] = (),
        region: str = "us-east-1",
    ) -> None:
        self.clock = clock or Clock.stepped()
        lag = Lag()
        self.engine = Engine(self.clock, timings or Timings(), lag, lambda: self.gate.faults, quotas)
        self.trail = CloudTrail()
        """Who called what."""
        rules = (Buckets(), lag, self.trail) if strict else ()
        self.gate = Gate(self.engine, faults or Faults(), rules, self.trail.note if strict else None)
        self._strict = strict
        self._without = without
        self._region = region
        self._running = ExitStack()
        self._handlers: dict[str, Handler] = {}

    @property
    def calls(self) -> Counter[str]:
        """Requests by operation ("ec2:CreateVpc"), retries and refused ones included."""
        return self.gate.calls

    @property
    def faults(self) -> Faults:
        """What goes wrong from now on; setting it starts afresh, with a client that lives."""
        return self.gate.faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self.gate.faults = faults

    def watch(self, callback: Callable[[wire.Request, Phase], None] | None) -> None:
        """Call `callback` at each mutating request, before and after AWS's work; it may raise or fork."""
        self.gate.watch = callback

    def reset(self) -> None:
        """Back to an empty account; the clock, faults and patches stay."""
        with self.engine.lock:
            self.engine.clear()
            self.gate.clear()
            BackendDict.reset()
            reset_model_data()

    def start(self) -> Self:
        """Install everything but the in-process door: for a server, which has its own."""
        with ExitStack() as undo:
            undo.enter_context(running(self.engine))
            undo.enter_context(_environment(_MOTO_ENVIRONMENT))
            installer = undo.enter_context(Installer())
            if self._strict:
                install(installer, self._without)
                # moto lists all methods of a service on each request, a sixth of its time.
                installer.replace(responses, "method_names_from_class", cache(method_names_from_class))
            undo.callback(self.reset)
            self.reset()
            self._running = undo.pop_all()
        return self

    def stop(self) -> None:
        """Leave moto, botocore and the environment as they were."""
        self._running.close()

    def __enter__(self) -> Self:
        self.start()
        with ExitStack() as undo:
            undo.callback(self.stop)
            variables = environment.DUMMY | dict.fromkeys(_OWN_REGION, self._region)
            undo.enter_context(_environment(variables, clear="AWS_"))
            installer = undo.enter_context(Installer())
            installer.replace(boto3, "DEFAULT_SESSION", None)
            installer.replace(botocore.session, "create_loader", shared_loader)
            installer.replace(BotocoreStubber, "process_request", self._process_request)
            if self.clock.rate != 1:
                pauses = SimpleNamespace(sleep=self.clock.sleep, time=time.time)
                installer.replace(botocore.endpoint, "time", pauses)
                installer.replace(botocore.waiter, "time", pauses)
            installer.replace(botocore_stubber, "enabled", True)
            self._door = undo.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._door.close()

    def _process_request(self, prepared: AWSPreparedRequest) -> wire.Answer:
        """Stands for `BotocoreStubber.process_request`, which is called once per attempt."""
        body = prepared.body or b""
        if not isinstance(body, (str, bytes)):
            body = ""
        text = body if isinstance(body, str) else body.decode("utf-8", "replace")
        path = prepared.url.partition("?")[0]
        headers = {key: _text(value) for key, value in prepared.headers.items()}
        request = wire.parse(prepared.method, path, headers, text, get_account_id_from)
        try:
            return self.gate.serve(request, lambda: self._dispatch(path, prepared))
        except ConnectionLostError:
            raise ConnectionClosedError(endpoint_url=path) from None

    def _dispatch(self, url: str, prepared: AWSPreparedRequest) -> wire.Answer | None:
        handler = self._handlers.get(url)
        if handler is None:
            handler = _find_handler(url)
            if handler is None:
                return None
            self._handlers[url] = handler
        request = normalize_request(prepared)
        try:
            return handler(request, request.raw_url, request.headers)
        except HTTPException as error:
            return error.code or 500, dict(error.get_headers()), error.get_body()


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("latin-1")


def _find_handler(url: str) -> Handler | None:
    """moto's handler of a URL, found as moto finds it.

    moto searches its several hundred patterns on each request; the sandbox remembers what was found.
    """
    for service, pattern in backend_index.backend_url_patterns:
        if not pattern.match(url):
            continue
        backend = _any_backend(service)
        for known, handler in backend.urls.items():
            if re.match(known, url):
                found: Handler = handler
                return found
    return None


def _any_backend(service: Any) -> Any:
    """A backend of the service, whose URLs are those of every account and region."""
    backend_dict = backends.get_backend(service)
    if not isinstance(backend_dict, BackendDict):
        return backend_dict["global"]
    account: Any = backend_dict[DEFAULT_ACCOUNT_ID]
    return account["us-east-1" if "us-east-1" in account else "aws"]


def _environment(variables: Mapping[str, str], clear: str | None = None) -> ExitStack:
    """Set environment variables, first removing those that start with `clear`; the stack undoes it."""
    undo = ExitStack()
    for name in [name for name in os.environ if clear and name.startswith(clear)] + list(variables):
        before = os.environ.pop(name, None)
        if before is None:
            undo.callback(os.environ.pop, name, None)
        else:
            undo.callback(os.environ.__setitem__, name, before)
    os.environ.update(variables)
    return undo
