"""The Reader: looks at AWS in pages as large as AWS allows, and asks nothing twice in one pass."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from typing import Any, Final, TypeVar

from botocore.exceptions import BotoCoreError
from botocore.paginate import Paginator

from reconciler.aws.calls import Calls, is_read
from reconciler.aws.errors import classify
from reconciler.aws.retries import Patience
from reconciler.aws.sessions import Access
from reconciler.aws.wire import Wire, plain
from reconciler.model.ports import Clock
from reconciler.threads import Asking

PAGE_SIZES: Final = {
    "application-autoscaling:DescribeScalableTargets": 50,
    "application-autoscaling:DescribeScalingActivities": 50,
    "application-autoscaling:DescribeScalingPolicies": 10,
    "application-autoscaling:DescribeScheduledActions": 50,
    "ec2:DescribePrefixLists": 1000,
    "ec2:DescribeTags": 1000,
    "ec2:DescribeVpcEndpointServices": 1000,
    "ec2:DescribeVpcEndpoints": 1000,
    "ecs:ListClusters": 100,
    "ecs:ListServices": 100,
    "ecs:ListServicesByNamespace": 100,
    "ecs:ListTaskDefinitionFamilies": 100,
    "ecs:ListTaskDefinitions": 100,
    "ecs:ListTasks": 100,
    "resourcegroupstaggingapi:GetResources": 100,
}
"""The largest page where botocore's model does not say it; from the API reference of each operation."""

T = TypeVar("T")

SIDE_BY_SIDE: Final = 16
"""Questions of one kind under way at once."""

_NAMES_OBJECTS = re.compile(r"(Ids|Arns|Names|Identifiers|ARNList)$")
"""AWS refuses a page size beside a list of ids, ARNs or names (EC2 and tagging API references)."""


class AwsReader:
    """Read access to one account and region. Remembers each answer for one pass. Safe to share among threads."""

    def __init__(self, access: Access, clock: Clock, calls: Calls, patience: Patience | None = None) -> None:
        self._access = access
        self._clock = clock
        self._calls = calls
        self._patience = patience
        self._wire = Wire(access, clock, calls, patience)
        self._lock = threading.Lock()
        self._asked: dict[str, Future[Any]] = {}

    @property
    def account(self) -> str:
        """The twelve digits of the account the credentials belong to. Raises `AwsError` and `Refused`."""
        return self._access.account(self._clock, self._calls)

    @property
    def region(self) -> str:
        """The region that is looked at."""
        return self._access.region

    @property
    def partition(self) -> str:
        """`aws`, `aws-cn`, `aws-us-gov`, ..."""
        return self._access.partition

    def pages(self, service: str, operation: str, key: str, /, **params: Any) -> list[Any]:
        """The items under `key` of every page. Raises `AwsError`, and `ValueError` for an operation that may write."""
        request = _reading(operation, params)
        items: list[Any] = self._once(
            [service, operation, key, request], lambda: self._all_pages(service, operation, key, request)
        )
        return items.copy()

    def get(self, service: str, operation: str, /, **params: Any) -> Mapping[str, Any]:
        """One whole answer. Raises `AwsError`, and `ValueError` for an operation that may write."""
        request = _reading(operation, params)
        answer: dict[str, Any] = self._once(
            [service, operation, request], lambda: self._wire.call(service, operation, request)
        )
        return answer

    def together(self, questions: Iterable[Callable[[], T]]) -> list[T]:
        """What each of some questions gives, in their order, asked a few at a time. Raises the first error."""
        asked = list(questions)
        if len(asked) < 2:
            return [ask() for ask in asked]
        with Asking(min(len(asked), SIDE_BY_SIDE), thread_name_prefix="ask") as pool:
            return list(pool.map(lambda ask: ask(), asked))

    def fresh(self) -> AwsReader:
        """The same access with nothing remembered: a new pass."""
        return AwsReader(self._access, self._clock, self._calls, self._patience)

    def _once(self, question: list[Any], ask: Callable[[], Any]) -> Any:
        """The answer to a question, asked by the first who wants it; a failure is shared, then forgotten."""
        key = json.dumps(question, sort_keys=True, default=str)
        with self._lock:
            answer = self._asked.get(key)
            mine = answer is None
            if answer is None:
                answer = self._asked[key] = Future()
        if mine:
            try:
                answer.set_result(ask())
            except BaseException as error:
                with self._lock:
                    del self._asked[key]
                answer.set_exception(error)
                raise
        return answer.result()

    def _all_pages(self, service: str, operation: str, key: str, request: dict[str, Any]) -> list[Any]:
        try:
            shape, config = self._access.paging(service, operation, key)
            if config is None:
                return list(self._wire.call(service, operation, request).get(key) or ())
            paginator = Paginator(lambda **params: self._wire.call(service, operation, params), config, shape)
            size = _page_size(service, operation, shape, config, request)
            paging = {"PaginationConfig": {"PageSize": size}} if size else {}
            return [item for page in paginator.paginate(**request, **paging) for item in page.get(key) or ()]
        except BotoCoreError as cause:
            raise classify(service, operation, cause) from cause


def _reading(operation: str, params: dict[str, Any]) -> dict[str, Any]:
    if not is_read(operation):
        raise ValueError(f"a Reader only reads; {operation} may change something")
    request: dict[str, Any] = plain(params)
    return request


def _page_size(
    service: str, operation: str, shape: Any, config: Mapping[str, Any], request: Mapping[str, Any]
) -> int | None:
    limit = config.get("limit_key")
    if limit is None or any(map(_NAMES_OBJECTS.search, request)):
        return None
    modelled: int | None = shape.input_shape.members[limit].metadata.get("max")
    return modelled or PAGE_SIZES.get(f"{service}:{operation}")
