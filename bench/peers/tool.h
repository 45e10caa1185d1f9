// bench_tool: what bench/run needs beside the programs it compares. Each verb prints one line of
// JSON on standard output and gives the process's exit code; a wrong result is an error, not a
// figure.
#pragma once

#include "bench/support/verbs.h"

namespace tapiary::bench {

// pcap FILE FLOWS FRAMES BYTES    a capture file of Traffic
int WriteTrafficFile(Args args);
// count FILE [stenotype]         packets and bytes in a pcap, pcapng or stenotype file
int CountFile(Args args);
// count-spool FOLDER             what a sensor left in its spool: packets, flows, ledger
int CountSpool(Args args);
// flows COUNT                    memory of so many flows in a meter
int MeasureFlows(Args args);
// spool FOLDER MIB               incompressible packets through engine, writer and spool
int LoadSpool(Args args);
// put FOLDER MIB                 the same bytes by plain RocksDB Put, synced as often
int LoadPut(Args args);
// disk FILE MIB                  the same bytes written to a file, synced as often
int LoadDisk(Args args);
// ack FOLDER ITEMS               puts items in, acknowledges them all, asks for the next
int AckSpool(Args args);

}  // namespace tapiary::bench
