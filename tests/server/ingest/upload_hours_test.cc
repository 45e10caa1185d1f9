#include "server/ingest/upload_hours.h"
#include "base/clock.h"

#include "server/evidence/completeness.h"
#include "server/ingest/hour_rows.h"
#include "tests/server/ingest/fixture.h"

namespace tapiary::server::test {
namespace {

constexpr std::int64_t kTen = 500'000 * base::kNanosPerHour;  // some hour, "10:00"

std::vector<std::pair<std::int64_t, std::uint64_t>> Taken(PacketHours& hours) {
  std::vector<std::pair<std::int64_t, std::uint64_t>> taken;
  for (const HourPackets& hour : hours.Take()) taken.emplace_back(hour.hour_ns, hour.packets);
  return taken;
}

TEST(PacketHours, EachPacketCountsInItsOwnHour) {
  PacketHours hours;
  for (const std::int64_t time_ns :
       {kTen + 5, kTen + base::kNanosPerHour - 1, kTen + base::kNanosPerHour, kTen + 6,
        std::int64_t{-1}, INT64_MAX, INT64_MIN}) {
    hours.Add(time_ns);
  }
  EXPECT_EQ(Taken(hours),
            (std::vector<std::pair<std::int64_t, std::uint64_t>>{{HourOf(INT64_MIN), 1},
                                                                 {-base::kNanosPerHour, 1},
                                                                 {kTen, 3},
                                                                 {kTen + base::kNanosPerHour, 1},
                                                                 {HourOf(INT64_MAX), 1}}));
  EXPECT_TRUE(Taken(hours).empty());
}

TEST(PacketHours, OfTooManyHoursTheFirstPacketsHasAll) {
  PacketHours hours;
  hours.Add(kTen + 1);
  for (std::int64_t i = 0; i < 10'000; ++i) hours.Add(i * base::kNanosPerHour);
  EXPECT_EQ(Taken(hours), (std::vector<std::pair<std::int64_t, std::uint64_t>>{{kTen, 10'001}}));
}

class UploadHours : public IngestFixture {
 protected:
  // Uploaded packets of three hours from kTen on, and those that are gone.
  std::vector<std::pair<std::int64_t, std::int64_t>> Hours() {
    std::vector<std::pair<std::int64_t, std::int64_t>> found;
    const auto accounts = Accounts(*catalog_, {5, kTen, kTen + 3 * base::kNanosPerHour});
    EXPECT_TRUE(accounts) << accounts.error().message;
    for (const HourAccount& hour : *accounts) {
      found.emplace_back(hour.uploaded, hour.removed_uploaded);
      EXPECT_EQ(hour.packets, 0);  // no sensor's
    }
    return found;
  }
};

using Counts = std::vector<std::pair<std::int64_t, std::int64_t>>;

TEST_F(UploadHours, StatementsCountWhatCurlSent) {
  capture::test::PacketList list;
  for (const std::int64_t time_ns : {kTen, kTen + 1, kTen + 2 * base::kNanosPerHour}) {
    list.Add({1, 2, 3}, time_ns);
  }
  ASSERT_EQ(Call("POST", "pcap", {MakePcap(list.packets())}).status, 201);
  EXPECT_EQ(Count("segments"), 1);  // which begins in the first hour
  EXPECT_EQ(Hours(), (Counts{{2, 0}, {0, 0}, {1, 0}}));
  ASSERT_EQ(Call("POST", "pcap", {MakePcap(list.packets())}).status, 200);
  EXPECT_EQ(Hours(), (Counts{{2, 0}, {0, 0}, {1, 0}}));
  ASSERT_TRUE(catalog_->Write([](SqlWriter& writer) -> base::Result<> {
    TAPIARY_TRY(writer.Execute("DELETE FROM segments", {}));  // as retention does
    return {};
  }));
  EXPECT_EQ(Hours(), (Counts{{0, 2}, {0, 0}, {0, 1}}));
}

}  // namespace
}  // namespace tapiary::server::test
