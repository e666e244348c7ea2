"""AWS::Logs::LogGroup. AWS: CloudWatch Logs CreateLogGroup, PutRetentionPolicy."""

from __future__ import annotations

from reconciler.model.fields import Fields, field
from reconciler.model.resource import Naming
from reconciler.resources._pending import Pending


class LogGroup(Fields):
    """How many days it keeps what it is told; `None` is for ever."""

    retention_in_days: int | None = field()


class LogGroupType(Pending):
    name = "log-group"
    cloudformation = "AWS::Logs::LogGroup"
    fields = LogGroup
    naming = Naming.STABLE
    name_limit = 512
    name_separator = "/"


TYPE = LogGroupType()
