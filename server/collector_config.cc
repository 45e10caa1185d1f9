#include "server/collector_config.h"

#include <arpa/inet.h>

#include <charconv>
#include <optional>

#include "base/clock.h"
#include "capture/label/labeler.h"
#include "server/alert/address_guard.h"
#include "server/catalog/postgres.h"
#include "server/http/certificate.h"
#include "server/ingest/event_mapping.h"

namespace tapiary::server {
namespace {

base::Error Invalid(std::string message) {
  return base::MakeError(base::ErrorCode::kInvalid, std::move(message));
}

// "127.0.0.1:8443", "[::1]:8443"
std::optional<ListenAddress> ParseListen(const std::string& text, bool tls) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) return std::nullopt;
  ListenAddress listen;
  listen.tls = tls;
  listen.address = text.substr(0, colon);
  if (listen.address.starts_with('[') && listen.address.ends_with(']')) {
    listen.address = listen.address.substr(1, listen.address.size() - 2);
  }
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data() + colon + 1, end, listen.port);
  if (parsed.ec != std::errc() || parsed.ptr != end || listen.address.empty()) return std::nullopt;
  return listen;
}

// An address that is no loopback.
bool IsElsewhere(const std::string& address) {
  in_addr ipv4{};
  in6_addr ipv6{};
  if (inet_pton(AF_INET, address.c_str(), &ipv4) == 1) return ntohl(ipv4.s_addr) >> 24U != 127;
  return inet_pton(AF_INET6, address.c_str(), &ipv6) == 1 && !IN6_IS_ADDR_LOOPBACK(&ipv6);
}

base::Result<> AddListen(const char* key, const std::vector<std::string>& texts, bool tls,
                         std::vector<ListenAddress>& out) {
  for (const std::string& text : texts) {
    auto listen = ParseListen(text, tls);
    if (!listen) return Invalid(std::string(key) + ": '" + text + "' is not ADDRESS:PORT");
    if (!tls && IsElsewhere(listen->address)) {
      return Invalid(std::string(key) + ": '" + text +
                     "': plain HTTP is for loopback addresses only; use listen");
    }
    out.push_back(*std::move(listen));
  }
  return {};
}

base::Result<> CompleteS3(const CollectorConfig& config, const std::string& scratch,
                          S3Options& s3) {
  if (config.s3_endpoint.empty()) {
    if (config.s3_bucket.empty()) return {};
    return Invalid("vault.s3.bucket: give vault.s3.endpoint too");
  }
  s3.endpoint = config.s3_endpoint;
  s3.bucket = config.s3_bucket;
  s3.region = config.s3_region;
  s3.prefix = config.s3_prefix;
  s3.ca_file = config.s3_ca_file;
  s3.virtual_host = config.s3_virtual_host;
  s3.scratch_folder = scratch;
  TAPIARY_TRY(CheckS3Options(s3));
  auto credentials = LoadS3Credentials(config.s3_credentials_file);
  if (!credentials) return credentials.error().WithContext("vault.s3.credentials_file");
  s3.credentials = std::move(*credentials);
  return {};
}

base::Result<> LoadMappings(const std::vector<std::string>& paths, IngestLimits& limits) {
  if (paths.empty()) return {};
  const auto mappings = std::make_shared<EventMappings>();
  for (const std::string& path : paths) {
    const auto loaded = mappings->Load(path);
    if (!loaded) return loaded.error().WithContext("events.mappings");
  }
  limits.mappings = mappings;
  return {};
}

base::Result<> LoadHosts(const std::string& path, HostNames& hosts) {
  if (path.empty()) return {};
  auto loaded = HostNames::Load(path);
  if (!loaded) return loaded.error().WithContext("hosts_file");
  hosts = *std::move(loaded);
  return {};
}

void AddFileRows(base::ConfigTable& table, CollectorConfig& config) {
  table.Add("events.mappings", &config.event_mappings,
            "YAML files that say how to read events of other services");
  table.Add("hosts_file", &config.hosts_file,
            "file like /etc/hosts with names of devices, which downloaded captures then carry");
}

