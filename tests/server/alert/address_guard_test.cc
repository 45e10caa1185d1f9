#include "server/alert/address_guard.h"

#include <gtest/gtest.h>

namespace tapiary::server {
namespace {

AddressGuard Guard(const std::vector<std::string>& networks) {
  auto guard = AddressGuard::Make(networks);
  EXPECT_TRUE(guard) << guard.error().message;
  return std::move(*guard);
}

TEST(AddressGuard, CO10_OnlyPublicAddressesAreCalled) {
  const AddressGuard guard = Guard({});
  for (const char* address : {"8.8.8.8", "1.1.1.1", "172.15.255.255", "172.32.0.0", "11.0.0.0",
                              "9.255.255.255", "100.63.255.255", "100.128.0.0", "223.255.255.255",
                              "192.0.1.0", "2606:4700::1111", "2a00:1450:4001::1"}) {
    EXPECT_TRUE(guard.Check(address)) << address;
  }
  for (const char* address : {"0.0.0.0",
                              "0.1.2.3",
                              "10.0.0.1",
                              "10.255.255.255",
                              "100.64.0.1",
                              "100.127.255.255",
                              "127.0.0.1",
                              "127.255.255.254",
                              "169.254.169.254",
                              "172.16.0.1",
                              "172.31.255.255",
                              "192.0.0.8",
                              "192.0.2.1",
                              "192.88.99.1",
                              "192.168.0.1",
                              "198.18.0.1",
                              "198.19.255.255",
                              "198.51.100.1",
                              "203.0.113.1",
                              "224.0.0.1",
                              "239.255.255.255",
                              "240.0.0.1",
                              "255.255.255.255",
                              "::",
                              "::1",
                              "fe80::1",
                              "fc00::1",
                              "fd00:ec2::254",
                              "ff02::1",
                              "::ffff:8.8.8.8",
                              "::ffff:127.0.0.1",
                              "::ffff:a9fe:a9fe",
                              "::127.0.0.1",
                              "64:ff9b::7f00:1",
                              "64:ff9b:1::1",
                              "100::1",
                              "2001::1",
                              "2001:db8::1",
                              "2002:7f00:1::",
                              "3fff::1",
                              "4000::1",
                              "",
                              "localhost",
                              "127.1",
                              "0x7f000001",
                              "fe80::1%eth0"}) {
    const auto checked = guard.Check(address);
    ASSERT_FALSE(checked) << address;
    EXPECT_EQ(checked.error().code, base::ErrorCode::kPermission);
  }
}

TEST(AddressGuard, CO10_NetworksCanBeAllowed) {
  const AddressGuard guard = Guard({"10.1.0.0/16", "127.0.0.1", "fd00::/8"});
  EXPECT_TRUE(guard.Check("10.1.255.255"));
  EXPECT_TRUE(guard.Check("127.0.0.1"));
  EXPECT_TRUE(guard.Check("fd12::1"));
  EXPECT_FALSE(guard.Check("10.2.0.0"));
  EXPECT_FALSE(guard.Check("127.0.0.2"));
  EXPECT_FALSE(guard.Check("::ffff:10.1.0.1"));
  EXPECT_FALSE(AddressGuard::Make({"ten"}));
  EXPECT_FALSE(Guard({"::/0"}).Check("::ffff:10.1.0.1"));
}

}  // namespace
}  // namespace tapiary::server
