"""What the sensor costs when nothing happens, and what many flows cost in memory."""

import os
import shutil
import time

from peers import captures
from peers.network import Network
from peers.process import Child, Failed, tool


def _resident(pid):
    """Resident bytes, and those of them that are the process's own: the receive ring is not."""
    sizes = {}
    with open(f"/proc/{pid}/status") as file:
        for line in file:
            name, _, value = line.partition(":")
            if value.endswith("kB\n"):
                sizes[name] = int(value.split()[0]) * 1024
    return sizes["VmRSS"], sizes["RssAnon"]


def _idle(rows, context):
    seconds = 3 if context.quick else 30
    folder = f"{context.work}/idle"
    os.makedirs(folder, exist_ok=True)
    sensor = captures.Tapiary(context.bin)
    with Network(context.bin) as network:
        child = Child(sensor.command(folder), f"{context.work}/idle.log", network.name)
        try:
            end = time.monotonic() + 20
            while not network.captured_by(child.pid):
                if time.monotonic() > end or not child.running():
                    raise Failed(f"the sensor does not capture: {child.text()[-200:]}")
                time.sleep(0.05)
            time.sleep(1)
            before = child.cpu_now()
            time.sleep(seconds)
            share = (child.cpu_now() - before) / seconds * 100
            resident, own = _resident(child.pid)
            child.stop()
        finally:
            child.kill()
            shutil.rmtree(folder, ignore_errors=True)
    note = f"one idle veth, {seconds} s"
    rows.add("idle.cpu", share, "% of a core", goal="value < 1", note=note)
    rows.add("idle.memory", resident / 2**20, "MiB resident", goal="value < 64",
             note=f"{note}; anonymous {own / 2**20:.1f} MiB, else code and receive ring")  # fmt: skip


def _flows(rows, context):
    flows = 100_000 if context.quick else 10_000_000
    result = tool([context.tool, "flows", flows])
    if result["flows"] != flows:
        rows.missing("flows.memory", "GiB", note=f"wrong result: {result['flows']} flows")
        return
    each = result["bytes"] / flows
    note = f"{flows:,} flows tracked, {each:.0f} bytes each (hot {result['hot']}, cold {result['cold']})"
    rows.add("flows.memory", each * 10e6 / 2**30, "GiB / 10M flows", goal="value <= 2", note=note)


def run(rows, context):
    try:
        _idle(rows, context)
    except Failed as error:
        rows.missing("idle.cpu", "% of a core", goal="value < 1", note=f"wrong result: {error}")
    _flows(rows, context)
