"""Every field of a container of a Task beside its ports and mounts."""

from __future__ import annotations

from typing import Final

from row_parts import EXECUTION, app, definition
from rows import Row

_THIRD: Final = (("Task/web containers[2]", {"name": "third", "image": "redis:7", "essential": False}),)

ROWS: Final = (
    Row(
        "Task/idle containers",
        [{"name": "app", "image": "public.ecr.aws/nginx/nginx:1.28"}],
        definition("idle", "containerDefinitions[app].image"),
    ),
    Row(
        "Task/idle containers[app].name",
        "main",
        definition("idle", "containerDefinitions[app].*", "containerDefinitions[main].*"),
    ),
    Row("Task/web containers[app].image", "public.ecr.aws/nginx/nginx:1.28", app("image")),
    Row("Task/web containers[app].command", ["serve", "--fast"], app("command")),
    Row("Task/web containers[app].entryPoint", ["/bin/sh", "-c"], app("entryPoint")),
    Row(
        "Task/web containers[app].env",
        {"MODE": "slow", "SINCE": "always"},
        app("environment[MODE]", "environment[FRONT]", "environment[SINCE]"),
        removed=app("environment[MODE]", "environment[SINCE]"),
    ),
    Row("Task/web containers[app].user", "1000:1000", app("user")),
    Row("Task/web containers[app].workingDirectory", "/srv/shop", app("workingDirectory")),
    Row("Task/web containers[app].readonlyRootFilesystem", False, app("readonlyRootFilesystem"), removed=()),
    Row(
        "Task/web containers[app].envFiles",
        ["arn:aws:s3:::shop-config/web.env", "arn:aws:s3:::shop-more/all.env"],
        (EXECUTION, *app("environmentFiles")),
    ),
    Row(
        "Task/web containers[app].secrets",
        {"PASSWORD": "arn:aws:secretsmanager:us-east-1:123456789012:secret:db-GhIjKl"},
        (EXECUTION, *app("secrets[PASSWORD]", "secrets[FLAGS]")),
        removed=(EXECUTION, *app("secrets[PASSWORD]")),
    ),
    Row("Task/web containers[app].healthCheck", {"command": ["CMD", "true"]}, app("healthCheck.*")),
    Row("Task/web containers[app].healthCheck.command", ["CMD", "true"], app("healthCheck.command")),
    Row("Task/web containers[app].healthCheck.interval", "20s", app("healthCheck.interval")),
    Row("Task/web containers[app].healthCheck.timeout", "3s", app("healthCheck.timeout")),
    Row("Task/web containers[app].healthCheck.retries", 5, app("healthCheck.retries")),
    Row("Task/web containers[app].healthCheck.startPeriod", "30s", app("healthCheck.startPeriod")),
    Row(
        "Task/web containers[app].ulimits",
        {"nofile": {"soft": 1, "hard": 4096}},
        app("ulimits[nofile].softLimit"),
        removed=app("ulimits[nofile].softLimit", "ulimits[nofile].hardLimit"),
    ),
    Row("Task/web containers[app].ulimits[nofile].soft", 1024, app("ulimits[nofile].softLimit")),
    Row("Task/web containers[app].ulimits[nofile].hard", 9000, app("ulimits[nofile].hardLimit")),
    Row("Task/web containers[app].stopTimeout", "100s", app("stopTimeout")),
    Row("Task/web containers[app].dependsOn", [{"container": "side", "condition": "Complete"}], app("dependsOn[side]")),
    Row(
        "Task/web containers[app].dependsOn[side].container",
        "third",
        app("dependsOn[side]", "dependsOn[third]"),
        given=_THIRD,
    ),
    *(
        Row("Task/web containers[app].dependsOn[side].condition", condition, app("dependsOn[side]"), given=given)
        for condition, given in (
            ("Complete", ()),
            ("Success", ()),
            ("Healthy", (("Task/web containers[side].healthCheck", {"command": ["CMD", "true"]}),)),
        )
    ),
    Row(
        "Task/web containers[side].essential",
        True,
        definition("web", "containerDefinitions[side].essential"),
        removed=(),
    ),
)
