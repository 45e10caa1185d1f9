// The DPDK source: any ethdev port behind PacketSource (library tapiary_dpdk; linked by the sensor
// alone). One source is one queue of one port, for one worker.
//
// DPDK's environment can be started once a process, so all ports are given in one call. Workers
// poll: while packets come that takes a whole core each. When none come they sleep, 100 us at most,
// which costs some percent of a core and is short enough for a ring of a few hundred descriptors.
// Packets' times come from the NIC where it gives them, else from the TSC once a burst; both are
// calibrated to the wall clock each second. Only dpdk_*.cc of this library include DPDK.
#pragma once

#include <memory>
#include <vector>

#include "capture/source/dpdk_args.h"
#include "capture/source/packet_source.h"

namespace tapiary::capture {

// Never fails as a whole: a port that cannot be used, or all of them when DPDK itself cannot be
// started, is a source whose Open tells why, so that the others and the kernel's interfaces go on
// (DP-04). An interface of the kernel behind such a port is offered to options.fall_back. Asks for
// options.queues of each port and gives a source for each one that the port has.
std::vector<std::unique_ptr<PacketSource>> MakeDpdkSources(const DpdkOptions& options);

// Buffers that are free now in the pools of all ports; for tests and diagnosis. Any thread, while
// the sources exist.
std::uint64_t FreeDpdkBuffers();

}  // namespace tapiary::capture
