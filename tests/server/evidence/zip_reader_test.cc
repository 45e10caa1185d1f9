#include "server/evidence/zip_reader.h"

#include "server/evidence/zip_writer.h"
#include "tests/server/evidence/zip_file.h"

namespace tapiary::server::test {
namespace {

std::string Good() {
  ZipWriter zip(0);
  std::vector<std::uint8_t> out;
  for (const char* name : {"first", "second"}) {
    EXPECT_TRUE(zip.Begin(name, out));
    EXPECT_TRUE(zip.Write(std::string(500, 'x') + name, out));
    EXPECT_TRUE(zip.End(out));
  }
  zip.Finish(out);
  return std::string(base::AsText(out));
}

// Everything in it, or nothing when something is wrong.
std::string All(const std::string& bytes) {
  const ZipFile file(bytes);
  const auto reader = file.Open();
  if (!reader || !reader->CheckLayout()) return {};
  std::string all;
  for (const ZipEntry& entry : reader->entries()) {
    const auto content = ContentOf(*reader, entry);
    if (!content) return {};
    all += entry.name + *content;
  }
  return all;
}

TEST(ZipReader, NoByteOfAnArchiveChangesUnseenButDatesAndModes) {
  const std::string good = Good();
  const std::string all = All(good);
  ASSERT_EQ(all.size(), 2 * 500 + 2 * 11U);
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (const int flip : {1, 128}) {
      std::string bad = good;
      bad[i] = static_cast<char>(bad[i] ^ flip);
      const std::string got = All(bad);
      EXPECT_TRUE(got.empty() || got == all) << i;
    }
  }
}

TEST(ZipReader, CutAtEveryPlaceItIsNoArchive) {
  const std::string good = Good();
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_EQ(All(good.substr(0, size)), "") << size;
  }
}

TEST(ZipReader, NothingHidesBeforeBetweenOrBehind) {
  const std::string good = Good();
  EXPECT_EQ(All("x" + good), "");
  EXPECT_EQ(All(good + "x"), "");
  std::string between = good;
  between.insert(good.find("PK\x03\x04", 4), "hidden");
  EXPECT_EQ(All(between), "");
}

// Sizes that promise more than there is cost no memory.
TEST(ZipReader, HostileSizesAreRefused) {
  std::string bad = Good();
  const std::size_t end64 = bad.rfind("PK\x06\x06");
  for (std::size_t i = 24; i < 56; ++i) bad[end64 + i] = '\xff';
  EXPECT_EQ(All(bad), "");
}

}  // namespace
}  // namespace tapiary::server::test
