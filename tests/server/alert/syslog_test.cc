#include "server/alert/syslog.h"

#include <gtest/gtest.h>

#include <csignal>
#include <memory>

#include "server/http/certificate.h"
#include "tests/base/temp_folder.h"
#include "tests/server/alert/receiver.h"

namespace tapiary::server::test {
namespace {

using Manner = SyslogReceiver::Manner;

class Syslog : public testing::Test {
 protected:
  void SetUp() override {
    std::signal(SIGPIPE, SIG_IGN);  // as the collector does
    target_.name = "siem";
    target_.host = "log.test";
    target_.kind = TargetKind::kSyslogTcp;
    limits_.close_ns = 300 * base::kNanosPerMilli;
  }
  std::string Send(std::uint16_t port, const std::vector<std::string>& messages = {"<1>a", "bb"}) {
    target_.port = port;
    const auto failure = SendSyslog(
        target_,
        [this](const std::string&) -> base::Result<std::vector<std::string>> { return addresses_; },
        limits_, messages, stop_);
    return failure ? failure->reason : "";
  }
  AlertTarget target_;
  LinkLimits limits_;
  std::vector<std::string> addresses_{"127.0.0.1"};
  std::atomic<bool> stop_{false};
};

TEST_F(Syslog, TcpCountsOctets) {
  SyslogReceiver receiver(Manner::kReads);
  EXPECT_EQ(Send(receiver.port()), "");
  EXPECT_EQ(receiver.text(), "4 <1>a2 bb");
}

TEST_F(Syslog, ALargeBatchArrivesWhole) {
  SyslogReceiver receiver(Manner::kReads);
  const std::vector<std::string> many(50, std::string(4096, 'm'));
  EXPECT_EQ(Send(receiver.port(), many), "");
  EXPECT_EQ(receiver.text().size(), 50u * (4096 + 5));
}

TEST_F(Syslog, AReceiverThatBreaksTheConnectionHasNotGotIt) {
  SyslogReceiver receiver(Manner::kResets);
  EXPECT_NE(Send(receiver.port()), "");
}

TEST_F(Syslog, AReceiverThatKeepsTheConnectionHasGotIt) {
  SyslogReceiver receiver(Manner::kKeeps);
  EXPECT_EQ(Send(receiver.port()), "");
  EXPECT_EQ(receiver.text(), "4 <1>a2 bb");
}

TEST_F(Syslog, ADeafReceiverDoesNotHoldIt) {
  SyslogReceiver receiver(Manner::kDeaf);
  limits_.total_ns = 400 * base::kNanosPerMilli;
  const std::vector<std::string> many(5000, std::string(4096, 'm'));
  EXPECT_EQ(Send(receiver.port(), many), "no progress in time");
}

TEST_F(Syslog, NobodyThereIsAFailure) {
  std::uint16_t port = 0;
  {
    const SyslogReceiver gone(Manner::kReads);
    port = gone.port();
  }
  EXPECT_NE(Send(port), "");
  addresses_.clear();
  EXPECT_NE(Send(port), "");
  stop_ = true;
  addresses_ = {"127.0.0.1"};
  EXPECT_NE(Send(port), "");
}

TEST_F(Syslog, TheNextAddressIsTried) {
  SyslogReceiver receiver(Manner::kReads);
  addresses_ = {"127.0.0.3", "127.0.0.1"};
  EXPECT_EQ(Send(receiver.port()), "");
  EXPECT_EQ(receiver.text(), "4 <1>a2 bb");
}

TEST_F(Syslog, UdpSendsOneDatagramAMessage) {
  const int fd = ::socket(AF_INET, SOCK_DGRAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), size), 0);
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  target_.kind = TargetKind::kSyslogUdp;
  EXPECT_EQ(Send(ntohs(address.sin_port)), "");
  char buffer[100];
  EXPECT_EQ(::recv(fd, buffer, sizeof buffer, MSG_DONTWAIT), 4);
  EXPECT_EQ(::recv(fd, buffer, sizeof buffer, MSG_DONTWAIT), 2);
  ::close(fd);
}

class SyslogTls : public Syslog {
 protected:
  void SetUp() override {
    Syslog::SetUp();
    const std::string certificate = folder_.path() + "/c.pem";
    const std::string key = folder_.path() + "/k.pem";
    ASSERT_TRUE(EnsureCertificate(certificate, key, {"log.test"}));
    tls_.reset(SSL_CTX_new(TLS_server_method()));
    ASSERT_EQ(SSL_CTX_use_certificate_chain_file(tls_.get(), certificate.c_str()), 1);
    ASSERT_EQ(SSL_CTX_use_PrivateKey_file(tls_.get(), key.c_str(), SSL_FILETYPE_PEM), 1);
    target_.kind = TargetKind::kSyslogTls;
    target_.ca_file = certificate;
  }
  base::TempFolder folder_;
  std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> tls_{nullptr, SSL_CTX_free};
};

TEST_F(SyslogTls, Delivers) {
  SyslogReceiver receiver(Manner::kReads, tls_.get());
  EXPECT_EQ(Send(receiver.port()), "");
  EXPECT_EQ(receiver.text(), "4 <1>a2 bb");
  target_.host = "127.0.0.1";
  EXPECT_EQ(Send(receiver.port()), "");
}

TEST_F(SyslogTls, TheReceiverMustBeTheOneThatIsMeant) {
  SyslogReceiver receiver(Manner::kReads, tls_.get());
  target_.host = "other.test";
  EXPECT_NE(Send(receiver.port()).find("certificate verify failed"), std::string::npos);
  target_.host = "log.test";
  target_.ca_file.clear();
  EXPECT_NE(Send(receiver.port()).find("certificate verify failed"), std::string::npos);
  EXPECT_EQ(receiver.text(), "");
}

TEST_F(SyslogTls, AReceiverThatWantsACertificateHasNotGotIt) {
  SSL_CTX_set_verify(tls_.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  SyslogReceiver receiver(Manner::kReads, tls_.get());
  EXPECT_NE(Send(receiver.port()), "");
}

TEST_F(SyslogTls, AReceiverWithoutTlsIsRefused) {
  SyslogReceiver receiver(Manner::kReads);
  EXPECT_NE(Send(receiver.port()), "");
  EXPECT_EQ(receiver.text().find("<1>a"), std::string::npos);
}

TEST_F(SyslogTls, ABrokenConnectionIsAFailure) {
  SyslogReceiver receiver(Manner::kResets, tls_.get());
  EXPECT_NE(Send(receiver.port()), "");
}

}  // namespace
}  // namespace tapiary::server::test
