#include "uplink/forwarder.h"

#include <gmock/gmock.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <set>
#include <thread>

#include "tests/support/timing.h"
#include "tests/uplink/support/spool_fixture.h"
#include "tests/uplink/support/test_server.h"

namespace tapiary::uplink {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::int64_t kMilli = base::kNanosPerMilli;

class ForwarderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    token_file_ = folder_.path() + "/token";
    WriteToken("test-token\n", 0600);
    SpoolOptions options;
    options.path = folder_.path() + "/spool";
    spool_ = OpenSpool(options);
  }
  void WriteToken(const std::string& text, mode_t mode) {
    unlink(token_file_.c_str());
    std::ofstream(token_file_) << text;
    ASSERT_EQ(chmod(token_file_.c_str(), mode), 0);
  }
  ForwarderOptions Options(const std::string& url) {
    ForwarderOptions options;
    options.http.url = url;
    options.http.ca_file = Certs() + "/ca.pem";
    options.http.stall_ns = base::kNanosPerSecond;
    options.token_file = token_file_;
    options.backoff = {10 * kMilli, 100 * kMilli, 1};
    options.refused_wait_ns = 200 * kMilli;
    options.poll_ns = 5 * kMilli;
    return options;
  }
  std::unique_ptr<Forwarder> Start(const ForwarderOptions& options) {
    auto forwarder = Forwarder::Make(options, *spool_);
    EXPECT_TRUE(forwarder) << forwarder.error().ToString();
    if (!forwarder) return nullptr;
    (*forwarder)->Start();
    return std::move(*forwarder);
  }
  void Put(int flows, int facts = 0, int segments = 0) {
    Round round;
    for (int i = 0; i < flows; ++i) round.flows.push_back(FlowsItem(4));
    for (int i = 0; i < facts; ++i) round.facts.push_back(FactsItem("read"));
    ASSERT_TRUE(spool_->Write(round));
    for (int i = 0; i < segments; ++i) {
      Round one;
      one.blocks = {MakeStoredBlock(0, next_block_++, 20, 400)};
      one.close_segments = true;
      ASSERT_TRUE(spool_->Write(one));
    }
  }
  // Of a segment that waits for more.
  void PutOpenBlock() {
    Round round;
    round.blocks = {MakeStoredBlock(0, 100)};
    ASSERT_TRUE(spool_->Write(round));
  }
  bool Empty() const {
    return !spool_->Has(Kind::kFacts) && !spool_->Has(Kind::kFlows) && !spool_->Has(Kind::kPackets);
  }
  template <class Condition>
  static bool Wait(Condition condition, int seconds = 60) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return true;
  }

  TempFolder folder_;
  std::string token_file_;
  std::unique_ptr<Spool> spool_;
  std::uint64_t next_block_ = 0;
};

TEST_F(ForwarderTest, DeliversAllWithTokenAndDigest) {
  const Server server;
  Put(3, 3, 3);
  auto forwarder = Start(Options(server.url()));
  ASSERT_TRUE(Wait([&] { return Empty(); }));
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 9u);
  std::set<std::string> paths;
  std::vector<std::string> records;  // the connection of facts and flows
  for (const Request& request : requests) {
    EXPECT_EQ(request.status, 201);
    EXPECT_TRUE(request.token_ok);
    EXPECT_TRUE(request.digest_ok);
    EXPECT_EQ(request.expect, "-");
    paths.insert(request.path);
    if (request.path.find("segments") == std::string::npos) records.push_back(request.path);
  }
  EXPECT_EQ(paths.size(), 9u);
  for (std::size_t i = 0; i < 6; ++i) {
    EXPECT_THAT(records[i], HasSubstr(i < 3 ? "/facts/" : "/flows/"));
    EXPECT_THAT(records[i], StartsWith("/api/v1/ingest/"));
  }
  EXPECT_TRUE(Wait([&] { return forwarder->status().delivered_items == 9; }));
  EXPECT_EQ(forwarder->status().state, "ok");
  EXPECT_LT(std::abs(forwarder->status().clock_skew_ns), 3 * base::kNanosPerSecond);
}

TEST_F(ForwarderTest, UP01_LostAnswerStoresNothingTwice) {
  const Server server({"--script", "lose,lose,lose,ok"});
  Put(1);
  auto forwarder = Start(Options(server.url()));
  ASSERT_TRUE(Wait([&] { return Empty(); }));
  const auto requests = server.requests();
  ASSERT_GE(requests.size(), 4u);
  for (const Request& request : requests) {
    EXPECT_EQ(request.path, requests[0].path);
    EXPECT_EQ(request.size, requests[0].size);
  }
  EXPECT_EQ(requests.back().status, 200);  // it was there already
}

