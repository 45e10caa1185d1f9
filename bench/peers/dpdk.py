"""DPDK: the sensor's DPDK source beside testpmd, from net_pcap's endless replay.

The virtual device hands one file out again and again as fast as it is asked, so no generator is
needed. Figures are packets per CPU second of the one thread that receives: a polling thread uses its
core up, whatever it does. testpmd takes and drops; the sensor meters and records, and what the disk
cannot take is lost for `storage-backlog` under that name, after it was decoded and metered.
"""

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time

from peers.process import Child, Failed, installed, tool

_UNIT = "M packets / CPU s"
_FRAMES = 16_384  # long enough for no frame to look like a copy of itself
_BUFFERS = 65_536
_FLOWS = 1_000


def _device(file):
    return f"net_pcap0,rx_pcap={file},infinite_rx=1"


def _await(child, what, text):
    end = time.monotonic() + 40
    while text not in child.text():
        if time.monotonic() > end or not child.running():
            raise Failed(f"{what} does not start: {child.text()[-200:]!r}")
        time.sleep(0.1)


def _testpmd(context, file, seconds):
    command = ["dpdk-testpmd", "-l", "0,1", "--no-huge", "-m", "1024", "--no-pci",
               "--file-prefix", f"bench{os.getpid()}", "--vdev", _device(file), "--",
               f"--total-num-mbufs={_BUFFERS}", "--forward-mode=rxonly", "--auto-start",
               "--stats-period=1"]  # fmt: skip
    child = Child(command, f"{context.work}/testpmd.log")
    try:
        _await(child, "testpmd", "nb forwarding cores")
        before = child.cpu_now()
        time.sleep(seconds)
        used = child.cpu_now() - before
        child.stop(signal.SIGINT, timeout=30)
    finally:
        child.kill()
    total = [int(count) for count in re.findall(r"RX-total: (\d+)", child.text())]
    if not total or total[-1] == 0:
        raise Failed(f"testpmd received nothing: {child.text()[-200:]!r}")
    return total[-1] / used / 1e6


def _threads_cpu(child, name):
    """CPU seconds of the threads that are called so."""
    total = 0
    for thread in os.listdir(f"/proc/{child.pid}/task"):
        folder = f"/proc/{child.pid}/task/{thread}"
        with open(f"{folder}/comm") as comm, open(f"{folder}/schedstat") as schedstat:
            if comm.read().startswith(name):
                total += int(schedstat.read().split()[0])
    return total / 1e9


def _sensor(context, file, seconds):
    folder = f"{context.work}/dpdk"
    shutil.rmtree(folder, ignore_errors=True)
    command = [f"{context.bin}/tapiary-sensor", "--dpdk.ports", f"vdev:{_device(file)}",
               "--dpdk.hugepages", "off", "--dpdk.mbufs", _BUFFERS, "--spool.path", folder,
               "--spool.max_size", "200GiB", "--log.level", "info"]  # fmt: skip
    child = Child(command, f"{context.work}/dpdk.log")
    try:
        end = time.monotonic() + 40
        while _threads_cpu(child, "capture") < 0.2:  # it polls as soon as it runs
            if time.monotonic() > end or not child.running():
                raise Failed(f"the sensor does not start: {child.text()[-200:]!r}")
            time.sleep(0.05)
        time.sleep(seconds)
        used = _threads_cpu(child, "capture")
        usage = child.stop()
    finally:
        child.kill()
    if usage.code != 0:
        raise Failed(f"the sensor ended with {usage.code}: {child.text()[-200:]!r}")
    counted = tool([context.tool, "count-spool", folder], timeout=1800)
    shutil.rmtree(folder, ignore_errors=True)
    lost = sum(counted["lost"].values())
    if counted["packets"] + lost != counted["offered"]:
        raise Failed(f"the ledger does not add up: {counted}")
    metered = counted["packets"] + counted["lost"].get("storage-backlog", 0)
    if counted["flow_packets"] != metered or counted["flows"] != _FLOWS:
        raise Failed(f"metered {counted['flow_packets']} packets in {counted['flows']} flows, "
                     f"not {metered} in {_FLOWS}")  # fmt: skip
    return metered / used / 1e6, counted


class _Hugepages:
    """Hugepages for a while: reserved, mounted, and given back. Failed where that cannot be."""

    _COUNT = "/proc/sys/vm/nr_hugepages"
    _PAGES = 700  # of 2 MiB: 1,024 MiB of buffers, the rest for what DPDK keeps beside them

    def __init__(self, folder):
        self.folder = folder

    def __enter__(self):
        try:
            with open(self._COUNT) as count:
                self._before = int(count.read())
            self._reserve(self._before + self._PAGES)
        except OSError as error:
            raise Failed(f"no hugepages: {error}") from error
        with open(self._COUNT) as count:
            got = int(count.read()) - self._before
        os.makedirs(self.folder, exist_ok=True)
        mounted = subprocess.run(["mount", "-t", "hugetlbfs", "nodev", self.folder],
                                 capture_output=True, text=True)  # fmt: skip
        if got < self._PAGES or mounted.returncode != 0:
            self.__exit__()
            raise Failed(f"no hugepages: {got} of {self._PAGES}; {mounted.stderr.strip()}")
        return self.folder

    def __exit__(self, *_):
        subprocess.run(["umount", self.folder], capture_output=True)
        self._reserve(self._before)

    def _reserve(self, pages):
        with open(self._COUNT, "w") as count:
            count.write(str(pages))


