#include "capture/ot/mms/pdu.h"

#include <gtest/gtest.h>

#include "tests/capture/ot/mms/support.h"
#include "tests/capture/support/packet_builder.h"

namespace tapiary::capture::mms {
namespace {

using test::Ber;
using test::Hex;

TEST(MmsPdu, EveryLayerIsTakenOff) {
  const auto connect = Hex(test::MmsConnect());
  EXPECT_EQ(Unwrap(connect).layer, Layer::kConnect);
  ASSERT_FALSE(Unwrap(connect).mms.empty());
  EXPECT_EQ(Unwrap(connect).mms[0], kInitiateRequest);
  const auto accept = Hex(test::MmsAccept());
  EXPECT_EQ(Unwrap(accept).layer, Layer::kAccept);
  EXPECT_EQ(Unwrap(accept).mms[0], kInitiateResponse);
  const auto data = Hex(test::MmsData(test::Invoke(1, Ber("82"))));
  EXPECT_EQ(Unwrap(data).layer, Layer::kMms);
  EXPECT_EQ(Unwrap(data).mms.size(), 7u);
  const auto finish = Hex("0910c10e610c300a020101a0056203800101");
  EXPECT_EQ(Unwrap(finish).layer, Layer::kRelease);
  EXPECT_EQ(Unwrap(Hex("1903110103")).layer, Layer::kAbort);
  const auto refuse = Hex("0c06110100320102");
  EXPECT_EQ(Unwrap(refuse).layer, Layer::kRefuse);
  EXPECT_EQ(Unwrap(refuse).refused, 2u);
  EXPECT_EQ(Unwrap(Hex("0c00")).refused, std::nullopt);
}

TEST(MmsPdu, RecognisedByWhatItNames) {
  const auto connect = Hex(test::MmsConnect());
  EXPECT_TRUE(LookAt(connect, connect.size()).possible);
  EXPECT_TRUE(LookAt(connect, connect.size()).request);
  EXPECT_FALSE(LookAt(connect, connect.size()).response);
  EXPECT_FALSE(LookAt(connect, connect.size() + 1).possible);
  const auto other = Hex(Ber("0d", "0506130100160102"));  // a session of something else
  EXPECT_FALSE(LookAt(other, other.size()).possible);
  const auto conclude = Hex("8b00");
  EXPECT_FALSE(LookAt(conclude, conclude.size()).possible);
}

TEST(MmsPdu, OT12_EveryPrefixAndEveryByte) {
  for (const std::string& hex :
       {test::MmsConnect("x"), test::MmsAccept(), test::MmsData(test::Invoke(1, Ber("82")))}) {
    const auto good = Hex(hex);
    for (std::size_t size = 0; size <= good.size(); ++size) {
      (void)Unwrap(base::Bytes(good).first(size));
      (void)LookAt(base::Bytes(good).first(size), good.size());
      for (const int wrong : {0x00, 0x80, 0xff, 0x84}) {
        auto bad = good;
        if (size < bad.size()) bad[size] = static_cast<std::uint8_t>(wrong);
        const Unwrapped found = Unwrap(bad);
        EXPECT_LE(found.mms.size(), bad.size());
      }
    }
  }
}

}  // namespace
}  // namespace tapiary::capture::mms
