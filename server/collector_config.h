// The collector's settings: the rows of its table, and the checked result.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/config.h"
#include "base/log.h"
#include "base/result.h"
#include "server/alert/alerts.h"
#include "server/api/host_names.h"
#include "server/audit/access_log.h"
#include "server/auth/sessions.h"
#include "server/dissect/sharkd.h"
#include "server/http/server.h"
#include "server/ingest/ingest.h"
#include "server/retention/retention_config.h"
#include "server/vault/s3_vault.h"

namespace tapiary::server {

// As given.
struct CollectorConfig {
  std::string data = "/var/lib/tapiary";
  std::string catalog_path;
  std::string catalog_url;
  std::string catalog_password_file;
  std::string vault_path;
  std::string s3_endpoint;
  std::string s3_bucket;
  std::string s3_region = "us-east-1";
  std::string s3_prefix;
  std::string s3_credentials_file;
  std::string s3_ca_file;
  bool s3_virtual_host = false;
  std::int64_t orphan_age_ns = 0;
  RetentionConfig retention;
  std::vector<std::string> listen{"0.0.0.0:8443"};
  std::vector<std::string> plain_listen;
  std::string certificate;
  std::string key;
  std::vector<std::string> names;
  std::int64_t session_idle_ns = 0;
  std::int64_t session_length_ns = 0;
  std::vector<std::string> trusted_proxies;
  std::string user_header;
  std::int64_t max_connections = 1024;
  std::int64_t connections_per_address = 256;
  std::int64_t handler_threads = 64;
  std::int64_t segment_bytes = 0;
  std::int64_t pcap_bytes = 0;
  std::int64_t pcap_expanded_bytes = 0;
  std::int64_t events_bytes = 0;
  std::int64_t sensor_bytes_per_s = 128 << 20;
  std::int64_t sensor_items_per_s = 200;
  std::int64_t sensor_lasting_rows = 5'000'000;
  std::int64_t sensor_uploads = 16;
  bool pcap_labels = false;
  std::vector<std::string> event_mappings;
  std::string dissect_program = "/usr/bin/sharkd";
  std::string dissect_user = "nobody";
  std::int64_t dissect_at_once = 2;
  std::int64_t dissect_time_ns = 0;
  std::int64_t dissect_memory_bytes = 0;
  std::vector<std::string> alert_targets;
  std::vector<std::string> alert_allow;
  std::int64_t alert_keep_ns = 0;
  std::string hosts_file;
  std::string evidence_key;
  std::int64_t audit_keep_ns = 0;
  std::int64_t audit_rows = 1'000'000;
  std::string log_level = "info";
};

// Adds the rows; `config` must outlive the table.
void AddRows(base::ConfigTable& table, CollectorConfig& config);

// Checked, defaults filled in.
struct CollectorOptions {
  std::string data;
  std::string catalog_path;
  std::string catalog_url;
  std::string catalog_password_file;
  std::string vault_path;
  S3Options s3;  // endpoint empty: the vault is the folder
  std::int64_t orphan_age_ns = 0;
  RetentionPolicy retention;
  std::int64_t retention_every_ns = 0;
  SessionLimits sessions;
  AlertOptions alerts;
  AccessLogOptions audit;
  std::string evidence_key;      // file of the key that this collector signs with
  bool own_certificate = false;  // made here when absent
  std::vector<std::string> names;
  HttpServerOptions http;
  IngestLimits ingest;
  DissectOptions dissect;
  HostNames hosts;
  base::LogLevel log_level = base::LogLevel::kInfo;
};
// kInvalid names the key.
base::Result<CollectorOptions> Complete(const CollectorConfig& config);

}  // namespace tapiary::server
