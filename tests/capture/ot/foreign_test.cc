// Something else on an OT connection, before or between its messages: it is named and costs no
// message of the protocol (OT-04, OT-06).
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "tests/capture/ot/dnp3/frames.h"
#include "tests/capture/ot/enip/messages.h"
#include "tests/capture/ot/iec104/apdu.h"
#include "tests/capture/ot/iso/support.h"
#include "tests/capture/ot/support/conversation.h"
#include "tests/capture/ot/support/facts.h"

namespace tapiary::capture {
namespace {

using test::Adu;
using test::Conversation;
using test::Delivery;
using test::Fields;

struct Case {
  const char* name;
  std::function<Conversation()> talk;
};

Conversation Modbus() {
  Conversation talk;
  talk.server_port = 502;
  talk.Client(Adu(1, 1, "03 0000 0002")).Server(Adu(1, 1, "03 04 0001 0002"));
  talk.Client(Adu(2, 1, "06 0001 0003")).Server(Adu(2, 1, "06 0001 0003"));
  talk.Client(Adu(3, 1, "10 0001 0001 02 000a")).Server(Adu(3, 1, "10 0001 0001"));
  return talk;
}

Conversation S7() {
  Conversation talk;
  talk.server_port = 102;
  talk.Client(test::Dt("32010000 0101 0008 0000 f0000001000101e0"));
  talk.Server(test::Dt("32030000 0101 0008 0000 0000 f0000001000100f0"));
  talk.Client(test::Dt("32010000 0103 000e 0005 0501 120a10 01 0001 0000 82 000002 0003 0001 01"));
  talk.Server(test::Dt("32030000 0103 0002 0001 0000 0501 ff"));
  talk.Client(test::Dt("32010000 0106 0010 0000 29 0000000000 09 505f50524f4752414d"));
  talk.Server(test::Dt("32020000 0106 0000 0000 8500"));
  return talk;
}

Conversation Dnp3() {
  Conversation talk;
  talk.server_port = 20000;
  talk.Add(true, dnp3::test::Ask("c4 17")).Add(false, dnp3::test::Reply("c4 81 0000"));
  talk.Add(true, dnp3::test::Ask("c2 04 0c01 28 0100 0c00 03 01 64000000 64000000 00"));
  talk.Add(false, dnp3::test::Reply("c2 81 0000 0c01 28 0100 0c00 03 01 64000000 64000000 00"));
  talk.Add(true, dnp3::test::Ask("c5 0d")).Add(false, dnp3::test::Reply("c5 81 0001"));
  return talk;
}

Conversation Iec104() {
  Conversation talk;
  talk.server_port = 2404;
  talk.Add(true, iec104::test::UFrame(0x07)).Add(false, iec104::test::UFrame(0x0b));
  talk.Add(true, iec104::test::IFrame(0, 0, "2e01 0600 0a00 e90300 82"));
  talk.Add(false, iec104::test::IFrame(0, 1, "2e01 0700 0a00 e90300 82"));
  talk.Add(true, iec104::test::IFrame(1, 1, "2e01 0600 0a00 ea0300 02"));
  talk.Add(false, iec104::test::IFrame(1, 2, "2e01 0700 0a00 ea0300 02"));
  return talk;
}

Conversation Enip() {
  Conversation talk;
  talk.server_port = 44818;
  talk.Client(test::Encapsulated(0x65, 0, 0x11, "01000000"));
  talk.Server(test::Encapsulated(0x65, 0x11020100, 0x11, "01000000"));
  talk.Client(test::RrData(4, "10 03 20 64 24 01 30 09 0100"));
  talk.Server(test::RrData(4, "90 00 05 00"));
  talk.Client(test::RrData(5, "05 02 20 01 24 01 01")).Server(test::RrData(5, "85 00 00 00"));
  return talk;
}

std::string HexOf(std::string_view text) {
  std::string hex;
  for (const char c : text) hex += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return hex;
}

// What scanners send, and what looks like the begin of this or that.
std::vector<std::string> Foreign() {
  return {
      "16030100450100004103030102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20"
      "000008c02fc02b009c00350100001000170000000d00080006060105010401",
      HexOf("GET / HTTP/1.1\r\nHost: h\r\n\r\n"),
      HexOf("SSH-2.0-OpenSSH_9.6\r\n"),
      "030000130ee000000000000100080003000000",  // RDP
      "00000000000000000000000000000000",
      "ffffffffffffffff",
      "0d0a0d0a",
  };
}

std::multiset<Fields> FactsOf(const test::MeterRun& run) {
  std::multiset<Fields> facts;
  for (const Transaction& t : run.records.transactions) {
    facts.insert(test::FieldsOf(t, test::Scope::kCore));
  }
  return facts;
}

// Empty: all of `expected` are there, what else is there has an anomaly, and so has the flow.
std::string Missing(const std::multiset<Fields>& expected, const test::MeterRun& run) {
  std::multiset<Fields> found = FactsOf(run);
  for (const Fields& fields : expected) {
    const auto at = found.find(fields);
    if (at == found.end()) return "missing " + test::ToText(fields);
    found.erase(at);
  }
  bool named = false;
  for (const Transaction& t : run.records.transactions) {
    const auto at = found.find(test::FieldsOf(t, test::Scope::kCore));
    // RDP begins with a connection request that is one on port 102 as well.
    if (t.protocol == "cotp") {
      named = true;
      continue;
    }
    if (at != found.end() && t.anomalies.empty()) return "invented " + test::ToText(*at);
  }
  if (run.records.flows.size() != 1) return "flows";
  return named || !run.records.flows[0].anomalies.empty() ? "" : "nothing named";
}

class ForeignContent : public ::testing::TestWithParam<Case> {
 protected:
  // The foreign bytes are message `place` and travel in two segments, cut at each offset.
  void Check(const Conversation& talk, std::size_t place) {
    const std::multiset<Fields> expected = FactsOf(Deliver(talk, test::WholeMessages(talk)));
    ASSERT_FALSE(expected.empty());
    for (const std::string& foreign : Foreign()) {
      Conversation with = talk;
      with.messages.insert(with.messages.begin() + static_cast<std::ptrdiff_t>(place),
                           {true, test::Hex(foreign)});
      for (std::size_t at = 0; at < with.size_of(place); ++at) {
        Delivery delivery = test::WholeMessages(with);
        if (at > 0) {
          delivery.pieces[place].size = at;
          delivery.pieces.insert(delivery.pieces.begin() + static_cast<std::ptrdiff_t>(place) + 1,
                                 {place, at, with.size_of(place) - at});
        }
        const std::string missing = Missing(expected, Deliver(with, delivery));
        ASSERT_EQ(missing, "") << foreign << "\n at message " << place << ", cut at " << at;
      }
    }
  }
};

TEST_P(ForeignContent, OT06_BeforeTheFirstMessage) {
  Check(GetParam().talk(), 0);
}
TEST_P(ForeignContent, OT04_BetweenMessages) {
  Check(GetParam().talk(), 2);
}
TEST_P(ForeignContent, OT06_OneByteASegment) {
  const Conversation talk = GetParam().talk();
  const std::multiset<Fields> expected = FactsOf(Deliver(talk, test::WholeMessages(talk)));
  for (const std::string& foreign : Foreign()) {
    Conversation with = talk;
    with.messages.insert(with.messages.begin(), {true, test::Hex(foreign)});
    Delivery delivery;
    for (std::size_t at = 0; at < with.size_of(0); ++at) delivery.pieces.push_back({0, at, 1});
    for (const test::Piece& piece : test::WholeMessages(with, 1).pieces) {
      delivery.pieces.push_back(piece);
    }
    EXPECT_EQ(Missing(expected, Deliver(with, delivery)), "") << foreign;
  }
}
// A connection of its own beside it is not touched, and carries no name of the other's.
TEST_P(ForeignContent, OT05_AnotherConnectionIsUntouched) {
  Conversation talk = GetParam().talk();
  const test::MeterRun run = Deliver(talk, test::WholeMessages(talk));
  ASSERT_EQ(run.records.flows.size(), 1u);
  EXPECT_TRUE(run.records.flows[0].anomalies.empty());
}

INSTANTIATE_TEST_SUITE_P(Protocols, ForeignContent,
                         ::testing::Values(Case{"Modbus", &Modbus}, Case{"S7", &S7},
                                           Case{"Dnp3", &Dnp3}, Case{"Iec104", &Iec104},
                                           Case{"Enip", &Enip}),
                         [](const auto& param) { return param.param.name; });

}  // namespace
}  // namespace tapiary::capture
