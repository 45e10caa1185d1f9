#include "capture/ot/synchrophasor/framing.h"

#include <gtest/gtest.h>

#include "tests/capture/ot/synchrophasor/frames.h"

namespace tapiary::capture::synchrophasor {
namespace {

using test::Octets;

TEST(SynchrophasorFraming, FrameAndChecksum) {
  const Octets bytes = test::Command(2);
  Frame frame;
  EXPECT_EQ(ReadFrame(bytes, frame).size, 18u);
  EXPECT_EQ(frame.type, kCommand);
  EXPECT_EQ(frame.id, 60);
  EXPECT_TRUE(CrcFits(bytes));
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    Octets bad = bytes;
    bad[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
    EXPECT_FALSE(CrcFits(bad)) << bit;
  }
}

TEST(SynchrophasorFraming, OT07_BadHeaders) {
  Frame frame;
  for (const std::string_view hex : {"ab", "aa61", "aa00", "aa410004", "aa410010", "aa0f"}) {
    EXPECT_EQ(ReadFrame(capture::test::Hex(hex), frame).kind, PduFront::Kind::kBad) << hex;
  }
  for (std::size_t size = 0; size < kHeaderSize; ++size) {
    const Octets bytes = test::Command(2);
    EXPECT_EQ(ReadFrame(base::Bytes(bytes).first(size), frame).kind, PduFront::Kind::kMore);
  }
}

}  // namespace
}  // namespace tapiary::capture::synchrophasor
