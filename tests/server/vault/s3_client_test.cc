// The vault against a store that lies, stalls, cuts and overflows.
#include <gtest/gtest.h>

#include "base/clock.h"
#include "tests/server/vault/hostile_server.h"
#include "tests/server/vault/vault_fixture.h"

namespace tapiary::server {
namespace {

using base::ErrorCode;
using test::HostileServer;

std::string Status(const char* line, const std::string& headers, const std::string& body) {
  return std::string("HTTP/1.1 ") + line + "\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n" + headers + "\r\n" + body;
}
std::string S3Error(const char* line, const char* code) {
  return Status(line, "", std::string("<Error><Code>") + code + "</Code></Error>");
}

class S3HostileTest : public testing::Test {
 protected:
  std::unique_ptr<Vault> Open(const HostileServer& server) {
    S3Options options;
    options.endpoint = server.url();
    options.bucket = "bucket";
    options.credentials = {"ACCESSKEY", "TOPSECRET", ""};
    options.scratch_folder = folder_.path();
    options.tag = kTestTag;
    options.first_wait_ns = 1'000'000;
    options.stall_ns = 1'000'000'000;
    options.connect_timeout_ns = 1'000'000'000;
    options.attempts = 3;
    return std::move(*OpenS3Vault(options));
  }
  // Reads 5 bytes at 10 while the server answers so to everything.
  base::Result<std::string> Read(const std::string& answer) {
    HostileServer server([&answer](int, const std::string&) { return answer; });
    auto read = Open(server)->ReadRange(name_, 10, 5);
    requests_ = server.requests();
    return read;
  }
  base::TempFolder folder_;
  std::string name_ = *MakeObjectName(kTestTag, "x");
  int requests_ = 0;
};

TEST_F(S3HostileTest, GoodRangeIsTaken) {
  const auto read = Read(Status("206 Partial", "Content-Range: bytes 10-14/100\r\n", "abcde"));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, "abcde");
}

TEST_F(S3HostileTest, WrongRangesAndLengthsAreRefused) {
  const std::pair<std::string, ErrorCode> cases[] = {
      {Status("206 P", "Content-Range: bytes 9-13/100\r\n", "abcde"), ErrorCode::kUnavailable},
      {Status("206 P", "Content-Range: bytes 10-15/100\r\n", "abcdef"), ErrorCode::kUnavailable},
      {Status("206 P", "Content-Range: bytes 10-14/100\r\n", "abc"), ErrorCode::kUnavailable},
      {Status("206 P", "Content-Range: bytes 10-14/12\r\n", "abcde"), ErrorCode::kUnavailable},
      {Status("206 P", "Content-Range: bytes 10-12/100\r\n", "abc"), ErrorCode::kUnavailable},
      {Status("206 P", "Content-Range: bytes 10-99999999999999999999/1\r\n", "abcde"),
       ErrorCode::kUnavailable},
      {Status("206 P", "", "abcde"), ErrorCode::kUnavailable},
      {Status("200 OK", "", std::string(100, 'x')), ErrorCode::kUnavailable},
      {Status("206 P", "Content-Range: bytes 10-12/13\r\n", "abc"), ErrorCode::kCorrupt},
      {Status("416 R", "", ""), ErrorCode::kCorrupt},
      {"HTTP/1.1 206 P\r\nContent-Range: bytes 10-14/100\r\nContent-Length: 5\r\n\r\nab",
       ErrorCode::kUnavailable},
      {Status("206 P", "Content-Range: bytes 10-14/100\r\n", std::string(1'000'000, 'x')),
       ErrorCode::kUnavailable},
      {"no HTTP at all\r\n\r\n", ErrorCode::kUnavailable},
      {"", ErrorCode::kUnavailable},
      {"HTTP/1.1 206 P\r\n" + std::string(1'000'000, 'h'), ErrorCode::kUnavailable},
  };
  for (const auto& [answer, code] : cases) {
    const auto read = Read(answer);
    ASSERT_FALSE(read) << answer.substr(0, 80);
    EXPECT_EQ(read.error().code, code) << answer.substr(0, 80) << read.error().message;
  }
}

TEST_F(S3HostileTest, ErrorsSayWhatToDoAndNoSecret) {
  struct Case {
    const char* status;
    const char* code;
    ErrorCode error;
    const char* text;
  };
  const Case cases[] = {
      {"404 N", "NoSuchKey", ErrorCode::kNotFound, "no such object"},
      {"404 N", "NoSuchBucket", ErrorCode::kUnavailable, "no such bucket"},
      {"403 F", "InvalidAccessKeyId", ErrorCode::kPermission, "access key"},
      {"403 F", "SignatureDoesNotMatch", ErrorCode::kPermission, "secret key is wrong"},
      {"403 F", "RequestTimeTooSkewed", ErrorCode::kPermission, "clocks"},
      {"403 F", "QuotaExceeded", ErrorCode::kUnavailable, "no room"},
      {"301 M", "PermanentRedirect", ErrorCode::kUnavailable, "vault.s3.region"},
      {"400 B", "AuthorizationHeaderMalformed", ErrorCode::kUnavailable, "vault.s3.region"},
      {"418 T", "\n<b>evil", ErrorCode::kUnavailable, "418 bevil"},
  };
  for (const Case& one : cases) {
    const auto read = Read(S3Error(one.status, one.code));
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, one.error) << one.code;
    EXPECT_NE(read.error().message.find(one.text), std::string::npos) << read.error().message;
    EXPECT_EQ(read.error().message.find("TOPSECRET"), std::string::npos);
    EXPECT_EQ(read.error().message.find("ACCESSKEY"), std::string::npos);
    EXPECT_EQ(requests_, 1) << one.code;  // in vault again would not help
  }
}

