#!/usr/bin/env python3
"""What the receivers of alert_test.sh got: alert_check.py FOLDER WHAT [LIMIT]; fails unless it is so.

  count N       N alerts were taken by every receiver, each under one number of delivery
  latency S     no first arrival is later than S after its packet; contents and signatures are right
  refused, hanging, redirected   the hook's last request met this mode
"""
import json
import sys
from datetime import datetime, timezone


def lines(folder, name):
    with open(f"{folder}/{name}.jsonl", encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.endswith("\n")]


def seconds(text):
    whole, part = text.rstrip("Z").split(".")
    return datetime.fromisoformat(whole).replace(tzinfo=timezone.utc).timestamp() + float("0." + part)


def first_arrivals(hooks, logs):
    """By receiver: alert id -> (arrival, time of the packet)."""
    first = {"hook": {}, "tls": {}, "tcp": {}}
    for one in hooks:
        alert = one["body"]["alert"]
        if one["mode"] == "ok":
            first["hook"].setdefault(alert["id"], (one["arrived"], seconds(alert["match"]["time"])))
    for one in logs:
        data = one["data"]
        first[one["way"]].setdefault(int(data["id"]), (one["arrived"], seconds(data["time"])))
    return first


def count(hooks, logs, expected):
    first = first_arrivals(hooks, logs)
    numbers = {}
    for one in hooks:
        numbers.setdefault(one["body"]["alert"]["id"], set()).add(one["delivery"])
        assert one["delivery"] == str(one["body"]["delivery"]), "two numbers in one message"
    assert all(len(known) == 1 for known in numbers.values()), "an alert under several numbers"
    counts = {name: len(arrivals) for name, arrivals in first.items()}
    assert set(counts.values()) == {int(expected)}, counts
    assert len({frozenset(arrivals) for arrivals in first.values()}) == 1, "other alerts"


def content(hooks, logs):
    for one in hooks:
        alert = one["body"]["alert"]
        match = alert["match"]
        assert one["signed"], "signature"
        assert (alert["severity"], alert["sensor"], alert["note"]) == ("high", "plc-1", "Call the plant.")
        assert match["src"]["ip"] == "203.0.113.9" and match["dst"] == {"ip": "10.69.0.1", "port": 502}
        assert match["operation"] == "write_single_register" and match["record"]["command"] is True
    for one in logs:
        assert one["priority"] == 16 * 8 + 3, "priority"
        assert one["data"]["src"] == "203.0.113.9" and one["data"]["rule"] == "command from outside"


def latency(hooks, logs, limit):
    content(hooks, logs)
    for name, arrivals in first_arrivals(hooks, logs).items():
        late = sorted(arrived - packet for arrived, packet in arrivals.values())
        print(f"{name}: {len(late)} alerts, after their packets by {late[0]:.3f} to {late[-1]:.3f} s, "
              f"median {late[len(late) // 2]:.3f} s")
        assert 0 < late[0] and late[-1] <= float(limit), "too late"


def main():
    folder, what = sys.argv[1:3]
    hooks, syslog = lines(folder, "hook"), lines(folder, "syslog")
    logs = [one for one in syslog if "error" not in one]
    # A collector that is killed cuts a message or a connection; what it says whole is right.
    wrong = [one for one in syslog if "AssertionError" in one.get("error", "") and "'cut'" not in one["error"]]
    assert not wrong, wrong
    if what in ("count", "latency"):
        return globals()[what](hooks, logs, sys.argv[3])
    assert hooks[-1]["mode"] == {"refused": "refuse", "hanging": "hang", "redirected": "redirect"}[what]


if __name__ == "__main__":
    try:
        main()
    except AssertionError as wrong:
        sys.exit(f"no: {wrong}")
