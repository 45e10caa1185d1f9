// No head refuses what its row's recogniser may accept, so that asking by heads is asking
// everybody.
#include "capture/ot/head.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>
#include <string>
#include <vector>

#include "base/text.h"
#include "capture/ot/guesser.h"
#include "capture/ot/registry.h"
#include "tests/capture/ot/support/samples.h"

namespace tapiary::capture {
namespace {

using Octets = std::vector<std::uint8_t>;

// What a protocol that is not at home may live on. By EtherType it is always at home.
enum class Way : std::uint8_t { kTcp, kUdp, kLlc };

std::vector<Way> WaysOf(const OtProtocol& protocol) {
  std::vector<Way> out;
  if (protocol.tcp) out.push_back(Way::kTcp);
  if (protocol.udp) out.push_back(Way::kUdp);
  if (protocol.llc) out.push_back(Way::kLlc);
  return out;
}

OtGuess GuessOf(Way way, base::Bytes bytes, bool cut, bool last) {
  OtGuess guess;
  guess.datagram = way != Way::kTcp;
  guess.bytes[0] = bytes;
  guess.cut[0] = cut;
  guess.last = last;
  return guess;
}

// Whether the recogniser waits for more, or says yes, for one side with these bytes.
bool Accepts(const OtProtocol& protocol, Way way, base::Bytes bytes) {
  for (const bool cut : {false, true}) {
    for (const bool last : {false, true}) {
      const OtGuess guess = GuessOf(way, bytes, cut, last);
      if (protocol.recognise(guess).verdict != OtVerdict::kNo) return true;
    }
  }
  return false;
}

std::string Text(const OtProtocol& protocol, base::Bytes bytes) {
  return std::string(protocol.service) + " " +
         base::ToHex(bytes.first(std::min<std::size_t>(bytes.size(), 16)));
}

std::size_t RankOf(const OtProtocol& protocol) {
  const auto all = OtProtocols();
  return static_cast<std::size_t>(std::find(all.begin(), all.end(), &protocol) - all.begin());
}

// Counts what is accepted; a head that refuses it is a failure.
std::size_t Check(const OtProtocol& protocol, base::Bytes bytes) {
  const bool allowed = (OtWithHead(bytes) >> RankOf(protocol) & 1) != 0;
  EXPECT_EQ(allowed, protocol.head.Allows(bytes)) << Text(protocol, bytes);
  std::size_t accepted = 0;
  for (const Way way : WaysOf(protocol)) {
    if (!Accepts(protocol, way, bytes)) continue;
    ++accepted;
    EXPECT_TRUE(allowed) << Text(protocol, bytes);
  }
  return accepted;
}

// Like testing::Test::HasFailure, to end a long loop at the first one.
bool Failed() {
  return ::testing::Test::HasFailure();
}

class OtHeadTest : public ::testing::TestWithParam<const OtProtocol*> {
 protected:
  [[nodiscard]] const OtProtocol& row() const { return *GetParam(); }
  // Those that are asked only where they are at home, by EtherType or by themselves.
  [[nodiscard]] bool home_only() const {
    return WaysOf(row()).empty() || row().service == "codesys-v3-udp";
  }
  std::vector<test::OtSamplePdu> samples_ = test::SamplesOf(*GetParam());
  std::mt19937 random_{20261125};
};

TEST_P(OtHeadTest, SamplesAreOfTheProtocol) {
  ASSERT_GE(samples_.size(), row().service == "sv" ? 1u : 2u);
  for (const test::OtSamplePdu& sample : samples_) {
    OtGuess guess;
    guess.bytes[0] = sample.bytes;
    guess.usual_port = true;
    guess.ether_type = row().ether_types[0];
    bool known = false;
    for (const bool datagram : {false, true}) {
      guess.datagram = datagram;
      known = known || row().recognise(guess).verdict != OtVerdict::kNo;
    }
    EXPECT_TRUE(known) << Text(row(), sample.bytes);
  }
}

TEST_P(OtHeadTest, SamplesAndTheirPrefixesAreAllowed) {
  std::size_t accepted = 0;
  for (const test::OtSamplePdu& sample : samples_) {
    for (std::size_t size = 1; size <= sample.bytes.size(); ++size) {
      accepted += Check(row(), base::Bytes(sample.bytes).first(size));
    }
  }
  EXPECT_EQ(accepted == 0, home_only());
}

TEST_P(OtHeadTest, EveryBeginOfTwoBytes) {
  for (unsigned first = 0; first < 256 && !Failed(); ++first) {
    const std::uint8_t lone = static_cast<std::uint8_t>(first);
    Check(row(), {&lone, 1});
    for (unsigned second = 0; second < 256; ++second) {
      const std::uint8_t two[2] = {lone, static_cast<std::uint8_t>(second)};
      Check(row(), two);
    }
  }
}

TEST_P(OtHeadTest, EveryByteInEachOfTheFirstPlaces) {
  for (const test::OtSamplePdu& sample : samples_) {
    for (std::size_t place = 0; place < OtHead::kBytes && place < sample.bytes.size(); ++place) {
      for (unsigned byte = 0; byte < 256 && !Failed(); ++byte) {
        Octets bytes = sample.bytes;
        bytes[place] = static_cast<std::uint8_t>(byte);
        for (const std::size_t size : {place + 1, OtHead::kBytes, std::size_t{8}, bytes.size()}) {
          Check(row(), base::Bytes(bytes).first(std::min(size, bytes.size())));
        }
      }
    }
  }
}

// The four first bytes at random, one to all of them, whole and cut off anywhere.
TEST_P(OtHeadTest, RandomBegins) {
  for (const test::OtSamplePdu& sample : samples_) {
    for (int round = 0; round < 4000 && !Failed(); ++round) {
      Octets bytes = sample.bytes;
      for (std::size_t place = 0; place < OtHead::kBytes && place < bytes.size(); ++place) {
        if (random_() % 2 != 0) bytes[place] = static_cast<std::uint8_t>(random_() % 256);
      }
      Check(row(), bytes);
      Check(row(), base::Bytes(bytes).first(1 + random_() % bytes.size()));
    }
  }
}

// What both sides say is found by the head of either.
TEST_P(OtHeadTest, TwoSides) {
  for (std::size_t i = 0; i < samples_.size() * 500 && !Failed(); ++i) {
    Octets sides[2] = {samples_[i % samples_.size()].bytes,
                       samples_[random_() % samples_.size()].bytes};
    for (Octets& side : sides) {
      const std::size_t place = random_() % 8;
      if (place < OtHead::kBytes) side[place] = static_cast<std::uint8_t>(random_() % 256);
    }
    for (const Way way : WaysOf(row())) {
      OtGuess guess = GuessOf(way, sides[0], false, random_() % 2 != 0);
      guess.bytes[1] = sides[1];
      if (row().recognise(guess).verdict == OtVerdict::kNo) continue;
      EXPECT_TRUE(row().head.Allows(sides[0]) || row().head.Allows(sides[1]))
          << Text(row(), sides[0]) << ", " << Text(row(), sides[1]);
    }
  }
}

std::string NameOf(const ::testing::TestParamInfo<const OtProtocol*>& info) {
  std::string name(info.param->service);
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}
INSTANTIATE_TEST_SUITE_P(Rows, OtHeadTest,
                         ::testing::ValuesIn(OtProtocols().begin(), OtProtocols().end()), NameOf);

Octets Junk(std::mt19937& random, std::size_t size) {
  Octets out(size);
  std::generate(out.begin(), out.end(), [&] { return static_cast<std::uint8_t>(random() % 256); });
  return out;
}

// Off all ports, CouldBeOt says what everybody's recognisers say.
TEST(OtHead, OT06_AskingByHeadIsAskingEverybody) {
  std::mt19937 random(7);
  std::vector<Octets> pool;
  for (const OtProtocol* const protocol : OtProtocols()) {
    for (const test::OtSamplePdu& sample : test::SamplesOf(*protocol)) {
      pool.push_back(sample.bytes);
    }
  }
  std::size_t yes = 0, no = 0;
  for (int round = 0; round < 20000; ++round) {
    Octets bytes = round % 3 == 0 ? Junk(random, 1 + random() % 40) : pool[random() % pool.size()];
    if (round % 3 == 1) bytes[random() % 4 % bytes.size()] = static_cast<std::uint8_t>(random());
    for (const Way way : {Way::kTcp, Way::kUdp, Way::kLlc}) {
      const std::uint8_t ip_proto = way == Way::kTcp ? 6 : way == Way::kUdp ? 17 : 0;
      OtFlowInfo info;
      info.ip_proto = ip_proto;
      info.ports[0] = info.ports[1] = ip_proto == 0 ? 0 : 40001;
      const bool could = CouldBeOt({0, bytes, false, 1}, info);
      bool asked = false;
      for (const OtProtocol* const protocol : OtProtocols()) {
        const std::vector<Way> ways = WaysOf(*protocol);
        if (std::find(ways.begin(), ways.end(), way) == ways.end()) continue;
        const OtGuess guess = GuessOf(way, bytes, false, false);
        asked = asked || protocol->recognise(guess).verdict != OtVerdict::kNo;
      }
      ASSERT_EQ(could, asked) << base::ToHex(bytes);
      ++(could ? yes : no);
    }
  }
  EXPECT_GT(yes, 10000u);
  EXPECT_GT(no, 10000u);
}

// Else nothing would be saved.
TEST(OtHead, JunkAsksFew) {
  std::mt19937 random(11);
  std::size_t asked = 0;
  constexpr std::size_t kRounds = 2000;
  const OtSet on_ip = OtCarriedBy(6, 0) | OtCarriedBy(17, 0);
  for (std::size_t i = 0; i < kRounds; ++i) {
    AnyOf(OtWithHead(Junk(random, 20)) & on_ip, [&](const OtProtocol&) {
      ++asked;
      return false;
    });
  }
  EXPECT_LT(asked, kRounds / 2);
  const std::string_view others[] = {"GET / HTTP/1.1\r\n", "SSH-2.0-OpenSSH_9.6\r\n",
                                     "220 mail ESMTP\r\n", "USER a\r\n"};
  for (const std::string_view text : others) {
    EXPECT_EQ(OtWithHead(base::AsBytes(text)) & on_ip, 0u) << text;
  }
}

TEST(OtHead, SetsAreTheRows) {
  const auto all = OtProtocols();
  for (std::size_t i = 0; i < all.size(); ++i) {
    const OtProtocol& row = *all[i];
    EXPECT_EQ((OtCarriedBy(6, 0) >> i & 1) != 0, row.tcp) << row.service;
    EXPECT_EQ((OtCarriedBy(17, 0) >> i & 1) != 0, row.udp) << row.service;
    EXPECT_EQ((OtCarriedBy(0, 0) >> i & 1) != 0, row.llc) << row.service;
    for (const std::uint16_t type : row.ether_types) {
      EXPECT_TRUE(type == 0 || (OtCarriedBy(0, type) >> i & 1) != 0) << row.service;
    }
  }
  EXPECT_EQ(OtCarriedBy(1, 0), 0u);
  EXPECT_EQ(OtCarriedBy(0, 0x88cc), 0u);
  for (unsigned port = 0; port < 65536; ++port) {
    OtSet expected = 0;
    for (std::size_t i = 0; i < all.size() && port != 0; ++i) {
      const auto& ports = all[i]->ports;
      if (std::find(std::begin(ports), std::end(ports), port) != std::end(ports)) {
        expected |= OtSet{1} << i;
      }
    }
    ASSERT_EQ(OtWithPort(static_cast<std::uint16_t>(port), 0), expected) << port;
    ASSERT_EQ(OtWithPort(0, static_cast<std::uint16_t>(port)), expected) << port;
  }
}

TEST(OtHead, OrderIsTheRegistrysAndTheFirstYesEnds) {
  std::vector<std::string_view> seen;
  const OtSet set = OtWithPort(102, 502);
  EXPECT_TRUE(AnyOf(set, [&](const OtProtocol& protocol) {
    seen.push_back(protocol.service);
    return seen.size() == 2;
  }));
  EXPECT_EQ(seen, (std::vector<std::string_view>{"modbus", "s7comm"}));
  EXPECT_FALSE(AnyOf(set, [](const OtProtocol&) { return false; }));
}

}  // namespace
}  // namespace tapiary::capture
