"""How a finding tells in a line what drifted."""

from __future__ import annotations

from worlds import edited, graph, world

from reconciler.daemon.findings import drift
from reconciler.diff import compare
from reconciler.model.snapshot import Snapshot
from reconciler.model.values import EMPTY, FrozenMap
from reconciler.plan import make
from reconciler.resources.security_group_rules import RuleKey

TWO_TIER = graph()
RULES = "security-group/task/web/rules"


def told(snapshot: Snapshot) -> list[str]:
    return [finding.message for finding in drift(make(compare(TWO_TIER, snapshot)).drift, {}, {})]


def test_an_entry_that_was_added_or_is_missing_is_told_as_such() -> None:
    rules = TWO_TIER.resources[RULES].fields
    rule = next(iter(rules.egress.values()))
    ssh = FrozenMap({RuleKey("tcp", 22, 22, "0.0.0.0/0"): rule, **rules.ingress})
    assert told(edited(world(TWO_TIER), RULES, ingress=ssh)) == [f"{RULES}: ingress[tcp 22 0.0.0.0/0] was added"]
    assert told(edited(world(TWO_TIER), RULES, egress=EMPTY)) == [f"{RULES}: egress[all 0.0.0.0/0] is missing"]


def test_a_value_is_told_as_json_and_a_text_as_it_is() -> None:
    assert told(edited(world(TWO_TIER), "service/web", desired_count=1)) == ["service/web: desiredCount is 1, not 2"]
    (said,) = told(edited(world(TWO_TIER), "service/web", enable_execute_command=True))
    assert said == "service/web: enableExecuteCommand is true, not false"
    (said,) = told(edited(world(TWO_TIER), "target-group/public/web/http", health_check_path="/x"))
    assert said == "target-group/public/web/http: healthCheckPath is /x, not /healthz"
    (said,) = told(edited(world(TWO_TIER), "listener/public/http/rules", rules=EMPTY))
    assert """rules[api].conditions is absent, not {"path-pattern": ["/api/*"]}""" in said