void AddAuthRows(base::ConfigTable& table, CollectorConfig& config) {
  table.AddDuration("auth.session_idle", &config.session_idle_ns, "1h", "1m", "30d",
                    "a session that is not used for this long ends");
  table.AddDuration("auth.session_length", &config.session_length_ns, "12h", "1m", "365d",
                    "a session ends after this time, however much it is used");
  table.Add("auth.trusted_proxy", &config.trusted_proxies,
            "addresses or networks of proxies whose X-Forwarded-For counts; nobody's by default");
  table.Add("auth.user_header", &config.user_header,
            "header in which these proxies, and nobody else, name the user who is logged in there; "
            "off by default");
}

void AddDissectRows(base::ConfigTable& table, CollectorConfig& config) {
  table.Add("dissect.program", &config.dissect_program,
            "sharkd of Wireshark 4, which explains packets in a confined process");
  table.Add("dissect.user", &config.dissect_user,
            "whom that process becomes, when started by root");
  table.AddInt("dissect.at_once", &config.dissect_at_once, 1, 64, "such processes at a time");
  table.AddDuration("dissect.time", &config.dissect_time_ns, "15s", "1s", "5m",
                    "after which such a process is killed");
  table.AddSize("dissect.memory", &config.dissect_memory_bytes, "1GiB", "256MiB", "64GiB",
                "address space of such a process");
}

base::Result<DissectOptions> CompleteDissect(const CollectorConfig& config) {
  DissectOptions dissect;
  // A system without the default user has no users at all, and a collector that needs none.
  if (config.dissect_user != dissect.user) TAPIARY_TRY(CheckHelperUser(config.dissect_user));
  dissect.program = config.dissect_program;
  dissect.user = config.dissect_user;
  dissect.at_once = static_cast<int>(config.dissect_at_once);
  dissect.limits.time_ns = config.dissect_time_ns;
  dissect.limits.cpu_s = 1 + config.dissect_time_ns / base::kNanosPerSecond;
  dissect.limits.memory_bytes = config.dissect_memory_bytes;
  return dissect;
}

void AddAlertRows(base::ConfigTable& table, CollectorConfig& config) {
  table.Add("alerts.targets", &config.alert_targets,
            "\"NAME URL [KEY=VALUE]...\": where alerts go, by https, syslog+udp, +tcp, +tls or "
            "hpfeeds, hpfeeds+tls; see docs/alerts.md");
  table.Add("alerts.allow", &config.alert_allow,
            "networks that webhooks may call though they are not public, 10.1.2.0/24 say");
  table.AddDuration("alerts.keep", &config.alert_keep_ns, "90d", "1d", "3650d",
                    "alerts are forgotten at this age");
}

void AddLimitRows(base::ConfigTable& table, CollectorConfig& config) {
  table.AddInt("limits.connections", &config.max_connections, 1, 100'000,
               "connections at a time; more are closed");
  table.AddInt("limits.connections_per_address", &config.connections_per_address, 0, 100'000,
               "of these, from one IPv4 address or IPv6 /64 over TLS; auth.trusted_proxy may have "
               "all; 0: no limit");
  table.AddInt("limits.handler_threads", &config.handler_threads, 1, 256,
               "requests that are worked on at a time");
  table.AddSize("limits.segment", &config.segment_bytes, "256MiB", "1MiB", "256MiB",
                "largest segment of a sensor");
  table.AddSize("limits.pcap", &config.pcap_bytes, "1GiB", "1MiB", "64GiB",
                "largest capture file of POST pcap, as sent");
  table.AddSize("limits.pcap_expanded", &config.pcap_expanded_bytes, "8GiB", "1MiB", "256GiB",
                "and once decompressed");
  table.AddSize("limits.events", &config.events_bytes, "16MiB", "1KiB", "256MiB",
                "largest body of POST events");
}

void AddSensorRows(base::ConfigTable& table, CollectorConfig& config) {
  table.AddSize("limits.sensor.bytes", &config.sensor_bytes_per_s, "128MiB", "0", "64GiB",
                "bytes a second that one sensor may send, on average over 10 s; 0: no limit");
  table.AddInt("limits.sensor.items", &config.sensor_items_per_s, 0, 1'000'000,
               "requests a second of one sensor, on average over 10 s; 0: no limit");
  table.AddInt("limits.sensor.lasting_rows", &config.sensor_lasting_rows, 0, 1'000'000'000,
               "rows that no retention removes, of one sensor in a day: of items, of the ledger, "
               "gaps; 0: no limit");
  table.AddInt("limits.sensor.uploads", &config.sensor_uploads, 0, 1024,
               "uploads of one sensor at a time; 0: no limit");
}

