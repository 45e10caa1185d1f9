// nDPI behind the labeler, and labels through the meter on an OT port.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "base/text.h"
#include "capture/label/labeler.h"
#include "tests/capture/label/conversations.h"
#include "tests/capture/support/meter_run.h"

namespace tapiary::capture {
namespace {

using base::AsBytes;
using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

std::vector<std::uint8_t> Copy(std::string_view text) {
  return {text.begin(), text.end()};
}

class Labels : public testing::Test {
 protected:
  // What a TCP conversation on port 502 says; true: from the client.
  FlowRecord Talk(const std::vector<std::pair<bool, std::string>>& said, bool handshake = true) {
    test::PacketList packets;
    test::TcpTalk talk(packets);
    if (handshake) talk.Handshake();
    for (const auto& [client, text] : said) talk.Send(client, Copy(text), 0x18);
    talk.Close();
    return Run(packets);
  }
  FlowRecord Run(test::PacketList& packets) {
    MeterOptions options{.active_timeout_ns = 0};
    options.labels = true;
    auto run = test::RunMeter(packets, options);
    EXPECT_EQ(run.records.flows.size(), 1u);
    return run.records.flows.empty() ? FlowRecord() : run.records.flows[0];
  }
};

const std::string kRequest =
    "GET /manager/html HTTP/1.1\r\nHost: 192.0.2.7:502\r\nUser-Agent: zgrab/0.x\r\n\r\n";

TEST_F(Labels, OT06_HttpOnTheModbusPort) {
  const FlowRecord flow = Talk({{true, kRequest}, {false, "HTTP/1.1 404 Not Found\r\n\r\n"}});
  EXPECT_EQ(flow.service, "http");
  EXPECT_EQ(flow.service_by, "content");
  EXPECT_THAT(flow.labels,
              UnorderedElementsAre(Pair("http.method", "GET"), Pair("http.uri", "/manager/html"),
                                   Pair("http.host", "192.0.2.7:502"),
                                   Pair("http.user_agent", "zgrab/0.x")));
  EXPECT_EQ(flow.transactions, 0u);
  EXPECT_THAT(flow.anomalies, testing::Contains(Pair("not-modbus-on-502", 1)));
}

TEST_F(Labels, HttpWithoutAnswerOrHandshake) {
  EXPECT_EQ(Talk({{true, kRequest}}).service, "http");
  EXPECT_EQ(Talk({{true, kRequest}}, false).labels.size(), 4u);
}

TEST_F(Labels, OT06_TlsOnTheModbusPort) {
  const FlowRecord flow =
      Talk({{true, test::ClientHello("hmi.example")}, {false, test::ServerHello()}});
  EXPECT_EQ(flow.service, "tls");
  EXPECT_THAT(flow.labels,
              UnorderedElementsAre(Pair("tls.sni", "hmi.example"), Pair("tls.alpn", "h2,http/1.1"),
                                   Pair("tls.ja3", test::kJa3), Pair("tls.ja3s", test::kJa3s)));
}

TEST_F(Labels, TlsInSeveralSegments) {
  const std::string hello = test::ClientHello("hmi.example");
  const FlowRecord flow = Talk({{true, hello.substr(0, 60)},
                                {true, hello.substr(60, 40)},
                                {true, hello.substr(100)},
                                {false, test::ServerHello()}});
  EXPECT_EQ(flow.service, "tls");
  EXPECT_THAT(flow.labels, testing::Contains(Pair("tls.ja3", test::kJa3)));
}

TEST_F(Labels, OT06_SshOnTheModbusPortWhoeverSpeaksFirst) {
  const std::pair<bool, std::string> client{true, "SSH-2.0-Go\r\n"};
  const std::pair<bool, std::string> server{false, "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"};
  const std::pair<bool, std::string> client_kex{true, test::ClientKexInit()};
  const std::pair<bool, std::string> server_kex{false, test::ServerKexInit()};
  for (const auto& talk : {std::vector{client, server, client_kex, server_kex},
                           std::vector{server, client, server_kex, client_kex}}) {
    const FlowRecord flow = Talk(talk);
    EXPECT_EQ(flow.service, "ssh");
    EXPECT_THAT(flow.labels,
                UnorderedElementsAre(Pair("ssh.client", "SSH-2.0-Go"),
                                     Pair("ssh.server", "SSH-2.0-OpenSSH_9.2p1 Debian-2"),
                                     Pair("ssh.hassh", test::kHassh),
                                     Pair("ssh.hassh_server", test::kHasshServer)));
  }
}

// nDPI 4.2 names some HTTP after the port that it is on, and ISO connection requests MSSQL.
TEST_F(Labels, TcpPortsNameNothingByContent) {
  const std::string page =
      "GET /CNT/iview/161445187/direct;wi.160 HTTP/1.1\r\nHost: view.example\r\n\r\n";
  for (const std::uint16_t port : {std::uint16_t{179}, std::uint16_t{3389}, std::uint16_t{3306}}) {
    test::PacketList packets;
    test::TcpTalk(packets, 40000, port).Handshake().Send(true, Copy(page), 0x18);
    EXPECT_EQ(Run(packets).service, "http") << port;
  }
  const std::string cotp(
      "\x03\x00\x00\x16\x11\xe0\x00\x00\x07x\x00\xc1\x02\x00\x01\xc2\x02\x00\x01\xc0\x01\x0d", 22);
  EXPECT_NE(Talk({{true, cotp}}).service, "mssql");
}

TEST_F(Labels, DnsOnItsPortAndOnAnother) {
  for (const std::uint16_t port : {std::uint16_t{53}, std::uint16_t{502}, std::uint16_t{47808}}) {
    test::PacketList packets;
    packets.Add(test::PacketBuilder()
                    .Eth()
                    .Ipv6("2001:db8::1", "2001:db8::2")
                    .Udp(50000, port)
                    .Data(Copy(test::DnsQuery("plc", "example")))
                    .Build(),
                test::kStart);
    const FlowRecord flow = Run(packets);
    EXPECT_EQ(flow.service, "dns") << port;
    EXPECT_THAT(flow.labels, UnorderedElementsAre(Pair("dns.query", "plc.example"))) << port;
  }
}

TEST_F(Labels, ModbusStaysModbusAndWhatItRefusesIsNotCalledModbus) {
  const FlowRecord modbus = [&] {
    test::PacketList packets;
    test::TcpTalk talk(packets);
    talk.Handshake().Client(test::Adu(1, 1, "0300000002")).Server(test::Adu(1, 1, "030400010002"));
    return Run(packets);
  }();
  EXPECT_EQ(modbus.service, "modbus");
  EXPECT_THAT(modbus.labels, IsEmpty());
  std::string noise("\x00\x01\x00\x00\x00\x06\x01\xff\x00", 9);
  const FlowRecord refused = Talk({{true, noise}, {false, noise}});
  EXPECT_NE(refused.service_by, "content");
}

TEST_F(Labels, OffMeansOff) {
  test::PacketList packets;
  test::TcpTalk talk(packets);
  talk.Handshake().Send(true, Copy(kRequest), 0x18);
  const auto run = test::RunMeter(packets);
  EXPECT_EQ(run.records.flows.at(0).service, "");
  EXPECT_THAT(run.records.flows.at(0).labels, IsEmpty());
}

TEST_F(Labels, OnlyTheFirstPacketsAreLookedAt) {
  const std::unique_ptr<Labeler> labeler = MakeLabeler();
  const auto session = labeler->Begin(false, 40000, 502);
  FlowLabels labels;
  LabelPacket packet{true, 1000, 1, AsBytes("\x01"), 0};
  int offers = 1;
  for (; session->Offer(packet, labels); ++offers) ++packet.seq;
  EXPECT_EQ(offers, Labeler::kMaxPackets);

  const auto big = labeler->Begin(false, 40000, 502);
  const std::string much(60'000, '\x01');
  packet = {true, 1000, 1, AsBytes(much), 0};
  EXPECT_FALSE(big->Offer(packet, labels));
}

TEST_F(Labels, SessionsAreBoundedAndTheOldestGoesFirst) {
  const std::unique_ptr<Labeler> labeler = MakeLabeler();
  std::vector<std::unique_ptr<LabelSession>> sessions;
  for (std::size_t i = 0; i <= Labeler::kMaxSessions; ++i) {
    sessions.push_back(labeler->Begin(false, 40000, 502));
  }
  FlowLabels labels;
  const LabelPacket packet{true, 1000, 1, AsBytes(kRequest), 0};
  EXPECT_FALSE(sessions[0]->Offer(packet, labels));
  EXPECT_EQ(labels.service, "");
  sessions[1]->Offer(packet, labels);
  EXPECT_EQ(labels.service, "http");
  sessions.erase(sessions.begin());  // given up already: freed once
}

// nDPI parses what attackers send. Changed conversations, cut anywhere, from either side, with
// holes.
TEST_F(Labels, ChangedConversationsAreHarmless) {
  const std::unique_ptr<Labeler> labeler = MakeLabeler();
  const std::string seeds[] = {
      kRequest,
      test::ClientHello("hmi.example"),
      test::ServerHello(),
      "SSH-2.0-Go\r\n",
      test::ClientKexInit(),
      test::DnsQuery("plc", "example"),
      std::string("\xff\xfb\x01\xff\xfd\x03", 6),
      std::string("\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\x00\x80\x00", 14)};
  std::mt19937 random(5);
  std::size_t named = 0;
  for (int round = 0; round < 20'000; ++round) {
    const auto session =
        labeler->Begin(random() % 2 == 0, static_cast<std::uint16_t>(random()), 502);
    FlowLabels labels;
    std::uint32_t seq[2] = {1, 1};
    bool more = true;
    for (std::size_t packet = 0; more && packet < 1 + random() % 4; ++packet) {
      std::string bytes = seeds[random() % std::size(seeds)];
      for (std::size_t change = random() % 4; change > 0; --change) {
        bytes[random() % bytes.size()] = static_cast<char>(random());
      }
      if (random() % 3 == 0) bytes.resize(1 + random() % bytes.size());
      const bool orig = random() % 2 == 0;
      more = session->Offer({orig, seq[orig], seq[!orig], AsBytes(bytes), 0}, labels);
      seq[orig] += static_cast<std::uint32_t>(bytes.size() + (random() % 8 == 0 ? 5 : 0));
    }
    named += labels.service.empty() ? 0 : 1;
    for (const auto& [key, text] : labels.texts) ASSERT_LE(text.size(), kMaxLabelBytes) << key;
  }
  EXPECT_GT(named, 1000u);
}

}  // namespace
}  // namespace tapiary::capture
