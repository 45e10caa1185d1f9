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


def _built(context):
    child = Child([f"{context.bin}/tapiary-sensor", "--help"], f"{context.work}/help.log")
    child.wait(30)
    return "--dpdk.ports" in child.text()


def _rounds(context, file):
    ours, theirs, wrong, stored = [], [], {}, 1.0
    seconds = 2 if context.quick else 8
    for _ in range(1 if context.quick else 3):
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
    os.unlink(file)
    note = "; ".join(wrong.values())
    if not ours:
        rows.missing("dpdk.60", _UNIT, "testpmd rxonly", note=note)
        return
    rows.missing("dpdk.60.dumpcap", _UNIT, "dpdk-dumpcap",
                 note="no figure: it attaches to another process's port and needs shared hugepages")  # fmt: skip
    note = f"60 bytes, metered all, the disk took {stored:.0%}" + (f"; {note}" if note else "")
    rows.add_samples("dpdk.60", _UNIT, ours, "testpmd rxonly", theirs, note=note)