SensorLimits CompleteSensor(const CollectorConfig& config) {
  SensorLimits sensor;
  sensor.bytes_per_s = static_cast<std::uint64_t>(config.sensor_bytes_per_s);
  sensor.items_per_s = static_cast<std::uint64_t>(config.sensor_items_per_s);
  sensor.lasting_rows_per_day = static_cast<std::uint64_t>(config.sensor_lasting_rows);
  sensor.uploads = static_cast<int>(config.sensor_uploads);
  return sensor;
}

base::Result<> CompleteCertificate(const CollectorConfig& config, CollectorOptions* options) {
  options->names = config.names;
  const auto named = CheckCertificateNames(config.names);
  if (!named) return named.error().WithContext("tls.names");
  if (config.certificate.empty() != config.key.empty()) {
    return Invalid("tls.certificate and tls.key belong together: give both or none");
  }
  const bool own = config.certificate.empty();
  options->own_certificate = own;
  options->http.certificate_file = own ? config.data + "/tls/collector.crt" : config.certificate;
  options->http.key_file = own ? config.data + "/tls/collector.key" : config.key;
  return {};
}

void CompleteEvidence(const CollectorConfig& config, CollectorOptions* options) {
  options->evidence_key =
      config.evidence_key.empty() ? config.data + "/evidence.key" : config.evidence_key;
  options->audit.keep_ns = config.audit_keep_ns;
  options->audit.keep_rows = config.audit_rows;
}

void AddEvidenceRows(base::ConfigTable& table, CollectorConfig& config) {
  table.Add("evidence.key_file", &config.evidence_key,
            "key that this collector signs statements and cases with, made when absent; default: "
            "DATA/evidence.key");
  table.AddDuration("audit.keep", &config.audit_keep_ns, "730d", "1d", "3650d",
                    "rows of the audit are removed at this age");
  table.AddInt("audit.rows", &config.audit_rows, 1000, 100'000'000,
               "rows of each action (search, download, login, ...) that are kept, the newest");
}

}  // namespace

void AddRows(base::ConfigTable& table, CollectorConfig& config) {
  table.Add("data", &config.data, "folder for everything that is not placed elsewhere");
  table.Add("listen", &config.listen, "addresses for HTTPS");
  table.Add("plain_listen", &config.plain_listen,
            "loopback addresses for plain HTTP, for a proxy on the same host");
  table.Add("catalog.path", &config.catalog_path, "SQLite file; default: DATA/catalog.sqlite");
  table.Add("catalog.url", &config.catalog_url,
            "postgresql://USER@HOST/DATABASE in place of the file; without a password");
  table.Add("catalog.password_file", &config.catalog_password_file,
            "file with the database's password; default: PGPASSWORD or ~/.pgpass");
  table.Add("vault.path", &config.vault_path, "folder of the packets; default: DATA/vault");
  table.AddDuration("vault.orphan_age", &config.orphan_age_ns, "24h", "10s", "365d",
                    "objects that no catalog row names and unfinished writes go at this age; far "
                    "more than an upload takes");
  table.Add("vault.s3.endpoint", &config.s3_endpoint,
            "https://HOST[:PORT] of an S3-compatible store; then packets go there, and vault.path "
            "holds only what is being received");
  table.Add("vault.s3.bucket", &config.s3_bucket, "its bucket, which must exist");
  table.Add("vault.s3.region", &config.s3_region, "the bucket's region");
  table.Add("vault.s3.prefix", &config.s3_prefix,
            "put before every object's name, \"tapiary/\" say");
  table.Add("vault.s3.credentials_file", &config.s3_credentials_file,
            "file as AWS programs use it; default: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in "
            "the environment");
  table.Add("vault.s3.ca", &config.s3_ca_file,
            "PEM file of the store's authority; default: those of the system");
  table.Add("vault.s3.virtual_host", &config.s3_virtual_host,
            "name the bucket in the host name, not in the path");
  AddRetentionRows(table, config.retention);
  table.Add("tls.certificate", &config.certificate,
            "PEM file with the certificate chain; default: one made at the first start");
  table.Add("tls.key", &config.key, "PEM file with its key");
  table.Add("tls.names", &config.names, "host names and addresses for the certificate made here");
  AddAuthRows(table, config);
  AddLimitRows(table, config);
  AddSensorRows(table, config);
  table.Add("pcap.labels", &config.pcap_labels,
            "look into uploaded captures for IT services with nDPI");
  AddFileRows(table, config);
  AddDissectRows(table, config);
  AddAlertRows(table, config);
  AddEvidenceRows(table, config);
  table.Add("log.level", &config.log_level, "debug, info, warning or error");
  table.AddExample("tapiary-collector --data /var/lib/tapiary --tls.names collector.example",
                   "serve on port 8443 with a certificate made at the first start");
  table.AddExample("tapiary-collector --config collector.yaml --check-config",
                   "check a file without starting");
}

