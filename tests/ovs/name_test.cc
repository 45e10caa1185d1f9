#include "ovs/name.h"

#include <gtest/gtest.h>

#include <string>

namespace tapiary::ovs {
namespace {

TEST(Name, OV08_RefusesWhatIsNoName) {
  for (const std::string& name :
       {std::string("a;touch x"), std::string("a b"), std::string("--all"), std::string("a\nb"),
        std::string(64, 'a'), std::string(), std::string("a\0b", 3), std::string("a/b"),
        std::string("../x"), std::string("."), std::string("-a"), std::string("a=b"),
        std::string("a,b"), std::string("a\"b"), std::string("$x"), std::string("\xff\xfe")}) {
    EXPECT_FALSE(CheckName("port", name, kMaxName)) << name;
    EXPECT_FALSE(CheckInterfaceName("port", name)) << name;
  }
}

TEST(Name, AcceptsNamesInUse) {
  for (const char* name : {"eth0", "br-int", "vnet12", "eth0.100", "tap_cap0", "0a"}) {
    EXPECT_TRUE(CheckInterfaceName("port", name)) << name;
  }
  EXPECT_TRUE(CheckName("mirror", std::string(63, 'a'), kMaxName));
}

TEST(Name, InterfaceLimits) {
  EXPECT_TRUE(CheckInterfaceName("port", std::string(15, 'a')));
  EXPECT_FALSE(CheckInterfaceName("port", std::string(16, 'a')));
  for (const char* name : {"lo", "all", "default", "ovs-netdev"}) {
    EXPECT_FALSE(CheckInterfaceName("port", name)) << name;
  }
}

TEST(Name, MessageIsPrintable) {
  const auto result = CheckName("port", "a\n\x1b[31m", kMaxName);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message.find('\n'), std::string::npos);
  EXPECT_EQ(result.error().message.find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace tapiary::ovs
