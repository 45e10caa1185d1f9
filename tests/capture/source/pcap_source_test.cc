// The pcap source: cuts, chunk sizes, hostile lengths, filters, standard input.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/file.h"
#include "tests/capture/source/file_builder.h"

namespace tapiary::capture::test {
namespace {

Buffer ThreePackets(const PcapSpec& spec = {}) {
  return Join({PcapHeader(spec), PcapRecord(spec, 10, 1, Payload(60)),
               PcapRecord(spec, 11, 2, Payload(61, 7)), PcapRecord(spec, 12, 3, Payload(1))});
}

TEST(PcapSource, RD07_CutAtEveryByte) {
  const Buffer whole = ThreePackets();
  const std::size_t ends[] = {24, 24 + 76, 24 + 76 + 77, 24 + 76 + 77 + 17};
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    const Buffer bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    const SeenFile seen = ReadFile(bytes);
    ASSERT_EQ(seen.error, "") << size;
    std::size_t expected = 0;
    bool at_border = false;
    for (std::size_t i = 0; i < 4; ++i) {
      if (size >= ends[i]) expected = i;
      at_border |= size == ends[i];
    }
    EXPECT_EQ(seen.packets.size(), expected) << size;
    EXPECT_EQ(seen.cut, !at_border) << size;
    const std::string note = "truncated at " + std::to_string(size) + ":";
    EXPECT_EQ(seen.note.substr(0, note.size()), at_border ? "" : note);
  }
}

TEST(PcapSource, RD01_ImpossibleCapturedLength) {
  for (const std::uint32_t magic : {0xa1b2c3d4u, 0xa1b2cd34u}) {
    for (const std::int64_t length : {0xffffffffll, 0x7fffffffll, 262145ll}) {
      const PcapSpec spec{.magic = magic};
      Buffer bytes = Join({PcapHeader(spec), PcapRecord(spec, 1, 0, Payload(4))});
      const std::string at = std::to_string(bytes.size());
      bytes = Join({bytes, PcapRecord(spec, 1, 0, Payload(4), length)});
      rusage before{};
      rusage after{};
      ::getrusage(RUSAGE_SELF, &before);
      const SeenFile seen = ReadFile(bytes);
      ::getrusage(RUSAGE_SELF, &after);
      EXPECT_EQ(seen.packets.size(), 1u);
      EXPECT_EQ(seen.note.find("corrupt at offset " + at), 0u) << seen.note;
      EXPECT_FALSE(seen.cut);
      EXPECT_LE(after.ru_maxrss - before.ru_maxrss, 1024) << "KiB";
    }
  }
}

TEST(PcapSource, RD06_PipesAndOneByteReadsGiveTheSame) {
  const Buffer bytes = ThreePackets();
  const SeenFile file = ReadFile(bytes);
  for (const std::size_t chunk : {1u, 3u, 17u, 4096u}) {
    const SeenFile pipe = ReadPipe(bytes, chunk);
    EXPECT_EQ(pipe.packets, file.packets) << chunk;
    EXPECT_EQ(pipe.note, "");
  }
}

TEST(PcapSource, StandardInputAndIdle) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const int saved = ::dup(STDIN_FILENO);
  ::dup2(ends[0], STDIN_FILENO);
  ::close(ends[0]);
  const auto source = MakePcapSource({.path = "-"});
  ASSERT_TRUE(source->Open());
  ::dup2(saved, STDIN_FILENO);
  ::close(saved);
  EXPECT_TRUE(source->live());
  EXPECT_TRUE(source->can_wait());
  PacketBatch batch;
  EXPECT_EQ(source->Next(batch, 20).value(), NextState::kIdle);
  const Buffer bytes = ThreePackets();
  ASSERT_EQ(::write(ends[1], bytes.data(), 24 + 76), 100);
  EXPECT_EQ(source->Next(batch, 1000).value(), NextState::kPackets);
  EXPECT_EQ(batch.count, 1u);
  EXPECT_EQ(source->Next(batch, 20).value(), NextState::kIdle);
  ::close(ends[1]);
  EXPECT_EQ(source->Next(batch, 1000).value(), NextState::kEnd);
  EXPECT_EQ(source->end_note(), "");
}

// Who reads it may wait for storage: nothing is lost meanwhile.
TEST(PcapSource, AFileWaits) {
  const TempFile file(ThreePackets());
  const auto source = MakePcapSource({.path = file.path()});
  ASSERT_TRUE(source->Open());
  EXPECT_FALSE(source->live());
  EXPECT_TRUE(source->can_wait());
}

