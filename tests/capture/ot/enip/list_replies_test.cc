#include "capture/ot/enip/list_replies.h"

#include <gtest/gtest.h>

#include <string>

#include "capture/ot/detail.h"
#include "tests/capture/ot/enip/messages.h"

namespace tapiary::capture::enip {
namespace {

using test::Encapsulated;
using test::Hex;

Transaction Reply(const std::string& hex) {
  const std::vector<std::uint8_t> bytes = Hex(hex);
  Header header;
  (void)ReadHeader(bytes, header);
  Transaction out;
  DecodeReply(header, BodyOf(bytes, header), false, out);
  return out;
}
std::string Get(const Transaction& t, std::string_view key) {
  const std::string* const text = FindDetail(t, key);
  return text != nullptr ? *text : "(none)";
}

const std::string kIdentity =
    "0c00 2d00 0100 0002af12c0a80a780000000000000000" + test::IdentityData() + "03";

TEST(EnipListReplies, IdentityHasItsFields) {
  const Transaction t = Reply(Encapsulated(0x63, 0, 0, "0100" + kIdentity));
  EXPECT_EQ(t.operation, "list_identity");
  EXPECT_EQ(Get(t, "vendor"), "1");
  EXPECT_EQ(Get(t, "device_type"), "14");
  EXPECT_EQ(Get(t, "product_code"), "54");
  EXPECT_EQ(Get(t, "revision"), "16.20");
  EXPECT_EQ(Get(t, "serial"), "0x0051823f");
  EXPECT_EQ(Get(t, "product_name"), "LOGIX5561/A");
  EXPECT_EQ(Get(t, "device_ip"), "192.168.10.120");
  EXPECT_EQ(Get(t, "state"), "3");
  EXPECT_TRUE(t.anomalies.empty());
  EXPECT_EQ(Get(Reply(Encapsulated(0x63, 0, 0, "0200" + kIdentity + kIdentity)), "listed"), "2");
}

TEST(EnipListReplies, ServicesAndSession) {
  const Transaction services = Reply(
      Encapsulated(0x04, 0, 0, "0100 0001 1400 0100 2001" + test::Text("Communications") + "0000"));
  EXPECT_EQ(Get(services, "service_name"), "Communications");
  EXPECT_EQ(Get(services, "capabilities"), "0x0120");
  EXPECT_EQ(Get(Reply(Encapsulated(0x65, 0x11020100, 0, "01000000")), "session"), "0x11020100");
  const Transaction refused = Reply(Encapsulated(0x65, 0, 0, "02000000", 0x69));
  EXPECT_EQ(refused.exception, 0x69u);
  EXPECT_EQ(Get(refused, "status_name"), "unsupported_protocol");
}

TEST(EnipListReplies, OT07_CutItemsAreNamed) {
  const std::string body = test::Compact("0100" + kIdentity);
  for (std::size_t size = 4; size < body.size(); size += 2) {
    EXPECT_FALSE(Reply(Encapsulated(0x63, 0, 0, body.substr(0, size))).anomalies.empty()) << size;
  }
}

}  // namespace
}  // namespace tapiary::capture::enip
