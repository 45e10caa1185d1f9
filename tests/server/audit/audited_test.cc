#include "server/audit/audited.h"

#include <algorithm>
#include <utility>

#include "tests/server/audit/fixture.h"

namespace tapiary::server::test {
namespace {

using Texts = std::vector<std::string>;

class Nothing : public BodySource {
  base::Result<std::size_t> Read(std::span<char>) override { return std::size_t{0}; }
};

// Gives `size` bytes, then its end or an error.
class Packets : public BodySource {
 public:
  Packets(std::size_t size, bool breaks) : left_(size), breaks_(breaks) {}
  base::Result<std::size_t> Read(std::span<char> buffer) override {
    if (left_ == 0 && breaks_) return base::MakeError(base::ErrorCode::kCorrupt, "rotten");
    const std::size_t size = std::min(left_, buffer.size());
    left_ -= size;
    return size;
  }

 private:
  std::size_t left_;
  bool breaks_;
};

class Audits : public AuditTest {
 protected:
  void SetUp() override {
    AuditTest::SetUp();
    log_ = std::make_unique<AccessLog>(*catalog_, AccessLogOptions{});
  }
  Response Call(AccessKind kind, Handler handler, const std::string& method = "GET") {
    const Route route =
        Audited({"GET", "/x", Scope::kViewer, std::move(handler), 0}, kind, log_.get());
    Request request;
    request.method = method;
    request.path = "/api/v1/x";
    request.query = {{"after", "9"}, {"filter", "a == \"50%&b\""}, {"last", "1h"}};
    if (!live_.empty()) request.query["live"] = live_;
    request.peer = "192.0.2.7";
    request.identity.user_name = "ann";
    request.identity.scope = Scope::kViewer;
    Nothing body;
    return route.handler(request, body);
  }
  static Handler Streams(std::size_t size, bool breaks = false) {
    return [=](const Request&, BodySource&) {
      Response response;
      response.stream = std::make_unique<Packets>(size, breaks);
      return response;
    };
  }
  static bool ReadAll(Response& response) {
    char buffer[1000];
    for (;;) {
      const auto size = response.stream->Read(buffer);
      if (!size) return false;
      if (*size == 0) return true;
    }
  }
  Texts Written() {
    EXPECT_TRUE(log_->Flush());
    return Rows();
  }

  std::unique_ptr<AccessLog> log_;
  std::string live_;
};

constexpr const char* kAsked = "/api/v1/x?after=9&filter=a == \"50%25%26b\"&last=1h";

TEST_F(Audits, SearchesWithStatusAndSize) {
  const Response good =
      Call(AccessKind::kSearch, [](const auto&, auto&) { return JsonResponse(200, "12345"); });
  EXPECT_EQ(good.body, "12345");
  Call(AccessKind::kSearch, [](const auto&, auto&) { return Problem(400, "no", "no"); });
  Call(AccessKind::kNone, [](const auto&, auto&) { return JsonResponse(200, "12345"); });
  const Texts rows = Written();
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(std::count(rows.begin(), rows.end(), fmt::format("ann search {} 200 5 x1 ", kAsked)),
            1);
}

TEST_F(Audits, DownloadsAreWholeBrokenOrLeft) {
  {
    Response whole = Call(AccessKind::kDownload, Streams(5000));
    EXPECT_EQ(Rows(), Texts({fmt::format("ann download {} 200 0 x1 ", kAsked)}));  // before a byte
    EXPECT_TRUE(ReadAll(whole));
    Response broken = Call(AccessKind::kDownload, Streams(3000, true));
    EXPECT_FALSE(ReadAll(broken));
    Response left = Call(AccessKind::kDownload, Streams(9000));
    char buffer[1000];
    EXPECT_EQ(*left.stream->Read(buffer), 1000U);
  }
  EXPECT_EQ(Written(), Texts({fmt::format("ann download {} 200 5000 x1 whole", kAsked),
                              fmt::format("ann download {} 200 3000 x1 broken", kAsked),
                              fmt::format("ann download {} 200 1000 x1 left", kAsked)}));
}

TEST_F(Audits, ALiveTailIsOneRowThatIsThereBeforeItsFirstByte) {
  for (int i = 0; i < 50; ++i) {
    live_ = std::to_string(i);
    Response part = Call(AccessKind::kDownload, Streams(100));
    EXPECT_EQ(Rows().size(), 1U);
    EXPECT_TRUE(ReadAll(part));
  }
  const Texts rows = Written();
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_TRUE(rows[0].ends_with("200 5000 x50 ")) << rows[0];
}

TEST_F(Audits, ADownloadThatIsRefusedOrOnlyAskedAboutSendsNothing) {
  Call(AccessKind::kDownload, [](const auto&, auto&) { return Problem(404, "no", "no"); });
  Call(AccessKind::kDownload, Streams(100), "HEAD");
  const Texts rows = Written();
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(
      std::count(rows.begin(), rows.end(), fmt::format("ann download HEAD {} 200 0 x1 ", kAsked)),
      1);
}

TEST_F(Audits, NoDownloadWithoutItsRow) {
  Execute("DROP TABLE audit");
  Response response = Call(AccessKind::kDownload, Streams(5000));
  EXPECT_EQ(response.status, 503);
  EXPECT_FALSE(response.stream);
  const Response search =
      Call(AccessKind::kSearch, [](const auto&, auto&) { return JsonResponse(200, "12345"); });
  EXPECT_EQ(search.status, 200);
}

}  // namespace
}  // namespace tapiary::server::test
