"""One flow's packets out of a large store: until the first of them comes, and until all are there.
Beside tcpdump reading the same capture, and stenographer asked for the same flow. Files are not in
the page cache when a question is asked. And what a large export costs the collector in memory.
"""

import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import time

from peers.network import SENDS, CAPTURES, Network
from peers.process import Child, Failed, installed, tool
from peers.services import Collector, free_port

FRAMES, FLOWS, FRAME_BYTES = 60_000, 2_000, 1_000  # of a file of 61 MB
_HERE = os.path.dirname(os.path.abspath(__file__))
_CERTIFICATES = "/etc/stenographer/certs"


def _forget(*folders):
    """Takes the files out of the page cache."""
    for folder in folders:
        for root, _, names in os.walk(folder):
            for name in names:
                fd = os.open(os.path.join(root, name), os.O_RDONLY)
                os.fsync(fd)
                os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
                os.close(fd)


def _ask(command, packets, timeout=600):
    """Seconds until the first packet of the pcap that the command writes, and until its end."""
    start = time.monotonic()
    process = subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, bufsize=0)  # fmt: skip
    data, first = b"", None
    while part := process.stdout.read(1 << 16):
        data += part
        if first is None and len(data) > 24:
            first = time.monotonic() - start
        if time.monotonic() - start > timeout:
            process.kill()
    total = time.monotonic() - start
    error = process.stderr.read().decode().strip()
    code = process.wait()
    count, at = 0, 24
    while at + 16 <= len(data):
        at += 16 + struct.unpack_from("<I", data, at + 8)[0]
        count += 1
    if code != 0 or count != packets or at != len(data):
        raise Failed(f"{command[0]} gave {count} of {packets} packets, exit {code}: {error[-200:]}")
    return first, total


