"""A network of its own for live runs: a namespace with a veth pair, and the sender of our frames."""

import os
import subprocess

from peers.process import Failed, tool

SENDS, CAPTURES = "bench0", "bench1"


class Network:
    """Use as a context; nothing else is ever sent in it, so every packet counted is ours."""

    def __init__(self, bin_folder):
        self.name = f"tapiary-bench-{os.getpid()}"
        self._sender = os.path.join(bin_folder, "bench_sender")

    def __enter__(self):
        _ip("netns", "add", self.name)
        try:
            self._ip("link", "add", SENDS, "type", "veth", "peer", "name", CAPTURES)
            for device in (SENDS, CAPTURES):
                # Else each end sends IPv6 neighbour discovery.
                self._run("sysctl", "-qw", f"net.ipv6.conf.{device}.disable_ipv6=1")
                self._ip("link", "set", device, "mtu", "1500", "up")
        except Exception:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        subprocess.run(["ip", "netns", "del", self.name], check=False)

    def received(self):
        """Packets and bytes that the capturing end was given, by the kernel's count."""
        return tuple(self._counter(CAPTURES, f"rx_{what}") for what in ("packets", "bytes"))

    def send(self, flows, frame_bytes, count, rate, seconds, cpu):
        """Sends; {sent, bytes, seconds}. Failed when the kernel's count is another."""
        before, bytes_before = self.received()
        command = ["ip", "netns", "exec", self.name, self._sender]
        command += [SENDS, flows, frame_bytes, count, rate, seconds, cpu]
        result = tool(command, timeout=seconds + 120)
        packets, size = self.received()
        arrived = packets - before
        if arrived != result["sent"] or size - bytes_before != result["bytes"]:
            raise Failed(f"sent {result['sent']}, but {arrived} arrived at the capturing end")
        return result

    def captured_by(self, pid):
        """True when the process's namespace has a packet socket bound to the capturing end."""
        index = self._read(CAPTURES, "ifindex")
        try:
            with open(f"/proc/{pid}/net/packet") as file:
                rows = [line.split() for line in file.readlines()[1:]]
        except OSError:
            return False
        return any(row[4] == index and row[5] == "1" for row in rows)

    def _counter(self, device, name):
        return int(self._read(device, f"statistics/{name}"))

    def _read(self, device, name):
        done = self._run("cat", f"/sys/class/net/{device}/{name}")
        return done.stdout.decode().strip()

    def _ip(self, *arguments):
        _ip("-n", self.name, *arguments)

    def run(self, *command):
        """A command in this network."""
        return self._run(*command)

    def _run(self, *command):
        return subprocess.run(
            ["ip", "netns", "exec", self.name, *command], check=True, capture_output=True
        )


def _ip(*arguments):
    subprocess.run(["ip", *arguments], check=True, capture_output=True)
