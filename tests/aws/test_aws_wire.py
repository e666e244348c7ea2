"""What is sent again, what is not, and what an answer that never came leaves behind."""

import random
import socket
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from conftest_aws import LOST, Answer, LoopbackAws, SteppedClock, ec2, ec2_error, ids, json_error
