// Publishing to a broker that behaves as told; what it reads is the protocol, byte by byte.
#include "server/alert/hpfeeds.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <mutex>

#include "base/text.h"
#include "tests/base/temp_folder.h"
#include "tests/server/support/loopback_listener.h"

namespace tapiary::server::test {
namespace {

using testing::HasSubstr;

// Greets, reads for a while, answers and closes.
class Broker {
 public:
  struct Manner {
    std::string greeting = std::string("\0\0\0\x0e\1\4hive", 10) + "\x11\x22\x33\x44";
    std::string answer{};       // after the first bytes that came
    bool closes_first = false;  // as brokers do that know no such key
    bool resets = false;
  };
  explicit Broker(Manner manner) : manner_(std::move(manner)) {}
  [[nodiscard]] std::uint16_t port() const { return listener_.port(); }
  std::string read() {
    const std::lock_guard lock(mutex_);
    return read_;
  }

 private:
  void Serve(int fd) {
    LimitReads(fd, {2, 0});
    const auto send = [fd](const std::string& text) {
      (void)!::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
    };
    send(manner_.greeting);
    char buffer[4096];
    for (;;) {
      const ssize_t got = ::recv(fd, buffer, sizeof buffer, 0);
      if (got <= 0) break;
      const std::lock_guard lock(mutex_);
      read_.append(buffer, static_cast<std::size_t>(got));
      if (!manner_.answer.empty()) send(std::exchange(manner_.answer, ""));
      if (manner_.closes_first || manner_.resets) break;
    }
    if (manner_.resets) {
      const linger now{1, 0};
      ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    }
    ::close(fd);
  }

  Manner manner_;
  std::mutex mutex_;
  std::string read_;                                          // guarded by mutex_
  LoopbackListener listener_{[this](int fd) { Serve(fd); }};  // last: uses the others
};

class Hpfeeds : public testing::Test {
 protected:
  void SetUp() override {
    std::signal(SIGPIPE, SIG_IGN);  // as the collector does
    target_.name = "hive";
    target_.kind = TargetKind::kHpfeeds;
    target_.host = "hive.test";
    target_.ident = "tapiary";
    target_.channel = "ot.alerts";
    target_.secret_file = folder_.File("key", "s3cret\n");
    std::filesystem::permissions(target_.secret_file, std::filesystem::perms::owner_read);
    limits_.close_ns = 400 * base::kNanosPerMilli;
  }
  std::string Publish(std::uint16_t port, const std::vector<std::string>& payloads = {"{}"}) {
    target_.port = port;
    const auto failure = PublishHpfeeds(
        target_,
        [](const std::string&) -> base::Result<std::vector<std::string>> {
          return std::vector<std::string>{"127.0.0.1"};
        },
        limits_, payloads, stop_);
    return failure ? failure->reason : "";
  }
  base::TempFolder folder_;
  AlertTarget target_;
  LinkLimits limits_;
  std::atomic<bool> stop_{false};
};

// SHA-1 of the nonce and the key, by another program: printf '\x11\x22\x33\x44s3cret' | sha1sum
TEST_F(Hpfeeds, ProvesItsKeyAndPublishesEachPayload) {
  Broker broker({});
  EXPECT_EQ(Publish(broker.port(), {"{\"a\":1}", "b"}), "");
  EXPECT_EQ(base::ToHex(base::AsBytes(broker.read())),
            "000000210207746170696172795a1ecfb6000957e973ccb2aa300841825e86c676"
            "0000001e030774617069617279096f742e616c657274737b2261223a317d"
            "00000018030774617069617279096f742e616c6572747362");
}

TEST_F(Hpfeeds, ARefusalIsAFailureInTheBrokersWords) {
  const std::string says = "auth\x1b[31mfail";
  Broker broker({.answer = std::string("\0\0\0\x12\0", 5) + says});
  EXPECT_EQ(Publish(broker.port()), "the broker says 'auth\\x1b[31mfail'");
}

TEST_F(Hpfeeds, AnEndBeforeOursIsARefusal) {
  Broker broker({.closes_first = true});
  EXPECT_THAT(Publish(broker.port()), HasSubstr("no such ident, key or channel"));
}

TEST_F(Hpfeeds, ABrokenConnectionIsAFailure) {
  Broker broker({.resets = true});
  EXPECT_NE(Publish(broker.port()), "");
}

TEST_F(Hpfeeds, WhatIsNoBrokerGetsNothing) {
  for (const std::string& greeting :
       {std::string("SSH-2.0-OpenSSH_9.2\r\n"), std::string("\0\0\0\4\1", 5),
        std::string("\x7f\xff\xff\xff\1", 5), std::string("\0\0\0\7\1\xffx", 7),
        std::string("\0\0\0\5\1", 5), std::string("\0\0\0\6\2\0", 6)}) {
    Broker other({.greeting = greeting});
    EXPECT_THAT(Publish(other.port()), HasSubstr("hpfeeds")) << base::EscapeBytes(greeting);
    EXPECT_EQ(other.read(), "");
  }
}

TEST_F(Hpfeeds, ASilentOneDoesNotHoldIt) {
  Broker silent({.greeting = ""});
  limits_.total_ns = 300 * base::kNanosPerMilli;
  EXPECT_EQ(Publish(silent.port()), "no progress in time");
}

TEST_F(Hpfeeds, KeyThatOthersMayReadIsNotUsed) {
  Broker broker({});
  std::filesystem::permissions(target_.secret_file, std::filesystem::perms::others_read,
                               std::filesystem::perm_options::add);
  EXPECT_THAT(Publish(broker.port()), HasSubstr("mode 600"));
  EXPECT_EQ(broker.read(), "");
}

}  // namespace
}  // namespace tapiary::server::test
