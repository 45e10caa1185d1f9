#include "uplink/wire/expand.h"

#include <gtest/gtest.h>

#include "tests/uplink/support/wire_fixture.h"

namespace tapiary::uplink {
namespace {

using base::AsBytes;
using base::ErrorCode;

TEST(WireExpand, BodyCutAtEveryByteIsCorrupt) {
  const std::string body = EncodeFacts(FullFacts());
  for (std::size_t size = 0; size < body.size(); ++size) {
    const auto result = DecodeFacts(AsBytes(std::string_view(body).substr(0, size)));
    ASSERT_FALSE(result) << size;
    EXPECT_EQ(result.error().code, ErrorCode::kCorrupt);
  }
}

TEST(WireExpand, MessageCutAtEveryByteNeverCrashes) {
  wire::FlowBatch message;
  message.set_epoch(1);
  message.add_flows()->set_interface("tap0");
  const std::string raw = message.SerializeAsString();
  for (std::size_t size = 0; size < raw.size(); ++size) {
    const auto result = DecodeFlows(AsBytes(Compress(raw.substr(0, size))));
    const bool between_fields = size == 0 || size == 2;  // a cut there leaves whole fields
    EXPECT_EQ(result.has_value(), between_fields) << size;
  }
}

TEST(WireExpand, ExpandedSizeIsBounded) {
  DecodeLimits limits;
  limits.max_expanded_bytes = 1 << 20;
  const std::string bomb = Compress(std::string((1 << 20) + 1, '\0'));
  EXPECT_LT(bomb.size(), 1000u);
  auto result = DecodeFlows(AsBytes(bomb), limits);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kTooLarge);

  // The same without a declared content size.
  std::string undeclared(ZSTD_compressBound(2 << 20), '\0');
  ZSTD_CCtx* context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0);
  const std::string zeros(2 << 20, '\0');
  undeclared.resize(
      ZSTD_compress2(context, undeclared.data(), undeclared.size(), zeros.data(), zeros.size()));
  ZSTD_freeCCtx(context);
  result = DecodeFlows(AsBytes(undeclared), limits);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kTooLarge);
}

TEST(WireExpand, BodySizeWindowAndTrailingBytesAreChecked) {
  DecodeLimits limits;
  limits.max_body_bytes = 10;
  EXPECT_EQ(DecodeFlows(AsBytes(EncodeFlows({1, 2, {FullFlow()}})), limits).error().code,
            ErrorCode::kTooLarge);
  EXPECT_EQ(DecodeFlows(AsBytes(EncodeFlows({}) + "x")).error().code, ErrorCode::kCorrupt);

  std::string wide(ZSTD_compressBound(64), '\0');
  ZSTD_CCtx* context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, 27);
  ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0);
  ZSTD_inBuffer in{"", 0, 0};
  ZSTD_outBuffer out{wide.data(), wide.size(), 0};
  ZSTD_compressStream2(context, &out, &in, ZSTD_e_flush);
  ZSTD_compressStream2(context, &out, &in, ZSTD_e_end);
  ZSTD_freeCCtx(context);
  wide.resize(out.pos);
  const auto result = DecodeFlows(AsBytes(wide));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace tapiary::uplink
