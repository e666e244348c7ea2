"""Tags of ECS resources: at most fifty, and none of AWS's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from moto.ecs.exceptions import InvalidParameterException
from moto.ecs.models import EC2ContainerServiceBackend

from .patch import Installer, Patch, patch

_MOST_TAGS: Final = 50


@patch("ecs-tags", "Amazon ECS API: TagResource, tags")
def _tags(into: Installer) -> None:
    @into.wrap(EC2ContainerServiceBackend, "tag_resource")
    def tag(original: Callable[..., None], backend: Any, arn: str, tags: Mapping[str, str]) -> None:
        if any(key.lower().startswith("aws:") for key in tags):
            raise InvalidParameterException("Tag keys that begin with 'aws:' are reserved for AWS.")
        existing = {entry["key"] for entry in backend.list_tags_for_resource(arn) or ()}
        if len(existing | tags.keys()) > _MOST_TAGS:
            raise InvalidParameterException(f"A resource can have at most {_MOST_TAGS} tags.")
        original(backend, arn, tags)


PATCHES: Final[tuple[Patch, ...]] = (_tags,)
