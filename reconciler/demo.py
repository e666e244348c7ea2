"""The main job from an empty account to an empty account, as a user would do it, on a sandbox of its own.

Runs the installed `reconciler` command, makes its changes behind the command's back with plain boto3 clients, and
compares the JSON that comes back with what must be in it. Exit status 1 on the first mismatch.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3

from reconciler.sandbox.environment import point_at

COMMAND = Path(sys.executable).with_name("reconciler")
SPEC = Path("specs/two-tier.yaml")
FILES = ("-f", str(SPEC))
ON_SANDBOX = ("--sandbox",)
REGION = "us-east-1"
SPEED = 60
"""How fast the sandbox's clock runs, so that a NAT gateway's minute and a half is over in a breath."""


class MismatchError(Exception):
    """The command did not say, or do, what it must."""


def main() -> int:
    """The demo; 0 when everything was as it must be."""
    if not SPEC.exists():
        print(f"{SPEC} is not here: run this from the root of the repository", file=sys.stderr)
        return 1
    with _own_sandbox() as environment:
        try:
            _Demo(environment).run()
        except MismatchError as error:
            print(f"\nMISMATCH: {error}", file=sys.stderr)
            return 1
    print("\nAll as it must be.")
    return 0


@contextmanager
def _own_sandbox() -> Iterator[dict[str, str]]:
    """An environment in which `--sandbox` means a sandbox of the demo's own, which ends with it."""
    with tempfile.TemporaryDirectory(prefix="reconciler-demo-") as state:
        environment = os.environ | {"XDG_STATE_HOME": state}
        try:
            yield environment
        finally:
            subprocess.run([str(COMMAND), "sandbox", "stop"], env=environment, check=False)  # noqa: S603 - our own command


class _Demo:
    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def run(self) -> None:
        """Every act of the demo."""
        self._say(f"An AWS on this machine, its clock {SPEED} times as fast as yours.")
        self._shown("sandbox", "start", "--speed", str(SPEED), expect=0)
        point_at(self._asked("sandbox", "status", expect=0)["url"], os.environ)

        self._say("What would be made?")
        self._shown(*ON_SANDBOX, "plan", *FILES, expect=2)
        planned = self._asked(*ON_SANDBOX, "plan", *FILES, expect=2)
        self._same("actions", {action["action"] for action in planned["actions"]}, {"create"})

        self._say("Make it.")
        self._shown(*ON_SANDBOX, "apply", "--yes", *FILES, expect=0)
        self._say("Again: nothing is left to do.")
        self._shown(*ON_SANDBOX, "plan", *FILES, expect=0)
        again = self._asked(*ON_SANDBOX, "apply", "--yes", *FILES, expect=0)
        self._same("mutating calls of a second apply", again["calls"]["mutating"], 0)

        self._say("Three changes behind its back: SSH for the world, no way out for the private tasks, one task fewer.")
        expected = self._meddle()
        self._shown(*ON_SANDBOX, "drift", *FILES, expect=2)
        drift = self._asked(*ON_SANDBOX, "drift", *FILES, expect=2)
        found = {item["address"]: (item["status"], item["changes"]) for item in drift["drift"]}
        self._same("drift", found, expected)
        self._same("inSync", drift["inSync"], False)

        self._say("Heal it.")
        self._shown(*ON_SANDBOX, "apply", "--yes", *FILES, expect=0)
        self._same("inSync after healing", self._asked(*ON_SANDBOX, "drift", *FILES, expect=0)["inSync"], True)

        self._say("Take everything down.")
        self._shown(*ON_SANDBOX, "delete", "--yes", *FILES, expect=0)
        self._same("what is left", self._left(), [])

    def _meddle(self) -> dict[str, tuple[str, list[dict[str, Any]]]]:
        """Make the changes; what a drift report must say of each: status, and the fields by their paths."""
        ec2, ecs = boto3.client("ec2", region_name=REGION), boto3.client("ecs", region_name=REGION)
        group = self._one(ec2.describe_security_groups(Filters=[_at("security-group/task/web")])["SecurityGroups"])
        ssh = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
        ec2.authorize_security_group_ingress(GroupId=group["GroupId"], IpPermissions=[ssh])
        way_out = "route-table/main/private/us-east-1a"
        table = self._one(ec2.describe_route_tables(Filters=[_at(way_out)])["RouteTables"])
        nat = self._one([route["NatGatewayId"] for route in table["Routes"] if "NatGatewayId" in route])
        ec2.delete_route(RouteTableId=table["RouteTableId"], DestinationCidrBlock="0.0.0.0/0")
        cluster = self._one(ecs.list_clusters()["clusterArns"])
        orders = self._one([s for s in ecs.list_services(cluster=cluster)["serviceArns"] if "orders" in s])
        ecs.update_service(cluster=cluster, service=orders, desiredCount=1)
        return {
            "security-group/task/web/rules": _modified("ingress[tcp 22 0.0.0.0/0]", "present", None),
            f"{way_out}/routes": _modified("routes[0.0.0.0/0].natGatewayId", None, nat),
            "service/orders": _modified("desiredCount", 1, 2),
        }

    @staticmethod
    def _left() -> list[str]:
        ec2, ecs = boto3.client("ec2", region_name=REGION), boto3.client("ecs", region_name=REGION)
        vpcs = [v["VpcId"] for v in ec2.describe_vpcs()["Vpcs"] if not v.get("IsDefault")]
        addresses = [a["AllocationId"] for a in ec2.describe_addresses()["Addresses"]]
        named = ecs.describe_clusters(clusters=ecs.list_clusters()["clusterArns"])["clusters"]
        return vpcs + addresses + [c["clusterArn"] for c in named if c["status"] != "INACTIVE"]

    def _command(self, arguments: tuple[str, ...], *, quiet: bool) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 - our own command with our own arguments
            [str(COMMAND), *arguments],
            env=self._environment,
            stdout=subprocess.PIPE if quiet else None,
            stderr=subprocess.PIPE if quiet else None,
            text=True,
            check=False,
        )

    def _shown(self, *arguments: str, expect: int) -> None:
        print(f"$ reconciler {' '.join(arguments)}", flush=True)
        status = self._command(arguments, quiet=False).returncode
        self._same(f"exit status of {' '.join(arguments)}", status, expect)

    def _asked(self, *arguments: str, expect: int) -> Any:
        done = self._command(("-o", "json", *arguments), quiet=True)
        self._same(f"exit status of {' '.join(arguments)} ({done.stderr.strip()})", done.returncode, expect)
        return json.loads(done.stdout)

    @staticmethod
    def _say(text: str) -> None:
        print(f"\n== {text}", flush=True)

    @staticmethod
    def _one(found: list[Any]) -> Any:
        if len(found) != 1:
            raise MismatchError(f"expected one, found {found}")
        return found[0]

    @staticmethod
    def _same(what: str, found: object, expected: object) -> None:
        if found != expected:
            raise MismatchError(f"{what}: expected {expected!r}, found {found!r}")


def _modified(path: str, observed: object, desired: object) -> tuple[str, list[dict[str, Any]]]:
    return "Modified", [{"path": path, "observed": observed, "desired": desired}]


def _at(address: str) -> dict[str, Any]:
    return {"Name": "tag:reconciler.dev/address", "Values": [address]}


if __name__ == "__main__":
    sys.exit(main())
