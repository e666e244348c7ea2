"""What ECS says of clusters, services and task definitions: in one form, in few requests, with its own reasons."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from canned_answers import Digested
from scripted_reader import ScriptedReader, refused

from reconciler.model.errors import AwsError
from reconciler.model.resource import Context, Observed, Resource, Scope, State
from reconciler.model.values import NOT_REPORTED, FrozenMap, Id
from reconciler.resources._containers import Container, LogConfiguration, PortMapping
from reconciler.resources.cluster import TYPE as CLUSTER
from reconciler.resources.cluster import Cluster
from reconciler.resources.service import TYPE as SERVICE
from reconciler.resources.service import DeploymentCircuitBreaker, DeploymentConfiguration
from reconciler.resources.task_definition import TYPE as DEFINITION
from reconciler.resources.task_definition import TaskDefinition

ARN = "arn:aws:ecs:us-east-1:123456789012:"
MAIN = f"{ARN}cluster/shop_main"
NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
CONTEXT = Context(stack="shop", account="123456789012", region="us-east-1", partition="aws", name="shop_web")


def tags(address: str, applied: str = "v1.old", stack: str = "shop") -> list[dict[str, str]]:
    ours = {"stack": stack, "address": address, "applied": applied}
    return [{"key": f"reconciler.dev/{key}", "value": value} for key, value in ours.items()]


def scope(**changes: Any) -> Scope:
    main = Observed(type="cluster", id=MAIN, fields=Cluster(), address="cluster/main", stack="shop")
    return Scope("us-east-1", ("shop",), found={"cluster": [main]}, **changes)


def service(name: str = "web", **changes: Any) -> dict[str, Any]:
    return {
        "serviceArn": f"{ARN}service/shop_main/{name}",
        "serviceName": name,
        "clusterArn": MAIN,
        "status": "ACTIVE",
        "desiredCount": 2,
        "runningCount": 2,
        "pendingCount": 0,
        "launchType": "FARGATE",
        "taskDefinition": f"{ARN}task-definition/shop_web:1",
        "deployments": [deployment()],
        "tags": tags(f"service/{name}"),
        **changes,
    }


def deployment(status: str = "PRIMARY", number: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "id": f"ecs-svc/{number}",
        "status": status,
        "taskDefinition": f"{ARN}task-definition/shop_web:{number}",
        "rolloutState": "COMPLETED",
        "createdAt": NOON + timedelta(minutes=number),
        **changes,
    }


class Account(ScriptedReader):
    """One cluster with services. `draining` ones are hidden from the list, `revisions` are described by their ARNs."""

    def __init__(
        self,
        services: Iterable[Mapping[str, Any]] = (),
        *,
        draining: Iterable[Mapping[str, Any]] = (),
        revisions: Mapping[str, Mapping[str, Any]] | None = None,
        scaled: Iterable[str] = (),
    ) -> None:
        listed, hidden = list(services), list(draining)
        self._services = {s["serviceArn"]: s for s in listed} | {s["serviceName"]: s for s in hidden}
        self._revisions = revisions or {}
        self.described: list[str] = []
        cluster = {
            "clusterArn": MAIN,
            "clusterName": "shop_main",
            "status": "ACTIVE",
            "statistics": [{"name": "drainingFargateServiceCount", "value": str(len(hidden))}],
            "tags": tags("cluster/main"),
        }
        tasks = {f"task-{n}": f"service:{s['serviceName']}" for n, s in enumerate([*listed, *hidden])}
        targets = [{"ResourceId": one, "ScalableDimension": "ecs:service:DesiredCount"} for one in scaled]
        super().__init__(
            ListClusters={"clusterArns": [MAIN]},
            DescribeClusters={"clusters": [cluster]},
            ListServices={"serviceArns": [s["serviceArn"] for s in listed]},
            DescribeServices=self._describe_services,
            ListTasks={"taskArns": [*tasks, "task-alone"]},
            DescribeTasks=lambda tasks_=tasks, **asked: {
                "tasks": [{"taskArn": arn, "group": tasks_.get(arn, "family:alone")} for arn in asked["tasks"]]
            },
            DescribeScalableTargets={"ScalableTargets": targets},
            ListTaskDefinitionFamilies=self._families,
            ListTaskDefinitions=self._list_definitions,
            DescribeTaskDefinition=self._describe_definition,
        )

    def _describe_services(self, cluster: str, services: list[str], include: list[str]) -> dict[str, Any]:
        assert (cluster, include) == (MAIN, ["TAGS"])
        assert len(services) <= 10
        return {"services": [self._services[name] for name in services]}

    def _families(self, familyPrefix: str, status: str) -> dict[str, Any]:  # noqa: N803
        """AWS counts a family as inactive when none of its revisions is active."""
        by_family: dict[str, set[str]] = {}
        for one in self._revisions.values():
            definition = one["taskDefinition"]
            by_family.setdefault(definition["family"], set()).add(definition["status"])
        found = {
            family
            for family, states in by_family.items()
            if family.startswith(familyPrefix) and status == ("ACTIVE" if "ACTIVE" in states else "INACTIVE")
        }
        return {"families": sorted(found)}

    def _list_definitions(self, familyPrefix: str, status: str, sort: str, maxResults: int) -> dict[str, Any]:  # noqa: N803
        assert sort == "DESC"
        found = [
            (one["taskDefinition"]["revision"], arn)
            for arn, one in self._revisions.items()
            if one["taskDefinition"]["family"] == familyPrefix and one["taskDefinition"]["status"] == status
        ]
        return {"taskDefinitionArns": [arn for _, arn in sorted(found, reverse=True)][:maxResults]}

    def _describe_definition(self, taskDefinition: str, include: list[str]) -> Mapping[str, Any]:  # noqa: N803
        self.described.append(taskDefinition.rpartition("/")[2])
        if taskDefinition not in self._revisions:
            raise refused("ecs:DescribeTaskDefinition", "ClientException", "Unable to describe task definition.")
        return self._revisions[taskDefinition]


def revision(number: int, applied: str = "v1.old", family: str = "shop_web", **changes: Any) -> dict[str, Any]:
    arn = f"{ARN}task-definition/{family}:{number}"
    definition = {
        "taskDefinitionArn": arn,
        "family": family,
        "revision": number,
        "status": "ACTIVE",
        "cpu": "256",
        "memory": "512",
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "containerDefinitions": [{"name": "app", "image": "nginx:1.27"}],
        **changes,
    }
    return {
        arn: {"taskDefinition": definition, "tags": tags(f"task-definition/{family.removeprefix('shop_')}", applied)}
    }


def wanted(digest: str = "v1.new", graph: str = "") -> dict[str, Any]:
    resource = Resource("task-definition/web", "task-definition", _plain(), "Task/web")
    return {
        "expected": {"task-definition": [resource]},
        "graphs": {"shop": Digested({resource.address: digest}, graph)},
    }


def _plain() -> TaskDefinition:
    return TaskDefinition(cpu=256, memory=512, container_definitions=FrozenMap({"app": Container(image="nginx:1.27")}))


def only_service(**changes: Any) -> Observed[Any]:
    (seen,) = SERVICE.observe(Account([service(**changes)]), scope())
    return seen


def test_clusters_of_our_stacks_are_seen_and_deleted_ones_are_not() -> None:
    deleted = {"clusterArn": f"{MAIN}-2", "clusterName": "x", "status": "INACTIVE", "tags": tags("cluster/x")}
    theirs = {"clusterArn": f"{MAIN}-3", "clusterName": "y", "status": "ACTIVE", "tags": tags("cluster/y", stack="s")}
    ours = {"clusterArn": MAIN, "clusterName": "shop_main", "status": "ACTIVE", "tags": tags("cluster/main")}
    account = ScriptedReader(
        ListClusters={"clusterArns": [MAIN]}, DescribeClusters={"clusters": [deleted, theirs, ours]}
    )
    assert [o.outputs["name"] for o in CLUSTER.observe(account, scope())] == ["shop_main"]


@pytest.mark.parametrize(("services", "requests"), [(0, 0), (10, 1), (11, 2), (25, 3)])
def test_services_are_described_ten_at_a_time(services: int, requests: int) -> None:
    account = Account([service(f"service-{n}") for n in range(services)])
    assert len(list(SERVICE.observe(account, scope()))) == services
    assert account.asked.count("DescribeServices") == requests
    assert account.asked.count("ListTasks") == 0


def test_what_is_asked_ahead_of_services_is_what_is_asked_of_them_and_nothing_of_clusters_named_otherwise() -> None:
    def requests(account: Account, *operations: str) -> list[tuple[str, str]]:
        asked = zip(account.asked, map(str, account.params), strict=True)
        return [one for one in asked if one[0] in operations]

    services = [service(f"service-{n}") for n in range(12)]
    ahead, after = Account(services), Account(services)
    ahead.answers["ListClusters"] = {"clusterArns": [MAIN, f"{ARN}cluster/shop-2_main", f"{ARN}cluster/default"]}
    for question in SERVICE.ahead(ahead, scope()):
        question()
    list(SERVICE.observe(after, scope()))
    assert "DescribeClusters" not in ahead.asked
    assert len(requests(ahead, "ListServices")) == 1
    assert requests(ahead, "ListServices", "DescribeServices") == requests(after, "ListServices", "DescribeServices")


def test_a_draining_service_that_the_list_hides_is_found_by_its_tasks() -> None:
    draining = service("old", status="DRAINING", runningCount=1, deployments=[])
    seen = list(SERVICE.observe(Account([service()], draining=[draining]), scope()))
    assert [(o.outputs["name"], o.state) for o in seen] == [("web", State.READY), ("old", State.DELETING)]


def test_services_are_found_in_clusters_by_their_tags_and_in_those_just_made_by_what_is_known() -> None:
    nothing_known = Scope("us-east-1", ("shop",))
    assert len(list(SERVICE.observe(Account([service()]), nothing_known))) == 1
    not_listed_yet = Account([service()])
    not_listed_yet.answers["ListClusters"] = {"clusterArns": []}
    assert len(list(SERVICE.observe(not_listed_yet, scope()))) == 1
    assert list(SERVICE.observe(Account([service()]), dataclasses.replace(nothing_known, stacks=("shop-2",)))) == []


def test_a_service_of_others_in_our_cluster_is_seen_as_theirs() -> None:
    seen = only_service(tags=[])
    assert (seen.address, seen.stack) == (None, None)


def test_the_desired_count_belongs_to_autoscaling_where_there_is_a_target() -> None:
    account = Account([service("web"), service("orders")], scaled=["service/shop_main/web"])
    delegated = {o.outputs["name"]: dict(o.delegated) for o in SERVICE.observe(account, scope())}
    assert delegated == {"web": {"desired_count": "Application Auto Scaling"}, "orders": {}}


IN_PROGRESS = {"rolloutState": "IN_PROGRESS", "rolloutStateReason": "ECS deployment ecs-svc/2 in progress."}
BROKE = "ECS deployment circuit breaker: tasks failed to start."
FAILED = {"rolloutState": "FAILED", "rolloutStateReason": BROKE}
BACK = {"message": "(service web) rolling back to deployment ecs-svc/1.", "createdAt": NOON + timedelta(minutes=9)}
GAVE_UP = {"message": "(service web) (deployment ecs-svc/2) deployment failed: tasks failed to start."}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({}, (State.READY, ""), id="settled"),
        pytest.param({"runningCount": 1}, (State.PENDING, "1 of 2 tasks running"), id="a task is missing"),
        pytest.param({"pendingCount": 1}, (State.PENDING, "2 of 2 tasks running"), id="one too many is coming"),
        pytest.param(
            {"runningCount": 0, "events": [{"message": "(service web) was unable to place a task."}]},
            (State.PENDING, "0 of 2 tasks running; (service web) was unable to place a task."),
            id="the newest event says why",
        ),
        pytest.param(
            {"deployments": [deployment(number=2, **IN_PROGRESS), deployment("ACTIVE")]},
            (State.PENDING, "2 of 2 tasks running; ECS deployment ecs-svc/2 in progress."),
            id="rolling",
        ),
        pytest.param(
            {"deployments": [deployment(number=2), deployment("ACTIVE")]},
            (State.PENDING, "2 of 2 tasks running"),
            id="the old tasks are still there",
        ),
        pytest.param({"deployments": [deployment(**FAILED)]}, (State.FAILED, BROKE), id="the first one failed"),
        pytest.param(
            {"deployments": [deployment(number=1, **IN_PROGRESS), deployment("ACTIVE", 2, **FAILED)]},
            (State.FAILED, BROKE),
            id="an older one is primary again",
        ),
        pytest.param(
            {
                "deployments": [
                    deployment(number=3, rolloutStateReason="rolling back to deploymentId ecs-svc/1."),
                    deployment("ACTIVE", 2, **FAILED),
                ]
            },
            (State.FAILED, BROKE),
            id="the primary is a rollback by its own words",
        ),
        pytest.param({"events": [BACK, GAVE_UP]}, (State.REVERTED, GAVE_UP["message"]), id="rolled back and settled"),
        pytest.param(
            {"events": [{**BACK, "message": "rolling back to deployment ecs-svc/0."}, GAVE_UP]},
            (State.REVERTED, GAVE_UP["message"]),
            id="rolled back since the primary began",
        ),
        pytest.param(
            {"events": [BACK, GAVE_UP], "deployments": [deployment(number=20)]},
            (State.READY, ""),
            id="a rollback before the last deployment is history",
        ),
        pytest.param(
            {"deployments": [deployment(number=3, **IN_PROGRESS), deployment("ACTIVE", 2, **FAILED)]},
            (State.PENDING, "2 of 2 tasks running; ECS deployment ecs-svc/2 in progress."),
            id="a new attempt after a failed one",
        ),
        pytest.param(
            {"status": "DRAINING", "runningCount": 1, "deployments": []},
            (State.DELETING, "draining, 1 tasks still running"),
            id="draining",
        ),
    ],
)
def test_the_states_of_a_service(changes: dict[str, Any], expected: tuple[State, str]) -> None:
    seen = only_service(**changes)
    assert (seen.state, seen.detail) == expected


def test_what_a_service_always_says_and_does_not_is_not_reported() -> None:
    fields = only_service().fields
    assert fields.deployment_configuration is NOT_REPORTED
    assert fields.health_check_grace_period_seconds is NOT_REPORTED


def test_a_deployment_configuration_without_a_circuit_breaker_has_it_off() -> None:
    seen = only_service(deploymentConfiguration={"maximumPercent": 200, "minimumHealthyPercent": 100})
    assert seen.fields.deployment_configuration == DeploymentConfiguration(
        deployment_circuit_breaker=DeploymentCircuitBreaker(enable=False, rollback=False),
        maximum_percent=200,
        minimum_healthy_percent=100,
    )


def test_subnets_and_groups_have_no_order_and_no_public_address_is_the_default() -> None:
    config = {"subnets": ["subnet-b", "subnet-a"], "securityGroups": ["sg-a"]}
    seen = only_service(networkConfiguration={"awsvpcConfiguration": config}).fields.network_configuration
    assert seen.awsvpc_configuration.subnets == frozenset({Id("subnet-a"), Id("subnet-b")})
    assert seen.awsvpc_configuration.assign_public_ip == "DISABLED"


def test_a_change_of_several_fields_is_one_request_with_those_alone() -> None:
    seen = only_service()
    resource = Resource("service/web", "service", seen.fields, "Task/web")
    (call,) = SERVICE.update(resource, seen, frozenset({"desired_count", "load_balancers"}), CONTEXT)
    assert call.operation == "UpdateService"
    assert dict(call.params) == {"cluster": Id(MAIN), "service": seen.id, "desiredCount": 2, "loadBalancers": []}
    assert SERVICE.update(resource, seen, frozenset({"tags"}), CONTEXT) == []


def numbers(account: Account, **changes: Any) -> list[int]:
    return [int(o.outputs["revision"]) for o in DEFINITION.observe(account, scope(**changes))]


def test_the_revision_that_runs_is_enough_when_it_is_the_one_that_is_wanted() -> None:
    revisions = revision(1, "v1.new") | revision(2)
    account = Account([service()], revisions=revisions)
    (seen,) = DEFINITION.observe(account, scope(**wanted()))
    assert (seen.outputs["revision"], seen.in_use, seen.created) == ("1", True, "000000001")
    assert account.described == ["shop_web:1"]


def test_a_family_is_looked_through_newest_first_up_to_the_revision_that_is_wanted() -> None:
    revisions = revision(1) | revision(2) | revision(3, "v1.new") | revision(4)
    account = Account([service()], revisions=revisions)
    assert numbers(account, **wanted()) == [1, 4, 3]
    assert account.described == ["shop_web:1", "shop_web:4", "shop_web:3"]


@pytest.mark.parametrize(("carried", "seen"), [("v1.graph", [1]), ("v1.earlier", [1, 3, 2]), ("", [1, 3, 2])])
def test_what_an_unfinished_apply_did_not_retire_is_looked_for(carried: str, seen: list[int]) -> None:
    """The services run what is wanted already, so nothing else tells of what was to go."""
    account = Account([service()], revisions=revision(1, "v1.new") | revision(2) | revision(3))
    marks = FrozenMap({"reconciler.dev/converged": carried})
    main = Observed(type="cluster", id=MAIN, fields=Cluster(), address="cluster/main", stack="shop", tags=marks)
    looking = dataclasses.replace(scope(**wanted(graph="v1.graph")), found={"cluster": [main]})
    assert [int(o.outputs["revision"]) for o in DEFINITION.observe(account, looking)] == seen


def test_a_family_is_not_looked_through_for_ever() -> None:
    revisions: dict[str, Any] = {}
    for number in range(1, 31):
        revisions |= revision(number)
    assert numbers(Account(revisions=revisions), **wanted()) == list(range(30, 20, -1))


def test_every_revision_that_a_deployment_names_is_in_use() -> None:
    rolling = service(deployments=[deployment(number=2), deployment("ACTIVE", 1)], taskDefinition="shop_web")
    account = Account([rolling], revisions=revision(1) | revision(2, "v1.new") | revision(3))
    seen = {o.outputs["revision"]: o.in_use for o in DEFINITION.observe(account, scope(**wanted()))}
    assert seen == {"1": True, "2": True}


def test_a_family_that_no_service_runs_is_found_by_its_name() -> None:
    account = Account([service()], revisions=revision(1, "v1.new") | revision(5, family="shop_gone"))
    assert [o.address for o in DEFINITION.observe(account, scope(**wanted()))] == [
        "task-definition/gone",
        "task-definition/web",
    ]


def test_families_of_others_are_not_described_even_where_they_run_in_our_cluster() -> None:
    theirs = service("theirs", taskDefinition=f"{ARN}task-definition/other:1", deployments=[], tags=[])
    account = Account([theirs], revisions=revision(1, family="other"))
    assert numbers(account, **wanted()) == []
    assert account.described == []


def test_a_revision_that_runs_but_was_deregistered_counts_as_absent() -> None:
    account = Account([service()], revisions=revision(1, "v1.new", status="INACTIVE"))
    assert numbers(account, **wanted()) == []


def test_a_revision_that_runs_but_was_deleted_counts_as_absent() -> None:
    assert numbers(Account([service()]), **wanted()) == []


@pytest.mark.parametrize("code", ["AccessDeniedException", "ClientException"])
def test_any_other_failure_is_not_taken_for_an_absent_revision(code: str) -> None:
    class Refusing(Account):
        def _describe_definition(self, taskDefinition: str, include: list[str]) -> Mapping[str, Any]:  # noqa: N803
            raise refused("ecs:DescribeTaskDefinition", code, "No.")

    with pytest.raises(AwsError, match=code):
        numbers(Refusing([service()]), **wanted())


def test_a_removal_that_was_interrupted_half_way_is_finished() -> None:
    account = Account(revisions=revision(1, status="INACTIVE"))
    (left,) = DEFINITION.observe(account, scope())
    assert [call.operation for call in DEFINITION.delete(left, CONTEXT)] == ["DeleteTaskDefinitions"]
    (live,) = DEFINITION.observe(Account(revisions=revision(1)), scope())
    assert [call.operation for call in DEFINITION.delete(live, CONTEXT)] == [
        "DeregisterTaskDefinition",
        "DeleteTaskDefinitions",
    ]


def test_history_stays_untouched_while_the_stack_has_tasks() -> None:
    account = Account(revisions=revision(1, family="shop_old", status="INACTIVE"))
    assert numbers(account, **wanted()) == []


def fields_of(**changes: Any) -> TaskDefinition:
    (seen,) = DEFINITION.observe(Account(revisions=revision(1, **changes)), scope(**wanted()))
    fields = seen.fields
    assert isinstance(fields, TaskDefinition)
    return fields


@pytest.mark.parametrize(
    ("cpu", "memory", "expected"),
    [
        ("256", "512", (256, 512)),
        ("1 vCPU", "2 GB", (1024, 2048)),
        (".25 vcpu", "0.5GB", (256, 512)),
        ("many", "", (0, 0)),
    ],
)
def test_sizes_are_numbers_however_they_are_written(cpu: str, memory: str, expected: tuple[int, int]) -> None:
    fields = fields_of(cpu=cpu, memory=memory)
    assert (fields.cpu, fields.memory) == expected


FILLED_IN = {
    "name": "app",
    "image": "nginx:1.27",
    "cpu": 0,
    "essential": True,
    "environment": [],
    "mountPoints": [],
    "volumesFrom": [],
    "systemControls": [],
    "portMappings": [],
    "command": [],
    "entryPoint": [],
    "dependsOn": [],
}


def test_what_aws_fills_in_is_as_if_it_were_not_there() -> None:
    assert fields_of(containerDefinitions=[FILLED_IN]) == fields_of() == _plain()


def test_a_container_with_everything() -> None:
    answer = {
        "name": "app",
        "image": "nginx:1.27",
        "essential": False,
        "command": ["a", "b"],
        "entryPoint": ["sh"],
        "environment": [{"name": "B", "value": "2"}, {"name": "A", "value": "1"}],
        "portMappings": [
            {"containerPort": 80, "hostPort": 80, "protocol": "tcp", "name": "http"},
            {"containerPort": 53},
        ],
        "dependsOn": [{"containerName": "cache", "condition": "START"}],
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {"awslogs-group": "/reconciler/shop/web", "awslogs-region": "us-east-1"},
            "secretOptions": [],
        },
    }
    fields = fields_of(containerDefinitions=[answer], executionRoleArn="arn:role", taskRoleArn="")
    assert fields.execution_role_arn == Id("arn:role", "arn")
    assert fields.task_role_arn is None
    assert fields.container_definitions["app"] == Container(
        image="nginx:1.27",
        essential=False,
        command=("a", "b"),
        entry_point=("sh",),
        environment=FrozenMap({"A": "1", "B": "2"}),
        port_mappings=frozenset({PortMapping(container_port=80, name="http"), PortMapping(container_port=53)}),
        depends_on=FrozenMap({"cache": "START"}),
        log_configuration=LogConfiguration(
            log_driver="awslogs",
            options=FrozenMap({"awslogs-group": Id("/reconciler/shop/web"), "awslogs-region": "us-east-1"}),
        ),
    )
