#include "capture/ot/profinet/fragments.h"

#include <gtest/gtest.h>

#include "tests/capture/ot/profinet/dcp_frames.h"

namespace tapiary::capture::profinet {
namespace {

// OT-13: what never ends is bounded.
TEST(ProfinetFragments, OT13_BoundedInSizeAndNumber) {
  Fragments fragments;
  Fragments::Call done;
  bool lost = false;
  const std::string body(2000, '7');
  for (int i = 0; i < 100; ++i) {
    const auto bytes =
        test::Hex(Rpc{.body = body, .flags = i == 99 ? 0x06 : 0x04, .fragment = i}.Hex());
    RpcHeader header;
    ASSERT_TRUE(ReadRpcHeader(bytes, header));
    EXPECT_EQ(fragments.Add(1, header, bytes, false, i, done, lost), i == 99);
  }
  EXPECT_LE(done.bytes.size(), Fragments::kMaxKept);
  EXPECT_EQ(done.size, 100'000u);
  EXPECT_TRUE(done.cut);
  for (std::uint64_t key = 0; key < 50; ++key) {
    const auto bytes = test::Hex(Rpc{.body = body, .flags = 0x04}.Hex());
    RpcHeader header;
    ASSERT_TRUE(ReadRpcHeader(bytes, header));
    EXPECT_FALSE(fragments.Add(key, header, bytes, false, 0, done, lost));
  }
  const auto second = test::Hex(Rpc{.body = body, .flags = 0x06, .fragment = 1}.Hex());
  RpcHeader header;
  ASSERT_TRUE(ReadRpcHeader(second, header));
  EXPECT_TRUE(fragments.Add(49, header, second, false, 0, done, lost));
  EXPECT_FALSE(fragments.Add(3, header, second, false, 0, done, lost));  // made room long ago
  EXPECT_TRUE(lost);
}

}  // namespace
}  // namespace tapiary::capture::profinet
