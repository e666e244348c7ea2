"""The main job from an empty account to an empty account, as a user would do it, on an embedded AWS.

Runs the installed `reconciler` command, makes its changes behind the command's back with plain boto3 clients, and
compares the JSON that comes back with what must be in it. Exit status 1 on the first mismatch.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
from moto.server import ThreadedMotoServer

COMMAND = Path(sys.executable).with_name("reconciler")
SPEC = Path("specs/two-tier.yaml")
REGION = "us-east-1"


class MismatchError(Exception):
    """The command did not say, or do, what it must."""


def main() -> int:
    """The demo; 0 when everything was as it must be."""
    if not SPEC.exists():
        print(f"{SPEC} is not here: run this from the root of the repository", file=sys.stderr)
        return 1
    with embedded_aws() as environment:
        try:
            _Demo(environment).run()
        except MismatchError as error:
            print(f"\nMISMATCH: {error}", file=sys.stderr)
            return 1
    print("\nAll as it must be.")
    return 0


@contextmanager
def embedded_aws() -> Iterator[dict[str, str]]:
    """An AWS of our own on loopback, and an environment that knows no other."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        clean = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        yield clean | {
            "AWS_ENDPOINT_URL": f"http://{host}:{port}",
            "AWS_ACCESS_KEY_ID": "demo",
            "AWS_SECRET_ACCESS_KEY": "demo",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
        }
    finally:
        server.stop()


class _Demo:
    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = dict(environment)
        session = boto3.session.Session("demo", "demo", region_name=REGION)
        endpoint = environment["AWS_ENDPOINT_URL"]
        self._ec2 = session.client("ec2", endpoint_url=endpoint)
        self._ecs = session.client("ecs", endpoint_url=endpoint)

    def run(self) -> None:
        """Every act of the demo."""
        self._say("What would be made?")
        self._shown("plan", expect=2)
        self._say("Make it.")
        self._shown("apply", "--yes", expect=0)
        self._say("Again: nothing is left to do.")
        self._shown("plan", expect=0)
        again = self._asked("apply", "--yes", expect=0)
        self._same("mutating calls of a second apply", again["calls"]["mutating"], 0)

        self._say("Three changes behind its back: SSH for the world, no way out for the private tasks, one task fewer.")
        expected = self._meddle()
        self._shown("drift", expect=2)
        drift = self._asked("drift", expect=2)
        found = {(item["address"], change["path"]) for item in drift["drift"] for change in item["changes"]}
        self._same("drifted fields", sorted(found), sorted(expected))
        self._same("inSync", drift["inSync"], False)

        self._say("Heal it.")
        self._shown("apply", "--yes", expect=0)
        self._same("inSync after healing", self._asked("drift", expect=0)["inSync"], True)

        self._say("Take everything down.")
        self._shown("delete", "--yes", expect=0)
        self._same("what is left", self._left(), [])

    def _meddle(self) -> set[tuple[str, str]]:
        """The changes, and the (address, path) that a drift report must name for each."""
        group = self._one(
            self._ec2.describe_security_groups(Filters=[_at("security-group/task/web")])["SecurityGroups"]
        )
        ssh = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
        self._ec2.authorize_security_group_ingress(GroupId=group["GroupId"], IpPermissions=[ssh])
        tables = self._ec2.describe_route_tables(Filters=[_at("route-table/main/private/us-east-1a")])["RouteTables"]
        table = self._one(tables)["RouteTableId"]
        self._ec2.delete_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0")
        cluster = self._one(self._ecs.list_clusters()["clusterArns"])
        orders = self._one([s for s in self._ecs.list_services(cluster=cluster)["serviceArns"] if "orders" in s])
        self._ecs.update_service(cluster=cluster, service=orders, desiredCount=1)
        return {
            ("security-group/task/web/rules", "ingress[tcp 22 0.0.0.0/0]"),
            ("route-table/main/private/us-east-1a/routes", "routes[0.0.0.0/0].natGatewayId"),
            ("service/orders", "desiredCount"),
        }

    def _left(self) -> list[str]:
        vpcs = [v["VpcId"] for v in self._ec2.describe_vpcs()["Vpcs"] if not v.get("IsDefault")]
        addresses = [a["AllocationId"] for a in self._ec2.describe_addresses()["Addresses"]]
        named = self._ecs.describe_clusters(clusters=self._ecs.list_clusters()["clusterArns"])["clusters"]
        return vpcs + addresses + [c["clusterArn"] for c in named if c["status"] != "INACTIVE"]

    def _command(self, arguments: tuple[str, ...], *, quiet: bool) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 - our own command with our own arguments
            [str(COMMAND), *arguments, "-f", str(SPEC)],
            env=self._environment,
            stdout=subprocess.PIPE if quiet else None,
            stderr=subprocess.PIPE if quiet else None,
            text=True,
            check=False,
        )

    def _shown(self, *arguments: str, expect: int) -> None:
        print(f"$ reconciler {' '.join(arguments)} -f {SPEC}", flush=True)
        status = self._command(arguments, quiet=False).returncode
        self._same(f"exit status of {arguments[0]}", status, expect)

    def _asked(self, *arguments: str, expect: int) -> Any:
        done = self._command(("-o", "json", *arguments), quiet=True)
        self._same(f"exit status of {arguments[0]} ({done.stderr.strip()})", done.returncode, expect)
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


def _at(address: str) -> dict[str, Any]:
    return {"Name": "tag:reconciler.dev/address", "Values": [address]}


if __name__ == "__main__":
    sys.exit(main())
