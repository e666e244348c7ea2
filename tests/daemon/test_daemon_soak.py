"""A short slice of the soak: `make soak-daemon` runs all of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

SEED: Final = "458"
"""Of its six rounds one kills, one ends and one puts to sleep, and in two AWS does badly while something breaks."""


def test_two_daemons_heal_what_breaks_while_they_are_killed_stopped_and_ended() -> None:
    script = Path(__file__).with_name("soak.py")
    command = [sys.executable, str(script), "--stacks", "1", "--rounds", "6", "--seed", SEED]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
