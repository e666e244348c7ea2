"""botocore's models of the services, each read once in a process: reading EC2's takes half a second."""

from __future__ import annotations

from functools import cache
from typing import Any

import botocore.loaders
from botocore.model import ServiceModel


@cache
def shared_loader(search_path: str | None = None) -> botocore.loaders.Loader:
    """botocore's loader, kept between sandboxes."""
    return botocore.loaders.create_loader(search_path)


@cache
def service_model(service: str) -> Any:
    """The model of a service by boto3's name. Raises botocore's UnknownServiceError."""
    return ServiceModel(shared_loader().load_service_model(service, "service-2"), service)
