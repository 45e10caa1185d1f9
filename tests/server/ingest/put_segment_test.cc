#include <algorithm>
#include <array>
#include <filesystem>
#include <functional>
#include <thread>

#include "capture/segment/segment.h"
#include "tests/server/ingest/fixture.h"

namespace tapiary::server::test {
namespace {

using PutSegment = IngestFixture;

capture::SegmentIndex IndexOf(const std::string& segment) {
  return *capture::ReadSegmentIndex(segment.size(), [&](std::uint64_t offset, std::size_t size) {
    return base::Result<std::string>(segment.substr(offset, size));
  });
}

// The same frames with an index that says something else of them.
std::string WithEntries(const std::string& segment,
                        const std::function<void(capture::BlockEntry&, std::size_t)>& change) {
  const capture::SegmentIndex index = IndexOf(segment);
  capture::SegmentAssembler assembler(index.stream, index.first_block);
  std::size_t frames = 0;
  for (std::size_t i = 0; i < index.blocks.size(); ++i) {
    capture::BlockEntry entry = index.blocks[i];
    frames = entry.offset + entry.stored_bytes;
    change(entry, i);
    assembler.Add(entry.stored_bytes, entry.raw_bytes, entry.packets, entry.first_ns,
                  entry.last_ns);
  }
  return segment.substr(0, frames) + assembler.Tail();
}

TEST_F(PutSegment, StoresObjectAndRow) {
  const std::string segment = MakeSegment(7, 3);
  const Answer answer = Put("segments", 9, 4, {segment});
  EXPECT_EQ(answer.status, 201) << answer.text;
  EXPECT_EQ(
      Row("SELECT epoch, stream, first_block, block_count, interface, packets, bytes FROM "
          "segments"),
      (std::vector<std::string>{"9", "0", "7", "3", "tap0", "15", std::to_string(segment.size())}));
  EXPECT_EQ(StoredPackets().size(), 15u);
  EXPECT_NE(Row("SELECT last_seen_ns FROM sensors WHERE id = 5")[0], "NULL");
  EXPECT_EQ(State()["vault"], 1);
}

TEST_F(PutSegment, UP01_RepeatStoresNothing) {
  const std::string segment = MakeSegment(0);
  EXPECT_EQ(Put("segments", 1, 0, {segment}).status, 201);
  const auto before = State();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Put("segments", 1, 0, {segment}).status, 200);
  EXPECT_EQ(State(), before);
}

TEST_F(PutSegment, UP01_RepeatWhoseBodyIsNotTheDigestIsRefused) {
  const std::string segment = MakeSegment(0);
  EXPECT_EQ(Put("segments", 1, 0, {segment}).status, 201);
  ExpectProblem(Call("PUT", "segments/1/0", {"x"}, {{"content-digest", Digest(segment)}}), 422);
}

TEST_F(PutSegment, UP01_OtherContentIsConflictWithOneAlarm) {
  EXPECT_EQ(Put("segments", 1, 0, {MakeSegment(0)}).status, 201);
  const auto before = State();
  for (int i = 0; i < 3; ++i) ExpectProblem(Put("segments", 1, 0, {MakeSegment(3)}), 409);
  EXPECT_EQ(State(), before);
  EXPECT_EQ(Row("SELECT COUNT(*), MIN(actor), MIN(action) FROM audit"),
            (std::vector<std::string>{"1", "plant-a", "digest-conflict"}));
  bool counted = false;
  for (const auto& row : ingest_->metrics().rows) {
    counted |= row.kind == "segments" && row.result == "conflict" && row.items == 3;
  }
  EXPECT_TRUE(counted);
}

TEST_F(PutSegment, UP01_ConcurrentDuplicatesGiveOneCopy) {
  const std::string segment = MakeSegment(0, 20);
  std::array<int, 8> status{};
  {
    std::vector<std::jthread> threads;
    for (int& result : status) {
      threads.emplace_back(
          [&] { result = Put("segments", 1, 0, {.content = segment, .step = 500}).status; });
    }
  }
  EXPECT_EQ(std::ranges::count(status, 201), 1);
  EXPECT_EQ(std::ranges::count(status, 200), 7);
  const auto state = State();
  EXPECT_EQ(state.at("items"), 1);
  EXPECT_EQ(state.at("segments"), 1);
  EXPECT_EQ(state.at("vault"), 1);
}

TEST_F(PutSegment, SameBlocksUnderAnotherNumberAreConflict) {
  EXPECT_EQ(Put("segments", 1, 0, {MakeSegment(0, 3)}).status, 201);
  const auto before = State();
  for (int i = 0; i < 2; ++i) {
    const Answer answer = Put("segments", 1, 1, {MakeSegment(0, 2)});
    ExpectProblem(answer, 409);
    EXPECT_NE(answer.text.find("its blocks are stored already under another number"),
              std::string::npos)
        << answer.text;
  }
  EXPECT_EQ(State(), before);
  EXPECT_EQ(Count("audit WHERE action = 'segment-conflict'"), 1);  // told once
}

TEST_F(PutSegment, CO15_CutAtEachTenthLeavesNothing) {
  const std::string segment = MakeSegment(0, 10);
  const auto before = State();
  for (std::size_t tenth = 0; tenth < 10; ++tenth) {
    const std::size_t cut = segment.size() * tenth / 10;
    EXPECT_GE(Put("segments", 1, 0, {.content = segment, .cut = cut, .step = 100}).status, 400);
    // Ends early without an error, with the digest of the whole.
    ExpectProblem(Call("PUT", "segments/1/0", {segment.substr(0, cut)},
                       {{"content-digest", Digest(segment)}}),
                  422);
    // And with the digest of the part: the segment itself must be whole.
    ExpectProblem(Put("segments", 1, 0, {segment.substr(0, cut)}), 422);
    EXPECT_EQ(State(), before) << tenth;
  }
  EXPECT_EQ(Put("segments", 1, 0, {segment}).status, 201);
}

TEST_F(PutSegment, CO15_WrongDigestLeavesNothing) {
  const auto before = State();
  ExpectProblem(
      Call("PUT", "segments/1/0", {MakeSegment(0)}, {{"content-digest", Digest("other")}}), 422);
  EXPECT_EQ(State(), before);
}

TEST_F(PutSegment, DamagedSegmentWithRightDigestLeavesNothing) {
  const auto before = State();
  std::string segment = MakeSegment(0, 1);
  segment[30] ^= 1;
  ExpectProblem(Put("segments", 1, 0, {segment}), 422);
  ExpectProblem(Put("segments", 1, 0, {"not a segment"}), 422);
  ExpectProblem(Put("segments", 1, 0, {""}), 422);
  EXPECT_EQ(State(), before);
}

TEST_F(PutSegment, EveryBlockIsReadBeforeItIsTaken) {
  const std::string segment = MakeSegment(0, 3);
  const capture::SegmentIndex index = IndexOf(segment);
  const auto before = State();
  for (std::size_t bad = 0; bad < 3; ++bad) {
    std::string damaged = segment;
    damaged[index.blocks[bad].offset + index.blocks[bad].stored_bytes / 2] ^= 1;
    const Answer answer = Put("segments", 1, 0, {damaged});
    ExpectProblem(answer, 422);
    EXPECT_NE(answer.text.find("blocks[" + std::to_string(bad) + "]"), std::string::npos)
        << answer.text;
    using Change = void (*)(capture::BlockEntry&);
    for (const Change change : std::initializer_list<Change>{
             [](auto& entry) { ++entry.packets; }, [](auto& entry) { --entry.packets; },
             [](auto& entry) { ++entry.first_ns; }, [](auto& entry) { --entry.last_ns; }}) {
      const auto changed = WithEntries(segment, [&](capture::BlockEntry& entry, std::size_t i) {
        if (i == bad) change(entry);
      });
      ExpectProblem(Put("segments", 1, 0, {changed}), 422);
    }
  }
  EXPECT_EQ(State(), before);
  EXPECT_EQ(Put("segments", 1, 0, {WithEntries(segment, [](auto&, auto) {})}).status, 201);
}

// Such a block is not looked at while it comes, but behind it.
TEST_F(PutSegment, TakesABlockThatIsLargerThanSensorsMakeThem) {
  capture::InterfaceInfo interface;
  interface.name = "tap7";
  capture::BlockBuilder builder(0, interface, "test");
  builder.Begin(std::move(capture::MakeBlocks(1, 4u << 20).front()));
  const std::vector<std::uint8_t> frame(60'000, 7);
  capture::Packet packet;
  packet.bytes = frame;
  packet.time_ns = 1000;
  for (int i = 0; i < 60; ++i) builder.Append(packet);
  const auto block = builder.Close();
  ASSERT_GT(block->data.size(), 3u << 20);
  capture::BlockCompressor compressor;
  std::string stored = *compressor.Compress(*block, 1);
  capture::SegmentAssembler assembler(0, 0);
  assembler.Add(stored.size(), block->data.size(), 60, 1000, 1000);
  const auto before = State();
  std::string damaged = stored;
  damaged[damaged.size() - 2] ^= 1;  // of the checksum
  ExpectProblem(Put("segments", 1, 0, {damaged + assembler.Tail()}), 422);
  EXPECT_EQ(State(), before);
  EXPECT_EQ(Put("segments", 1, 0, {stored + assembler.Tail()}).status, 201);
  EXPECT_EQ(Row("SELECT interface, packets FROM segments"),
            (std::vector<std::string>{"tap7", "60"}));
}

TEST_F(PutSegment, TooLargeIs413) {
  const std::string segment = MakeSegment(0);
  Start({.segment_bytes = segment.size() - 1});
  const auto before = State();
  ExpectProblem(Put("segments", 1, 0, {segment}), 413);
  EXPECT_EQ(State(), before);
  Start({.segment_bytes = segment.size()});
  EXPECT_EQ(Put("segments", 1, 0, {segment}).status, 201);
}

TEST_F(PutSegment, VaultThatCannotStoreIs503AndLeavesNothing) {
  std::filesystem::remove_all(folder_.path() + "/vault/tmp");
  ExpectProblem(Put("segments", 1, 0, {MakeSegment(0)}), 503);
  EXPECT_EQ(State()["items"], 0);
}

}  // namespace
}  // namespace tapiary::server::test
