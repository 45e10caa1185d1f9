#include "server/alert/target.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/base/temp_folder.h"

namespace tapiary::server {
namespace {

using base::TempFolder;

std::string SecretFile(const TempFolder& folder) {
  const std::string path = folder.File("secret", "s3cret\n");
  std::filesystem::permissions(path, std::filesystem::perms::owner_read);
  return path;
}

TEST(AlertTargets, ReadsEachKind) {
  const TempFolder folder;
  const std::string secret = SecretFile(folder);
  const auto hook =
      ParseAlertTarget("soc https://hooks.example/a?b=c  severity=high secret=" + secret);
  ASSERT_TRUE(hook) << hook.error().message;
  EXPECT_EQ(hook->kind, TargetKind::kWebhook);
  EXPECT_EQ(hook->host, "hooks.example");
  EXPECT_EQ(hook->port, 443);
  EXPECT_EQ(hook->least, Severity::kHigh);
  const auto udp = ParseAlertTarget("siem syslog+udp://10.0.0.5 format=cef facility=4");
  ASSERT_TRUE(udp) << udp.error().message;
  EXPECT_EQ(udp->port, 514);
  EXPECT_TRUE(udp->cef);
  EXPECT_EQ(udp->facility, 4);
  const auto tls = ParseAlertTarget("siem syslog+tls://[2001:db8::5]:7000");
  ASSERT_TRUE(tls) << tls.error().message;
  EXPECT_EQ(tls->host, "2001:db8::5");
  EXPECT_EQ(tls->port, 7000);
  EXPECT_EQ(ParseAlertTarget("siem syslog+tcp://log.example")->port, 601);
}

TEST(AlertTargets, HpfeedsNeedsIdentChannelAndKey) {
  const TempFolder folder;
  const std::string secret = " secret=" + SecretFile(folder);
  const auto hive = ParseAlertTarget("hive hpfeeds://hive.example ident=me channel=ot" + secret);
  ASSERT_TRUE(hive) << hive.error().message;
  EXPECT_EQ(hive->kind, TargetKind::kHpfeeds);
  EXPECT_EQ(hive->port, 10000);
  EXPECT_EQ(hive->ident, "me");
  EXPECT_EQ(hive->channel, "ot");
  const auto tls =
      ParseAlertTarget("hive hpfeeds+tls://hive.example:20000 ident=me channel=ot" + secret);
  ASSERT_TRUE(tls) << tls.error().message;
  EXPECT_EQ(tls->kind, TargetKind::kHpfeedsTls);
  EXPECT_EQ(tls->port, 20000);
  const std::string plain = "hive hpfeeds://hive.example ";
  EXPECT_FALSE(ParseAlertTarget(plain + "ident=me channel=ot"));
  for (const char* const options :
       {"ident=me", "channel=ot", "ident=me channel=ot facility=1", "ident=me channel=ot ca=/x"}) {
    EXPECT_FALSE(ParseAlertTarget(plain + options + secret)) << options;
  }
  EXPECT_FALSE(ParseAlertTarget(plain + "channel=ot ident=" + std::string(256, 'i') + secret));
}

TEST(AlertTargets, SaysWhatIsWrongWithoutTheUrl) {
  const TempFolder folder;
  const std::string open = folder.File("open", "x");
  const std::string empty = folder.File("empty", "\n");
  std::filesystem::permissions(empty, std::filesystem::perms::owner_read);
  for (const std::string& text :
       std::vector<std::string>{"soc",
                                "soc http://a.example/topsecret",
                                "soc ftp://a.example/topsecret",
                                "soc file:///topsecret",
                                "soc gopher://a/topsecret",
                                "soc https://user:topsecret@a.example/",
                                "soc https://a.example:0/topsecret",
                                "soc https://a.example:99999/topsecret",
                                "soc https://[fe80::1%25eth0]/topsecret",
                                "Soc https://a.example/topsecret",
                                "soc https://a.example/topsecret what",
                                "soc https://a.example/topsecret facility=3",
                                "soc https://a.example/topsecret format=cef",
                                "soc syslog+udp://a.example facility=24",
                                "soc syslog+udp://a.example ca=/x",
                                "soc syslog+udp://a.example secret=" + open,
                                "soc https://a.example/topsecret severity=x",
                                "soc https://a.example/topsecret secret=" + open,
                                "soc https://a.example/topsecret secret=" + empty,
                                "soc https://a.example/topsecret secret=/no/such/file",
                                "soc https://a.example/topsecret ca=/no/such/file",
                                "soc hpfeeds://a.example/c",
                                ""}) {
    const auto target = ParseAlertTarget(text);
    ASSERT_FALSE(target) << text;
    EXPECT_EQ(target.error().message.find("topsecret"), std::string::npos)
        << target.error().message;
  }
}

TEST(AlertTargets, AWrongValueIsToldWithItsKey) {
  const std::pair<const char*, const char*> rows[] = {
      {"soc syslog+udp://a.example format=leef", "soc: format: must be plain or cef"},
      {"soc syslog+udp://a.example severity=bad", "soc: severity: must be one of"},
      {"soc syslog+udp://a.example facility=x", "soc: facility: must be 0 to 23"},
      {"soc https://a.example format=cef", "soc: 'format' is not for a target of this kind"},
  };
  for (const auto& [text, expected] : rows) {
    const auto target = ParseAlertTarget(text);
    ASSERT_FALSE(target) << text;
    EXPECT_TRUE(target.error().message.starts_with(expected)) << target.error().message;
  }
  const auto large = ParseAlertTarget("h hpfeeds://a.example ident=" + std::string(256, 'i'));
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().message, "h: ident: at most 255 bytes");
}

TEST(AlertTargets, NamesAreUniqueAndFew) {
  EXPECT_FALSE(ParseAlertTargets({"a https://a.example", "a https://b.example"}));
  EXPECT_EQ(ParseAlertTargets({"a https://a.example", "b https://b.example"})->size(), 2u);
  std::vector<std::string> many;
  for (int i = 0; i < 17; ++i) many.push_back("t" + std::to_string(i) + " https://a.example");
  EXPECT_FALSE(ParseAlertTargets(many));
}

TEST(AlertTargets, SecretsAreTheirOwnersAlone) {
  const TempFolder folder;
  EXPECT_EQ(*ReadSecret(SecretFile(folder)), "s3cret");
  const std::string open = folder.File("open", "x");
  std::filesystem::permissions(open, std::filesystem::perms(0640));
  EXPECT_EQ(ReadSecret(open).error().code, base::ErrorCode::kPermission);
}

}  // namespace
}  // namespace tapiary::server
