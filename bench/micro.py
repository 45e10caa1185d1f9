"""The microbenches as rows: Google Benchmark's own JSON, packets of one core a second, and the
share of the bare loop (BM_Roofline) on the same frames."""

import json
import subprocess

# By the begin of the row's id.
GOALS = {
    "engine.10000.60": "value >= 14.88 and ratio >= 0.5",
    "engine.1000000.60": "value >= 4",
    "modbus_polling.": "value >= 1.5",
    "recognise.": "value >= 6.67",  # 150 ns
}
# Long ones are left out of a quick run.
_QUICK = "BM_(Engine|Roofline)/10000/60|BM_(CommunityId|Append|Decode)|BM_FlowTable/10000$"


def _measure(context, rounds):
    command = [
        f"{context.bin}/tapiary_bench",
        "--benchmark_format=json",
        f"--benchmark_repetitions={rounds}",
        "--benchmark_enable_random_interleaving=true",
        f"--benchmark_min_time={0.01 if context.quick else 0.5}",
    ]
    chosen = _chosen(context.only)
    if context.quick or chosen:
        command.append(f"--benchmark_filter={_QUICK if context.quick else chosen}")
    done = subprocess.run(command, capture_output=True, timeout=3600)
    samples, wrong = {}, {}
    for run in json.loads(done.stdout)["benchmarks"]:
        if run.get("run_type") != "iteration":
            continue
        name = _row_id(run["run_name"])
        if run.get("error_occurred"):
            wrong[name] = run["error_message"]
        elif "items_per_second" in run:
            samples.setdefault(name, []).append(run["items_per_second"] / 1e6)
    return samples, wrong


def _chosen(only):
    """The filter for rows that were asked for by the begin of their ids; none: all of them."""
    names = {name.split(".")[0] for name in only}
    if "micro" in names or not names & {"engine", "roofline"}:
        return ""
    return "BM_(Engine|Roofline)"  # an engine's row needs its bare loop


def _row_id(name):
    """"BM_FlowTable/1000/process_time" is "flow_table.1000"."""
    words = "".join("_" + c.lower() if c.isupper() else c for c in name.removeprefix("BM_"))
    parts = [part for part in words.strip("_").split("/") if part not in ("process_time", "real_time")]
    return ".".join(part.strip("_") for part in parts)


def _goal(name):
    return next((goal for begin, goal in GOALS.items() if name.startswith(begin)), None)


def run(rows, context):
    samples, wrong = _measure(context, context.rounds(5))
    for name, ours in samples.items():
        if name.startswith("roofline"):
            rows.add_samples(name, "M / s", ours, None, [], note="the bare loop")
            continue
        size = name.partition(".")[2] if name.startswith("engine.") else "10000.60"
        limit = samples.get("roofline." + size, [])
        peer = "bare loop" if limit and name.startswith("engine") else None
        rows.add_samples(name, "M / s", ours, peer, limit if peer else [], _goal(name))
    for name, why in wrong.items():
        rows.missing(name, "M / s", goal=_goal(name), note=f"wrong result: {why}")
