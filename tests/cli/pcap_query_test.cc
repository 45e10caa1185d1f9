// Downloads of the CLI against the real HTTP server: whole, broken, with parts missing.
#include "cli/pcap_query.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "tests/cli/capture_bytes.h"
#include "tests/cli/collector_fixture.h"

namespace tapiary::cli {
namespace {

using base::ErrorCode;
using server::BodySource;
using server::Request;
using server::Response;
using testing::HasSubstr;

// The bytes, and then the end or a broken connection.
class Bytes : public BodySource {
 public:
  Bytes(std::string bytes, bool breaks) : bytes_(std::move(bytes)), breaks_(breaks) {}
  base::Result<std::size_t> Read(std::span<char> buffer) override {
    if (bytes_.empty() && breaks_) return base::MakeError(ErrorCode::kIo, "rotten");
    const std::size_t size = bytes_.copy(buffer.data(), buffer.size());
    bytes_.erase(0, size);
    return size;
  }

 private:
  std::string bytes_;
  bool breaks_;
};

class PcapQueryTest : public CollectorFixture {
 protected:
  void Answer(std::string bytes, bool breaks = false) {
    Serve([bytes, breaks, this](const Request& request, BodySource&) {
      asked_ = request.path;
      for (const auto& [name, value] : request.query) asked_ += " " + name + "=" + value;
      Response response;
      response.stream = std::make_unique<Bytes>(bytes, breaks);
      return response;
    });
  }
  base::Result<ExitCode> Run(PcapOptions options) {
    options.collector = Options();
    if (options.output.empty()) options.output = Path("out");
    TAPIARY_TRY(CheckPcapOptions(options));
    TAPIARY_ASSIGN(CaptureOutput output, CaptureOutput::Open(options.output));
    return DownloadPcap(options, output);
  }
  std::string Written() const { return *base::ReadFile(Path("out"), 100u << 20); }
  std::string asked_;
};

std::string Sample(int packets) {
  CaptureBytes bytes;
  bytes.Section().Interface("a:x");
  for (int i = 0; i < packets; ++i) bytes.Packet(0, "packet " + std::to_string(i), i);
  return bytes.str();
}

TEST_F(PcapQueryTest, AsksForWhatIsWantedAndWritesIt) {
  Answer(Sample(3));
  const auto done = Run(
      {.filter = {"tcp.port", "==", "502", "||", "udp"}, .sensor = "pl\"ant\\\x01", .last = "7d"});
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(*done, ExitCode::kOk);
  EXPECT_EQ(Written(), Sample(3));
  EXPECT_EQ(asked_,
            "/api/v1/pcap filter=(tcp.port == 502 || udp) && sensor == \"pl\\\"ant\\\\\\x01\" "
            "format=pcapng last=7d");
}

TEST_F(PcapQueryTest, OptionsThatDoNotGoTogetherAreRefused) {
  const PcapOptions cases[] = {{.filter = {"udp"}, .flow = "a.1.2"},
                               {.flow = "a.1.2", .last = "1h"},
                               {.sensor = "a", .flow = "a.1.2"},
                               {.flow = "a.1.2", .follow = true},
                               {.from = "2026-01-01", .follow = true},
                               {.clock = "sensor", .follow = true},
                               {.microseconds = true}};
  for (const PcapOptions& options : cases) {
    const auto checked = CheckPcapOptions(options);
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().code, ErrorCode::kInvalid);
  }
}

TEST_F(PcapQueryTest, ABrokenDownloadIsToldWithWhatThereIs) {
  const std::string whole = Sample(1000);
  Answer(whole.substr(0, whole.size() - 10), true);
  const auto done = Run({});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(done.error().message, HasSubstr("this is a part, "));
  // What is there is a file of whole packets.
  const std::string written = Written();
  EXPECT_EQ(written, whole.substr(0, written.size()));
  EXPECT_LT(written.size(), whole.size());
  std::size_t size = 0;
  for (int packets = 0; packets <= 1000 && size != written.size(); ++packets) {
    size = Sample(packets).size();
  }
  EXPECT_EQ(size, written.size());
}

TEST_F(PcapQueryTest, AnEndInTheMiddleOfABlockIsAnErrorToo) {
  Answer(Sample(5).substr(0, Sample(5).size() - 4));
  const auto done = Run({});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::kCorrupt);
  EXPECT_THAT(done.error().message, HasSubstr("this is a part, 4 packets"));
  EXPECT_EQ(Written(), Sample(4));
}

TEST_F(PcapQueryTest, WhatTheVaultLostIsAFailure) {
  Answer(CaptureBytes()
             .Section("MISSING: block 8 of segment 3")
             .Interface("a:x")
             .Packet(0, "one")
             .str());
  const auto done = Run({});
  ASSERT_TRUE(done);
  EXPECT_EQ(*done, ExitCode::kFailed);
}

TEST_F(PcapQueryTest, AWrongFilterLeavesTheFileAlone) {
  std::ofstream(Path("out")) << "precious";
  Serve([](const Request&, BodySource&) {
    return server::Problem(400, "Filter not understood", "at 3");
  });
  const auto done = Run({.filter = {"tcp", "&&"}});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::kInvalid);
  EXPECT_EQ(Written(), "precious");
}

TEST_F(PcapQueryTest, AFlowByItsId) {
  Serve({{.method = "GET",
          .pattern = "/api/v1/flows/{id}/pcap",
          .scope = server::Scope::kViewer,
          .handler = [this](const Request& request, BodySource&) {
            asked_ = request.path_params.at("id");
            Response response;
            response.body = CaptureBytes().PcapHeader().Record("x").str();
            return response;
          }}});
  const auto done = Run({.flow = "plant-a.7.1", .format = "pcap"});
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(asked_, "plant-a.7.1");
  EXPECT_EQ(Written(), CaptureBytes().PcapHeader().Record("x").str());
}

}  // namespace
}  // namespace tapiary::cli
