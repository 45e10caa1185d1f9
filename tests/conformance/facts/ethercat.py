"""EtherCAT: datagrams by command, of both directions."""
from . import counters

PROTOCOLS = ("ethercat",)
ORACLES = ("ecat",)

COMMANDS = ("nop", "aprd", "apwr", "aprw", "fprd", "fpwr", "fprw", "brd", "bwr", "brw", "lrd",
            "lwr", "lrw", "armw", "frmw")


def facts(_transactions, flows):
    counted = counters(flows, "ethercat")
    return {"ecat": {"commands": {str(code): counted[name] for code, name in enumerate(COMMANDS)
                                  if name in counted}}}
