#include "uplink/self_filter.h"

#include <gmock/gmock.h>

#include <chrono>
#include <thread>

#include "base/clock.h"
#include "tests/support/timing.h"

namespace tapiary::uplink {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(SelfFilter, HP02_AllAddressesAreLeftOut) {
  EXPECT_EQ(ExcludeUplink("", {"192.0.2.1"}, 443), "not (tcp port 443 and (host 192.0.2.1))");
  EXPECT_EQ(ExcludeUplink("vlan or port 502", {"192.0.2.1", "2001:db8::1"}, 8443),
            "not (tcp port 8443 and (host 192.0.2.1 or host 2001:db8::1)) and (vlan or port 502)");
}

TEST(SelfFilter, WithoutAddressesTheUsersFilterStays) {
  EXPECT_EQ(ExcludeUplink("port 502", {}, 443), "port 502");
  EXPECT_EQ(ExcludeUplink("", {}, 443), "");
}

TEST(SelfFilter, NamesAndAddressesAreResolved) {
  EXPECT_THAT(ResolveHost({"192.0.2.7", 1}).value(), ElementsAre("192.0.2.7"));
  EXPECT_THAT(ResolveHost({"2001:db8:0::1", 1}).value(), ElementsAre("2001:db8::1"));
  EXPECT_THAT(ResolveHost({"localhost", 1}).value(), Contains("127.0.0.1"));
  EXPECT_EQ(ResolveHost({"no-such-host.invalid", 1}).error().code, base::ErrorCode::kUnavailable);
}

TEST(SelfFilter, CAP01_SilentDnsDoesNotHoldUpTheStart) {
  const auto late = [](const HostPort&) -> base::Result<std::vector<std::string>> {
    std::this_thread::sleep_for(std::chrono::milliseconds(1500));
    return std::vector<std::string>{"192.0.2.1"};
  };
  base::Result<std::vector<std::string>> none;
  const auto resolve = [&] {
    return timing::Measure([&] {
      none = ResolveWithin({"collector", 1}, 50 * base::kNanosPerMilli, late);
    });
  };
  EXPECT_LT(timing::Shortest(base::kNanosPerSecond, resolve), base::kNanosPerSecond);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, base::ErrorCode::kUnavailable);
  EXPECT_THAT(none.error().message, HasSubstr("collector: DNS does not answer"));
  EXPECT_THAT(ResolveWithin({"192.0.2.7", 1}, base::kNanosPerSecond).value(),
              ElementsAre("192.0.2.7"));
}

}  // namespace
}  // namespace tapiary::uplink
