#include "capture/ot/dnp3/link.h"

#include <gtest/gtest.h>

#include "tests/capture/ot/dnp3/frames.h"

namespace tapiary::capture::dnp3 {
namespace {

using test::Octets;

TEST(Dnp3Link, HeaderAndSize) {
  LinkHeader header;
  const Octets frame = test::Frame(0xc4, 10, 1, Octets(17, 0xab));
  const PduFront front = ReadHeader(frame, header);
  ASSERT_EQ(front.kind, PduFront::Kind::kPdu);
  EXPECT_EQ(front.size, frame.size());
  EXPECT_EQ(front.size, 10u + 17u + 4u);
  EXPECT_EQ(header.destination, 10);
  EXPECT_EQ(header.source, 1);
  EXPECT_EQ(header.function(), kUnconfirmedUserData);
  EXPECT_TRUE(header.from_master());
  EXPECT_TRUE(header.has_user_data());
  EXPECT_EQ(ReadHeader(test::Frame(0xc4, 1, 2, Octets(250, 1)), header).size, kMaxFrame);
}

TEST(Dnp3Link, OT09_WrongBytesAreWrongBeforeTheRestComes) {
  LinkHeader header;
  const Octets frame = test::Frame(0xc4, 10, 1, {0xc0, 0xc0, 0x01});
  for (std::size_t size = 0; size < kHeaderSize; ++size) {
    const base::Bytes front = base::Bytes(frame).first(size);
    EXPECT_EQ(ReadHeader(front, header).kind, PduFront::Kind::kMore) << size;
  }
  for (std::size_t at = 0; at < kHeaderSize; ++at) {
    Octets bad = frame;
    bad[at] ^= 0x10;
    EXPECT_EQ(ReadHeader(bad, header).kind, PduFront::Kind::kBad) << at;
  }
  EXPECT_EQ(ReadHeader(capture::test::Hex("056404"), header).fault, "dnp3-length");
}

TEST(Dnp3Link, OT09_ADamagedBlockCostsItsFrame) {
  const Octets data(40, 0x11);
  Octets frame = test::Frame(0xc4, 10, 1, data);
  LinkHeader header;
  ASSERT_EQ(ReadHeader(frame, header).kind, PduFront::Kind::kPdu);
  UserData out;
  TakeUserData(frame, header, out);
  EXPECT_FALSE(out.damaged);
  EXPECT_TRUE(std::ranges::equal(out.view(), data));
  frame[30] ^= 1;
  TakeUserData(frame, header, out);
  EXPECT_TRUE(out.damaged);
}

TEST(Dnp3Link, OT12_CutFramesGiveWhatIsThere) {
  const Octets data(40, 0x11);
  const Octets frame = test::Frame(0xc4, 10, 1, data);
  LinkHeader header;
  ASSERT_EQ(ReadHeader(frame, header).kind, PduFront::Kind::kPdu);
  UserData out;
  for (std::size_t size = kHeaderSize; size <= frame.size(); ++size) {
    TakeUserData(base::Bytes(frame).first(size), header, out);
    EXPECT_FALSE(out.damaged);
    EXPECT_LE(out.size, data.size());
  }
  EXPECT_EQ(out.size, data.size());
}

TEST(Dnp3Link, Names) {
  EXPECT_EQ(LinkOperation(true, 9), "request_link_status");
  EXPECT_EQ(LinkOperation(false, 11), "link_status");
  EXPECT_EQ(LinkOperation(true, 7), "unknown_link_function");
}

}  // namespace
}  // namespace tapiary::capture::dnp3