TEST(PcapSource, AGivenNameIsThatOfWhatTheFileDoesNotName) {
  const auto names = [](const Buffer& bytes, const std::string& name) {
    const TempFile file(bytes);
    const auto source = MakePcapSource({.path = file.path(), .name = name});
    EXPECT_EQ(source->name(), name.empty() ? file.path() : name);
    EXPECT_TRUE(source->Open());
    PacketBatch batch;
    while (*source->Next(batch, -1) == NextState::kPackets) continue;
    std::vector<std::string> found;
    for (const InterfaceInfo& one : source->interfaces()) found.push_back(one.name);
    return found;
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(names(ThreePackets(), "a.pcap"), Names{"a.pcap"});
  EXPECT_EQ(names(ThreePackets(), ""), Names{""});
  const Buffer eth0{'e', 't', 'h', '0'};
  const Buffer section = Join(
      {NgSection(), NgInterface(false, 1, 0), NgInterface(false, 1, 0, NgOption(false, 2, eth0))});
  EXPECT_EQ(names(Join({section, section}), "a.pcapng"), (Names{"a.pcapng", "eth0"}));
}

TEST(PcapSource, SaysWhatIsNoCapture) {
  const SeenFile text = ReadFile(Writer().Text("hello, world").out());
  EXPECT_EQ(text.code, base::ErrorCode::kInvalid);
  EXPECT_NE(text.error.find("not a pcap"), std::string::npos) << text.error;
  EXPECT_EQ(ReadPipe(Writer().Text("hello").out(), 1).code, base::ErrorCode::kInvalid);
  EXPECT_EQ(ReadPath({.path = "/nonexistent/x.pcap"}).code, base::ErrorCode::kNotFound);
  EXPECT_EQ(ReadPath({.path = "/tmp"}).code, base::ErrorCode::kInvalid);
}

TEST(PcapSource, CAP05_FilterAndItsCount) {
  const PcapSpec spec;
  const SeenFile seen =
      ReadFile(Join({PcapHeader(spec), PcapRecord(spec, 1, 0, TcpFrame({})),
                     PcapRecord(spec, 1, 0, TcpFrame({{0x8100, 100}})),
                     PcapRecord(spec, 1, 0, TcpFrame({{0x88a8, 300}, {0x8100, 301}})),
                     PcapRecord(spec, 1, 0, TcpFrame({}, 80)),
                     PcapRecord(spec, 1, 0, TcpFrame({{0x8100, 100}}, 80))}),
               {.filter = "port 502"});
  EXPECT_EQ(seen.packets.size(), 3u);
  EXPECT_EQ(seen.stats.filtered, 2u);
  EXPECT_EQ(seen.stats.received, 3u);
}

TEST(PcapSource, WrongFilterIsAnErrorOfOpen) {
  const SeenFile seen = ReadFile(ThreePackets(), {.filter = "port 502 and prot 3"});
  EXPECT_EQ(seen.code, base::ErrorCode::kInvalid);
  EXPECT_NE(seen.error.find("after character 8"), std::string::npos) << seen.error;
}

TEST(PcapSource, ManyPacketsAcrossWindows) {
  const PcapSpec spec;
  std::vector<Buffer> parts = {PcapHeader(spec)};
  for (std::uint32_t i = 0; i < 2000; ++i) {
    parts.push_back(PcapRecord(spec, i, 0, Payload(i % 1500, static_cast<std::uint8_t>(i))));
  }
  parts.push_back(PcapRecord(spec, 2000, 0, Payload(262'144)));  // as large as the first window
  const SeenFile seen = ReadFile(Join(parts));
  ASSERT_EQ(seen.packets.size(), 2001u);
  for (std::uint32_t i = 0; i < 2000; ++i) {
    ASSERT_EQ(seen.packets[i].bytes, Payload(i % 1500, static_cast<std::uint8_t>(i))) << i;
  }
  EXPECT_EQ(seen.packets[2000].bytes.size(), 262'144u);
  EXPECT_EQ(seen.note, "");
}

TEST(PcapSource, RD11_RecordBeyondFourGigabytes) {
  // A sparse file whose zeros are records of length 0 would be slow; one pcapng block hides them.
  const TempFile file(Join({NgSection(), NgInterface(false, 1, 0)}));
  const std::uint32_t hole = 0xfffffff0;
  base::UniqueFd fd(::open(file.path().c_str(), O_WRONLY));
  const Buffer head = Writer().U32(0x4242).U32(hole).out();
  const std::int64_t at = 28 + 20;
  ASSERT_EQ(::pwrite(fd.get(), head.data(), head.size(), at), 8);
  const Buffer tail =
      Join({Writer().U32(hole).out(), NgEnhanced(false, 0, 5, Payload(60)),
            NgBlock(false, 0x4242, Payload(8)), NgEnhanced(false, 0, 6, Payload(61))});
  if (::pwrite(fd.get(), tail.data(), tail.size(), at + hole - 4) !=
      static_cast<ssize_t>(tail.size())) {
    GTEST_SKIP() << "no room for a sparse file of 4 GiB";
  }
  const SeenFile seen = ReadPath({.path = file.path()});
  ASSERT_EQ(seen.packets.size(), 2u) << seen.note;
  EXPECT_EQ(seen.packets[1].bytes, Payload(61));
}

}  // namespace
}  // namespace tapiary::capture::test
