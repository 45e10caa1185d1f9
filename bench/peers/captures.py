"""The programs that record from an interface: how each is started and stopped, what it has stored.

The peers get a receive buffer of 64 MiB, Tapiary its default of 32. All store whole packets, and write
to the same disk. Only Tapiary meters flows, compresses, and has on disk (fdatasync) what it took half a
second ago; stenotype indexes packets by address and port.
"""

import os
import signal

from peers.network import CAPTURES
from peers.process import Failed, installed, tool


class Tapiary:
    name = "tapiary"
    stop_signal = signal.SIGTERM
    heeds_signals = True

    def __init__(self, bin_folder):
        self._sensor = os.path.join(bin_folder, "tapiary-sensor")
        self._tool = os.path.join(bin_folder, "bench_tool")

    def missing(self):
        return None

    def command(self, folder):
        return [self._sensor, "--capture.interfaces", CAPTURES, "--spool.path", f"{folder}/spool",
                "--spool.max_size", "200GiB", "--log.level", "warning"]  # fmt: skip

    def stored(self, folder):
        counted = tool([self._tool, "count-spool", f"{folder}/spool"])
        lost = sum(counted["lost"].values())
        if counted["packets"] + lost != counted["offered"]:
            raise Failed(f"the ledger does not add up: {counted}")
        # What the disk could not take is metered all the same.
        metered = counted["packets"] + counted["lost"].get("storage-backlog", 0)
        if counted["flow_packets"] != metered:
            raise Failed(f"{counted['flow_packets']} packets in flow records, not {metered}")
        return counted


class _Peer:
    """A program that writes one capture file."""

    program = ""
    file = "out.pcap"
    stop_signal = signal.SIGINT
    heeds_signals = True

    def __init__(self, bin_folder):
        self._tool = os.path.join(bin_folder, "bench_tool")

    def missing(self):
        return None if installed(self.program) else f"{self.program} is not installed"

    def stored(self, folder):
        return tool([self._tool, "count", f"{folder}/{self.file}"])


class Tcpdump(_Peer):
    name = program = "tcpdump"

    def command(self, folder):
        return ["tcpdump", "-i", CAPTURES, "-n", "-s", "65535", "-B", "65536", "-Z", "root",
                "-w", f"{folder}/{self.file}"]  # fmt: skip


class Dumpcap(_Peer):
    name = program = "dumpcap"
    file = "out.pcapng"

    def command(self, folder):
        return ["dumpcap", "-q", "-i", CAPTURES, "-B", "64", "-w", f"{folder}/{self.file}"]


class NetsniffNg(_Peer):
    name = program = "netsniff-ng"

    def command(self, folder):
        return ["netsniff-ng", "--in", CAPTURES, "--out", f"{folder}/{self.file}", "--silent",
                "--ring-size", "64MiB"]  # fmt: skip


class Stenographer(_Peer):
    """Its capturing part. On an idle interface it does not heed signals until packets come."""

    name = "stenographer"
    program = "stenotype"
    heeds_signals = False

    def command(self, folder):
        for part in ("packets", "index"):
            os.makedirs(f"{folder}/0/{part}", exist_ok=True)
        for part, link in (("packets", "PKT0"), ("index", "IDX0")):
            if not os.path.islink(f"{folder}/{link}"):
                os.symlink(f"{folder}/0/{part}", f"{folder}/{link}")
        return ["stenotype", f"--iface={CAPTURES}", "--threads=1", f"--dir={folder}",
                "--blocks=64", "--aiops=32", "--blockage_sec=1", "--uid=root", "--gid=root",
                "--seccomp=none"]  # fmt: skip

    def stored(self, folder):
        total = {"packets": 0, "bytes": 0}
        packets = f"{folder}/0/packets"
        for name in os.listdir(packets):
            one = tool([self._tool, "count", f"{packets}/{name}", "stenotype"])
            for key in total:
                total[key] += one[key]
        return total


ALL = (Tapiary, Tcpdump, Dumpcap, NetsniffNg, Stenographer)
