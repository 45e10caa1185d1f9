#include "server/collector_config.h"

#include <gtest/gtest.h>

#include "capture/label/labeler.h"
#include "tests/base/temp_folder.h"

namespace tapiary::server {
namespace {

TEST(CollectorConfig, DefaultsPutEverythingBelowTheDataFolder) {
  CollectorConfig config;
  config.data = "/srv/x";
  const auto options = Complete(config);
  ASSERT_TRUE(options);
  EXPECT_EQ(options->catalog_path, "/srv/x/catalog.sqlite");
  EXPECT_EQ(options->vault_path, "/srv/x/vault");
  EXPECT_TRUE(options->own_certificate);
  EXPECT_EQ(options->http.certificate_file, "/srv/x/tls/collector.crt");
  ASSERT_EQ(options->http.listen.size(), 1u);
  EXPECT_EQ(options->http.listen[0].address, "0.0.0.0");
  EXPECT_EQ(options->http.listen[0].port, 8443);
  EXPECT_TRUE(options->http.listen[0].tls);
}

TEST(CollectorConfig, AddressesMayBeIpv6AndPlain) {
  CollectorConfig config;
  config.listen = {"[::1]:9443"};
  config.plain_listen = {"127.0.0.1:9080"};
  const auto options = Complete(config);
  ASSERT_TRUE(options);
  ASSERT_EQ(options->http.listen.size(), 2u);
  EXPECT_EQ(options->http.listen[0].address, "::1");
  EXPECT_FALSE(options->http.listen[1].tls);
}

TEST(CollectorConfig, DissectsAsAUserThatIsThere) {
  CollectorConfig config;
  config.dissect_user = "no-such-user";
  const auto options = Complete(config);
  ASSERT_FALSE(options);
  EXPECT_NE(options.error().message.find("dissect.user"), std::string::npos);
  config.dissect_user = "daemon";
  EXPECT_TRUE(Complete(config));
}

TEST(CollectorConfig, NamesOfHostsAreReadAtTheStart) {
  const base::TempFolder folder;
  CollectorConfig config;
  config.hosts_file = folder.path() + "/hosts";
  EXPECT_FALSE(Complete(config));
  std::ofstream(config.hosts_file) << "10.0.0.5 plc-1\n";
  const auto options = Complete(config);
  ASSERT_TRUE(options) << options.error().message;
  ASSERT_EQ(options->hosts.all().size(), 1u);
  std::ofstream(config.hosts_file) << "plc-1 10.0.0.5\n";
  const auto refused = Complete(config);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().ToString().find("hosts_file"), std::string::npos);
}

TEST(CollectorConfig, CO08_DatabaseIsOneLineWithoutAPassword) {
  CollectorConfig config;
  config.catalog_url = "postgresql://tapiary@db.example/tapiary";
  EXPECT_TRUE(Complete(config));
  config.catalog_url = "postgresql://tapiary:sesame@db.example/tapiary";
  const auto secret = Complete(config);
  ASSERT_FALSE(secret);
  EXPECT_NE(secret.error().message.find("catalog.url"), std::string::npos);
  EXPECT_EQ(secret.error().message.find("sesame"), std::string::npos);
  config.catalog_url = "postgresql:///tapiary";
  config.catalog_path = "/x";
  EXPECT_FALSE(Complete(config));
  CollectorConfig lonely;
  lonely.catalog_password_file = "/x";
  EXPECT_FALSE(Complete(lonely));
}

TEST(CollectorConfig, BadAddressesNameTheirKey) {
  for (const char* text : {"127.0.0.1", ":8443", "127.0.0.1:", "127.0.0.1:70000", "a:1x"}) {
    CollectorConfig config;
    config.plain_listen = {text};
    const auto options = Complete(config);
    ASSERT_FALSE(options) << text;
    EXPECT_NE(options.error().message.find("plain_listen"), std::string::npos) << text;
  }
}

// --check-config finds what the start would.
TEST(CollectorConfig, WhatCannotStartIsRefused) {
  for (const char* text : {"0.0.0.0:80", "10.0.0.1:80", "[::]:80", "[2001:db8::1]:80"}) {
    CollectorConfig config;
    config.plain_listen = {text};
    EXPECT_FALSE(Complete(config)) << text;
  }
  CollectorConfig config;
  config.plain_listen = {"127.1.2.3:80", "[::1]:80"};
  EXPECT_TRUE(Complete(config));
  config.names = {"tap.example", "no name"};
  const auto named = Complete(config);
  ASSERT_FALSE(named);
  EXPECT_NE(named.error().message.find("tls.names: "), std::string::npos) << named.error().message;
}

TEST(CollectorConfig, ACertificateNeedsItsKey) {
  CollectorConfig config;
  config.certificate = "/etc/x.crt";
  EXPECT_FALSE(Complete(config));
  config.key = "/etc/x.key";
  const auto options = Complete(config);
  ASSERT_TRUE(options);
  EXPECT_FALSE(options->own_certificate);
  EXPECT_EQ(options->http.key_file, "/etc/x.key");
}

TEST(CollectorConfig, LabelsOfUploadsAreOffUnlessAskedFor) {
  CollectorConfig config;
  EXPECT_FALSE(Complete(config)->ingest.pcap_labels);
  config.pcap_labels = true;
  const auto options = Complete(config);
  ASSERT_EQ(options.has_value(), capture::LabelsBuilt());
  if (options) {
    EXPECT_TRUE(options->ingest.pcap_labels);
  }
}

TEST(CollectorConfig, MappingsOfEventsAreCheckedAtTheStart) {
  const base::TempFolder folder;
  CollectorConfig config;
  EXPECT_FALSE(Complete(config)->ingest.mappings);
  config.event_mappings = {folder.File("m.yaml", "mappings:\n- {name: x, match: {a: 1}}\n")};
  const auto options = Complete(config);
  ASSERT_TRUE(options) << options.error().message;
  EXPECT_TRUE(options->ingest.mappings);
  config.event_mappings.push_back(folder.File("bad.yaml", "mappings:\n- {name: x}\n"));
  const auto bad = Complete(config);
  ASSERT_FALSE(bad);
  EXPECT_NE(bad.error().message.find("bad.yaml:2: "), std::string::npos) << bad.error().message;
}

TEST(CollectorConfig, NothingToListenOnIsAnError) {
  CollectorConfig config;
  config.listen.clear();
  EXPECT_FALSE(Complete(config));
}

// The table's defaults are those that Complete expects: parsing nothing gives the limits.
TEST(CollectorConfig, TableFillsTheLimits) {
  CollectorConfig config;
  base::ConfigTable table("tapiary-collector", "test");
  AddRows(table, config);
  const char* const arguments[] = {"tapiary-collector", "--limits.events", "2MiB"};
  ASSERT_TRUE(table.Parse(3, arguments));
  const auto options = Complete(config);
  ASSERT_TRUE(options);
  EXPECT_EQ(options->ingest.events_bytes, 2u << 20);
  EXPECT_EQ(options->ingest.pcap_bytes, 1u << 30);
}

// What --dump-config prints is what people make their file of.
TEST(CollectorConfig, TheDumpIsAFileThatIsTaken) {
  const base::TempFolder folder;
  CollectorConfig config;
  base::ConfigTable table("tapiary-collector", "test");
  AddRows(table, config);
  const std::string file = folder.File("dump.yaml", table.Dump());
  const char* const arguments[] = {"tapiary-collector", "--config", file.c_str()};
  const auto read = table.Parse(3, arguments);
  EXPECT_TRUE(read) << read.error().message;
}

}  // namespace
}  // namespace tapiary::server
