#include "cli/meter.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "capture/label/labeler.h"

namespace tapiary::cli {
namespace {

// A pcap of two Ethernet frames of one UDP flow, `cut` bytes short.
class MeterVerb : public ::testing::Test {
 protected:
  void SetUp() override {
    path_ = ::testing::TempDir() + "tapiary-meter-" + std::to_string(getpid()) + ".pcap";
    std::string file("\xd4\xc3\xb2\xa1\x02\x00\x04\x00\0\0\0\0\0\0\0\0\xff\xff\0\0\x01\0\0\0", 24);
    for (int i = 0; i < 2; ++i) {
      file += std::string("\x10\0\0\0\0\0\0\0\x2a\0\0\0\x2a\0\0\0", 16);
      file += std::string("\x02\0\0\0\0\x02\x02\0\0\0\0\x01\x08\0", 14);
      file += std::string("\x45\0\0\x1c\0\0\0\0\x40\x11\0\0\x0a\0\0\x01\x0a\0\0\x02", 20);
      file += std::string("\x13\x88\x17\x70\0\x08\0\0", 8);
    }
    Write(file);
  }
  void TearDown() override { unlink(path_.c_str()); }
  void Write(const std::string& bytes) const {
    std::ofstream(path_, std::ios::binary | std::ios::trunc) << bytes;
  }
  void Cut(std::size_t bytes) const {
    std::ifstream in(path_, std::ios::binary);
    std::string file((std::istreambuf_iterator<char>(in)), {});
    file.resize(file.size() - bytes);
    Write(file);
  }
  base::Result<ExitCode> RunVerb(std::vector<std::string> arguments) {
    CLI::App app;
    cli::Run run;
    ConfigureMeter(app, &run);
    std::reverse(arguments.begin(), arguments.end());
    app.parse(arguments);
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    const base::Result<ExitCode> result = run();
    std::fflush(stdout);
    out_ = ::testing::internal::GetCapturedStdout();
    err_ = ::testing::internal::GetCapturedStderr();
    return result;
  }
  std::string path_, out_, err_;
};

TEST_F(MeterVerb, NoiseListsNameFlows) {
  const std::string list = path_ + ".list";
  std::ofstream(list) << "# scanners\n10.0.0.0/30, known\n10.0.0.2,gone,1969-12-31\n";
  ASSERT_EQ(*RunVerb({path_, "--format", "ndjson", "--noise", list}), ExitCode::kOk);
  EXPECT_NE(out_.find(R"("noise":"known")"), std::string::npos);
  // A second list comes after the first; options choose flows.
  const std::string other = list + "=other,port=9";
  ASSERT_EQ(*RunVerb({path_, "--format", "ndjson", "--noise", other}), ExitCode::kOk);
  EXPECT_NE(out_.find(R"("noise":null)"), std::string::npos);
  ASSERT_EQ(*RunVerb({"--noise", other, "--noise", list, path_, "--format", "csv"}), ExitCode::kOk);
  EXPECT_NE(out_.find("known"), std::string::npos);
  std::ofstream(list) << "10.0.0.0/30\nscanner\n";
  const auto bad = RunVerb({path_, "--noise", list});
  ASSERT_FALSE(bad);
  EXPECT_NE(bad.error().message.find(".list:2: 'scanner'"), std::string::npos);
  EXPECT_FALSE(RunVerb({path_, "--noise", list + ",store=perhaps"}));
  unlink(list.c_str());
}

TEST_F(MeterVerb, LabelsAreMadeUnlessTurnedOff) {
  using namespace std::string_literals;
  const std::string query =
      "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03plc\x07"s
      "example\x00\x00\x01\x00\x01"s;
  const auto udp = static_cast<char>(8 + query.size()), ip = static_cast<char>(28 + query.size());
  const auto frame = static_cast<char>(42 + query.size());
  Write("\xd4\xc3\xb2\xa1\x02\x00\x04\x00\0\0\0\0\0\0\0\0\xff\xff\0\0\x01\0\0\0"s +
        "\x10\0\0\0\0\0\0\0"s + frame + "\0\0\0"s + frame + "\0\0\0"s +
        "\x02\0\0\0\0\x02\x02\0\0\0\0\x01\x08\0"s + "\x45\0\0"s + ip +
        "\0\0\0\0\x40\x11\0\0\x0a\0\0\x01\x0a\0\0\x02"s + "\x13\x88\x17\x70\0"s + udp + "\0\0"s +
        query);
  ASSERT_EQ(*RunVerb({path_, "--format", "ndjson"}), ExitCode::kOk);
  const bool named = out_.find(R"("labels":{"dns.query":"plc.example"})") != std::string::npos;
  EXPECT_EQ(named, capture::LabelsBuilt());
  EXPECT_EQ(out_.find(R"("service":"dns","service_by":"content")") != std::string::npos, named);
  ASSERT_EQ(*RunVerb({path_, "--format", "ndjson", "--no-labels"}), ExitCode::kOk);
  EXPECT_NE(out_.find(R"("labels":{})"), std::string::npos);
  EXPECT_NE(out_.find(R"("service":null)"), std::string::npos);
}

TEST_F(MeterVerb, PrintsFlows) {
  ASSERT_EQ(*RunVerb({path_, "--format", "ndjson"}), ExitCode::kOk);
  EXPECT_NE(out_.find(R"("proto":"udp")"), std::string::npos);
  EXPECT_NE(out_.find(R"("packets":2)"), std::string::npos);
  EXPECT_EQ(err_, "");
}

TEST_F(MeterVerb, AllOutputsComeFromOneRun) {
  ASSERT_EQ(*RunVerb({path_, "--format", "ndjson", "--output", "all"}), ExitCode::kOk);
  EXPECT_EQ(out_.find(R"({"flow":{)"), 0u);
  EXPECT_NE(out_.find(R"({"summary":{"file":)"), std::string::npos);
}

TEST_F(MeterVerb, RD07_CutTailIsANoteAndNoFailure) {
  Cut(3);
  ASSERT_EQ(*RunVerb({path_, "--format", "ndjson", "--output", "summary"}), ExitCode::kOk);
  EXPECT_NE(out_.find(R"("packets":1)"), std::string::npos);
  EXPECT_NE(out_.find(R"("end_is_cut":true)"), std::string::npos);
  EXPECT_NE(err_.find("truncated"), std::string::npos);
}

TEST_F(MeterVerb, UnreadableFileFailsAndTheOthersAreMetered) {
  ASSERT_EQ(*RunVerb({path_ + ".none", path_, "--format", "ndjson"}), ExitCode::kFailed);
  EXPECT_NE(out_.find(R"("id":"2.0")"), std::string::npos);
  EXPECT_NE(err_.find(".none"), std::string::npos);
  Write("this is no capture file at all, is it");
  EXPECT_EQ(*RunVerb({path_}), ExitCode::kFailed);
}

TEST_F(MeterVerb, ErrorsNameTheFileOnce) {
  const auto names = [this](const std::string& name) {
    std::size_t count = 0;
    for (std::size_t at = 0; (at = err_.find(name, at)) != std::string::npos; ++at) ++count;
    return count;
  };
  ASSERT_EQ(*RunVerb({path_ + ".none"}), ExitCode::kFailed);
  EXPECT_EQ(err_, "tapiary: " + path_ + ".none: open: No such file or directory\n");
  ASSERT_EQ(*RunVerb({::testing::TempDir()}), ExitCode::kFailed);
  EXPECT_EQ(err_, "tapiary: " + ::testing::TempDir() + ": is a folder\n");
  Write("this is no capture file at all, is it");
  ASSERT_EQ(*RunVerb({path_}), ExitCode::kFailed);
  EXPECT_EQ(names(path_), 1u);
  EXPECT_NE(err_.find(": not a pcap or pcapng file"), std::string::npos);
}

TEST_F(MeterVerb, RD07_CutBeforeTheHeaderIsAFailure) {
  Write(std::string("\xd4\xc3\xb2\xa1\x02\x00\x04\x00\0\0", 10));
  EXPECT_EQ(*RunVerb({path_, "--format", "ndjson"}), ExitCode::kFailed);
  EXPECT_NE(err_.find("truncated"), std::string::npos);
  Write(std::string("\x28\xb5\x2f\xfd\x04", 5));  // the begin of a zstd frame
  EXPECT_EQ(*RunVerb({path_, "--format", "ndjson"}), ExitCode::kFailed);
  EXPECT_EQ(*RunVerb({"/dev/null", "--format", "ndjson"}), ExitCode::kFailed);
  EXPECT_NE(err_, "");
  SetUp();
  Cut(116);  // the header alone: a capture without packets
  EXPECT_EQ(*RunVerb({path_, "--format", "ndjson"}), ExitCode::kOk);
}

TEST_F(MeterVerb, MistakesInOptionsComeBeforeAnyFile) {
  base::Result<ExitCode> result = RunVerb({path_, "--idle-timeout", "0s"});
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().message, "--idle-timeout must be more than 0s, not 0s");
  result = RunVerb({path_, "--active-timeout", "soon"});
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().message.find("--active-timeout: "), 0u);
  EXPECT_FALSE(RunVerb({path_, "--filter", "nonsense words"}).has_value());
  EXPECT_FALSE(RunVerb({path_, "--output", "all", "--format", "csv"}).has_value());
  EXPECT_EQ(out_ + err_, "");
}

TEST_F(MeterVerb, HelpShowsNoNumbersForNames) {
  CLI::App app;
  cli::Run run;
  ConfigureMeter(app, &run);
  EXPECT_EQ(app.help().find("->"), std::string::npos) << app.help();
  EXPECT_NE(app.help().find("--output"), std::string::npos);
}

TEST_F(MeterVerb, FilterAndBadOptions) {
  ASSERT_EQ(*RunVerb({path_, "--format", "ndjson", "--filter", "tcp"}), ExitCode::kOk);
  EXPECT_EQ(out_, "");
  EXPECT_FALSE(RunVerb({path_, "--idle-timeout", "5"}).has_value());
  CLI::App app;
  cli::Run run;
  ConfigureMeter(app, &run);
  EXPECT_THROW(app.parse(std::vector<std::string>{"nothing", "--output"}), CLI::ParseError);
}

}  // namespace
}  // namespace tapiary::cli
