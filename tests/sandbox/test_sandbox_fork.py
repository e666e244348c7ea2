"""A test may fork the AWS in its process: each child has the account as it was, to itself."""

import os

import boto3

from reconciler.sandbox import Sandbox
from reconciler.sandbox.wire import Request


def test_a_fork_at_each_mutation_sees_the_account_of_that_moment(sandbox: Sandbox) -> None:
    ec2 = boto3.client("ec2")
    counted: list[int] = []

    def fork(request: Request, phase: str) -> None:
        child = os.fork()
        if child == 0:
            sandbox.watch(None)
            ec2.create_vpc(CidrBlock="10.9.0.0/16")
            os._exit(len(ec2.describe_vpcs()["Vpcs"]))
        counted.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))

    sandbox.watch(fork)
    for _ in range(2):
        ec2.create_vpc(CidrBlock="10.0.0.0/16")
    assert counted == [2, 3, 3, 4]
    assert len(ec2.describe_vpcs()["Vpcs"]) == 3
