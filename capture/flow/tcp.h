// TCP as a flow meter sees it: connection state, roles, sequence gaps and repeats.
//
// Nothing here decides about bytes for decoders (flow/reassembler.h); it only counts. The packet
// may be any segment of a hostile or half-mirrored connection. Hot path; one thread.
#pragma once

#include <cstdint>

#include "capture/flow/flow.h"

namespace tapiary::capture {

// True when a segment with SYN cannot belong to the connection that the flow has recorded, so that
// it begins another one on the same ports (FL-02). A repeated SYN, and a SYN that the mirror
// delivered after its own SYN+ACK, do belong. So does a SYN in the middle of a live connection that
// both ends are seen on, until a SYN+ACK grants it.
bool BeginsNewConnection(const FlowHot& hot, const FlowCold& cold, std::uint8_t side,
                         const TcpInfo& tcp);

// Takes the segment into state, roles and counts. The packet was counted in the flow before.
void UpdateTcp(FlowHot& hot, FlowCold& cold, std::uint8_t side, const TcpInfo& tcp,
               std::uint32_t payload_length);

// Only the sequence counts, for a later IP fragment of a segment.
void TrackSequence(FlowHot& hot, FlowCold& cold, std::uint8_t side, std::uint32_t seq,
                   std::uint32_t payload_length);

// Sets the originator unless a record went out already or `by` is weaker than what is known.
void SetRole(FlowHot& hot, std::uint8_t orig_side, RoleBy by);

}  // namespace tapiary::capture
