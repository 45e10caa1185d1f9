#include "capture/ot/cip/decode.h"

#include <gtest/gtest.h>

#include "tests/capture/ot/cip/decode_support.h"

namespace tapiary::capture::cip {
namespace {

using test::Flagged;
using test::Hex;
using test::kTagPath;
using test::Request;

TEST(CipDecode, OT12_PrefixesAndFlippedBytesAreBounded) {
  const std::string messages[] = {
      capture::test::ForwardOpen(1, 2),
      "4d" + kTagPath + "c400 0200 fbffffff 07000000",
      "4b 02 20 67 24 01 07 4d00 00000000 0f 00 0100 aa 04 07 89 03 00 0100 feff",
      "04 02 20 8b 24 01 0100 0600 c0587222085a0400",
      "55 03 20 6b 25 00 0000 0200 0100 0200",
      "81 00 00 00" + capture::test::IdentityData(),
      "d5 00 00 00 01000000 0200 4142 c400 02000000 0100 43 c100",
  };
  const auto check = [](const std::vector<std::uint8_t>& bytes) {
    Part part;
    part.message = bytes;
    Transaction out;
    DecodeRequest(part, false, out);
    DecodeResponse(bytes, false, true, out);
    Transaction alone;
    DecodeResponse(bytes, true, false, alone);
    for (const auto& [key, text] : out.detail) EXPECT_LE(text.size(), 2 * kMaxDetailBytes) << key;
    EXPECT_LE(out.detail.size(), 64u);
  };
  for (const std::string& hex : messages) {
    const std::vector<std::uint8_t> good = Hex(hex);
    for (std::size_t at = 0; at < good.size(); ++at) {
      check({good.begin(), good.begin() + static_cast<std::ptrdiff_t>(at)});
      for (const int flip : {0x01, 0x80, 0xff}) {
        std::vector<std::uint8_t> bytes = good;
        bytes[at] = static_cast<std::uint8_t>(bytes[at] ^ flip);
        check(bytes);
      }
    }
  }
  EXPECT_TRUE(Flagged(Request("0e 7f 20 01"), "cip-path"));
  EXPECT_TRUE(Flagged(Request("0e 03 20 01", true), "truncated"));
}

}  // namespace
}  // namespace tapiary::capture::cip