// The store refuses our clock: what it says is taken, for this request and those behind it.
TEST_F(S3HostileTest, UP08_SignsByTheClockOfTheStore) {
  std::vector<std::string> stamps;
  HostileServer server([&stamps](int, const std::string& head) {
    const std::size_t at = head.find("x-amz-date: ");
    stamps.push_back(head.substr(at + 12, 8));
    if (stamps.back() == "20310203") {
      return Status("206 P", "Content-Range: bytes 10-14/100\r\n", "abcde");
    }
    return Status("403 F", "Date: Mon, 03 Feb 2031 12:00:00 GMT\r\n",
                  "<Error><Code>RequestTimeTooSkewed</Code></Error>");
  });
  const auto vault = Open(server);
  for (int i = 0; i < 2; ++i) {
    const auto read = vault->ReadRange(name_, 10, 5);
    ASSERT_TRUE(read) << read.error().message;
  }
  ASSERT_EQ(stamps.size(), 3U);
  EXPECT_NE(stamps[0], "20310203");
}

// Its own time does not please it either, or is nonsense: one more attempt at most, then the cause.
TEST_F(S3HostileTest, UP08_ClockIsNamedAsTheCause) {
  const std::string refusal = "<Error><Code>RequestTimeTooSkewed</Code></Error>";
  for (const auto& [date, requests] :
       {std::pair("Date: Mon, 03 Feb 2031 12:00:00 GMT\r\n", 2),
        std::pair("Date: Mon, 03 Feb 9999 12:00:00 GMT\r\n", 1), std::pair("Date: now\r\n", 1)}) {
    const auto read = Read(Status("403 F", date, refusal));
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, ErrorCode::kPermission);
    EXPECT_NE(read.error().message.find("clocks"), std::string::npos) << read.error().message;
    EXPECT_EQ(requests_, requests) << date;
  }
}

