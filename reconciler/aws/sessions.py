"""One account and region of AWS: credentials, clients, pace, and who we are."""

from __future__ import annotations

import difflib
import functools
import ipaddress
import os
import random
import threading
from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Any, Final
from urllib.parse import urlsplit

from botocore import xform_name
from botocore.config import Config
from botocore.credentials import (
    AssumeRoleCredentialFetcher,
    CredentialProvider,
    CredentialResolver,
    DeferredRefreshableCredentials,
)
from botocore.exceptions import (
    BotoCoreError,
    DataNotFoundError,
    IncompleteReadError,
    NoCredentialsError,
    ProfileNotFound,
)
from botocore.hooks import HierarchicalEmitter
from botocore.loaders import Loader, create_loader
from botocore.paginate import PaginatorModel
from botocore.session import Session

from reconciler.aws.calls import Calls
from reconciler.aws.limits import Pacer
from reconciler.aws.wire import Wire
from reconciler.clock import SystemClock
from reconciler.model.errors import AwsError, ErrorClass, Refused
from reconciler.model.ports import Clock

USER_AGENT: Final = f"reconciler/{version('reconciler')}"

_CONNECT_SECONDS: Final = 5
_READ_SECONDS: Final = 60
_CONNECTIONS: Final = 64

_SANDBOX_KEY: Final = "sandbox"
_NOTHING_CONFIGURED: Final = {"profile": None, "config_file": os.devnull, "credentials_file": os.devnull}
_OF_THE_MACHINE: Final = ("container-role", "iam-role")
"""botocore's names of the credentials that a container or instance is given."""

_PAGE_TOKENS: Final = ("NextToken", "nextToken")


