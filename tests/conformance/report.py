"""Compares facts, explains differences by known-differences.txt, prints and counts."""
import collections
import fnmatch
import sys

SHOWN = 8  # keys of one fact


def read_known(path):
    rows = []
    with open(path, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            line = line.split("#")[0].strip()
            if not line:
                continue
            parts = [part.strip() for part in line.split("|")]
            if len(parts) != 3 or not parts[2]:
                sys.exit(f"{path}:{number}: want FILE | FACT | REASON")
            rows.append(tuple(parts))
    return rows


def kind_of(ours, theirs):
    """A fact is one-sided when only one has keys the other lacks and the common ones agree."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        common = set(ours) & set(theirs)
        if all(ours[key] == theirs[key] for key in common):
            if not set(theirs) - common:
                return "ours only"
            if not set(ours) - common:
                return "theirs only"
    elif not ours or not theirs:
        return "ours only" if ours else "theirs only"
    return "different"


class Report:
    def __init__(self, known, verbose, pattern):
        self.known = known
        self.used = set()
        self.verbose = verbose
        self.pattern = pattern
        self.counts = collections.Counter()
        self.not_compared = collections.Counter()
        self.failures = []

    def wants(self, fact):
        return fnmatch.fnmatch(fact, self.pattern)

    def fail(self, name, text):
        self.failures.append(f"{name}: {text}")
        print(f"FAIL  {name}: {text}")

    def listed(self, name, fact):
        for row in self.known:
            if fnmatch.fnmatch(name, row[0]) and fnmatch.fnmatch(fact, row[1]):
                self.used.add(row)
                return row[2]
        return None

    def result(self, name, fact, ours, theirs):
        if not self.wants(fact):
            return
        if ours == theirs:
            self.counts["equal"] += 1
            if self.verbose:
                size = f"{len(ours)} keys" if isinstance(ours, dict) else ours
                print(f"equal {name}: {fact}: {size}")
            return
        kind = kind_of(ours, theirs)
        self.counts[kind] += 1
        reason = self.listed(name, fact)
        if reason is None:
            self.failures.append(f"{name}: {fact}")
        if reason is None or self.verbose:
            print(f"{'known' if reason else 'FAIL '} {name}: {fact}: {kind}"
                  + (f" ({reason})" if reason else ""))
            self.show(ours, theirs)

    @staticmethod
    def show(ours, theirs):
        if not isinstance(ours, dict) or not isinstance(theirs, dict):
            print(f"        ours {ours}, theirs {theirs}")
            return
        keys = [key for key in sorted(set(ours) | set(theirs)) if ours.get(key) != theirs.get(key)]
        for key in keys[:SHOWN]:
            print(f"        {key}: ours {ours.get(key)}, theirs {theirs.get(key)}")
        if len(keys) > SHOWN:
            print(f"        and {len(keys) - SHOWN} more")
