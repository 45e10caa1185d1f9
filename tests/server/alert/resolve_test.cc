#include "server/alert/resolve.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <thread>

namespace tapiary::server {
namespace {

TEST(AlertResolve, GivesNumbers) {
  const auto addresses = ResolveAddresses("localhost");
  ASSERT_TRUE(addresses) << addresses.error().message;
  const auto& all = *addresses;
  EXPECT_TRUE(std::ranges::count(all, "127.0.0.1") + std::ranges::count(all, "::1") > 0);
  EXPECT_EQ(ResolveAddresses("0x7f000001")->front(), "127.0.0.1");
  EXPECT_EQ(ResolveAddresses("no-such-name.invalid").error().code, base::ErrorCode::kUnavailable);
}

TEST(AlertResolve, IsWaitedForOnlySoLong) {
  const auto slow = [](const std::string&) -> base::Result<std::vector<std::string>> {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    return std::vector<std::string>{"192.0.2.1"};
  };
  EXPECT_FALSE(ResolveFor(slow, "a", 20'000'000));
  EXPECT_EQ(ResolveFor(slow, "a", 5'000'000'000)->front(), "192.0.2.1");
}

}  // namespace
}  // namespace tapiary::server
