#include "server/ingest/expand.h"

#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

namespace tapiary::server {
namespace {

std::string Gzip(const std::string& text) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string Zstd(const std::string& text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

TEST(Expand, PlainGzipAndZstd) {
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += std::to_string(i * 7919) + ",";
  EXPECT_EQ(*ExpandBody(text, 1 << 20), text);
  EXPECT_EQ(*ExpandBody(Gzip(text), 1 << 20), text);
  EXPECT_EQ(*ExpandBody(Zstd(text), 1 << 20), text);
  EXPECT_EQ(*ExpandBody(Gzip(text) + Gzip("{}"), 1 << 20), text + "{}");
  EXPECT_EQ(*ExpandBody("", 10), "");
}

TEST(Expand, CO05_TheLimitIsOfWhatComesOut) {
  const std::string bomb(64u << 20, '0');
  for (const std::string& body : {Gzip(bomb), Zstd(bomb)}) {
    ASSERT_LT(body.size(), 100'000u);
    const auto expanded = ExpandBody(body, 1 << 20);
    ASSERT_FALSE(expanded);
    EXPECT_EQ(expanded.error().code, base::ErrorCode::kTooLarge);
  }
  const std::string exact(1000, 'x');
  EXPECT_TRUE(ExpandBody(Gzip(exact), 1000));
  EXPECT_FALSE(ExpandBody(Gzip(exact), 999));
}

TEST(Expand, CO15_CutAndBrokenBodiesAreCorrupt) {
  for (const std::string& body : {Gzip("{\"a\":1}"), Zstd("{\"a\":1}")}) {
    for (std::size_t size = 4; size < body.size(); ++size) {
      const auto expanded = ExpandBody(body.substr(0, size), 1000);
      ASSERT_FALSE(expanded) << size;
      EXPECT_EQ(expanded.error().code, base::ErrorCode::kCorrupt);
    }
    EXPECT_FALSE(ExpandBody(body + "{}", 1000));
  }
  std::string wrong = Gzip("{\"a\":1}");
  wrong[wrong.size() - 8] ^= 1;  // its checksum
  EXPECT_FALSE(ExpandBody(wrong, 1000));
}

}  // namespace
}  // namespace tapiary::server
