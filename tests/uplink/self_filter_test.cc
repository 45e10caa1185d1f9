#include "uplink/self_filter.h"

#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
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

// What a watch tells, in order.
struct Told {
  std::mutex mutex;
  std::vector<std::string> filters;
  bool WaitFor(std::size_t count) {
    for (int i = 0; i < 2000; ++i) {
      {
        const std::lock_guard lock(mutex);
        if (filters.size() >= count) return true;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return false;
  }
};

UplinkWatch::Options FastWatch(Told& told, Resolver resolve) {
  UplinkWatch::Options options;
  options.host = {"collector", 443};
  options.every_ns = options.retry_ns = 5 * base::kNanosPerMilli;
  options.resolve = std::move(resolve);
  options.use = [&told](std::string filter) {
    const std::lock_guard lock(told.mutex);
    told.filters.push_back(std::move(filter));
  };
  return options;
}

// DNS fails, then gives one address many times, then another, then none.
TEST(SelfFilter, HP02_OtherAddressesAreFollowed) {
  const auto calls = std::make_shared<std::atomic<int>>(0);
  const auto resolve = [calls](const HostPort& host) -> base::Result<std::vector<std::string>> {
    const int call = calls->fetch_add(1);
    if (call < 3 || call > 9) return base::MakeError(base::ErrorCode::kUnavailable, host.host);
    return std::vector<std::string>{call < 7 ? "192.0.2.1" : "192.0.2.2"};
  };
  Told told;
  UplinkWatch::Options options = FastWatch(told, resolve);
  options.user_filter = "port 502";
  {
    const UplinkWatch watch(std::move(options));
    ASSERT_TRUE(told.WaitFor(2));
    while (calls->load() < 15) std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  EXPECT_THAT(told.filters,
              ElementsAre("not (tcp port 443 and (host 192.0.2.1)) and (port 502)",
                          "not (tcp port 443 and (host 192.0.2.1 or host 192.0.2.2)) and "
                          "(port 502)"));
}

TEST(SelfFilter, HP02_AnAddressThatIsNoLongerGivenGoesAfterItsTime) {
  const auto resolve = [](const HostPort&) -> base::Result<std::vector<std::string>> {
    return std::vector<std::string>{"192.0.2.2"};
  };
  Told told;
  UplinkWatch::Options options = FastWatch(told, resolve);
  options.addresses = {"192.0.2.1"};
  options.keep_ns = 200 * base::kNanosPerMilli;
  const UplinkWatch watch(std::move(options));
  ASSERT_TRUE(told.WaitFor(2));
  const std::lock_guard lock(told.mutex);
  EXPECT_THAT(told.filters, ElementsAre("not (tcp port 443 and (host 192.0.2.1 or host 192.0.2.2))",
                                        "not (tcp port 443 and (host 192.0.2.2))"));
}

TEST(SelfFilter, AddressesNeedNoWatch) {
  EXPECT_TRUE(UplinkWatch::Needed({"collector.example", 443}));
  EXPECT_FALSE(UplinkWatch::Needed({"192.0.2.1", 443}));
  EXPECT_FALSE(UplinkWatch::Needed({"2001:db8::1", 443}));
}

}  // namespace
}  // namespace tapiary::uplink