class Access:
    """Clients for one account and region, made on first use and safe to share among threads.

    Credentials come as AWS's own tools find them: `profile`, environment, configuration files, SSO. With `role_arn`
    that role is assumed with them, and again before it expires. `endpoint_url` overrides AWS_ENDPOINT_URL. A loopback
    endpoint is never given the credentials of this machine's own role, and made-up ones where nothing is configured;
    `sandbox` uses made-up ones whatever is configured. botocore sends every request once: trying again is up to
    `Wire`, and `held_up` hears of it where that takes long. Raises `Refused` where the settings cannot work.
    """

    def __init__(
        self,
        region: str,
        *,
        profile: str | None = None,
        endpoint_url: str | None = None,
        role_arn: str | None = None,
        external_id: str | None = None,
        role_session_name: str = "reconciler",
        sandbox: bool = False,
        paced: bool = True,
        dice: random.Random | None = None,
        held_up: Callable[[AwsError], None] = lambda _: None,
    ) -> None:
        self.region = region
        self._elsewhere = functools.partial(
            Access,
            profile=profile,
            endpoint_url=endpoint_url,
            role_arn=role_arn,
            external_id=external_id,
            role_session_name=role_session_name,
            sandbox=sandbox,
            paced=paced,
            held_up=held_up,
        )
        self.endpoint_url = _checked_url(endpoint_url)
        self.dice = dice or random.Random()  # noqa: S311 (spreads requests in time, keeps no secret)
        self.pacer = Pacer(self.dice, paced=paced)
        self.reached = False
        self.held_up = held_up
        self._sandbox = sandbox
        self._making = threading.Lock()
        self._asking = threading.Lock()
        self._clients: dict[str, Any] = {}
        self._caller: tuple[str, str] | None = None
        try:
            session = self._session(profile)
            self.partition: str = session.get_partition_for_region(region)
            self._give_credentials(session)
        except ProfileNotFound as error:
            raise _no_such_profile(error) from None
        except BotoCoreError as error:
            raise Refused(str(error), "correct the region of the stack or AWS's configuration files") from None
        if role_arn is not None:
            parameters = {"RoleSessionName": role_session_name}
            if external_id is not None:
                parameters["ExternalId"] = external_id
            provider = _AssumedRole(session, functools.partial(self._create, session), role_arn, parameters)
            session = self._session(profile)
            session.register_component("credential_provider", CredentialResolver([provider]))
        self._botocore = session

    def client(self, service: str) -> Any:
        """The botocore client of a service. Raises `Refused`, and `BotoCoreError` which `Wire` classes."""
        client = self._clients.get(service)
        if client is None:
            with self._making:
                client = self._clients.get(service)
                if client is None:
                    client = self._clients[service] = self._make(service)
        return client

    def in_region(self, region: str) -> Access:
        """The same account, with the same credentials, in a region. Raises `Refused`."""
        return self if region == self.region else self._elsewhere(region)

    def close(self) -> None:
        """Give the connections back. Clients made from here on are new ones."""
        with self._making:
            clients, self._clients = self._clients, {}
        for client in clients.values():
            client.close()

    def method(self, service: str, operation: str) -> Callable[..., dict[str, Any]]:
        """The function that sends one request (`DescribeSubnets`). Raises as `client` does."""
        method: Callable[..., dict[str, Any]] = getattr(self.client(service), xform_name(operation))
        return method

    def paging(self, service: str, operation: str, key: str) -> tuple[Any, Mapping[str, Any] | None]:
        """botocore's model of an operation, and how its pages follow each other; `None` where there is only one.

        Raises `ValueError` where no such operation gives anything under `key`.
        """
        model = self.client(service).meta.service_model
        shape = model.operation_model(operation)
        if key not in shape.output_shape.members:
            raise ValueError(f"{service}:{operation} answers nothing under {key!r}")
        try:
            # By its path: asked for by name, botocore would first list the directories of all services.
            pages = PaginatorModel(self._botocore.get_data(f"{service}/{model.api_version}/paginators-1"))
            config: Mapping[str, Any] = pages.get_paginator(operation)
        except (ValueError, DataNotFoundError):
            inputs = shape.input_shape.members if shape.input_shape else {}
            token = next((t for t in _PAGE_TOKENS if t in inputs and t in shape.output_shape.members), None)
            return shape, {"input_token": token, "output_token": token, "result_key": key} if token else None
        return shape, config

    def account(self, clock: Clock | None = None, calls: Calls | None = None) -> str:
        """The twelve digits of the account, asked of AWS once. Raises `AwsError` and `Refused`."""
        return self._identity(clock, calls)[0]

    def principal(self, clock: Clock | None = None, calls: Calls | None = None) -> str:
        """The ARN of the user or the role's session that requests are made as. Raises as `account` does."""
        return self._identity(clock, calls)[1]

    def _identity(self, clock: Clock | None, calls: Calls | None) -> tuple[str, str]:
        with self._asking:
            if self._caller is None:
                wire = Wire(self, clock or SystemClock(), calls or Calls())
                try:
                    answer = wire.call("sts", "GetCallerIdentity", {})
                except AwsError as error:
                    if error.code == "EndpointConnectionError":
                        self._refuse_unknown_region()
                    raise
                self._caller = _account_of(answer), str(answer.get("Arn", ""))
            return self._caller

    def _session(self, profile: str | None) -> Session:
        events = HierarchicalEmitter()
        if self._sandbox:
            unset = {name: (None, None, value, None) for name, value in _NOTHING_CONFIGURED.items()}
            session = Session(session_vars=unset, event_hooks=events)
        else:
            session = Session(profile=profile, event_hooks=events)
            session.get_scoped_config()
        session.register_component("data_loader", _models(session.get_config_variable("data_path")))
        # Clients emit events by the names that handlers are kept under. Looking each up in botocore's hundred older
        # names of services, as its sessions do, costs a tenth of a request.
        session.register_component("event_emitter", events)
        session.register("before-parse", _refuse_cut_answer)
        return session

    def _give_credentials(self, session: Session) -> None:
        """Keep real credentials away from where they do not belong, and have some where none are needed."""
        local = self._is_local(session)
        if local and not self._sandbox:
            resolver = session.get_component("credential_provider")
            for name in _OF_THE_MACHINE:
                resolver.remove(name)
        if self._sandbox or (local and session.get_credentials() is None):
            session.set_credentials(_SANDBOX_KEY, _SANDBOX_KEY)

    def _make(self, service: str) -> Any:
        try:
            return self._create(self._botocore, service)
        except BotoCoreError:
            raise
        except ValueError as error:
            # botocore's word for an endpoint, from AWS_ENDPOINT_URL or a configuration file, that is no URL.
            raise Refused(str(error), "correct AWS_ENDPOINT_URL or the endpoint_url of the profile") from error

    def _create(self, session: Session, service: str, **credentials: str | None) -> Any:
        settings: dict[str, Any] = {
            "user_agent": f"{session.user_agent()} {USER_AGENT}",  # whole: botocore would make one for each request
            "retries": {"mode": "standard", "total_max_attempts": 1},
            "connect_timeout": _CONNECT_SECONDS,
            "read_timeout": _READ_SECONDS,
            "max_pool_connections": _CONNECTIONS,
            "tcp_keepalive": True,
        }
        if self._sandbox:
            settings["ignore_configured_endpoint_urls"] = True
        if self._is_local(session):
            settings["proxies"] = {}
        return session.create_client(
            service,
            region_name=self.region,
            endpoint_url=self.endpoint_url,
            config=Config(**settings),
            **credentials,
        )

    def _is_local(self, session: Session) -> bool:
        """Whether requests stay on this machine."""
        url = self.endpoint_url
        if url is None and not self._sandbox and not session.get_config_variable("ignore_configured_endpoint_urls"):
            url = os.environ.get("AWS_ENDPOINT_URL") or session.get_scoped_config().get("endpoint_url")
        return url is not None and _is_loopback(url)

    def _refuse_unknown_region(self) -> None:
        """A name of the right form that botocore has never heard of, and nobody there: most likely a slip."""
        regions = self._botocore.get_available_regions("ec2", self.partition)
        if self.endpoint_url is None and self.region not in regions:
            near = difflib.get_close_matches(self.region, regions, n=1)
            raise Refused(
                f"AWS cannot be reached in {self.region!r}, a region that the installed botocore does not know",
                f"did you mean {near[0]!r}?" if near else "correct the region of the stack",
            )


