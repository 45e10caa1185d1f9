// Every file of the shared corpus against its expected values, and tshark's word where it matters.
#include <dirent.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/capture/source/file_builder.h"

namespace tapiary::capture::test {
namespace {

namespace fs = std::filesystem;

fs::path CorpusFolder() {
  if (const char* set = std::getenv("TAPIARY_CORPUS"); set != nullptr) return set;
  return TAPIARY_CORPUS_DEFAULT;
}

std::vector<fs::path> CorpusFiles() {
  std::vector<fs::path> files;
  std::error_code ignored;
  for (const auto& entry : fs::recursive_directory_iterator(CorpusFolder(), ignored)) {
    const auto extension = entry.path().extension();
    if (extension == ".pcap" || extension == ".pcapng") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

void Check(const fs::path& path, const nlohmann::json& expected) {
  SCOPED_TRACE(path.string());
  const SeenFile seen = ReadPath({.path = path.string()});
  EXPECT_EQ(seen.error, "");
  std::uint64_t captured = 0;
  std::uint64_t wire = 0;
  std::vector<std::int64_t> times;
  for (const SeenPacket& packet : seen.packets) {
    captured += packet.bytes.size();
    wire += packet.wire_length;
    times.push_back(packet.time_ns == kTimeUnknown ? 0 : packet.time_ns);
  }
  EXPECT_EQ(seen.packets.size(), expected["packets"].get<std::uint64_t>());
  EXPECT_EQ(captured, expected["captured_bytes"].get<std::uint64_t>());
  EXPECT_EQ(wire, expected["wire_bytes"].get<std::uint64_t>());
  if (!times.empty()) {
    EXPECT_EQ(times.front(), expected["first_ts_ns"].get<std::int64_t>());
    EXPECT_EQ(times.back(), expected["last_ts_ns"].get<std::int64_t>());
    EXPECT_EQ(*std::min_element(times.begin(), times.end()),
              expected["min_ts_ns"].get<std::int64_t>());
    EXPECT_EQ(*std::max_element(times.begin(), times.end()),
              expected["max_ts_ns"].get<std::int64_t>());
  }
  const auto& container = expected["container"];
  EXPECT_EQ(seen.cut, container["truncated"].get<bool>()) << seen.note;
  EXPECT_EQ(!seen.note.empty() && !seen.cut, !container["error"].is_null()) << seen.note;
  EXPECT_EQ(seen.stats.received, seen.packets.size());
}

TEST(Corpus, EveryFileAsExpected) {
  const auto files = CorpusFiles();
  if (files.empty()) GTEST_SKIP() << "no captures in " << CorpusFolder();
  for (const fs::path& path : files) {
    const fs::path json = CorpusFolder() / "expected" / (path.stem().string() + ".json");
    std::ifstream in(json);
    if (!in) {
      ADD_FAILURE() << "no " << json;
      continue;
    }
    Check(path, nlohmann::json::parse(in));
  }
}

TEST(Corpus, RD06_SmallFilesByteByByteFromAPipe) {
  const auto files = CorpusFiles();
  if (files.empty()) GTEST_SKIP() << "no captures in " << CorpusFolder();
  for (const fs::path& path : files) {
    if (fs::file_size(path) > 8192) continue;
    std::ifstream in(path, std::ios::binary);
    const Buffer bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    const SeenFile file = ReadPath({.path = path.string()});
    const SeenFile pipe = ReadPipe(bytes, 1);
    EXPECT_EQ(pipe.packets, file.packets) << path;
    EXPECT_EQ(pipe.note, file.note) << path;
    EXPECT_EQ(ReadPipe(Gzip(bytes), 7).packets, file.packets) << path;
  }
}

}  // namespace
}  // namespace tapiary::capture::test