TEST_F(S3HostileTest, OverloadIsWaitedOut) {
  HostileServer server([](int number, const std::string&) {
    if (number == 0) return S3Error("503 S", "SlowDown");
    if (number == 1) return std::string();  // closed without an answer
    return Status("206 P", "Content-Range: bytes 10-14/100\r\n", "abcde");
  });
  const auto read = Open(server)->ReadRange(name_, 10, 5);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(server.requests(), 3);
}

TEST_F(S3HostileTest, RepetitionsEnd) {
  EXPECT_EQ(Read(S3Error("503 S", "SlowDown")).error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(requests_, 3);
}

TEST_F(S3HostileTest, UP05_AServerThatHangsIsLeft) {
  for (const char* answer :
       {"<hang>", "HTTP/1.1 206 P\r\nContent-Range: bytes 10-14/100\r\n<hang>",
        "HTTP/1.1 206 P\r\nContent-Range: bytes 10-14/100\r\nContent-Length: 5\r\n\r\nab<hang>"}) {
    const std::int64_t start_ns = base::SteadyNow();
    EXPECT_EQ(Read(answer).error().code, ErrorCode::kUnavailable);
    EXPECT_LT(base::SteadyNow() - start_ns, 12 * base::kNanosPerSecond);
  }
}

// "200" to the upload, but nothing there: Commit must not succeed (CO-15).
TEST_F(S3HostileTest, CO15_CommitBelievesNoEmptyPromise) {
  for (const char* size : {"3", "0", "99999999999999999999", "x"}) {
    HostileServer server([size](int, const std::string& head) -> std::string {
      if (!head.starts_with("HEAD")) return Status("200 OK", "ETag: \"e\"\r\n", "");
      return std::string("HTTP/1.1 200 OK\r\nContent-Length: ") + size + "\r\n\r\n";
    });
    const auto vault = Open(server);
    auto object = vault->Create("x");
    ASSERT_TRUE((*object)->Append(base::AsBytes("four")));
    const auto name = (*object)->Commit();
    ASSERT_FALSE(name) << size;
    EXPECT_EQ(name.error().code, ErrorCode::kUnavailable);
    EXPECT_TRUE(server.last_head().starts_with("DELETE ")) << server.last_head();
  }
}

// Whatever refuses an object is our trouble, so that the sender keeps it and comes again.
TEST_F(S3HostileTest, RefusedWritesAreUnavailable) {
  for (const char* code : {"AccessDenied", "QuotaExceeded", "NoSuchBucket"}) {
    HostileServer server([code](int, const std::string&) { return S3Error("403 F", code); });
    const auto vault = Open(server);
    auto object = vault->Create("x");
    ASSERT_TRUE((*object)->Append(base::AsBytes("four")));
    EXPECT_EQ((*object)->Commit().error().code, ErrorCode::kUnavailable);
    EXPECT_EQ(vault->Check().error().code, ErrorCode::kUnavailable);
  }
}

TEST_F(S3HostileTest, ListingsEnd) {
  const std::string page =
      "<L><Contents><Key>" + name_ +
      "</Key><LastModified>2026-01-01T00:00:00Z</LastModified><Size>1</Size></Contents>"
      "<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken></L>";
  HostileServer server([&page](int, const std::string&) { return Status("200 OK", "", page); });
  int seen = 0;
  const auto listed = Open(server)->ForEach([&seen](const ObjectInfo&) { return ++seen > 0; });
  EXPECT_FALSE(listed);
  EXPECT_LE(seen, 3);
}

TEST_F(S3HostileTest, NobodyListens) {
  std::string url;
  {
    HostileServer gone([](int, const std::string&) { return std::string(); });
    url = gone.url();
  }
  S3Options options;
  options.endpoint = url;
  options.bucket = "bucket";
  options.credentials = {"A", "B", ""};
  options.scratch_folder = folder_.path();
  options.first_wait_ns = 1'000'000;
  const auto vault = std::move(*OpenS3Vault(options));
  EXPECT_EQ(vault->Size(name_).error().code, ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace tapiary::server