TEST_F(ForwarderTest, UP02_ManySmallItemsTakeNoHiddenSecond) {
  const Server server;
  Round round;
  for (int i = 0; i < 100; ++i) round.flows.push_back(FlowsItem(20, std::string(2048, 'x')));
  ASSERT_TRUE(spool_->Write(round));
  const auto begin = std::chrono::steady_clock::now();
  auto forwarder = Start(Options(server.url()));
  ASSERT_TRUE(Wait([&] { return Empty(); }));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
  std::set<int> connections;
  for (const Request& request : server.requests()) connections.insert(request.peer_port);
  EXPECT_LE(connections.size(), 2u);  // kept open
}

TEST_F(ForwarderTest, UP03_TooLargeSegmentIsSetAsideAndTheRestDelivered) {
  const Server server({"--limit", "262144"});
  for (std::uint64_t i = 0; i < 10; ++i) {
    Round round;
    round.blocks = {MakeStoredBlock(0, i, i == 4 ? 220 : 20, 1400)};
    round.close_segments = true;
    ASSERT_TRUE(spool_->Write(round));
  }
  auto forwarder = Start(Options(server.url()));
  ASSERT_TRUE(Wait([&] { return Empty(); }));
  int stored = 0;
  int refused = 0;
  for (const Request& request : server.requests()) {
    stored += request.path.find("segments") != std::string::npos && request.status == 201 ? 1 : 0;
    refused += request.status == 413 ? 1 : 0;
  }
  EXPECT_EQ(stored, 9);
  EXPECT_GE(refused, 1);
  EXPECT_LE(server.requests().size(), 12u);  // one of them tells the gap
  EXPECT_EQ(forwarder->status().quarantined_items, 1u);
  EXPECT_TRUE(std::filesystem::exists(folder_.path() + "/spool/quarantine"));
}

TEST_F(ForwarderTest, UP03_RefusedFlowsAreSplitDownToTheOne) {
  const Server server({"--limit", "3000"});
  Round round;
  round.flows.push_back([](std::uint64_t epoch, std::uint64_t seq, const Seal*) {
    FlowBatch batch{epoch, seq, std::vector<capture::FlowRecord>(8)};
    std::mt19937 random(3);
    batch.flows[5].service.resize(4000);
    for (char& c : batch.flows[5].service) c = static_cast<char>(random());
    return EncodeFlows(batch);
  });
  ASSERT_TRUE(spool_->Write(round));
  auto forwarder = Start(Options(server.url()));
  ASSERT_TRUE(Wait([&] { return Empty(); }));
  EXPECT_EQ(forwarder->status().split_items, 3u);  // 8, 4, 2
  EXPECT_EQ(forwarder->status().quarantined_items, 1u);
  int stored = 0;
  for (const Request& request : server.requests()) stored += request.status == 201 ? 1 : 0;
  EXPECT_EQ(stored, 4);  // 4 + 2 + 1 flows, and the gap record
}

TEST_F(ForwarderTest, ConflictIsSetAsideAndTold) {
  const Server server({"--script", "409,ok"});
  Put(2);
  auto forwarder = Start(Options(server.url()));
  ASSERT_TRUE(Wait([&] { return Empty(); }));
  EXPECT_EQ(forwarder->status().quarantined_items, 1u);
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 3u);
  EXPECT_THAT(requests[1].path, HasSubstr("/facts/"));  // the gap record goes first
}

TEST_F(ForwarderTest, CollectorThatRefusesAllDoesNotLoopFast) {
  const Server server({"--script", "422"});
  ForwarderOptions options = Options(server.url());
  options.backoff.max_ns = 400 * kMilli;
  Put(0, 20);
  auto forwarder = Start(options);
  std::this_thread::sleep_for(std::chrono::seconds(1));
  forwarder->Stop(0);
  EXPECT_LE(server.requests().size(), 12u);
}

TEST_F(ForwarderTest, UP04_RetryAfterIsWaitedFor) {
  const Server server({"--script", "503:Retry-After=1,ok"});
  Put(1);
  auto forwarder = Start(Options(server.url()));
  ASSERT_TRUE(Wait([&] { return !server.requests().empty(); }));
  EXPECT_TRUE(Wait([&] { return forwarder->status().state == "collector answers 503"; }));
  ASSERT_TRUE(Wait([&] { return Empty(); }));
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_GE(requests[1].time - requests[0].time, 0.99);
}

TEST_F(ForwarderTest, UP04_RefusedSegmentsHoldUpNoRecords) {
  const Server server({"--segments", "503:Retry-After=30"});
  Put(0, 0, 3);
  auto forwarder = Start(Options(server.url()));
  ASSERT_TRUE(Wait([&] { return forwarder->status().state == "collector answers 503"; }));
  Put(3, 3);
  EXPECT_TRUE(Wait([&] { return !spool_->Has(Kind::kFacts) && !spool_->Has(Kind::kFlows); }, 5));
  EXPECT_TRUE(Wait([&] { return forwarder->status().state == "collector answers 503 (packets)"; }));
  forwarder->Stop(base::kNanosPerSecond);
  EXPECT_EQ(server.requests().size(), 7u);  // one of them a segment
  EXPECT_TRUE(spool_->Has(Kind::kPackets));
}

