// Pace and budget of a body; what it holds is in downloads_test.
#include "server/api/capture_body.h"

#include <gmock/gmock.h>

#include <chrono>
#include <thread>

#include "tests/server/api/fixture.h"
#include "tests/server/api/stored.h"

namespace tapiary::server {
namespace {

using capture::test::PacketBuilder;
using capture::test::PacketList;
using testing::HasSubstr;

class Everything : public PacketSelector {
 public:
  bool WantsBlock(const StoredSegment&, std::uint64_t, const capture::BlockEntry&) override {
    return true;
  }
  bool WantsPacket(const StoredSegment&, const capture::Packet&, const capture::Decoded&) override {
    return true;
  }
};

class CaptureBodyTest : public test::ApiFixture {};

// Few packets in many blocks of a slow store: the first one waits for no other, and those that are
// found within a moment go out together.
TEST_F(CaptureBodyTest, FirstPacketsDoNotWaitForMany) {
  PacketList list;
  test::Store store;
  for (int i = 0; i < 50; ++i) {
    const auto bytes = PacketBuilder().Eth().Ipv4("10.0.0.1", "10.0.0.2").Udp(1, 2).Build();
    store.Add("plant-a", test::MakeSegment({{list.Add(bytes, 1000 + i * 1000)}}));
  }
  int reads = 0;
  const SegmentOpener fast = store.Opener();
  const SegmentOpener slow = [&](const StoredSegment& segment) -> capture::RangeReader {
    return [&reads, read = fast(segment)](std::uint64_t offset, std::size_t size) {
      ++reads;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      return read(offset, size);
    };
  };
  CaptureBody body(
      std::make_unique<SegmentWalk>(store.Feed(), slow, std::make_unique<Everything>()),
      CaptureFormat::kPcapng, "asked: all", *catalog_);
  std::vector<char> buffer(100'000);
  const auto first = body.Read(buffer);
  ASSERT_TRUE(first);
  EXPECT_GT(*first, 0u);
  EXPECT_LE(reads, 4);  // index and block, and the index of the next that might come before
  EXPECT_THAT(std::string(buffer.data(), *first), HasSubstr("asked: all"));
  std::string file(buffer.data(), *first);
  while (true) {
    const auto size = body.Read(buffer);
    ASSERT_TRUE(size);
    if (*size == 0) break;
    file.append(buffer.data(), *size);
  }
  EXPECT_EQ(PacketsOf(file).size(), 50u);
}

TEST_F(CaptureBodyTest, CountsOfTheLedgerEndTheFile) {
  StoreModbus(2);
  Execute("UPDATE ledger SET offered = 100, recorded = 90, filtered = 4, lost = 6, record = ?",
          {std::string(R"({"lost":{"kernel":6}})")});
  Response response = Get("/api/v1/pcap");
  const std::string file = Body(response);
  EXPECT_THAT(file, HasSubstr("lost, kernel: 6"));
  EXPECT_THAT(file, HasSubstr("all packets from"));
  EXPECT_EQ(PacketsOf(file).size(), 20u);
}

}  // namespace
}  // namespace tapiary::server
