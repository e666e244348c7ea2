"""Network namespaces of this process: nameless, so that they go when nothing holds them, however the process ends."""

from __future__ import annotations

import ctypes
import os
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

_CLONE_NEWNET = 0x40000000
_LIBC = ctypes.CDLL(None, use_errno=True)


class Namespace:
    """One network stack: its own interfaces, addresses, routes and firewall."""

    def __init__(self) -> None:
        here = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        try:
            _check(_LIBC.unshare(_CLONE_NEWNET))
            self.fd = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        finally:
            _check(_LIBC.setns(here, _CLONE_NEWNET))
            os.close(here)
        self.ip: list[str] = ["link set lo up"]
        self.nft: list[str] = []

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Sockets made and processes started inside belong to it, and stay so."""
        here = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        _check(_LIBC.setns(self.fd, _CLONE_NEWNET))
        try:
            yield
        finally:
            _check(_LIBC.setns(here, _CLONE_NEWNET))
            os.close(here)

    def forward(self) -> None:
        """Make it a router."""
        with self.entered():
            Path("/proc/sys/net/ipv4/ip_forward").write_text("1")

    def configure(self) -> None:
        """Carry out the lines gathered in `ip` (as `ip -batch` takes them) and `nft`."""
        with self.entered():
            run(["ip", "-batch", "-"], self.ip)
            if self.nft:
                run(["nft", "-f", "-"], self.nft)

    def close(self) -> None:
        """Let it go; the kernel removes it with all that is in it once no socket is left."""
        os.close(self.fd)


def cable(pairs: Iterable[tuple[Namespace, str, Namespace, str]]) -> None:
    """Virtual cables: (namespace, interface, namespace, interface) at both ends."""
    wanted = list(pairs)
    if not wanted:
        return
    lines = [
        f"link add {one} netns /proc/self/fd/{here.fd} type veth peer name {other} netns /proc/self/fd/{there.fd}"
        for here, one, there, other in wanted
    ]
    held = {end.fd for here, _, there, _ in wanted for end in (here, there)}
    run(["ip", "-batch", "-"], lines, held)


def run(command: list[str], lines: Iterable[str], fds: Iterable[int] = ()) -> None:
    """Feed lines to a tool; what it says on failure is the error."""
    text = "\n".join(lines) + "\n"
    done = subprocess.run(command, input=text, capture_output=True, text=True, pass_fds=tuple(fds), check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}\n{text}")


def why_not() -> str | None:
    """Why namespaces, cables and stateful rules cannot be had here; `None` where they can."""
    try:
        one, other = Namespace(), Namespace()
    except OSError as error:
        return f"network namespaces cannot be made: {error} (they need root)"
    try:
        cable([(one, "eth0", other, "eth0")])
        one.nft = [
            "table ip t { chain c { type filter hook input priority 0; policy drop",
            "ct state new accept",
            "}",
            "}",
        ]
        one.forward()
        one.configure()
    except (OSError, RuntimeError) as error:
        return f"network namespaces do not work: {error} (iproute2 and nftables are needed)"
    finally:
        one.close()
        other.close()
    return None


def _check(result: int) -> None:
    if result:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
