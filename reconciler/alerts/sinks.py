"""The places that messages go to. A secret is read when it is used, and is in no text that leaves this module."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import logging
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from reconciler.alerts.messages import Message, envelope, words, worst
from reconciler.kinds.alert import Apprise, Secret, Sink, Sns, Template, Webhook
from reconciler.model.errors import ReconcilerError
from reconciler.model.frozen import Frozen

TIMEOUT: Final = 10
SIGNATURE: Final = "X-Reconciler-Signature"
TIMESTAMP: Final = "X-Reconciler-Timestamp"


class DeliveryError(ReconcilerError):
    """Nobody took the messages; the text says why, without secrets."""


class Delivery(Frozen):
    """Messages of one alert on their way to one sink."""

    stack: str
    alert: str
    sink: Sink
    template: Template
    messages: Sequence[Message]


Publish = Callable[[str, str, str, str, str, str], None]
"""Stack, topic ARN, subject, body, group and id of a message to SNS. Raises `ReconcilerError`."""


class Sinks:
    """Delivers. `publish` is the way to SNS."""

    def __init__(self, publish: Publish) -> None:
        self._publish = publish

    def deliver(self, delivery: Delivery) -> None:
        """Hand over all messages, or raise `DeliveryError`."""
        sink = delivery.sink
        if sink.webhook is not None:
            _post(sink.webhook, delivery)
        elif sink.sns is not None:
            self._to_topic(sink.sns, delivery)
        elif sink.apprise is not None:
            _notify(sink.apprise, delivery)

    def _to_topic(self, sns: Sns, delivery: Delivery) -> None:
        for message in delivery.messages:
            title, _ = words(delivery.template, [message])
            body = json.dumps(envelope(delivery.alert, delivery.stack, [message]))
            try:
                self._publish(delivery.stack, sns.topic_arn, title, body, str(message["key"]), str(message["id"]))
            except ReconcilerError as error:
                raise DeliveryError(str(error)) from error


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """What the receiver of a webhook compares: `sha256=` and the HMAC of the timestamp, a dot and the body."""
    return "sha256=" + hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def _post(webhook: Webhook, delivery: Delivery) -> None:
    url = _value(webhook.url, "url")
    if not url.startswith(("https://", "http://")):
        raise DeliveryError("its url begins with neither https:// nor http://")
    body = json.dumps(envelope(delivery.alert, delivery.stack, delivery.messages)).encode()
    headers = {"Content-Type": "application/json", "User-Agent": "reconciler"}
    if webhook.secret is not None:
        stamp = str(int(time.time()))
        headers |= {TIMESTAMP: stamp, SIGNATURE: signature(_value(webhook.secret, "secret"), stamp, body)}
    request = urllib.request.Request(url, body, headers, method="POST")  # noqa: S310 - the scheme is checked above
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT):  # noqa: S310 - as above
            return
    except urllib.error.HTTPError as error:
        raise DeliveryError(f"the webhook answered {error.code} {error.reason}") from None
    except urllib.error.URLError as error:
        raise DeliveryError(f"the webhook does not answer: {error.reason}") from None
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise DeliveryError(f"the webhook does not answer: {type(error).__name__}") from None


_KINDS: Final = {"error": "failure", "warning": "warning", "info": "info", "resolved": "success"}


def _notify(apprise: Apprise, delivery: Delivery) -> None:
    try:
        import apprise as library
    except ImportError:
        raise DeliveryError("Apprise is not installed; install it with: pip install 'reconciler[alerts]'") from None
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    service = library.Apprise()
    if not service.add(_value(apprise.url, "url")):
        raise DeliveryError("Apprise does not know a service of this URL; compare it with Apprise's list of services")
    title, text = words(delivery.template, delivery.messages)
    if not service.notify(body=text, title=title, notify_type=_KINDS[worst(delivery.messages)]):
        raise DeliveryError("the service behind Apprise did not take the message")


def _value(secret: Secret, what: str) -> str:
    if secret.value is not None:
        return secret.value
    if secret.env is not None:
        value = os.environ.get(secret.env, "")
        if not value:
            raise DeliveryError(f"its {what} is to come from the environment variable {secret.env}, which is not set")
        return value
    try:
        return Path(secret.file or "").read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise DeliveryError(f"its {what} is to come from the file {secret.file}: {reason}") from None
