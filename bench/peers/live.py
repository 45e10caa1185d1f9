"""Live capture from a veth interface: CPU a packet, and loss, at rising rates.

One round runs every program once at one rate with one packet size; rounds follow each other (A B C
A B C), so that whatever else the machine does meets all of them. CPU is that of the capturing
process from just before the first packet until its end: what it does on leaving is part of the work.
"""

import os
import shutil
import signal
import statistics
import time

from peers import captures
from peers.network import Network
from peers.process import Child, Failed

FLOWS = 10_000
SIZES = {"60": 60, "imix": 0, "1514": 1514}
_MEAN_BYTES = {60: 60, 0: 358, 1514: 1514}
_MOST_BYTES = 1_500_000_000  # of one run
_MAX_RATE = 5_000_000  # for the number of packets only; the sender goes as fast as it can


class Plan:
    def __init__(self, quick, rounds):
        self.seconds = 0.5 if quick else 4
        self.rounds = rounds
        self.sizes = ["60"] if quick else list(SIZES)
        self.rates = [20_000] if quick else [50_000, 200_000, 500_000, 0]
        self.programs = captures.ALL[:2] if quick else captures.ALL


class _Run:
    """What one program did in one round."""

    def __init__(self, cpu, offered, stored):
        self.cpu_per_million = cpu / offered * 1e6
        self.loss = 1 - stored / offered


def _one(network, program, frame_bytes, rate, seconds, work):
    folder = f"{work}/{program.name}"
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    count = int(min((rate or _MAX_RATE) * seconds, _MOST_BYTES / _MEAN_BYTES[frame_bytes]))
    child = Child(program.command(folder), f"{work}/{program.name}.log", network.name)
    try:
        end = time.monotonic() + 20
        while not network.captured_by(child.pid):
            if time.monotonic() > end or not child.running():
                raise Failed(f"{program.name} does not capture: {child.text()[-200:]!r}")
            time.sleep(0.05)
        time.sleep(1)  # what it still does to get ready
        before = child.cpu_now()
        last_cpu = (os.cpu_count() or 1) - 1
        limit = 2 * seconds if rate else seconds  # a slow machine must not send for ever
        sent = network.send(FLOWS, frame_bytes, count, rate, limit, last_cpu)
        time.sleep(1.5)  # longer than anyone holds packets back before it takes them
        if program.heeds_signals:
            usage = child.stop(program.stop_signal)
            if usage.code != 0:
                raise Failed(f"{program.name} ended with {usage.code}: {child.text()[-200:]!r}")
        else:
            usage = child.stop(signal.SIGKILL)
    finally:
        child.kill()
    stored = program.stored(folder)
    shutil.rmtree(folder, ignore_errors=True)
    if stored["packets"] > sent["sent"]:
        raise Failed(f"{program.name} stored {stored['packets']} of {sent['sent']} packets")
    if stored["packets"] == sent["sent"] and stored["bytes"] != sent["bytes"]:
        raise Failed(f"{program.name} stored {stored['bytes']} of {sent['bytes']} bytes")
    whole = stored["packets"] == sent["sent"] and sent["sent"] >= 5 * FLOWS
    if whole and stored.get("flows", FLOWS) != FLOWS:
        raise Failed(f"{program.name} recorded {stored['flows']} of {FLOWS} flows")
    if stored["packets"] == 0:
        raise Failed(f"{program.name} stored nothing")
    rate_reached = sent["sent"] / sent["seconds"]
    return _Run(usage.cpu - before, sent["sent"], stored["packets"]), rate_reached


def _rounds(network, plan, programs, size, rate, work):
    """{program: [run]}, {program: why not}, and the rate that was reached."""
    runs = {program.name: [] for program in programs}
    wrong = {}
    reached = []
    for _ in range(plan.rounds):
        for program in programs:
            if program.name in wrong:
                continue
            try:
                run, real = _one(network, program, SIZES[size], rate, plan.seconds, work)
                runs[program.name].append(run)
                reached.append(real)
            except Failed as error:
                wrong[program.name] = str(error)
    return runs, wrong, statistics.median(reached) if reached else 0


def _add_rows(rows, size, rate, runs, wrong, reached):
    name = f"live.{size}.{'max' if rate == 0 else f'{rate // 1000}k'}"
    at = f"{size if size == 'imix' else size + ' bytes'}, {reached / 1e3:.0f} k packets/s"
    ours = runs["tapiary"]
    if not ours:
        note = "wrong result: " + wrong.get("tapiary", "no run")
        rows.missing(f"{name}.cpu", "CPU s / million", "tcpdump", "ratio <= 1.0", note)
        return
    for peer, theirs in runs.items():
        if peer == "tapiary":
            continue
        suffix = "" if peer == "tcpdump" else f".{peer}"
        goal = "ratio <= 1.0" if peer == "tcpdump" and size != "1514" else None
        note = at if peer not in wrong else f"{at}; wrong result of {peer}: {wrong[peer]}"
        rows.add_samples(
            f"{name}.cpu{suffix}",
            "CPU s / million",
            [run.cpu_per_million for run in ours],
            peer,
            [run.cpu_per_million for run in theirs],
            goal,
            note,
        )
    losses = {peer: max((run.loss for run in theirs), default=None) for peer, theirs in runs.items()}
    others = ", ".join(f"{p} {v:.2%}" for p, v in losses.items() if p != "tapiary" and v is not None)
    goal = "value <= 0" if losses.get("tcpdump") == 0 or rate == 0 else None
    rows.add(f"{name}.loss", losses["tapiary"] * 100, "% lost", goal=goal,
             note=f"{at}; worst of {len(ours)} rounds; others: {others}")  # fmt: skip
    for peer, theirs in runs.items():
        if theirs:
            middle = statistics.median(run.cpu_per_million for run in theirs)
            _plot(rows, size).setdefault(peer, []).append([reached / 1e3, middle])


def _plot(rows, size):
    plot = rows.series.setdefault(
        f"live.{size}",
        {
            "title": f"CPU of live capture on veth, {size}",
            "x": "offered, thousand packets a second",
            "y": "CPU seconds per million packets",
            "lines": {},
        },
    )
    return plot["lines"]


def run(rows, context):
    plan = Plan(context.quick, context.rounds(3))
    everyone = [program(context.bin) for program in plan.programs]
    programs = [program for program in everyone if program.missing() is None]
    absent = {program.name: program.missing() for program in everyone if program.missing()}
    with Network(context.bin) as network:
        for size in plan.sizes:
            for rate in plan.rates:
                runs, wrong, reached = _rounds(network, plan, programs, size, rate, context.work)
                for name, why in absent.items():
                    runs[name] = []
                    wrong[name] = why
                _add_rows(rows, size, rate, runs, wrong, reached)
