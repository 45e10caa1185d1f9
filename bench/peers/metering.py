"""Metering a capture file: packets per CPU second of `tapiary meter` and of other flow meters.

Each reads the same file from the page cache, to its own usual output. What it counted (packets and
flows) is read from that output before its time counts.
"""

import json
import os
import re
import shutil
import subprocess

from peers.process import Failed, installed, measure, tool

SIZES = {"60": 60, "imix": 0}


class Tapiary:
    name = "tapiary"
    labels = False

    def __init__(self, bin_folder):
        self.program = os.path.join(bin_folder, "tapiary")

    def command(self, file, _):
        command = [self.program, "meter", file, "--output", "flows", "--format", "ndjson"]
        return command + ([] if self.labels else ["--no-labels"])

    def counted(self, log, _):
        packets = flows = 0
        with open(log) as lines:
            for line in lines:
                if line.startswith("{"):
                    flow = json.loads(line)
                    flows += 1
                    packets += flow["orig"]["packets"] + flow["resp"]["packets"]
        return packets, flows


class TapiaryLabels(Tapiary):
    """With nDPI, which ndpiReader is about."""

    name = "tapiary with labels"
    labels = True


class Softflowd:
    """Without -n it exports nowhere, which only saves it work."""

    name = program = "softflowd"

    def __init__(self, _):
        pass

    def command(self, file, _):
        return ["softflowd", "-m", "1000000", "-r", file]

    def counted(self, log, _):
        text = _text(log)
        return _number(r"Packets processed: (\d+)", text), _number(r"Flows expired: (\d+)", text)


class Nfpcapd:
    name = program = "nfpcapd"

    def __init__(self, _):
        pass

    def command(self, file, folder):
        return ["nfpcapd", "-r", file, "-w", folder]

    def counted(self, _, folder):
        text = _output(["nfdump", "-R", folder, "-I"])
        # One record a direction; all flows here have both.
        return _number(r"^Packets: (\d+)", text), _number(r"^Flows: (\d+)", text) / 2


class NdpiReader:
    name = program = "ndpiReader"

    def __init__(self, _):
        pass

    def command(self, file, _):
        return ["ndpiReader", "-i", file]

    def counted(self, log, _):
        text = _text(log)
        return _number(r"IP packets:\s+(\d+)", text), _number(r"Unique flows:\s+(\d+)", text)


class Argus:
    name = program = "argus"

    def __init__(self, _):
        pass

    def command(self, file, folder):
        return ["argus", "-r", file, "-w", f"{folder}/out.argus"]

    def counted(self, _, folder):
        merged = f"{folder}/merged.argus"
        _output(["racluster", "-r", f"{folder}/out.argus", "-w", merged])
        rows = _output(["ra", "-r", merged, "-n", "-s", "pkts", "-", "not", "man"]).split()[1:]
        return sum(int(row) for row in rows), len(rows)


def _text(path):
    with open(path, errors="replace") as file:
        return file.read()


def _output(command):
    done = subprocess.run(command, capture_output=True, timeout=600)
    if done.returncode != 0:
        raise Failed(f"{command[0]}: {done.stderr.decode(errors='replace').strip()[:200]}")
    return done.stdout.decode(errors="replace")


def _number(pattern, text):
    match = re.search(pattern, text, re.MULTILINE)
    if not match:
        raise Failed(f"no {pattern!r} in the output")
    return int(match.group(1))


def _one(program, file, expected, work):
    """CPU seconds of one run with a right result."""
    folder = f"{work}/out"
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    log = f"{work}/metering.log"
    usage = measure(program.command(file, folder), log)
    packets, flows = program.counted(log, folder)
    if (packets, flows) != expected:
        raise Failed(f"{packets} packets in {flows:.0f} flows instead of {expected}")
    return usage.cpu


def _rounds(programs, rounds, file, expected, work):
    rates = {program.name: [] for program in programs}
    wrong = {}
    for _ in range(rounds):
        for program in programs:
            if program.name in wrong:
                continue
            if not installed(program.program):
                wrong[program.name] = f"{program.program} is not installed"
                if isinstance(program, Tapiary):
                    wrong[program.name] = "wrong result: the program is not built"
                continue
            try:
                cpu = _one(program, file, expected, work)
                rates[program.name].append(expected[0] / cpu / 1e6)
            except Failed as error:
                wrong[program.name] = f"wrong result: {error}"
    return rates, wrong


def _add_rows(rows, size, rates, wrong, note):
    unit = "M packets / CPU s"
    ours = rates["tapiary"]
    peers = [name for name in rates if not name.startswith("tapiary")]
    right = [name for name in peers if rates[name]]
    if not ours:
        rows.missing(f"meter.{size}", unit, goal="ratio >= 5", note=wrong["tapiary"])
        return
    if not right:
        rows.add_samples(f"meter.{size}", unit, ours, None, [], note=f"{note}; no peer")
    else:
        fastest = max(right, key=lambda name: sorted(rates[name])[len(rates[name]) // 2])
        rows.add_samples(f"meter.{size}", unit, ours, fastest, rates[fastest], "ratio >= 5",
                         f"{note}; the fastest peer")  # fmt: skip
    for name in peers:
        label = wrong.get(name, note)
        rows.add_samples(f"meter.{size}.{name.lower()}", unit, ours, name, rates[name], note=label)
    labelled = rates.get("tapiary with labels")
    if labelled:
        rows.add_samples(f"meter.{size}.labels", unit, labelled, "ndpiReader", rates["ndpiReader"],
                         note=f"{note}; with nDPI labels")  # fmt: skip


def run(rows, context):
    frames, flows = (100_000, 5_000) if context.quick else (2_000_000, 50_000)
    kinds = [Tapiary] if context.quick else [
        Tapiary, Softflowd, Nfpcapd, NdpiReader, Argus, TapiaryLabels]  # fmt: skip
    programs = [kind(context.bin) for kind in kinds]
    for size in ["60"] if context.quick else SIZES:
        file = f"{context.work}/metering-{size}.pcap"
        tool([context.tool, "pcap", file, flows, frames, SIZES[size]])
        rounds = context.rounds(5)
        rates, wrong = _rounds(programs, rounds, file, (frames, flows), context.work)
        note = f"{frames / 1e6:g} M packets, {size if size == 'imix' else size + ' bytes'}, {flows:,} flows"
        _add_rows(rows, size, rates, wrong, note)
        os.unlink(file)
