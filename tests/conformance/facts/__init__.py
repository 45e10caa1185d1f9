"""What Tapiary's records say, counted as the oracle of the corpus counts: one module per protocol.

A module has PROTOCOLS (Transaction.protocol values it reads), ORACLES (keys of expected["ot"] it
answers for) and facts(transactions, flows) -> {oracle key: {fact: number or dict}}; see README.md.
"""
import importlib
import pkgutil
import traceback


def load():
    """All modules by name, and the names of those that cannot be loaded."""
    modules, broken = {}, []
    for entry in pkgutil.iter_modules(__path__):
        try:
            module = importlib.import_module(f"{__name__}.{entry.name}")
            _ = module.PROTOCOLS, module.ORACLES, module.facts
            modules[entry.name] = module
        except Exception:  # one protocol's mistake must not hide the others
            traceback.print_exc()
            broken.append(entry.name)
    return modules, broken


def counters(flows, prefix):
    """Sums of the flows' counters called PREFIX.NAME, by NAME; of each flow the last record."""
    sums = {}
    for flow in flows:
        for name, value in (flow.get("counters") or {}).items():
            if name.startswith(prefix + "."):
                name = name[len(prefix) + 1:]
                sums[name] = sums.get(name, 0) + value
    return sums


def was_asked(transaction):
    """Its request was seen; one to a broadcast address is unsolicited, too, and says so."""
    return transaction["status"] != "unsolicited" or transaction["detail"].get("broadcast") == "1"


def was_answered(transaction):
    """Its response was seen."""
    return transaction["status"] != "no-reply" and transaction["detail"].get("broadcast") != "1"


def add(ours, theirs):
    """Adds one module's facts of an oracle key to another's (COTP carries S7 and MMS)."""
    for fact, value in theirs.items():
        if not isinstance(value, dict):
            ours[fact] = ours.get(fact, 0) + value
            continue
        mine = ours.setdefault(fact, {})
        for key, count in value.items():
            mine[key] = count if key not in mine else mine[key] + count
