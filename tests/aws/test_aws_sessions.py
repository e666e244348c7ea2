"""Whose credentials go where, who we are, and what is said when that cannot work."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from botocore.exceptions import EndpointConnectionError
from botocore.utils import EVENT_ALIASES
from loopback_aws import Answer, LoopbackAws, SteppedClock, ec2, ids, query_error

from reconciler.aws import Access, AwsReader, AwsWriter, Calls
from reconciler.model.errors import AwsError, ErrorClass, Refused
from reconciler.model.resource import Call
from reconciler.resources import discover
from reconciler.sandbox import Sandbox

ROLE = "arn:aws:iam::210987654321:role/deployer"


def key_of(aws: LoopbackAws, operation: str) -> list[str]:
    """The access keys that requests were signed with."""
    return [re.findall(r"Credential=([^/]+)/", request.headers["Authorization"])[0] for request in aws.sent(operation)]


def identity(account: str) -> Answer:
    result = f"<GetCallerIdentityResult><Account>{account}</Account></GetCallerIdentityResult>"
    return Answer(f"<GetCallerIdentityResponse>{result}</GetCallerIdentityResponse>")


def assumed(key: str, expires: str) -> Answer:
    credentials = (
        f"<Credentials><AccessKeyId>{key}</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"
        f"<SessionToken>t</SessionToken><Expiration>{expires}</Expiration></Credentials>"
    )
    user = f"<AssumedRoleUser><Arn>{ROLE}/reconciler</Arn><AssumedRoleId>A:r</AssumedRoleId></AssumedRoleUser>"
    return Answer(f"<AssumeRoleResponse><AssumeRoleResult>{credentials}{user}</AssumeRoleResult></AssumeRoleResponse>")


@pytest.fixture
def signed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAREAL")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "real")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "real-token")


def look(access: Access, clock: SteppedClock) -> None:
    AwsReader(access, clock, Calls()).get("ec2", "DescribeVpcs")


def test_the_account_is_asked_for_once_and_counted(aws: LoopbackAws, access: Access, clock: SteppedClock) -> None:
    aws.on("GetCallerIdentity", identity("123456789012"), identity("999999999999"))
    calls = Calls()
    readers = [AwsReader(access, clock, calls), AwsReader(access, clock, calls).fresh()]
    assert [reader.account for reader in readers] == ["123456789012"] * 2
    assert calls.by_operation() == {"sts:GetCallerIdentity": 1}
    assert calls.mutating == 0


@pytest.mark.parametrize(
    ("region", "partition"), [("us-east-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")]
)
def test_the_partition_follows_from_the_region(
    make_access: Callable[..., Access], clock: SteppedClock, region: str, partition: str
) -> None:
    reader = AwsReader(make_access(region, sandbox=True), clock, Calls())
    assert (reader.region, reader.partition) == (region, partition)


@pytest.mark.usefixtures("signed_in")
def test_the_sandbox_is_never_shown_real_credentials(
    aws: LoopbackAws, access: Access, clock: SteppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    aws.on("DescribeVpcs", ec2("DescribeVpcs", ids()))
    look(access, clock)
    assert key_of(aws, "DescribeVpcs") == ["sandbox"]
    assert "X-Amz-Security-Token" not in aws.requests[0].headers


def test_the_sandbox_needs_no_configuration_that_works(
    aws: LoopbackAws, make_access: Callable[..., Access], clock: SteppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "no-such")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    aws.on("DescribeVpcs", ec2("DescribeVpcs", ids()))
    look(make_access(endpoint_url=aws.url, sandbox=True), clock)
    assert len(aws.requests) == 1


@pytest.mark.usefixtures("signed_in")
def test_aws_own_environment_variables_work_unchanged(
    aws: LoopbackAws, make_access: Callable[..., Access], clock: SteppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws.url)
    aws.on("DescribeVpcs", ec2("DescribeVpcs", ids()))
    look(make_access(), clock)
    assert key_of(aws, "DescribeVpcs") == ["AKIAREAL"]


def test_profiles_of_aws_own_files_work(
    aws: LoopbackAws, make_access: Callable[..., Access], clock: SteppedClock, tmp_path: Path
) -> None:
    settings = f"[profile shop]\naws_access_key_id=AKIASHOP\naws_secret_access_key=x\nendpoint_url={aws.url}\n"
    (tmp_path / "config").write_text(settings)
    aws.on("DescribeVpcs", ec2("DescribeVpcs", ids()))
    look(make_access(profile="shop"), clock)
    assert key_of(aws, "DescribeVpcs") == ["AKIASHOP"]


def test_a_local_endpoint_needs_no_credentials(
    aws: LoopbackAws, make_access: Callable[..., Access], clock: SteppedClock
) -> None:
    aws.on("DescribeVpcs", ec2("DescribeVpcs", ids()))
    look(make_access(endpoint_url=aws.url), clock)
    assert key_of(aws, "DescribeVpcs") == ["sandbox"]


def test_a_local_endpoint_is_never_shown_the_role_of_this_machine(
    aws: LoopbackAws, make_access: Callable[..., Access], clock: SteppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{aws.url}/role")
    role = {"AccessKeyId": "ASIAMACHINE", "SecretAccessKey": "s", "Token": "t", "Expiration": "2999-01-01T00:00:00Z"}
    aws.on("GET /role", Answer(json.dumps(role)))
    aws.on("DescribeVpcs", ec2("DescribeVpcs", ids()))
    look(make_access(endpoint_url=aws.url), clock)
    assert key_of(aws, "DescribeVpcs") == ["sandbox"]


def test_aws_sees_who_calls(aws: LoopbackAws, access: Access, clock: SteppedClock) -> None:
    aws.on("DescribeVpcs", ec2("DescribeVpcs", ids()))
    look(access, clock)
    assert re.match(r"Boto\S*/\d.* reconciler/\d", aws.requests[0].headers["User-Agent"])


def test_no_service_of_ours_has_an_older_name_that_handlers_of_botocore_would_be_kept_under(access: Access) -> None:
    services = {call.partition(":")[0] for kind in discover().values() for call in kind.changed_by} | {"sts", "events"}
    emitted = {access.client(service).meta.service_model.service_id.hyphenize() for service in services}
    assert {"cloudwatch-logs", "elastic-load-balancing-v2"} <= emitted
    assert emitted.isdisjoint(EVENT_ALIASES)


@pytest.mark.usefixtures("signed_in")
def test_a_role_is_assumed_with_what_is_configured_and_its_credentials_are_used(
    aws: LoopbackAws, make_access: Callable[..., Access], clock: SteppedClock
) -> None:
    aws.on("AssumeRole", assumed("ASIAROLE", "2999-01-01T00:00:00Z"))
    aws.on("DescribeVpcs", ec2("DescribeVpcs", ids()))
    access = make_access(endpoint_url=aws.url, role_arn=ROLE, external_id="shop", role_session_name="run-7")
    look(access, clock)
    look(access, clock)
    assert key_of(aws, "AssumeRole") == ["AKIAREAL"]
    assert key_of(aws, "DescribeVpcs") == ["ASIAROLE", "ASIAROLE"]
    wanted = {"RoleArn": ROLE, "ExternalId": "shop", "RoleSessionName": "run-7"}
    assert wanted.items() <= aws.sent("AssumeRole")[0].params.items()


def test_a_role_is_assumed_again_before_its_credentials_expire(
    aws: LoopbackAws, make_access: Callable[..., Access], clock: SteppedClock
) -> None:
    aws.on("AssumeRole", assumed("ASIAOLD", "2000-01-01T00:00:00Z"), assumed("ASIANEW", "2999-01-01T00:00:00Z"))
    aws.on("DescribeVpcs", ec2("DescribeVpcs", ids()))
    access = make_access(endpoint_url=aws.url, sandbox=True, role_arn=ROLE)
    with pytest.raises(AwsError) as caught:
        look(access, clock)
    assert (caught.value.code, caught.value.error_class) == ("ExpiredToken", ErrorClass.DENIED)
    look(access, clock)
    assert key_of(aws, "DescribeVpcs") == ["ASIANEW"]


def test_a_role_that_may_not_be_assumed_is_named_as_the_trouble(
    aws: LoopbackAws, make_access: Callable[..., Access], clock: SteppedClock
) -> None:
    aws.on("AssumeRole", query_error("AccessDenied", 403))
    access = make_access(endpoint_url=aws.url, sandbox=True, role_arn=ROLE)
    with pytest.raises(AwsError) as caught:
        AwsWriter(access, clock, Calls()).perform(Call("ec2", "CreateVpc", {}), {"CidrBlock": "10.0.0.0/16"})
    assert (caught.value.operation, caught.value.error_class) == ("sts:AssumeRole", ErrorClass.DENIED)
    assert "trust policy" in caught.value.next_step
    assert not caught.value.lost


def test_no_credentials_at_all(make_access: Callable[..., Access], clock: SteppedClock) -> None:
    with pytest.raises(AwsError) as caught:
        make_access().account(clock)
    assert (caught.value.code, caught.value.error_class) == ("NoCredentialsError", ErrorClass.DENIED)
    assert "--profile" in caught.value.next_step


def test_half_of_the_credentials(
    make_access: Callable[..., Access], clock: SteppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAREAL")
    with pytest.raises(AwsError) as caught:
        make_access().account(clock)
    assert "AWS_SECRET_ACCESS_KEY" in caught.value.next_step


@pytest.mark.parametrize("code", ["ExpiredToken", "ExpiredTokenException"])
def test_expired_credentials(aws: LoopbackAws, access: Access, clock: SteppedClock, code: str) -> None:
    aws.on("GetCallerIdentity", query_error(code, 403))
    with pytest.raises(AwsError) as caught:
        access.account(clock)
    assert "log in again" in caught.value.next_step
    assert len(aws.requests) == 1


def test_an_unknown_profile_is_refused_with_a_near_one(make_access: Callable[..., Access], tmp_path: Path) -> None:
    (tmp_path / "config").write_text("[profile shop]\nregion=us-east-1\n")
    with pytest.raises(Refused, match=r"no AWS profile 'shp'.*did you mean 'shop'\?"):
        make_access(profile="shp")


def test_an_unknown_profile_of_the_environment_is_refused(
    make_access: Callable[..., Access], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "shop")
    with pytest.raises(Refused, match="no AWS profile 'shop'"):
        make_access()


@pytest.mark.parametrize("region", ["mars-1", "us_east_1", ""])
def test_what_is_no_region_is_refused(make_access: Callable[..., Access], region: str) -> None:
    with pytest.raises(Refused, match="region"):
        make_access(region, sandbox=True)


@pytest.mark.usefixtures("signed_in")
def test_a_region_that_nobody_answers_for_may_be_a_slip(
    make_access: Callable[..., Access], clock: SteppedClock
) -> None:
    def nobody(**_: object) -> None:
        raise EndpointConnectionError(endpoint_url="https://sts.us-east-9.amazonaws.com/")

    def account_in(region: str) -> str:
        access = make_access(region)
        access.client("sts").meta.events.register("before-send", nobody)
        return access.account(clock)

    with pytest.raises(Refused, match=r"'us-east-9'.*did you mean 'us-east-\d'\?"):
        account_in("us-east-9")
    with pytest.raises(AwsError, match="EndpointConnectionError"):
        account_in("us-east-1")


@pytest.mark.parametrize("url", ["127.0.0.1:5000", "ftp://127.0.0.1", "http://"])
def test_what_is_no_endpoint_is_refused(make_access: Callable[..., Access], url: str) -> None:
    with pytest.raises(Refused, match=re.escape(repr(url))):
        make_access(endpoint_url=url)


@pytest.mark.usefixtures("signed_in")
def test_an_endpoint_of_the_environment_that_is_none_is_refused(
    make_access: Callable[..., Access], clock: SteppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "nonsense")
    with pytest.raises(Refused, match="AWS_ENDPOINT_URL"):
        make_access().account(clock)


def test_a_configuration_file_that_cannot_be_read_is_refused(
    make_access: Callable[..., Access], tmp_path: Path
) -> None:
    (tmp_path / "config").write_text("[profile shop\n")
    with pytest.raises(Refused, match="configuration files"):
        make_access()


def test_an_endpoint_that_speaks_something_else(aws: LoopbackAws, access: Access, clock: SteppedClock) -> None:
    aws.on("GetCallerIdentity", Answer("<html><body>It works!</body></html>"))
    with pytest.raises(AwsError) as caught:
        access.account(clock)
    assert "--endpoint-url" in caught.value.next_step


def test_reader_and_writer_work_on_an_aws_in_process(
    sandbox: Sandbox, make_access: Callable[..., Access], clock: SteppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    access, calls = make_access(sandbox=True), Calls()
    reader, writer = AwsReader(access, clock, calls), AwsWriter(access, clock, calls)
    made = writer.perform(Call("ec2", "CreateVpc", {}), {"CidrBlock": "10.0.0.0/16", "InstanceTenancy": None})
    vpcs = reader.pages("ec2", "DescribeVpcs", "Vpcs", VpcIds=[made["Vpc"]["VpcId"]])
    assert [vpc["CidrBlock"] for vpc in vpcs] == ["10.0.0.0/16"]
    assert reader.account == "123456789012"
    assert (calls.total, calls.mutating) == (3, 1)
