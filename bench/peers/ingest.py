"""Ingest of the collector: beside nginx with a durable write, beside the published design's stack,
and when a fifth of the sensors storm. Everything over the loopback interface, data on one disk.
"""

import os
import shutil
import subprocess
import time

from peers.process import Failed, installed, tool
from peers.services import Collector, Nginx, Published


def _read(path):
    with open(path) as file:
        return file.read().strip()


def _curl(arguments):
    done = subprocess.run(["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", *arguments],
                          capture_output=True, timeout=120)  # fmt: skip
    if done.stdout.decode() not in ("200", "201", "204"):
        raise Failed(f"curl: {done.stdout.decode()} {done.stderr.decode()[:200]}")


def _sync(path):
    fd = os.open(path, os.O_RDONLY)
    os.fsync(fd)
    os.close(fd)


def _to_nginx(nginx, ca, files):
    start = time.monotonic()
    for file in files:
        name = os.path.basename(file)
        _curl(["--cacert", ca, "-T", file, f"{nginx.url}/{name}"])
        _sync(f"{nginx.folder}/stored/{name}")
        _sync(f"{nginx.folder}/stored")
    seconds = time.monotonic() - start
    for file in files:
        stored = f"{nginx.folder}/stored/{os.path.basename(file)}"
        if os.path.getsize(stored) != os.path.getsize(file):
            raise Failed("nginx stored another size")
        os.unlink(stored)
    return seconds


