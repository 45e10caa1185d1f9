#include "server/evidence/zip_writer.h"

#include <cstdlib>

#include "base/clock.h"
#include "tests/server/evidence/zip_file.h"

namespace tapiary::server::test {
namespace {

std::string Archive(const std::vector<std::pair<std::string, std::string>>& members) {
  ZipWriter zip(*base::ParseTime("2026-11-25T10:11:12Z"));
  std::vector<std::uint8_t> out;
  for (const auto& [name, content] : members) {
    EXPECT_TRUE(zip.Begin(name, out));
    for (std::size_t at = 0; at < content.size(); at += 1000) {
      EXPECT_TRUE(zip.Write(std::string_view(content).substr(at, 1000), out));
    }
    const auto done = zip.End(out);
    EXPECT_TRUE(done);
    EXPECT_EQ(done->name, name);
    EXPECT_EQ(done->bytes, content.size());
    EXPECT_EQ(done->digest, base::Sha256Of(base::AsBytes(content)));
  }
  zip.Finish(out);
  return std::string(base::AsText(out));
}

std::string Noise(std::size_t size) {
  std::string noise(size, '\0');
  std::uint32_t state = 1;
  for (char& c : noise) c = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
  return noise;
}

TEST(ZipWriter, WhatIsWrittenIsRead) {
  const std::string noise = Noise(300'000);
  const ZipFile file(Archive({{"a.txt", "hello"}, {"empty", ""}, {"noise", noise}}));
  const auto reader = file.Open();
  ASSERT_TRUE(reader) << reader.error().message;
  ASSERT_EQ(reader->entries().size(), 3U);
  EXPECT_TRUE(reader->CheckLayout());
  EXPECT_EQ(*ContentOf(*reader, reader->entries()[0]), "hello");
  EXPECT_EQ(*ContentOf(*reader, reader->entries()[1]), "");
  EXPECT_EQ(*ContentOf(*reader, reader->entries()[2]), noise);
}

// Another program's opinion; Python is there wherever the integration tests run.
TEST(ZipWriter, OthersReadIt) {
  if (std::system("python3 -c 'import zipfile' 2>/dev/null") != 0) GTEST_SKIP() << "no python3";
  const ZipFile file(Archive({{"a.txt", "hello"}, {"noise", Noise(300'000)}}));
  const std::string program =
      "import sys,zipfile; z=zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; "
      "assert z.read(\"a.txt\")==b\"hello\"; i=z.getinfo(\"a.txt\"); "
      "assert i.date_time==(2026,11,25,10,11,12), i.date_time";
  EXPECT_EQ(std::system(("python3 -c '" + program + "' " + file.path()).c_str()), 0);
}

}  // namespace
}  // namespace tapiary::server::test