def _drivers(program):
    """The drivers that a program is linked with: a second process has to load them in the same
    order, or it takes another's pool functions for its own and ends the first."""
    text = subprocess.run(["ldd", shutil.which(program)], capture_output=True, text=True).stdout
    return ":".join(re.findall(r"/\S*librte_(?:net_|mempool_)\S*", text))


def _dumpcap(context, file, seconds):
    """Packets per CPU second of dpdk-dumpcap alone: the process that receives for it and copies
    each packet, with a core of its own, is not counted. That is in its favour."""
    name = f"bench{os.getpid()}c"
    written = f"{context.work}/dumpcap.pcapng"
    # A second process is told a device in 64 bytes, its arguments included.
    short = f"{tempfile.gettempdir()}/b{os.getpid()}.pcap"
    with _Hugepages(f"{context.work}/huge") as folder:
        os.symlink(file, short)
        primary = Child(
            ["dpdk-testpmd", "-l", "0,1", "-m", "1024", "--no-pci", "--huge-dir", folder,
             "--file-prefix", name, "--vdev", _device(short), "--",
             f"--total-num-mbufs={_BUFFERS}", "--forward-mode=rxonly", "--auto-start",
             "--stats-period=1"],
            f"{context.work}/dumpcap-primary.log",
        )  # fmt: skip
        try:
            _await(primary, "testpmd", "nb forwarding cores")
            time.sleep(2)  # until it answers other processes
            child = Child(
                ["env", f"LD_PRELOAD={_drivers('dpdk-testpmd')}", "dpdk-dumpcap", "--file-prefix",
                 name, "-i", "0", "-s", "128", "-q", "-w", written],
                f"{context.work}/dumpcap.log",
            )  # fmt: skip
            try:
                time.sleep(seconds)
                usage = child.stop(signal.SIGINT)
            finally:
                child.kill()
            primary.stop(signal.SIGINT, timeout=30)
        finally:
            primary.kill()
            os.unlink(short)
    if not os.path.exists(written):
        raise Failed(f"dpdk-dumpcap writes no file: {child.text()[-900:]!r}")
    counted = tool([context.tool, "count", written], timeout=600)
    os.unlink(written)
    if counted["packets"] == 0:
        raise Failed(f"dpdk-dumpcap wrote nothing: {child.text()[-200:]!r}")
    return counted["packets"] / usage.cpu / 1e6


def _add_dumpcap(rows, context, file, ours):
    note = "the receiving process's core is not counted for dpdk-dumpcap, which only copies and writes"
    theirs = []
    try:
        if not installed("dpdk-dumpcap"):
            raise Failed("dpdk-dumpcap is not installed")
        for _ in range(context.rounds(3)):
            theirs.append(_dumpcap(context, file, 3 if context.quick else 8))
    except Failed as error:
        note = f"no figure: {error}"
    if theirs:
        rows.add_samples("dpdk.60.dumpcap", _UNIT, ours, "dpdk-dumpcap", theirs, note=note)
    else:
        rows.missing("dpdk.60.dumpcap", _UNIT, "dpdk-dumpcap", note=note)


def _built(context):
    child = Child([f"{context.bin}/tapiary-sensor", "--help"], f"{context.work}/help.log")
    child.wait(30)
    return "--dpdk.ports" in child.text()


def _rounds(context, file):
    ours, theirs, wrong, stored = [], [], {}, 1.0
    seconds = 2 if context.quick else 8
    for _ in range(context.rounds(3)):
        if not _built(context):
            wrong["tapiary"] = "not built: the sensor has no DPDK source"
        elif "tapiary" not in wrong:
            try:
                rate, counted = _sensor(context, file, seconds)
                ours.append(rate)
                stored = counted["packets"] / counted["offered"]
            except Failed as error:
                wrong["tapiary"] = f"wrong result: {error}"
        if not installed("dpdk-testpmd"):
            wrong["testpmd"] = "dpdk-testpmd is not installed"
        elif "testpmd" not in wrong:
            try:
                theirs.append(_testpmd(context, file, seconds))
            except Failed as error:
                wrong["testpmd"] = f"testpmd: {error}"
    return ours, theirs, wrong, stored


def run(rows, context):
    file = f"{context.work}/dpdk.pcap"
    tool([context.tool, "pcap", file, _FLOWS, _FRAMES, 60])
    ours, theirs, wrong, stored = _rounds(context, file)
    note = "; ".join(wrong.values())
    if not ours:
        os.unlink(file)
        rows.missing("dpdk.60", _UNIT, "testpmd rxonly", note=note)
        return
    _add_dumpcap(rows, context, file, ours)
    os.unlink(file)
    note = f"60 bytes, metered all, the disk took {stored:.0%}" + (f"; {note}" if note else "")
    rows.add_samples("dpdk.60", _UNIT, ours, "testpmd rxonly", theirs, note=note)