TEST_F(ForwarderTest, UP04_SuccessOfRecordsDoesNotShortenTheWaitOfPackets) {
  const Server server({"--segments", "503"});
  ForwarderOptions options = Options(server.url());
  options.backoff = {400 * kMilli, 3200 * kMilli, 1};
  Put(0, 0, 1);
  auto forwarder = Start(options);
  for (int i = 0; i < 60; ++i) {
    Put(1);
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  ASSERT_TRUE(Wait([&] { return !spool_->Has(Kind::kFlows); }));
  forwarder->Stop(0);
  int segments = 0;
  for (const Request& request : server.requests()) segments += request.status == 503 ? 1 : 0;
  EXPECT_GE(segments, 1);
  EXPECT_LE(segments, 8);  // a reset with each success would make it dozens
}

TEST_F(ForwarderTest, UP05_StalledTransferFailsAndIsTriedAgain) {
  const Server server({"--script", "stall,ok"});
  Put(1);
  auto forwarder = Start(Options(server.url()));
  ASSERT_TRUE(Wait([&] { return Empty(); }));
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_LT(requests[1].time - requests[0].time, 10);  // libcurl averages over 5 s
}

TEST_F(ForwarderTest, UP07_BadCertificateGetsNeitherTokenNorBody) {
  for (const char* cert : {"wrongname", "expired", "selfsigned"}) {
    const Server server({"--cert", cert});
    if (!spool_->Has(Kind::kFlows)) Put(1);
    auto forwarder = Start(Options(server.url()));
    ASSERT_TRUE(Wait([&] { return forwarder->status().state.starts_with("certificate refused"); }))
        << cert << ": " << forwarder->status().state;
    forwarder->Stop(0);
    EXPECT_TRUE(server.requests().empty()) << cert;
    EXPECT_TRUE(spool_->Has(Kind::kFlows));
  }
  // And an unknown CA: the system's list does not know ours.
  const Server server;
  ForwarderOptions options = Options(server.url());
  options.http.ca_file.clear();
  auto forwarder = Start(options);
  ASSERT_TRUE(Wait([&] { return forwarder->status().state.starts_with("certificate refused"); }));
  EXPECT_TRUE(server.requests().empty());
}

// A sensor whose clock is behind sees good certificates as not yet valid: it says so, does not
// storm the collector, and keeps what it has.
TEST_F(ForwarderTest, UP08_ClockIsNamedAndDataIsKept) {
  const Server server({"--cert", "future"});
  Put(1);
  auto forwarder = Start(Options(server.url()));
  ASSERT_TRUE(Wait([&] { return forwarder->status().state.starts_with("certificate refused"); }));
  EXPECT_THAT(forwarder->status().state, HasSubstr("not yet valid"));
  EXPECT_THAT(forwarder->status().state, HasSubstr("clock must be right"));
  forwarder->Stop(0);
  EXPECT_TRUE(server.requests().empty());
  EXPECT_TRUE(spool_->Has(Kind::kFlows));
}

TEST_F(ForwarderTest, CollectorMayAskForSegmentsSooner) {
  const Server server({"--script", "201:Tapiary-Segment-Age=1"});
  auto forwarder = Start(Options(server.url()));
  Put(1);
  ASSERT_TRUE(Wait([&] { return Empty(); }));
  PutOpenBlock();
  EXPECT_TRUE(Wait([&] {
    EXPECT_TRUE(spool_->Write({}));
    return forwarder->status().delivered_items == 2;
  }));
}

TEST_F(ForwarderTest, SegmentAgesThatMakeNoSenseAreNotHeard) {
  const Server server({"--script",
                       "201:Tapiary-Segment-Age=0,201:Tapiary-Segment-Age=1x,"
                       "201:Tapiary-Segment-Age=99999999999999999999"});
  auto forwarder = Start(Options(server.url()));
  Put(1);
  ASSERT_TRUE(Wait([&] { return Empty(); }));
  PutOpenBlock();
  std::this_thread::sleep_for(std::chrono::milliseconds(1500));
  ASSERT_TRUE(spool_->Write({}));
  EXPECT_FALSE(spool_->Has(Kind::kPackets));
}

TEST_F(ForwarderTest, UP08_SkewIsMeasuredByTheCollectorsDate) {
  const Server server({"--ahead", "3600"});
  Put(1);
  auto forwarder = Start(Options(server.url()));
  ASSERT_TRUE(Wait([&] { return Empty(); }));
  EXPECT_NEAR(static_cast<double>(forwarder->status().clock_skew_ns), 3600e9, 5e9);
}

TEST_F(ForwarderTest, UP09_ProxyOfTheEnvironmentIsIgnored) {
  setenv("https_proxy", "http://127.0.0.1:9", 1);
  setenv("ALL_PROXY", "http://127.0.0.1:9", 1);
  const Server server;
  Put(1);
  auto forwarder = Start(Options(server.url()));
  EXPECT_TRUE(Wait([&] { return Empty(); }));
  unsetenv("https_proxy");
  unsetenv("ALL_PROXY");
}

TEST_F(ForwarderTest, RefusedTokenKeepsDataAndIsReadAgain) {
  WriteToken("wrong-token", 0600);
  const Server server;
  Put(1);
  testing::internal::CaptureStderr();
  auto forwarder = Start(Options(server.url()));
  EXPECT_TRUE(Wait([&] { return forwarder->status().state == "token refused"; }));
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_NE(log.find(Options(server.url()).token_file + " (uplink.token_file)"), std::string::npos)
      << log;
  EXPECT_TRUE(spool_->Has(Kind::kFlows));
  WriteToken("test-token", 0600);
  ASSERT_TRUE(Wait([&] { return Empty(); }));
  EXPECT_EQ(forwarder->status().state, "ok");
}

TEST_F(ForwarderTest, OutageLosesNothing) {
  int port = 0;
  std::unique_ptr<Forwarder> forwarder;
  {
    const Server server;
    port = server.port();
    Put(2, 0, 2);
    forwarder = Start(Options(server.url()));
    ASSERT_TRUE(Wait([&] { return Empty(); }));
  }
  Put(5, 5, 5);
  ASSERT_TRUE(Wait([&] { return forwarder->status().state.starts_with("unreachable"); }));
  EXPECT_EQ(forwarder->status().delivered_items, 4u);
  const Server server({}, port);
  ASSERT_TRUE(Wait([&] { return Empty(); }));
  EXPECT_EQ(server.requests().size(), 15u);
}

TEST_F(ForwarderTest, StopDeliversWhatIsLeftWithinTheGrace) {
  const Server server;
  auto forwarder = Start(Options(server.url()));
  Put(5);
  // The grace is no wait: it ends when all is delivered.
  EXPECT_LT(timing::Measure([&] { forwarder->Stop(30 * base::kNanosPerSecond); }),
            20 * base::kNanosPerSecond);
  EXPECT_TRUE(Empty());

  const auto stop_when_stalled = [&] {
    const Server stalled({"--script", "stall"});
    ForwarderOptions options = Options(stalled.url());
    options.http.stall_ns = 60 * base::kNanosPerSecond;
    forwarder = Start(options);
    Put(1);
    EXPECT_TRUE(Wait([&] { return !stalled.requests().empty(); }));
    return timing::Measure([&] { forwarder->Stop(300 * kMilli); });
  };
  EXPECT_LT(timing::Shortest(base::kNanosPerSecond, stop_when_stalled), base::kNanosPerSecond);
  EXPECT_TRUE(spool_->Has(Kind::kFlows));
}

TEST_F(ForwarderTest, BandwidthIsLimited) {
  const Server server;
  ForwarderOptions options = Options(server.url());
  options.http.bytes_per_s = 400'000;  // half of it for packets
  Round round;
  round.blocks = {MakeStoredBlock(0, 0, 280, 1400)};
  round.close_segments = true;
  ASSERT_TRUE(spool_->Write(round));
  const auto begin = std::chrono::steady_clock::now();
  auto forwarder = Start(options);
  ASSERT_TRUE(Wait([&] { return Empty(); }));
  EXPECT_GT(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(900));
}

TEST_F(ForwarderTest, WrongOptionsAreNamed) {
  const auto fails = [&](const ForwarderOptions& options) {
    const auto made = Forwarder::Make(options, *spool_);
    return made ? std::string("made") : made.error().message;
  };
  ForwarderOptions options = Options("http://127.0.0.1:1");
  EXPECT_THAT(fails(options), HasSubstr("https://"));
  options = Options("no url at all");
  EXPECT_THAT(fails(options), HasSubstr("URL"));
  options = Options("https://127.0.0.1:1");
  options.http.ca_file = "/nowhere/ca.pem";
  EXPECT_THAT(fails(options), HasSubstr("/nowhere/ca.pem"));
  WriteToken("test-token", 0640);
  options = Options("https://127.0.0.1:1");
  EXPECT_THAT(fails(options), HasSubstr("chmod 600"));
  WriteToken("two words", 0600);
  EXPECT_THAT(fails(options), HasSubstr("no token"));
}

}  // namespace
}  // namespace tapiary::uplink
