#include "capture/flow/community_id.h"

#include <gtest/gtest.h>

#include <string>

namespace tapiary::capture {
namespace {

struct Case {
  const char* src;
  const char* dst;
  std::uint16_t src_port, dst_port;
  std::uint8_t proto;
  bool one_way;
  const char* id;
};

// Reference values of the specification (baseline, seed 0).
constexpr Case kReference[] = {
    {"128.232.110.120", "66.35.250.204", 34855, 80, 6, false, "1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
    {"66.35.250.204", "128.232.110.120", 80, 34855, 6, false, "1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
    {"192.168.1.52", "8.8.8.8", 54585, 53, 17, false, "1:d/FP5EW3wiY1vCndhwleRRKHowQ="},
    {"8.8.8.8", "192.168.1.52", 53, 54585, 17, false, "1:d/FP5EW3wiY1vCndhwleRRKHowQ="},
    {"192.168.170.8", "192.168.170.56", 7, 80, 132, false, "1:jQgCxbku+pNGw8WPbEc/TS/uTpQ="},
    {"192.168.0.89", "192.168.0.1", 8, 0, 1, false, "1:X0snYXpgwiv9TZtqg64sgzUn6Dk="},
    {"192.168.0.1", "192.168.0.89", 0, 8, 1, false, "1:X0snYXpgwiv9TZtqg64sgzUn6Dk="},
    {"192.168.0.89", "192.168.0.1", 20, 0, 1, true, "1:3o2RFccXzUgjl7zDpqmY7yJi8rI="},
    {"192.168.0.89", "192.168.0.1", 20, 1, 1, true, "1:tz/fHIDUHs19NkixVVoOZywde+I="},
    {"fe80::200:86ff:fe05:80da", "fe80::260:97ff:fe07:69ea", 135, 136, 58, false,
     "1:dGHyGvjMfljg6Bppwm3bg0LO8TY="},
    {"fe80::260:97ff:fe07:69ea", "fe80::200:86ff:fe05:80da", 136, 135, 58, false,
     "1:dGHyGvjMfljg6Bppwm3bg0LO8TY="},
    {"10.1.24.4", "10.1.12.1", 0, 0, 46, false, "1:/nQI4Rh/TtY3mf0R2gJFBkVlgS4="},
};

TEST(CommunityId, EqualsTheSpecificationsValues) {
  for (const Case& c : kReference) {
    EXPECT_EQ(CommunityId(ParseIpAddress(c.src).value(), ParseIpAddress(c.dst).value(), c.src_port,
                          c.dst_port, c.proto, c.one_way),
              c.id)
        << c.src << " " << int{c.proto};
  }
}

TEST(CommunityId, EqualAddressesAreOrderedByPort) {
  const IpAddress ip = ParseIpAddress("127.0.0.1").value();
  EXPECT_EQ(CommunityId(ip, ip, 1, 2, 6, false), CommunityId(ip, ip, 2, 1, 6, false));
  EXPECT_NE(CommunityId(ip, ip, 1, 2, 6, false), CommunityId(ip, ip, 1, 3, 6, false));
}

}  // namespace
}  // namespace tapiary::capture
