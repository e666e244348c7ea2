"""What every test may use: a strict AWS in process, on a stepped clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from reconciler.sandbox import Sandbox


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--plain-moto",
        action="store_true",
        help="run on moto without our patches: every test marked stricter_than_moto must then fail",
    )
    parser.addoption("--update-golden", action="store_true", help="write the golden files anew; look at the diff")


def pytest_configure(config: pytest.Config) -> None:
    # Hypothesis times each example and how long it takes to think of one: on a busy machine that says nothing of us.
    settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("untimed")
    config.addinivalue_line("markers", "stricter_than_moto: a behaviour of AWS that plain moto lacks")


@pytest.fixture(scope="session", autouse=True)
def state_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test shares leases or history with another worker, or with whoever runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


@dataclass(frozen=True)
class Ended:
    """How a command ended, with what it printed."""

    status: int
    out: str
    err: str


@pytest.fixture
def reconciler(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    """Runs a command line in this process, on whatever AWS a test has."""
    from reconciler.cli.main import main

    def run(*arguments: str) -> Ended:
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        said = capsys.readouterr()
        return Ended(int(ended.value.code or 0), said.out, said.err)

    return run


@pytest.fixture
def plain_moto(request: pytest.FixtureRequest) -> bool:
    """Whether this run leaves our patches out."""
    return bool(request.config.getoption("--plain-moto"))


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compares a text with the file of that name in `golden/` beside the test."""
    folder = request.path.parent / "golden"
    update = bool(request.config.getoption("--update-golden"))

    def check(name: str, text: str) -> None:
        path = folder / name
        if update:
            folder.mkdir(exist_ok=True)
            path.write_text(f"{text}\n")
        assert path.exists(), f"{path} is not there: run pytest --update-golden and look at what it writes"
        assert f"{text}\n" == path.read_text(), f"{path} differs: if the new text is right, run pytest --update-golden"

    return check


@pytest.fixture
def sandbox(plain_moto: bool) -> Iterator[Sandbox]:
    """An empty account on a clock that stands still; `sandbox.faults = Faults(...)` makes things go wrong."""
    from reconciler.sandbox import Sandbox

    with Sandbox(strict=not plain_moto) as running:
        yield running
