#include "capture/ot/profinet/cm_decode.h"

#include <gtest/gtest.h>

#include "tests/capture/ot/profinet/dcp_frames.h"

namespace tapiary::capture::profinet {
namespace {

TEST(ProfinetCmDecode, LengthsOfTheNdrPart) {
  for (const char* const body : {"", "00008000 ff000000 00008000 00000000 ff000000",
                                 "00008000 01000000 00008000 00000000 00000000"}) {
    const auto bytes = test::Hex(Rpc{.operation = 2, .body = body}.Hex());
    RpcHeader header;
    ASSERT_TRUE(ReadRpcHeader(bytes, header));
    Transaction whole, cut;
    DecodeCmRequest(header, header.body, false, whole);
    DecodeCmRequest(header, header.body, true, cut);
    EXPECT_TRUE(test::Flagged(whole, "profinet-io-length")) << body;
    EXPECT_TRUE(test::Flagged(cut, "truncated")) << body;
    EXPECT_EQ(whole.operation, "read");
  }
}

TEST(ProfinetCmDecode, UnknownOperationsAreNamedSo) {
  const auto bytes = test::Hex(Rpc{.operation = 77, .body = Ndr("")}.Hex());
  RpcHeader header;
  ASSERT_TRUE(ReadRpcHeader(bytes, header));
  Transaction out;
  DecodeCmRequest(header, header.body, false, out);
  EXPECT_EQ(out.operation, "unknown_operation");
  EXPECT_EQ(out.code, 77);
  EXPECT_FALSE(out.command);
}

}  // namespace
}  // namespace tapiary::capture::profinet