class _AssumedRole(CredentialProvider):  # type: ignore[misc]  # botocore has no types
    """Credentials of a role; botocore asks for new ones before the old expire."""

    METHOD = "assume-role"

    def __init__(
        self, base: Session, create_client: Callable[..., Any], role_arn: str, parameters: dict[str, str]
    ) -> None:
        super().__init__()
        self._base = base
        self._create_client = create_client
        self._role_arn = role_arn
        self._parameters = parameters

    def load(self) -> DeferredRefreshableCredentials:
        source = self._base.get_credentials()
        if source is None:
            raise NoCredentialsError
        fetcher = AssumeRoleCredentialFetcher(self._create_client, source, self._role_arn, extra_args=self._parameters)
        return DeferredRefreshableCredentials(fetcher.fetch_credentials, self.METHOD)


@functools.cache
def _models(data_path: str | None) -> Loader:
    """One loader for all sessions: reading EC2's model costs more than everything else of a client."""
    return create_loader(data_path)


def _refuse_cut_answer(response_dict: Mapping[str, Any], **_: Any) -> None:
    """An answer that breaks off must not pass for a short one: botocore reads half a JSON document as an empty one."""
    body, headers = response_dict.get("body"), response_dict["headers"]
    length = headers.get("content-length")
    if isinstance(body, bytes) and length and "content-encoding" not in headers and len(body) < int(length):
        raise IncompleteReadError(actual_bytes=len(body), expected_bytes=int(length))


def _account_of(answer: Mapping[str, Any]) -> str:
    account = answer.get("Account")
    if not isinstance(account, str):
        raise AwsError(
            operation="sts:GetCallerIdentity",
            code="NoAccount",
            message="the answer names no account",
            error_class=ErrorClass.TERMINAL,
            next_step="check --endpoint-url or AWS_ENDPOINT_URL: what answers there does not speak AWS's protocol",
        )
    return account


def _checked_url(url: str | None) -> str | None:
    if url is None:
        return None
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Refused(f"{url!r} is not the URL of an endpoint", "write it like http://127.0.0.1:5000")
    return url


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _no_such_profile(error: ProfileNotFound) -> Refused:
    profile = error.kwargs["profile"]
    known = Session(session_vars={"profile": (None, None, None, None)}).available_profiles
    near = difflib.get_close_matches(profile, known, n=1)
    choice = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(sorted(known)) or 'none'}"
    return Refused(f"there is no AWS profile {profile!r} (--profile or AWS_PROFILE)", choice)
