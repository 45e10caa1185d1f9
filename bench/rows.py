"""Rows: one figure each, the same form for every bench of the project.

    {id, value, unit, peer, peer_value, ratio, goal, met, cpu, note}

`ratio` is value / peer_value. `goal` is text: conditions on value or ratio joined by " and ", such
as "ratio <= 1.0"; `met` is their outcome, null without a goal or without a figure. A figure whose
result was wrong has no value: the note begins with "wrong result". Standard library only.
"""

import json
import operator
import os
import platform
import re
import statistics
import time

FIELDS = ("id", "value", "unit", "peer", "peer_value", "ratio", "goal", "met", "cpu", "note")
_CONDITION = re.compile(r"(value|ratio) (<=|>=|<|>) ([0-9.]+)")
_OPERATORS = {"<=": operator.le, ">=": operator.ge, "<": operator.lt, ">": operator.gt}


def machine():
    """What figures depend on: processor, cores, kernel, memory, load when the run began."""
    model = platform.machine()
    with open("/proc/cpuinfo") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    with open("/proc/meminfo") as file:
        memory_kib = int(file.readline().split()[1])
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "memory_bytes": memory_kib * 1024,
        "load": round(os.getloadavg()[0], 2),
        "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


def is_met(goal, value, ratio):
    """True, False, or None where goal or figure are missing. ValueError: no such goal."""
    if not goal:
        return None
    figures = {"value": value, "ratio": ratio}
    met = True
    for part in goal.split(" and "):
        match = _CONDITION.fullmatch(part)
        if not match:
            raise ValueError(f"not a goal: {part!r}")
        name, sign, limit = match.groups()
        if figures[name] is None:
            return None
        met = met and _OPERATORS[sign](figures[name], float(limit))
    return met


def rounded(number):
    """Four significant digits."""
    return None if number is None else float(f"{number:.4g}")


def spread(samples):
    """The distance of the furthest sample from the median, in parts of the median."""
    middle = statistics.median(samples)
    return max(abs(sample - middle) for sample in samples) / middle if middle else 0.0


class Rows:
    """Collects rows; prints them as a table, writes them as JSON."""

    def __init__(self, quick=False):
        self.machine = machine()
        self.quick = quick
        self.rows = []
        self.samples = {}  # by row id, then by program: every round's figure
        self.series = {}  # for plots: {id: {"title", "x", "y", "lines": {program: [[x, y]]}}}

    def add(self, row_id, value, unit, peer=None, peer_value=None, goal=None, note=""):
        ratio = None
        if value is not None and peer_value:
            ratio = value / peer_value
        row = {
            "id": row_id,
            "value": rounded(value),
            "unit": unit,
            "peer": peer,
            "peer_value": rounded(peer_value),
            "ratio": rounded(ratio),
            "goal": goal,
            "met": is_met(goal, value, ratio),
            "cpu": f"{self.machine['cpu']}, {self.machine['cores']} cores",
            "note": note,
        }
        self.rows.append(row)
        return row

    def add_samples(self, row_id, unit, ours, peer, theirs, goal=None, note=""):
        """A row from the samples of several interleaved rounds: medians, and the spread as note."""
        self.samples[row_id] = {"tapiary": ours, **({peer: theirs} if theirs else {})}
        value = statistics.median(ours) if ours else None
        peer_value = statistics.median(theirs) if theirs else None
        parts = [note] if note else []
        if len(ours) > 1:
            parts.append(f"{len(ours)} rounds, spread {spread(ours):.0%}")
            if theirs:
                parts[-1] += f", peer {spread(theirs):.0%}"
        return self.add(row_id, value, unit, peer, peer_value, goal, "; ".join(parts))

    def missing(self, row_id, unit, peer=None, goal=None, note=""):
        """A row without a figure: it says why."""
        return self.add(row_id, None, unit, peer, None, goal, note)

    def failed(self):
        return [row for row in self.rows if row["met"] is False]

    def write_json(self, path):
        with open(path, "w") as file:
            json.dump(
                {
                    "machine": self.machine,
                    "quick": self.quick,
                    "rows": self.rows,
                    "samples": self.samples,
                    "series": self.series,
                },
                file,
                indent=1,
            )
            file.write("\n")

    def table(self):
        head = ("id", "value", "unit", "peer", "peer value", "ratio", "goal", "met", "note")
        lines = [head]
        for row in self.rows:
            met = {True: "yes", False: "NO", None: ""}[row["met"]]
            cells = [row[k] for k in ("id", "value", "unit", "peer", "peer_value", "ratio", "goal")]
            lines.append(tuple(_text(cell) for cell in cells) + (met, row["note"]))
        widths = [max(len(line[i]) for line in lines) for i in range(len(head) - 1)]
        out = []
        for line in lines:
            cells = [cell.ljust(width) for cell, width in zip(line, widths)]
            out.append("  ".join(cells + [line[-1]]).rstrip())
        return "\n".join(out)


def _text(cell):
    if cell is None:
        return ""
    return f"{cell:.4g}" if isinstance(cell, float) and abs(cell) < 1e4 else str(cell)
