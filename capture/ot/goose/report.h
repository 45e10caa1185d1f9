// A control block's events and summaries as transactions. Pure; any thread.
#pragma once

#include "capture/ot/goose/control_block.h"
#include "capture/records.h"

namespace tapiary::capture::goose {

inline constexpr std::string_view kService = "goose";

// Before the block keeps the message: what changed is told from both.
Transaction EventOf(const ControlBlock& block, const Message& message, Event event,
                    std::int64_t now_ns);
Transaction SilenceOf(const ControlBlock& block, std::int64_t now_ns);
Transaction SummaryOf(const ControlBlock& block, std::int64_t now_ns);

}  // namespace tapiary::capture::goose
