#include "capture/ot/enip/commands.h"

#include <gtest/gtest.h>

namespace tapiary::capture::enip {
namespace {

TEST(EnipCommands, NamesAndCounters) {
  EXPECT_EQ(CommandName(0x63), "list_identity");
  EXPECT_EQ(CommandName(0x64ff), "unknown_command");
  EXPECT_EQ(CounterName(0x6f, true), "enip.to_server.send_rr_data");
  EXPECT_EQ(CounterName(0x6f, false), "enip.from_server.send_rr_data");
  EXPECT_EQ(CounterName(0x6e, false), "enip.from_server.unknown_command");
  EXPECT_TRUE(IsKnown(0));
  EXPECT_FALSE(IsKnown(0xffff));
  EXPECT_EQ(EncapsulationStatusName(0x64), "invalid_session");
  EXPECT_EQ(EncapsulationStatusName(0x77), "unknown_status");
}

}  // namespace
}  // namespace tapiary::capture::enip
