"""The one table of variations: for every field of every kind, another value and what must be seen of the change.

A field that is written nowhere here fails the test.
"""

from __future__ import annotations

from typing import Final

import container_rows
import load_balancer_rows
import log_rows
import network_rows
import port_rows
import route_rows
import stack_rows
import task_rows
import volume_rows
from rows import Row

ROWS: Final[tuple[Row, ...]] = (
    *stack_rows.ROWS,
    *network_rows.ROWS,
    *load_balancer_rows.ROWS,
    *task_rows.ROWS,
    *container_rows.ROWS,
    *port_rows.ROWS,
    *volume_rows.ROWS,
    *log_rows.ROWS,
    *route_rows.ROWS,
)
