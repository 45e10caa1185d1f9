#include "server/ingest/pcap_import.h"

#include "tests/capture/support/meter_run.h"
#include "tests/server/ingest/fixture.h"

namespace tapiary::server::test {
namespace {

using PcapImport = IngestFixture;

std::string Incompressible(std::size_t size, std::uint32_t seed) {
  std::string out(size, '\0');
  for (char& c : out) {
    seed = seed * 1664525 + 1013904223;
    c = static_cast<char>(seed >> 24);
  }
  return out;
}

// 40 MB that do not compress: several segments whose blocks are numbered without holes.
TEST_F(PcapImport, LargeFileGivesSeveralSegments) {
  capture::test::PacketList list;
  for (std::uint32_t i = 0; i < 700; ++i) {
    const std::string data = Incompressible(60'000, i);
    list.Add({data.begin(), data.end()}, capture::test::kStart + i);
  }
  const std::string path = folder_.File("large.pcap", MakePcap(list.packets()));
  IngestContext context(*catalog_, *vault_, {});
  {
    NewObjects objects(*vault_);
    auto content = ImportPcap(context, path, "plant-a", 7, objects);
    ASSERT_TRUE(content) << content.error().message;
    EXPECT_EQ(content->packets, 700u);
    ASSERT_EQ(content->pending.size(), 1u);
    EXPECT_EQ(content->pending[0].first, content->segments.size() - 1);
    EXPECT_EQ(content->segments.back().object, "");  // CommitPending gives the name
    ASSERT_TRUE(CommitPending(*content, objects));
    EXPECT_TRUE(content->pending.empty());
    ASSERT_EQ(content->segments.size(), 3u);
    std::uint64_t next = 0;
    std::uint64_t packets = 0;
    for (const SegmentRow& segment : content->segments) {
      EXPECT_EQ(segment.first_block, next);
      EXPECT_EQ(*vault_->Size(segment.object), segment.bytes);
      next += segment.block_count;
      packets += segment.packets;
    }
    EXPECT_EQ(packets, 700u);
    EXPECT_EQ(State()["vault"], 3);
  }
  EXPECT_EQ(State()["vault"], 0);  // nobody kept them
}

TEST_F(PcapImport, EndsWhenTheCollectorStops) {
  IngestContext context(*catalog_, *vault_, {});
  context.stopping = true;
  {
    NewObjects objects(*vault_);
    capture::test::PacketList list;
    list.Add({1, 2, 3}, capture::test::kStart);
    const std::string path = folder_.File("some.pcap", MakePcap(list.packets()));
    const auto content = ImportPcap(context, path, "plant-a", 7, objects);
    ASSERT_FALSE(content);
    EXPECT_EQ(content.error().code, base::ErrorCode::kUnavailable);
  }
  EXPECT_EQ(State()["vault"], 0);
}

TEST_F(PcapImport, FileThatIsNotThereIsAnError) {
  IngestContext context(*catalog_, *vault_, {});
  NewObjects objects(*vault_);
  EXPECT_FALSE(ImportPcap(context, folder_.path() + "/none", "plant-a", 7, objects));
}

}  // namespace
}  // namespace tapiary::server::test
