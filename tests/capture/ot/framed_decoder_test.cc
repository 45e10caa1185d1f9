// FramedDecoder with a protocol of two bytes a message: kind ('?', '!') and an id.
#include "capture/ot/framed_decoder.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tapiary::capture {
namespace {

PduFront FrontOf(base::Bytes bytes, bool from_client) {
  if (bytes[0] != (from_client ? '?' : '!')) return PduFront::Bad("two-kind");
  return PduFront::Of(2);
}

constexpr Framing kTwo = {.front = &FrontOf,
                          .plausible = nullptr,
                          .whole = nullptr,
                          .min_useful = 2,
                          .max_kept = 2,
                          .scan = false,
                          .fault_length = "two-length",
                          .fault_gap = "two-gap",
                          .fault_search = "two-lost"};

class Decoder final : public FramedDecoder {
 public:
  Decoder() : FramedDecoder(kTwo, "two", "two-trailing") {}
  int losses = 0;
  bool finished = false;

 private:
  void OnMessage(bool from_client, const Pdu& pdu) override {
    if (from_client) {
      Transaction request;
      request.protocol = "two";
      request.code = pdu.bytes[1];
      request.time_ns = pdu.first_ns;
      exchange().OnRequest(pdu.bytes[1], std::nullopt, 0, std::move(request), out());
      return;
    }
    OtResponse response;
    response.key = pdu.bytes[1];
    response.pdu = pdu.bytes;
    response.first_ns = response.last_ns = pdu.last_ns;
    exchange().OnResponse(response, out());
  }
  void DecodeResponse(const OtResponse&, bool, Transaction& out) override {
    out.status = TransactionStatus::kOk;
  }
  void OnLoss(bool) override { ++losses; }
  void OnFinish() override { finished = true; }
};

struct Sink final : OtOutput {
  void Emit(Transaction&& transaction) override {
    text += static_cast<char>(transaction.code);
    text += ToString(transaction.status);
    text += ' ';
  }
  void Anomaly(std::string_view name) override { text += "!" + std::string(name) + " "; }
  void Count(std::string_view, std::uint64_t) override {}
  std::string text;
};

base::Bytes AsBytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

TEST(FramedDecoder, PairsOverBothDirections) {
  Decoder decoder;
  Sink sink;
  decoder.OnBytes(true, AsBytes("?a?"), 0, sink);
  decoder.OnBytes(false, AsBytes("!a!b"), 1, sink);
  decoder.OnBytes(true, AsBytes("b?c"), 2, sink);
  EXPECT_EQ(sink.text, "aok bok ");
  EXPECT_NE(decoder.next_due_ns(), INT64_MAX);
  decoder.Finish(sink);
  EXPECT_EQ(sink.text, "aok bok cno-reply ");
  EXPECT_TRUE(decoder.finished);
}

TEST(FramedDecoder, DatagramsMayHoldSeveralAndNamesWhatIsLeft) {
  Decoder decoder;
  Sink sink;
  decoder.OnDatagram(true, AsBytes("?a?b"), false, 0, sink);
  decoder.OnDatagram(false, AsBytes("!a!"), false, 1, sink);
  decoder.OnDatagram(false, AsBytes("!b?"), false, 1, sink);
  decoder.OnDatagram(false, AsBytes("!"), true, 1, sink);  // captured short: no fault of its own
  EXPECT_EQ(sink.text, "aok !two-trailing bok !two-kind ");
}

TEST(FramedDecoder, OT04_GapsAreToldToTheProtocol) {
  Decoder decoder;
  Sink sink;
  decoder.OnBytes(true, AsBytes("?"), 0, sink);
  decoder.OnGap(true, 10, false, sink);
  decoder.OnBytes(true, AsBytes("x"), 0, sink);
  decoder.OnBytes(true, AsBytes("?c"), 0, sink);
  decoder.Finish(sink);
  EXPECT_EQ(decoder.losses, 1);
  EXPECT_EQ(sink.text, "!two-gap !two-lost cno-reply ");
}

TEST(FramedDecoder, ExpiresByPacketTimeWithoutTimer) {
  Decoder decoder;
  Sink sink;
  decoder.OnBytes(true, AsBytes("?a"), 0, sink);
  decoder.OnBytes(true, AsBytes("?b"), 11 * base::kNanosPerSecond, sink);
  EXPECT_EQ(sink.text, "ano-reply ");
}

}  // namespace
}  // namespace tapiary::capture
