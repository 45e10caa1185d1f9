"""DNP3: link frames, address pairs, fragments by function, IIN values and objects by header."""
import collections

from . import counters

PROTOCOLS = ("dnp3",)
ORACLES = ("dnp3",)


def names_of(text):
    """"60/1:all 12/1:5" without the ranges."""
    return [word.split(":")[0] for word in text.split() if ":" in word]


def count_fragment(counts, t):
    detail = t["detail"]
    answer = detail.get("response_function")
    if t["code"] >= 129:
        answer = t["code"]
    else:
        counts["app_requests"][str(t["code"])] += 1
    if answer is not None:
        counts["app_responses"][str(answer)] += 1
    if "iin" in detail:
        counts["iin"][detail["iin"]] += 1
    counts["request_objects"].update(names_of(detail.get("objects", "")))
    counts["response_objects"].update(names_of(detail.get("response_objects", "")))


def count_frames(pairs, detail):
    source, destination = detail["source"], detail["destination"]
    pairs[f"{source}>{destination}"] += int(detail.get("frames", 0))
    back = int(detail.get("response_frames", detail.get("reply_frames", 0)))
    if back:
        pairs[f"{destination}>{source}"] += back


def facts(transactions, flows):
    counts = {name: collections.Counter() for name in (
        "app_requests", "app_responses", "iin", "request_objects", "response_objects", "pairs")}
    for t in transactions:
        count_frames(counts["pairs"], t["detail"])
        if t["detail"].get("layer") != "link":
            count_fragment(counts, t)
    links = {"link_primary": {}, "link_secondary": {}}
    for name, value in counters(flows, "dnp3").items():
        kind, _, function = name.rpartition("_")
        if kind in links:
            links[kind][function] = value
    frames = counters(flows, "dnp3").get("link_frames", 0)
    return {"dnp3": {**counts, **links, "link_frames": frames}}
