"""The catalog: flows stored a second, and the page's questions over many of them, also while more
come in. On SQLite, and on a PostgreSQL server with its default settings where Debian's is installed.

Flows are those of bench/server/sensor_flows.h; a figure counts when as many rows are there as were
sent, and when answers have what they must have.
"""

import glob
import os
import subprocess

from peers.process import Failed, tool

BATCH = 1000  # records that a sensor puts into one batch
GOALS = {"sqlite": "value >= 200000", "postgresql": "value >= 100000"}
PAGES = 10000
QUESTIONS = {  # question: its goal in milliseconds
    "newest": "value <= 50",
    "filter_rare": "value <= 50",
    "filter_busy": "value <= 50",
    "filter_none": "value <= 50",
    "filter_service": "value <= 50",
    "filter_sensor_clock": "value <= 50",
    "histogram": "value <= 1000",
    "page": "value <= 1000",
}


def _load(context, where, flows, sensors, prefix, env):
    result = _tool(context, ["load", where, flows, BATCH, sensors, prefix], env)
    if result["flows"] != flows // sensors * sensors:
        raise Failed(f"{result['flows']} of {flows} flows are there")
    return result["flows"] / result["seconds"]


def _tool(context, arguments, env):
    command = [os.path.join(context.bin, "bench_catalog"), *map(str, arguments)]
    previous = dict(os.environ)
    os.environ.update(env)
    try:
        return tool(command, timeout=3600)
    finally:
        os.environ.clear()
        os.environ.update(previous)


def _ask(context, where, rounds, pages, env):
    return _tool(context, ["ask", where, rounds, pages, f"{context.work}/vault"], env)


def _check(answers, flows):
    if answers["histogram"]["flows"] != flows:
        raise Failed(f"the histogram has {answers['histogram']['flows']} of {flows} flows")
    if answers["filter_none"]["flows"] != 0 or answers["newest"]["flows"] != 100:
        raise Failed("a list has not the flows that it must have")


def _while_loading(rows, context, name, where, flows, env, alone):
    """Ingest beside an analyst who asks all the time."""
    asking = subprocess.Popen(
        [
            "/bin/sh",
            "-c",
            'while "$0" ask "$1" 1 1 "$2" >/dev/null 2>&1; do :; done',
            os.path.join(context.bin, "bench_catalog"),
            where,
            f"{context.work}/vault",
        ],
        env={**os.environ, **env},
    )
    try:
        rate = _load(context, where, flows, 1, f"{name}-b", env)
        if asking.poll() is not None:
            raise Failed("the questions ended early")
    finally:
        asking.terminate()
        asking.wait()
    rows.add(f"catalog.{name}.load.asked", rate, "flows/s", "nobody asks", alone, "ratio >= 0.9",
             "one sensor; all questions again and again on another core")  # fmt: skip


def _database(rows, context, name, where, env):
    load, stored, rounds, pages = (20_000, 40_000, 1, 20) if context.quick else (
        1_000_000, 10_000_000, 5, PAGES)  # fmt: skip
    try:
        samples = [_load(context, where, load, 2, f"{name}-{i}", env)
                   for i in range(1 if context.quick else 3)]  # fmt: skip
        alone = _load(context, where, load, 1, f"{name}-alone", env)
        count = load * (len(samples) + 1)
        if stored > count:
            _load(context, where, stored - count, 2, f"{name}-rest", env)
        answers = _ask(context, where, rounds, pages, env)
        _check(answers, max(stored, count))
    except Failed as error:
        rows.missing(f"catalog.{name}.load", "flows/s", goal=GOALS[name],
                     note=f"wrong result: {error}")  # fmt: skip
        return
    rows.add_samples(f"catalog.{name}.load", "flows/s", samples, None, [], GOALS[name],
                     f"2 sensors, batches of {BATCH}, synced each")  # fmt: skip
    for question, goal in QUESTIONS.items():
        answer = answers[question]
        note = f"{answer['flows']} flows, of {max(stored, count)}"
        if answer.get("partial"):
            note = f"wrong result: cut by the time limit; {note}"
        rows.add(f"catalog.{name}.{question}", answer["ms"], "ms", goal=goal, note=note)
    _while_loading(rows, context, name, where, load, env, alone)
    _purge(rows, context, name, where, env)


def _purge(rows, context, name, where, env):
    """Retention of all that is there, while somebody else writes a row every 10 ms."""
    result = _tool(context, ["purge", where, f"{context.work}/vault"], env)
    note = f"{result['flows']} flows in {result['seconds']:.1f} s"
    rows.add(f"catalog.{name}.purge", result["flows"] / result["seconds"], "flows/s", note=note)
    rows.add(f"catalog.{name}.purge.wait", result["p99_ms"], "ms", goal="value <= 100",
             note=f"99 % of the writes beside it; the worst {result['worst_ms']:.0f} ms")  # fmt: skip


class _Postgres:
    """A server of its own on the disk that is measured."""

    def __init__(self, work):
        self._folder = f"{work}/postgres"
        self._bin = sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1]

    def _as_server(self, *command):
        subprocess.run(["runuser", "-u", "postgres", "--", *command], check=True, cwd="/",
                       stdout=subprocess.DEVNULL)  # fmt: skip

    def __enter__(self):
        parent = os.path.dirname(self._folder)
        os.chmod(parent, 0o711)
        os.mkdir(self._folder)
        subprocess.run(["chown", "postgres:", self._folder], check=True)
        self._as_server(f"{self._bin}/initdb", "-D", self._folder, "-A", "trust", "-E", "UTF8",
                        "--locale=C.UTF-8")  # fmt: skip
        options = f"-c listen_addresses= -k {self._folder}"
        self._as_server(f"{self._bin}/pg_ctl", "-D", self._folder, "-w", "-l",
                        f"{self._folder}/log", "-o", options, "start")  # fmt: skip
        return {"PGHOST": self._folder, "PGUSER": "postgres", "PGDATABASE": "postgres"}

    def __exit__(self, *_):
        self._as_server(f"{self._bin}/pg_ctl", "-D", self._folder, "-m", "fast", "-w", "stop")


def run(rows, context):
    os.makedirs(f"{context.work}/vault", exist_ok=True)
    _database(rows, context, "sqlite", f"{context.work}/catalog.db", {})
    if not glob.glob("/usr/lib/postgresql/*/bin/initdb"):
        rows.missing("catalog.postgresql.load", "flows/s", goal=GOALS["postgresql"],
                     note="no PostgreSQL server here (Debian package postgresql)")  # fmt: skip
        return
    with _Postgres(context.work) as env:
        _database(rows, context, "postgresql", "postgresql:///", env)