def _ends(path):
    """Addresses and ports of a file's middle packet."""
    with open(path, "rb") as file:
        file.seek(24 + (16 + FRAME_BYTES) * (FRAMES // 2) + 16)
        frame = file.read(FRAME_BYTES)
    addresses = [socket.inet_ntoa(frame[at : at + 4]) for at in (26, 30)]
    return addresses, struct.unpack_from(">HH", frame, 34)


class _Stenographer:
    """Captures what is sent in a network of its own, and answers there."""

    def __init__(self, network, folder):
        self._network, self.folder, self.port = network, folder, free_port()
        self._child = None
        self._stenotypes = set()

    def start(self):
        for name in ("packets", "index"):
            os.makedirs(f"{self.folder}/{name}")
        config = {
            "Threads": [{"PacketsDirectory": f"{self.folder}/packets",
                         "IndexDirectory": f"{self.folder}/index",
                         "MaxDirectoryFiles": 30000, "DiskFreePercentage": 1}],
            "StenotypePath": "/usr/sbin/stenotype",
            "Interface": CAPTURES, "Port": self.port, "Host": "127.0.0.1",
            "Flags": ["--filesize_mb=1024", "--fileage_sec=20", "--blocks=256", "--aiops=64",
                      "--blockage_sec=1", "--no_watchdogs", "--uid=root", "--gid=root", "--seccomp=none"],
            "CertPath": _CERTIFICATES,
        }  # fmt: skip
        with open(f"{self.folder}/config", "w") as file:
            json.dump(config, file)
        self._network.run("ip", "link", "set", "lo", "up")
        self._child = Child(["/usr/sbin/stenographer", f"-config={self.folder}/config",
                             "-syslog=false"], f"{self.folder}/log", self._network.name)  # fmt: skip
        end = time.monotonic() + 30
        while not self._captures():
            if time.monotonic() > end or not self._child.running():
                raise Failed(f"stenographer does not capture: {self._child.text()[-300:]}")
            time.sleep(0.2)

    def _captures(self):
        done = subprocess.run(["pgrep", "-P", str(self._child.pid), "stenotype"], capture_output=True)
        self._stenotypes.update(int(pid) for pid in done.stdout.split())
        return any(self._network.captured_by(pid) for pid in self._stenotypes)

    def complete(self):
        """Waits until all is in closed files, which alone are searched."""
        time.sleep(45)  # 20 s until a file is closed, 15 s until it is looked for

    def question(self, addresses, ports):
        query = " and ".join([f"host {a}" for a in addresses] + [f"port {p}" for p in ports])
        return ["ip", "netns", "exec", self._network.name, "curl", "-sS", "-N", "--max-time", "590",
                "--cacert", f"{_CERTIFICATES}/ca_cert.pem", "--cert", f"{_CERTIFICATES}/client_cert.pem",
                "--key", f"{_CERTIFICATES}/client_key.pem", "-d", query,
                f"https://127.0.0.1:{self.port}/query"]  # fmt: skip

    def stop(self):
        """Also what it leaves running, and its folder of links."""
        for pid in self._stenotypes:
            with open(f"/proc/{pid}/cmdline") as file:
                links = [part[6:] for part in file.read().split("\0") if part.startswith("--dir=")]
            os.kill(pid, signal.SIGKILL)
            for folder in links:
                shutil.rmtree(folder, ignore_errors=True)
        if self._child:
            self._child.stop(timeout=60)


def _status(pid, key):
    with open(f"/proc/{pid}/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(key + ":"))


def _make(context, count):
    files = []
    for number in range(count):
        files.append(f"{context.work}/captures/{number:04}.pcap")
        tool([context.tool, "pcap", files[-1], FLOWS, FRAMES, FRAME_BYTES, number])
    return files


def _fill(collector, files):
    header = f"{collector.folder}/header"
    with open(os.open(header, os.O_CREAT | os.O_WRONLY, 0o600), "w") as file:
        file.write(f"Authorization: Bearer {collector.token('bench')}\n")
    for path in files:
        done = subprocess.run(["curl", "-sS", "--fail-with-body", "--cacert", collector.ca, "-H", f"@{header}",
                               "--data-binary", f"@{path}", f"{collector.url}/api/v1/ingest/pcap"],
                              capture_output=True, timeout=300)  # fmt: skip
        if done.returncode != 0:
            raise Failed(f"ingest: {done.stdout.decode()[-200:]}{done.stderr.decode()[-200:]}")


class _Ours:
    def __init__(self, context, collector):
        self._collector = collector
        token = f"{collector.folder}/viewer.token"
        with open(os.open(token, os.O_CREAT | os.O_WRONLY, 0o600), "w") as file:
            file.write(collector.token("viewer", "viewer"))
        self._header = f"{collector.folder}/viewer.header"
        with open(token) as file, open(os.open(self._header, os.O_CREAT | os.O_WRONLY, 0o600), "w") as out:
            out.write(f"Authorization: Bearer {file.read()}\n")
        self._program = f"{context.bin}/tapiary"
        self._options = ["--collector", collector.url, "--ca", collector.ca, "--token-file", token]

    def find(self, addresses, ports):
        """Id and packets of the flow between the ends."""
        query = " && ".join([f"ip.addr == {a}" for a in addresses] + [f"udp.port == {p}" for p in ports])
        done = subprocess.run([self._program, "flows", query, "--format", "json", *self._options],
                              capture_output=True, timeout=60)  # fmt: skip
        flows = json.loads(done.stdout or "[]")
        if len(flows) != 1:
            raise Failed(f"{len(flows)} flows for one: {done.stderr.decode()[-200:]}")
        return flows[0]["id"], flows[0]["orig"]["packets"] + flows[0]["resp"]["packets"]

    def question(self, flow):
        """As stenographer is asked; the command's own start would be a part of the time."""
        return ["curl", "-sSN", "--fail", "--cacert", self._collector.ca, "-H", f"@{self._header}",
                f"{self._collector.url}/api/v1/flows/{flow}/pcap?format=pcap"]  # fmt: skip

    def command(self, flow):
        return [self._program, "pcap", "--flow", flow, "--format", "pcap", *self._options]

    def export(self):
        """Bytes and seconds of all there is."""
        start = time.monotonic()
        process = subprocess.Popen([self._program, "pcap", *self._options], stdout=subprocess.PIPE)
        size = 0
        while part := process.stdout.read(1 << 20):
            size += len(part)
        if process.wait() != 0:
            raise Failed("the export failed")
        return size, time.monotonic() - start


def _memory_rows(rows, collector, ours, count):
    collector.restart()
    for _ in range(3):
        subprocess.run(ours.question("none.1.1"), capture_output=True)
    idle = _status(collector.child.pid, "VmRSS")
    size, seconds = ours.export()
    peak = _status(collector.child.pid, "VmHWM")
    if size < count * FRAMES * FRAME_BYTES:
        raise Failed(f"the export has {size} bytes")
    note = f"{size / 2**30:.2f} GiB to one client; idle it has {idle / 1024:.0f} MiB"
    rows.add("retrieve.memory", (peak - idle) / 1024, "MiB", goal="value <= 64", note=note)
    rows.add("retrieve.export", size / 1e6 / seconds, "MB/s", note="the same, by tapiary pcap")


def _against(rows, name, peer, goals, ours, theirs, note):
    for at, what in enumerate(("first", "all")):
        rows.add_samples(f"retrieve.flow.{what}{name}", "ms", [1e3 * s[at] for s in ours], peer,
                         [1e3 * s[at] for s in theirs], goals[at], note)  # fmt: skip


def _tcpdump(context, files, addresses, ports, packets, rounds):
    """One capture of all the files, as tcpdump reads them one after another."""
    terms = [f"host {a}" for a in addresses] + [f"udp port {p}" for p in ports]
    listed = f"{context.work}/list"
    with open(listed, "w") as file:
        file.writelines(path + "\n" for path in files)
    samples = []
    for _ in range(rounds):
        _forget(f"{context.work}/captures")
        samples.append(_ask(["tcpdump", "-nU", "-Z", "root", "-V", listed, "-w", "-", " and ".join(terms)], packets))
    return samples


def _steno(context, files, addresses, ports, packets, rounds):
    with Network(context.bin) as network:
        steno = _Stenographer(network, f"{context.work}/stenographer")
        try:
            steno.start()
            sent = tool(["ip", "netns", "exec", network.name, "/usr/bin/python3", f"{_HERE}/replay.py",
                         SENDS, 80_000, *files], timeout=1200)["sent"]  # fmt: skip
            if sent != len(files) * FRAMES:
                raise Failed(f"{sent} packets sent")
            steno.complete()
            samples = []
            for _ in range(rounds):
                _forget(steno.folder)
                samples.append(_ask(steno.question(addresses, ports), packets))
            return samples
        finally:
            steno.stop()
            shutil.rmtree(steno.folder, ignore_errors=True)


def run(rows, context):
    gigabytes = float(os.environ.get("TAPIARY_BENCH_GB", "0.25" if context.quick else "10"))
    count = max(2, round(gigabytes * 1e9 / (FRAMES * FRAME_BYTES)))
    os.makedirs(f"{context.work}/captures")
    files = _make(context, count)
    addresses, ports = _ends(files[len(files) // 2])
    rounds = context.rounds(3)
    try:
        with Collector(context.bin, f"{context.work}/collector", Collector.unlimited) as collector:
            _fill(collector, files)
            ours = _Ours(context, collector)
            flow, packets = ours.find(addresses, ports)
            note = (f"{packets} packets of {count * FRAMES:,}, {gigabytes:g} GB, of the middle; "
                    "files not in memory; ours by curl over TLS")  # fmt: skip
            samples, commands = [], []
            for _ in range(max(rounds, 5)):
                for question, into in ((ours.question, samples), (ours.command, commands)):
                    _forget(f"{collector.folder}/vault")
                    into.append(_ask(question(flow), packets))
            rows.add_samples("retrieve.flow.first.command", "ms", [1e3 * s[0] for s in commands], None, [],
                             note="tapiary pcap, from its start")  # fmt: skip
            goal = "value <= 100 and ratio <= 0.01", "ratio <= 0.01"
            _against(rows, "", "tcpdump -r", goal, samples,
                     _tcpdump(context, files, addresses, ports, packets, rounds), note)  # fmt: skip
            _memory_rows(rows, collector, ours, count)
        if installed("stenographer"):
            theirs = _steno(context, files, addresses, ports, packets, rounds)
            _against(rows, ".stenographer", "stenographer", ("ratio <= 0.1", "ratio <= 0.1"), samples,
                     theirs, note)  # fmt: skip
    except Failed as error:
        rows.missing("retrieve", "ms", note=f"wrong result: {error}")
    finally:
        shutil.rmtree(f"{context.work}/captures", ignore_errors=True)
