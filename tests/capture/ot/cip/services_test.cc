#include "capture/ot/cip/services.h"

#include <gtest/gtest.h>

#include "tests/capture/ot/cip/decode_support.h"

namespace tapiary::capture::cip {
namespace {

using test::Hex;
using test::kTagPath;
using test::Request;

TEST(CipServices, ServiceNamesDependOnTheClass) {
  EXPECT_EQ(Request("4c 02 20 72 24 01").operation, "class_specific_service");
  EXPECT_EQ(Request("4c" + kTagPath + "0100").operation, "read_tag");
  EXPECT_EQ(Request("4c 02 20 37 24 01").operation, "initiate_download");
  EXPECT_EQ(Request("4d 02 20 a1 24 01").operation, "transfer_storage");
  EXPECT_EQ(Request("4b 02 20 8e 24 01").operation, "class_specific_service");
  EXPECT_EQ(Request("52 02 20 06 24 01").operation, "unconnected_send");
  EXPECT_EQ(Request("52" + kTagPath + "0100 00000000").operation, "read_tag_fragmented");
  EXPECT_EQ(Request("21 02 20 01 24 01").operation, "unknown_service");
  Transaction out;
  DecodeResponse(Hex("cc 00 00 00 c400 01000000"), false, false, out);
  EXPECT_EQ(out.operation, "class_specific_service");
}

TEST(CipServices, ClassesHaveNames) {
  EXPECT_EQ(ClassName(0xf5), "tcp_ip_interface");
  EXPECT_EQ(ClassName(0x8b), "wall_clock_time");
  EXPECT_EQ(ClassName(0xac), "");
  // A number beyond those of classes is no tag.
  EXPECT_EQ(ServiceName(0x4c, {0x10000u, false}), "class_specific_service");
}

}  // namespace
}  // namespace tapiary::capture::cip
