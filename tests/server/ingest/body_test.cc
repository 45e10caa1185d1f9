#include "server/ingest/body.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "tests/server/ingest/fixture.h"

namespace tapiary::server::test {
namespace {

Request PutRequest(const std::string& epoch, const std::string& seq) {
  Request request;
  request.path_params = {{"epoch", epoch}, {"seq", seq}};
  request.headers = {{"content-digest", Digest("x")}};
  return request;
}

TEST(Body, PathNumbersAreStrictDecimal) {
  const auto item = ItemFromPut(PutRequest("4611686018427387903", "9223372036854775807"), "flows");
  ASSERT_TRUE(item);
  EXPECT_EQ(item->epoch, (std::uint64_t{1} << 62) - 1);
  EXPECT_TRUE(ItemFromPut(PutRequest("0", "0"), "flows"));
  const std::string wrong[] = {"",
                               "-1",
                               "+1",
                               " 1",
                               "1 ",
                               "01",
                               "0x1",
                               "a",
                               "1.0",
                               "4611686018427387904",
                               "99999999999999999999999",
                               "../1",
                               std::string("1\0", 2)};
  for (const std::string& text : wrong) {
    const auto bad = ItemFromPut(PutRequest(text, "0"), "flows");
    ASSERT_FALSE(bad) << text;
    EXPECT_EQ(bad.error().code, base::ErrorCode::kInvalid);
  }
  EXPECT_FALSE(ItemFromPut(PutRequest("0", "9223372036854775808"), "flows"));
}

TEST(Body, DigestIsRequiredAndStrict) {
  Request request = PutRequest("1", "1");
  for (const char* header : {"", "md5=:AAAA:", "sha-256=:AAAA:", "sha-256=AAAA"}) {
    request.headers["content-digest"] = header;
    const auto item = ItemFromPut(request, "flows");
    ASSERT_FALSE(item) << header;
    EXPECT_EQ(item.error().code, base::ErrorCode::kInvalid);
  }
}

class Text final : public BodySource {
 public:
  explicit Text(std::string text) : text_(std::move(text)) {}
  base::Result<std::size_t> Read(std::span<char> buffer) override {
    if (at_ == text_.size()) return std::size_t{0};
    ++reads;
    buffer[0] = text_[at_++];
    return std::size_t{1};
  }
  int reads = 0;

 private:
  std::string text_;
  std::size_t at_ = 0;
};

TEST(Body, LimitHoldsBeforeAndWhileReading) {
  Request request;
  request.content_length = 11;
  Text announced("01234567890");
  EXPECT_EQ(CopyBody(request, announced, 10, {}).error().code, base::ErrorCode::kTooLarge);
  EXPECT_EQ(announced.reads, 0);
  request.content_length.reset();
  Text chunked("01234567890");
  EXPECT_EQ(CopyBody(request, chunked, 10, {}).error().code, base::ErrorCode::kTooLarge);
  Text fits("0123456789");
  const auto facts = CopyBody(request, fits, 10, {});
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->bytes, 10u);
  EXPECT_EQ(facts->digest, base::Sha256Of(base::AsBytes("0123456789")));
}

TEST(Body, CO15_ShorterThanAnnouncedIsCorrupt) {
  Request request;
  request.content_length = 10;
  Text cut("012345678");
  EXPECT_EQ(CopyBody(request, cut, 10, {}).error().code, base::ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace tapiary::server::test