def _to_collector(collector, token, files, epoch):
    header = f"{collector.folder}/header"
    with open(os.open(header, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:
        file.write(f"Authorization: Bearer {token}\n")
    start = time.monotonic()
    for number, file in enumerate(files):
        digest = _read(file.replace(".segment", ".digest"))
        _curl(["--cacert", collector.ca, "-H", f"@{header}", "-H", f"Content-Digest: {digest}",
               "-T", file, f"{collector.url}/api/v1/ingest/segments/{epoch}/{number}"])  # fmt: skip
    return time.monotonic() - start


def _segment_rows(rows, context, bench):
    count, mib = (2, 1) if context.quick else (16, 16)
    for kind in ("random",) if context.quick else ("random", "zeros"):
        row_id = f"ingest.segments.{kind}"
        folder = f"{context.work}/segments"
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        # Zeros leave 1/50: as many bytes as of the others take 50 times the packets.
        made = tool([bench, "segments", folder, count, mib if kind == "random" else mib * 4, kind])
        files = [f"{folder}/{i}.segment" for i in range(count)]
        ours, theirs = [], []
        note = f"{count} segments, {made['bytes'] / 1e6:.0f} MB of {made['packets']:,} packets; a curl each, one at a time"
        try:
            with Collector(context.bin, f"{context.work}/collector", Collector.unlimited) as collector, \
                    Nginx(f"{context.work}/nginx", collector.ca, collector.key) as nginx:  # fmt: skip
                token, viewer = collector.token("bench"), collector.token("viewer", "viewer")
                for epoch in range(1, context.rounds(5) + 1):
                    ours.append(made["bytes"] / 1e6 / _to_collector(collector, token, files, epoch))
                    theirs.append(made["bytes"] / 1e6 / _to_nginx(nginx, collector.ca, files))
                stored = collector.stored(viewer).get(("segments", "stored"), 0)
                if stored != count * len(ours):
                    raise Failed(f"{stored} of {count * len(ours)} segments stored")
        except Failed as error:
            rows.missing(row_id, "MB/s", "nginx", "ratio >= 0.8", f"wrong result: {error}")
            continue
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        rows.add_samples(row_id, "MB/s", ours, "nginx", theirs, "ratio >= 0.8",
                         f"{note}; nginx's file and folder synced after each")  # fmt: skip


# id, what we send, what the peer gets, size, unit, parallel requests
_AGAINST_PUBLISHED = [
    ("ingest.pcap.64k", "pcap", 680, "MB/s"),
    ("ingest.pcap.1m", "pcap", 10_900, "MB/s"),
    ("ingest.pcap.16m", "pcap", 174_000, "MB/s"),
    ("ingest.segments.64k", "segments", 680, "MB/s"),
    ("ingest.segments.1m", "segments", 10_900, "MB/s"),
    ("ingest.segments.16m", "segments", 174_000, "MB/s"),
    ("ingest.events.1", "events", 1, "events/s"),
    ("ingest.events.100", "events", 100, "events/s"),
    ("ingest.events.1000", "events", 1000, "events/s"),
]
_NOTES = {
    "pcap": "the same files; ours over TLS, durable and metered, theirs plain and kept",
    "segments": "packets with pcap headers; ours as segments over TLS, durable, theirs as plain files",
    "events": "events a request; ours over TLS, durable",
}


def _one(bench, url, ca, authorization, what, seconds, size):
    # Kept small where the server may not end in time: each request under way is awaited.
    result = tool([bench, "post", url, ca, authorization, what, seconds, 8, size], timeout=600)
    if result["failed"] or result["items"] == 0:
        raise Failed(f"{what}: {result['failed']} of {result['items']} requests failed")
    rate = result["units"] / result["seconds"]
    return rate if what.endswith("events") else rate / 1e6


def _published_rows(rows, context, bench):
    seconds = 1 if context.quick else 5
    for row_id, what, size, unit in _AGAINST_PUBLISHED[:1] if context.quick else _AGAINST_PUBLISHED:
        peer = "published-events" if what == "events" else "published-pcap"
        ours, theirs = [], []
        try:
            for _ in range(context.rounds(3)):
                with Collector(context.bin, f"{context.work}/collector", Collector.unlimited) as collector:
                    authorization = f"Bearer {collector.token('bench')}"
                    ours.append(_one(bench, collector.url, collector.ca, authorization, what, seconds, size))  # fmt: skip
                with Published(f"{context.work}/published") as published:
                    theirs.append(_one(bench, published.url, collector.ca, published.authorization, peer, seconds, size))  # fmt: skip
        except Failed as error:
            rows.missing(row_id, unit, "published design", "ratio >= 20", f"wrong result: {error}")
            continue
        rows.add_samples(row_id, unit, ours, "published design", theirs, "ratio >= 20",
                         f"{_NOTES[what]}; 8 connections")  # fmt: skip


def _storm_row(rows, context, bench):
    sensors, storming, seconds = (20, 4, 4) if context.quick else (500, 100, 30)
    with Collector(context.bin, f"{context.work}/collector") as collector:
        files = [f"{collector.folder}/{name}" for name in ("storming", "others")]
        credentials = [f"s{i} {collector.token(f's{i}')}\n" for i in range(sensors)]
        for path, lines in zip(files, (credentials[:storming], credentials[storming:])):
            with open(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), "w") as file:
                file.writelines(lines)
        quiet = [bench, "quiet", collector.url, collector.ca, files[1], seconds, 2000]
        alone = tool(quiet, timeout=seconds * 4)
        storm = subprocess.Popen([bench, "storm", collector.url, collector.ca, files[0],
                                  str(seconds + 10), "4"], stdout=subprocess.PIPE)  # fmt: skip
        time.sleep(3)
        result = tool(quiet, timeout=seconds * 4)
        text = storm.communicate(timeout=120)[0].decode()
    note = (f"{sensors} sensors on kept-open TLS, {storming} of them send all they can; "
            f"{result['items']} items of the others, p99 {result['p99']:.2f} s, max {result['max']:.2f} s; "
            f"without the storm p95 {alone['p95']:.3f} s; the storm: {text.strip()}")  # fmt: skip
    rows.add("ingest.storm.p95", result["p95"], "s", goal="value <= 1", note=note)


def run(rows, context):
    bench = f"{context.bin}/bench_ingest"
    _storm_row(rows, context, bench)
    if installed("nginx"):
        _segment_rows(rows, context, bench)
    else:
        rows.missing("ingest.segments.random", "MB/s", "nginx", note="nginx is not installed")
    if installed("gunicorn"):
        _published_rows(rows, context, bench)
    else:
        rows.missing("ingest.pcap.64k", "MB/s", "published design", note="gunicorn is not installed")