base::Result<CollectorOptions> Complete(const CollectorConfig& config) {
  CollectorOptions options;
  options.data = config.data;
  options.catalog_path =
      config.catalog_path.empty() ? config.data + "/catalog.sqlite" : config.catalog_path;
  options.catalog_url = config.catalog_url;
  options.catalog_password_file = config.catalog_password_file;
  if (!config.catalog_url.empty()) {
    const auto checked = CheckPostgresUrl(config.catalog_url);
    if (!checked) return checked.error().WithContext("catalog.url");
    if (!config.catalog_path.empty()) return Invalid("catalog.url and catalog.path: give one");
  } else if (!config.catalog_password_file.empty()) {
    return Invalid("catalog.password_file is for catalog.url");
  }
  options.vault_path = config.vault_path.empty() ? config.data + "/vault" : config.vault_path;
  options.orphan_age_ns = config.orphan_age_ns;
  TAPIARY_ASSIGN(options.retention, CompleteRetention(config.retention));
  options.retention_every_ns = config.retention.every_ns;
  TAPIARY_TRY(CompleteS3(config, options.vault_path, options.s3));
  TAPIARY_TRY(CompleteCertificate(config, &options));
  HttpServerOptions& http = options.http;
  TAPIARY_TRY(AddListen("listen", config.listen, true, http.listen));
  TAPIARY_TRY(AddListen("plain_listen", config.plain_listen, false, http.listen));
  if (http.listen.empty()) return Invalid("listen: give at least one ADDRESS:PORT");
  http.io_threads = 2;
  auto proxies = TrustedProxies::Parse(config.trusted_proxies, config.user_header);
  if (!proxies) return proxies.error().WithContext("auth.trusted_proxy, auth.user_header");
  http.proxies = *std::move(proxies);
  options.sessions = {config.session_idle_ns, config.session_length_ns};
  http.max_connections = static_cast<int>(config.max_connections);
  http.connections_per_address = static_cast<int>(config.connections_per_address);
  http.handler_threads = static_cast<int>(config.handler_threads);
  options.ingest.segment_bytes = static_cast<std::uint64_t>(config.segment_bytes);
  options.ingest.pcap_bytes = static_cast<std::uint64_t>(config.pcap_bytes);
  options.ingest.pcap_expanded_bytes = static_cast<std::uint64_t>(config.pcap_expanded_bytes);
  options.ingest.sensor = CompleteSensor(config);
  options.ingest.pcap_labels = config.pcap_labels;
  options.ingest.events_bytes = static_cast<std::uint64_t>(config.events_bytes);
  TAPIARY_TRY(LoadMappings(config.event_mappings, options.ingest));
  if (config.pcap_labels && !capture::LabelsBuilt()) {
    return Invalid("pcap.labels: this build is without nDPI");
  }
  TAPIARY_ASSIGN(options.dissect, CompleteDissect(config));
  TAPIARY_TRY(LoadHosts(config.hosts_file, options.hosts));
  auto targets = ParseAlertTargets(config.alert_targets);
  if (!targets) return targets.error().WithContext("alerts.targets");
  options.alerts = {std::move(*targets), config.alert_allow, config.alert_keep_ns};
  CompleteEvidence(config, &options);
  const auto guard = AddressGuard::Make(config.alert_allow);
  if (!guard) return guard.error().WithContext("alerts.allow");
  TAPIARY_ASSIGN(options.log_level, base::ParseLogLevel(config.log_level));
  return options;
}

}  // namespace tapiary::server
