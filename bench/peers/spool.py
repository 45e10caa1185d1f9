"""The durable spool: rate and write amplification beside the disk itself and plain RocksDB.

All three write the same amount of incompressible bytes and sync each half second, in one folder, in
turn. Rates are of wall time: the disk is the limit, not the processor.
"""

import os
import shutil
import statistics

from peers.process import Failed, tool

VERBS = ("spool", "disk", "put")


def _one(context, verb, mib):
    place = f"{context.work}/{verb}"
    _clear(place)
    result = tool([context.tool, verb, place, mib], timeout=1800)
    _clear(place)
    if not result["right"]:
        raise Failed(f"{verb}: what was written cannot be read back")
    return result


def _clear(place):
    if os.path.isdir(place):
        shutil.rmtree(place)
    elif os.path.exists(place):
        os.unlink(place)


def _rates(results):
    return [result["bytes"] / result["seconds"] / 1e6 for result in results]


def _load_rows(rows, context):
    mib, rounds = 32 if context.quick else 4096, context.rounds(5)
    results = {verb: [] for verb in VERBS}
    try:
        for _ in range(rounds):
            for verb in VERBS:
                results[verb].append(_one(context, verb, mib))
    except Failed as error:
        rows.missing("spool.rate", "MB/s", "disk", "ratio >= 0.8", f"wrong result: {error}")
        return
    ours = results["spool"]
    note = f"{mib} MiB, incompressible, 1,514-byte packets, synced each 0.5 s"
    rows.add_samples("spool.rate", "MB/s", _rates(ours), "disk", _rates(results["disk"]),
                     "ratio >= 0.8", note)  # fmt: skip
    rows.add_samples("spool.rate.put", "MB/s", _rates(ours), "RocksDB Put",
                     _rates(results["put"]), note=note)  # fmt: skip
    written = [result["written"] / result["bytes"] for result in ours]
    theirs = [result["written"] / result["bytes"] for result in results["put"]]
    rows.add_samples("spool.amplification", "bytes written / byte", written, "RocksDB Put", theirs,
                     "value <= 1.1", "write_bytes of /proc/self/io")  # fmt: skip
    cpu = statistics.median(result["cpu"] / result["bytes"] * 1e9 for result in ours)
    rows.add("spool.cpu", cpu, "CPU s / GB", note="engine, compression attempt and store together")


def _ack_rows(rows, context):
    items = 20_000 if context.quick else 1_000_000
    place = f"{context.work}/ack"
    _clear(place)
    try:
        result = tool([context.tool, "ack", place, items], timeout=1800)
        if not result["right"] or result["items"] != items:
            raise Failed(f"{result['items']} of {items} items came out")
    except Failed as error:
        rows.missing("spool.ack.next", "ms", goal="value <= 5", note=f"wrong result: {error}")
        return
    finally:
        _clear(place)
    note = f"after {items:,} acknowledgements"
    share = result["after"] / result["peak"] * 100
    rows.add("spool.ack.next", result["next_ms"], "ms", goal="value < 5", note=note)
    disk_note = f"{note}; peak {result['peak'] / 1e6:.1f} MB, "
    disk_note += f"{result['settled']:.1f} s later {result['after'] / 1e6:.1f} MB"
    # A small store never comes below RocksDB's own files; the goal is about a million.
    rows.add("spool.ack.disk", share, "% of peak", goal=None if context.quick else "value < 10",
             note=disk_note)  # fmt: skip
    rows.add("spool.ack.rate", items / result["ack_seconds"], "items/s", note=note)


def run(rows, context):
    _load_rows(rows, context)
    _ack_rows(rows, context)
