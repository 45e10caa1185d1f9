#include "capture/ot/enip/io.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "tests/capture/ot/enip/messages.h"

namespace tapiary::capture::enip {
namespace {

using test::Hex;
using test::Le;

struct Collector final : OtOutput {
  void Emit(Transaction&& transaction) override { transactions.push_back(std::move(transaction)); }
  void Anomaly(std::string_view name) override { ++anomalies[std::string(name)]; }
  void Count(std::string_view name, std::uint64_t add) override {
    counts[std::string(name)] += add;
  }
  std::vector<Transaction> transactions;
  std::map<std::string, std::uint64_t> anomalies, counts;
};

std::string Packet(std::uint32_t connection, std::uint32_t sequence) {
  return "0200 0280 0800" + Le(connection, 4) + Le(sequence, 4) + "b100 0600 0100 2a000000";
}

class IoTest : public ::testing::Test {
 protected:
  void Send(const std::string& hex, bool from_client = true) {
    decoder_.OnDatagram(from_client, Hex(hex), false, 1, out_);
  }
  static OtVerdict Look(const std::string& hex, bool usual_port) {
    const std::vector<std::uint8_t> bytes = Hex(hex);
    OtGuess guess;
    guess.bytes[0] = bytes;
    guess.datagram = true;
    guess.usual_port = usual_port;
    return kIoProtocol.recognise(guess).verdict;
  }
  IoDecoder decoder_;
  Collector out_;
};

TEST_F(IoTest, OneTransactionAConnectionTheRestIsCounted) {
  for (std::uint32_t i = 0; i < 1000; ++i) Send(Packet(5, i));
  Send(Packet(6, 1), false);
  ASSERT_EQ(out_.transactions.size(), 2u);
  EXPECT_EQ(out_.transactions[0].operation, "io_connection");
  EXPECT_EQ(out_.transactions[0].status, TransactionStatus::kUnsolicited);
  EXPECT_EQ(out_.counts["cip-io.packets"], 1001u);
  EXPECT_EQ(out_.counts["cip-io.sequence_gaps"], 0u);
}

TEST_F(IoTest, SequenceGapsRepeatsAndLatePackets) {
  for (const std::uint32_t sequence : {0xfffffffeu, 0xffffffffu, 0u, 4u, 4u, 3u, 5u}) {
    Send(Packet(5, sequence));
  }
  EXPECT_EQ(out_.counts["cip-io.sequence_gaps"], 1u);
  EXPECT_EQ(out_.counts["cip-io.missed"], 3u);
  EXPECT_EQ(out_.counts["cip-io.repeated"], 1u);
  EXPECT_EQ(out_.counts["cip-io.late"], 1u);
}

TEST_F(IoTest, OT13_ConnectionsAreBounded) {
  for (std::uint32_t i = 0; i < 1000; ++i) Send(Packet(i, 1));
  EXPECT_EQ(out_.transactions.size(), 32u);
  EXPECT_EQ(out_.counts["cip-io.untracked"], 968u);
}

TEST_F(IoTest, OT06_OnlyExactPacketsAreIo) {
  const std::string good = test::Compact(Packet(5, 1));
  EXPECT_EQ(Look(good, true), OtVerdict::kYes);
  EXPECT_EQ(Look(good, false), OtVerdict::kYes);
  EXPECT_EQ(Look(good + "00", true), OtVerdict::kNo);
  for (std::size_t size = 2; size < good.size(); size += 2) {
    EXPECT_EQ(Look(good.substr(0, size), true), OtVerdict::kNo) << size;
    Send(good.substr(0, size));
  }
  EXPECT_EQ(out_.counts["cip-io.packets"], 0u);
  EXPECT_EQ(out_.anomalies["cip-io-format"], good.size() / 2 - 1);
  for (const std::size_t at : {0, 2, 4, 6, 8, 28, 30, 32}) {
    std::string bad = good;
    bad[at] = bad[at] == '7' ? '6' : '7';
    EXPECT_EQ(Look(bad, true), OtVerdict::kNo) << at;
  }
}

}  // namespace
}  // namespace tapiary::capture::enip
