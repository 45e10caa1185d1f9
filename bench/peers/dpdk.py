"""DPDK: the sensor's DPDK source beside testpmd and dpdk-dumpcap, from net_pcap's endless replay.

The virtual device hands one file out again and again as fast as it is asked, so no generator is
needed and the figure is packets of one core a second.
"""

import os
import re
import signal
import time

from peers.process import Child, Failed, installed, tool

_ROW = ("dpdk.60", "M packets/s")
_SECONDS = 10


def _eal(file):
    return ["--no-huge", "-m", "1024", "--no-pci", "--file-prefix", f"bench{os.getpid()}",
            "--vdev", f"net_pcap0,rx_pcap={file},infinite_rx=1"]  # fmt: skip


def _testpmd(context, file):
    """Packets a second that testpmd takes and drops."""
    command = ["dpdk-testpmd", "-l", "0,1", *_eal(file), "--total-num-mbufs=65536", "--",
               "--forward-mode=rxonly", "--auto-start", "--stats-period=1"]  # fmt: skip
    log = f"{context.work}/testpmd.log"
    child = Child(command, log)
    try:
        time.sleep(_SECONDS if not context.quick else 4)
        before = child.cpu_now()
        child.stop(signal.SIGINT, timeout=30)
    finally:
        child.kill()
    rates = [int(rate) for rate in re.findall(r"Rx-pps:\s+(\d+)", child.text())]
    total = [int(count) for count in re.findall(r"RX-packets: (\d+)", child.text())]
    steady = [rate for rate in rates[1:] if rate > 0]
    if not steady or not total or max(total) == 0 or before == 0:
        raise Failed(f"testpmd received nothing: {child.text()[-200:]!r}")
    return sorted(steady)[len(steady) // 2]


def _sensor_has_dpdk(context):
    child = Child([f"{context.bin}/tapiary-sensor", "--help"], f"{context.work}/help.log")
    child.wait(30)
    return "dpdk" in child.text().lower()


def run(rows, context):
    file = f"{context.work}/dpdk.pcap"
    tool([context.tool, "pcap", file, 1000, 4096, 60])
    if not _sensor_has_dpdk(context):
        rows.missing(*_ROW, "testpmd rxonly", note="not built: the sensor has no DPDK source")
    if not installed("dpdk-testpmd"):
        rows.missing("dpdk.60.testpmd", _ROW[1], note="dpdk-testpmd is not installed")
        return
    try:
        rate = _testpmd(context, file)
        rows.add("dpdk.60.testpmd", rate / 1e6, _ROW[1], note="testpmd rxonly, one core, takes and drops")
    except Failed as error:
        rows.missing("dpdk.60.testpmd", _ROW[1], note=f"wrong result: {error}")
    finally:
        os.unlink(file)
