"""C37.118: frames by type."""
from . import counters

PROTOCOLS = ("synchrophasor",)
ORACLES = ("synphasor",)

TYPES = {"data_frames": "0", "header_frames": "1", "config1_frames": "2", "config2_frames": "3",
         "command_frames": "4", "config3_frames": "5"}


def facts(_transactions, flows):
    frames = {TYPES[name]: count for name, count in counters(flows, "synchrophasor").items()}
    return {"synphasor": {"frame_types": frames}}
