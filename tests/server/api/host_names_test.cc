// The operator's names of devices, from a file like /etc/hosts into captures.
#include "server/api/host_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace tapiary::server {
namespace {

using testing::HasSubstr;

TEST(HostNames, FirstNameOfEachAddress) {
  const auto hosts = HostNames::Parse(
      "# the plant\n"
      "10.0.0.5\tplc-1.plant plc-1  # pumps\r\n"
      "\n"
      "  2001:db8::5   plc_2\n"
      "10.0.0.5 later\n"
      "10.0.0.7 hmi");
  ASSERT_TRUE(hosts) << hosts.error().message;
  ASSERT_EQ(hosts->all().size(), 3u);
  EXPECT_EQ(hosts->all()[0].address.ToString(), "10.0.0.5");
  EXPECT_EQ(hosts->all()[0].name, "plc-1.plant");
  EXPECT_EQ(hosts->all()[1].address.ToString(), "2001:db8::5");
  EXPECT_EQ(hosts->all()[1].name, "plc_2");
  EXPECT_EQ(hosts->all()[2].name, "hmi");
}

TEST(HostNames, WrongLinesAreNamed) {
  const auto message = [](const std::string& text) {
    const auto hosts = HostNames::Parse(text);
    return hosts ? std::string("taken") : hosts.error().ToString();
  };
  EXPECT_THAT(message("10.0.0.1 a\n\n10.0.0 plc\n"), HasSubstr("line 3"));
  EXPECT_THAT(message("plc-1 10.0.0.1\n"), HasSubstr("'plc-1' is not an address"));
  EXPECT_THAT(message("10.0.0.1\n"), HasSubstr("'' is not a host's name"));
  EXPECT_THAT(message("10.0.0.1 # plc\n"), HasSubstr("is not a host's name"));
  EXPECT_THAT(message("10.0.0.1 pl\x1b[31m\n"), HasSubstr("is not a host's name"));
  EXPECT_THAT(message("10.0.0.1 " + std::string(254, 'a') + "\n"), HasSubstr("is not a host's"));
  EXPECT_EQ(message("10.0.0.1 " + std::string(253, 'a') + "\n"), "taken");
  EXPECT_EQ(message(""), "taken");
}

TEST(HostNames, NoMoreThanADownloadCanCarry) {
  std::string text;
  for (std::size_t i = 0; i < HostNames::kMaxHosts; ++i) {
    text += "10.1." + std::to_string(i / 256) + "." + std::to_string(i % 256) + " h\n";
  }
  ASSERT_TRUE(HostNames::Parse(text));
  const auto hosts = HostNames::Parse(text + "10.2.0.1 h\n");
  ASSERT_FALSE(hosts);
  EXPECT_EQ(hosts.error().code, base::ErrorCode::kTooLarge);
}

TEST(HostNames, FileIsNamed) {
  const std::string path = testing::TempDir() + "tapiary_hosts_test";
  std::ofstream(path) << "10.0.0.5 plc-1\nwrong\n";
  const auto hosts = HostNames::Load(path);
  ASSERT_FALSE(hosts);
  EXPECT_THAT(hosts.error().ToString(), HasSubstr(path));
  EXPECT_THAT(hosts.error().ToString(), HasSubstr("line 2"));
  std::filesystem::remove(path);
  EXPECT_FALSE(HostNames::Load(path));
}

}  // namespace
}  // namespace tapiary::server
