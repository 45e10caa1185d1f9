#include "capture/ot/profinet/rpc.h"

#include <gtest/gtest.h>

#include "tests/capture/ot/profinet/dcp_frames.h"

namespace tapiary::capture::profinet {
namespace {

TEST(ProfinetRpc, BothByteOrders) {
  for (const bool big : {false, true}) {
    for (int interface = 1; interface <= 4; ++interface) {
      const auto bytes = test::Hex(Rpc{.type = 2,
                                       .big = big,
                                       .operation = 3,
                                       .sequence = 0x01020304,
                                       .interface = interface,
                                       .body = "aabb"}
                                       .Hex());
      RpcHeader header;
      ASSERT_TRUE(ReadRpcHeader(bytes, header));
      EXPECT_EQ(header.type, RpcType::kResponse);
      EXPECT_EQ(header.big, big);
      EXPECT_EQ(header.operation, 3);
      EXPECT_EQ(header.sequence, 0x01020304u);
      EXPECT_EQ(static_cast<int>(header.interface), interface);
      EXPECT_EQ(header.length, 2);
      EXPECT_EQ(header.body.size(), 2u);
      EXPECT_FALSE(ToString(header.interface).empty());
    }
  }
}

TEST(ProfinetRpc, OthersAreRefused) {
  RpcHeader header;
  EXPECT_FALSE(ReadRpcHeader({}, header));
  const auto other = test::Hex(Rpc{.interface = 9}.Hex());
  EXPECT_FALSE(ReadRpcHeader(other, header));
  for (const std::size_t at : {0u, 1u, 4u}) {
    auto bytes = test::Hex(Rpc{}.Hex());
    bytes[at] = 0x77;
    EXPECT_FALSE(ReadRpcHeader(bytes, header)) << at;
  }
  auto shorter = test::Hex(Rpc{}.Hex());
  shorter.pop_back();
  EXPECT_FALSE(ReadRpcHeader(shorter, header));
}

}  // namespace
}  // namespace tapiary::capture::profinet
