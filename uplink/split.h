// Splitting of an item that the collector refuses for what is in it: halves, down to one record, so
// that only the poison record is lost. Pure functions; internal to the forwarder.
#pragma once

#include <vector>

#include "uplink/spool/spool.h"

namespace tapiary::uplink {

// Two encoders, each for half of the item's records; empty when it cannot be split.
std::vector<Encode> SplitItem(const Item& item);

// The gap record for an item that was set aside. `reason` as in docs/formats/spool.md.
capture::GapRecord GapOf(const Item& item, std::string reason);

// True for a facts item that holds nothing but one gap record about items set aside: refusing that
// as well must not make another one, and another.
bool IsQuarantineNotice(const Item& item);

inline constexpr const char* kReasonConflict = "conflict";
inline constexpr const char* kReasonQuarantined = "quarantined";

}  // namespace tapiary::uplink
