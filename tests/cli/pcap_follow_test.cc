// A live tail of the CLI through answers that break off, a collector that restarts, a reader who
// leaves.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fcntl.h>
#include <unistd.h>

#include <mutex>
#include <random>
#include <thread>

#include "cli/pcap_query.h"
#include "tests/cli/capture_bytes.h"
#include "tests/cli/collector_fixture.h"

namespace tapiary::cli {
namespace {

using base::ErrorCode;
using server::BodySource;
using server::Request;
using server::Response;
using testing::HasSubstr;

// Gives `bytes` bytes, and then the end or a broken connection.
class Cut : public BodySource {
 public:
  Cut(std::string text, std::size_t bytes) : text_(std::move(text)), breaks_(bytes < text_.size()) {
    text_.resize(std::min(bytes, text_.size()));
  }
  base::Result<std::size_t> Read(std::span<char> buffer) override {
    if (at_ == text_.size() && breaks_) return base::MakeError(ErrorCode::kIo, "broken");
    const std::size_t size = std::min({buffer.size(), text_.size() - at_, std::size_t{100}});
    std::copy_n(text_.begin() + static_cast<std::ptrdiff_t>(at_), size, buffer.begin());
    at_ += size;
    return size;
  }

 private:
  std::string text_;
  bool breaks_;
  std::size_t at_ = 0;
};

class PcapFollowTest : public CollectorFixture {
 protected:
  static constexpr int kPackets = 400;

  // Each question finds some packets more than the last one; answers break off here and there.
  Response Answer(const Request& request) {
    const std::lock_guard lock(mutex_);
    Response response;
    const std::string live = request.query.at("live");
    if (live == "start") {
      response.headers.emplace_back("Tapiary-Live", "0");
      response.body = CaptureBytes().Section().str();
      return response;
    }
    const int first = std::stoi(live);
    const auto until = request.query.find("until");
    if (until == request.query.end()) stored_ = std::min(stored_ + 7, kPackets);
    const int last = until == request.query.end() ? stored_ : std::stoi(until->second);
    CaptureBytes bytes;
    bytes.Section();
    // Interfaces come in another order each time.
    for (int i = 0; i < 3; ++i) bytes.Interface("s" + std::to_string((first + i) % 3));
    for (int i = first; i < last; ++i) {
      bytes.Packet(static_cast<std::uint32_t>((i + 3 - first % 3) % 3), std::to_string(i), i);
    }
    response.headers.emplace_back("Tapiary-Live", std::to_string(last));
    const std::string text = bytes.str();
    const bool breaks = random_() % 3 == 0;
    broken_ += breaks ? 1 : 0;
    response.stream = std::make_unique<Cut>(text, breaks ? random_() % text.size() : text.size());
    return response;
  }
  void ServeTail() {
    Serve([this](const Request& request, BodySource&) { return Answer(request); });
  }
  // Reads `packets` from the FIFO and leaves.
  std::vector<std::string> ReadPackets(const std::string& path, std::size_t packets) {
    const base::UniqueFd fd(open(path.c_str(), O_RDONLY));
    std::vector<std::string> got;
    std::vector<std::string> names;
    std::string bytes;
    char buffer[4096];
    for (ssize_t size = 0;
         got.size() < packets && (size = read(fd.get(), buffer, sizeof buffer)) > 0;) {
      bytes.append(buffer, static_cast<std::size_t>(size));
      while (bytes.size() >= 12) {
        const auto word = [&](std::size_t at) {
          std::uint32_t value = 0;
          std::memcpy(&value, bytes.data() + at, 4);
          return value;
        };
        if (bytes.size() < word(4)) break;
        if (word(0) == 0x0a0d0d0a) ++sections_;
        if (word(0) == 1) names.push_back(bytes.substr(20, 2));
        if (word(0) == 6) got.push_back(names.at(word(8)) + " " + bytes.substr(28, word(20)));
        bytes.erase(0, word(4));
      }
    }
    return got;
  }

  std::mutex mutex_;
  std::mt19937 random_{5};  // NOLINT: the same each time
  int stored_ = 0;
  int broken_ = 0;
  int sections_ = 0;
};

TEST_F(PcapFollowTest, EachPacketOnceThroughBrokenAnswers) {
  ServeTail();
  ASSERT_EQ(mkfifo(Path("fifo").c_str(), 0600), 0);
  std::vector<std::string> got;
  std::thread reader([&] { got = ReadPackets(Path("fifo"), kPackets); });
  PcapOptions options{.collector = Options(), .output = Path("fifo"), .follow = true};
  auto output = CaptureOutput::Open(options.output);
  ASSERT_TRUE(output);
  const auto done = FollowPcap(options, *output, 1);
  reader.join();
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(*done, ExitCode::kOk);
  ASSERT_EQ(got.size(), static_cast<std::size_t>(kPackets));
  for (int i = 0; i < kPackets; ++i) {
    EXPECT_EQ(got[static_cast<std::size_t>(i)],
              "s" + std::to_string(i % 3) + " " + std::to_string(i));
  }
  EXPECT_EQ(sections_, 1);
  EXPECT_GT(broken_, 10);
}

TEST_F(PcapFollowTest, AReaderWhoLeavesWhileNothingComesEndsIt) {
  Serve([](const Request& request, BodySource&) {
    Response response;
    response.headers.emplace_back("Tapiary-Live",
                                  request.query.at("live") == "start" ? "7" : "7:3");
    response.body = CaptureBytes().Section().str();
    return response;
  });
  ASSERT_EQ(mkfifo(Path("fifo").c_str(), 0600), 0);
  std::thread reader([&] {
    const base::UniqueFd fd(open(Path("fifo").c_str(), O_RDONLY));
    char byte = 0;
    EXPECT_EQ(read(fd.get(), &byte, 1), 1);  // the section's header comes though no packet does
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
  });
  PcapOptions options{.collector = Options(), .output = Path("fifo"), .follow = true};
  auto output = CaptureOutput::Open(options.output);
  const auto done = FollowPcap(options, *output, 50);
  reader.join();
  ASSERT_TRUE(done);
  EXPECT_EQ(*done, ExitCode::kOk);
}

TEST_F(PcapFollowTest, WhatWillNotGetBetterEndsIt) {
  int asked = 0;
  Serve([&asked](const Request&, BodySource&) {
    if (++asked > 1) return server::Problem(403, "Not allowed", "the token was revoked");
    Response response;
    response.headers.emplace_back("Tapiary-Live", "7");
    response.body = CaptureBytes().Section().str();
    return response;
  });
  PcapOptions options{.collector = Options(), .output = Path("out"), .follow = true};
  auto output = CaptureOutput::Open(options.output);
  auto done = FollowPcap(options, *output, 1);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::kPermission);
  EXPECT_THAT(done.error().message, HasSubstr("the token was revoked"));
  // Nobody there at the beginning is no reason to wait either.
  server_->Stop();
  done = FollowPcap(options, *output, 1);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace tapiary::cli
