#include "server/collector.h"

#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <iterator>
#include <optional>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "server/alert/alert_metrics.h"
#include "server/alert/alerts.h"
#include "server/api/api.h"
#include "server/api/event_clock.h"
#include "server/api/openapi.h"
#include "server/audit/access_log.h"
#include "server/auth/login.h"
#include "server/auth/session.h"
#include "server/auth/token_routes.h"
#include "server/auth/user_routes.h"
#include "server/auth/users.h"
#include "server/dissect/sharkd.h"
#include "server/evidence/collector_key.h"
#include "server/http/certificate.h"
#include "server/ingest/sweeper.h"
#include "server/probes.h"
#include "server/retention/disk.h"
#include "server/retention/retention.h"
#include "server/web/web.h"

namespace tapiary::server {

struct Collector::Impl {
  std::vector<Route> Routes();
  [[nodiscard]] AuthContext Auth() {
    return {*catalog, attempts, logins, passwords, options.sessions};
  }

  // 0: without TLS, or it cannot be read.
  [[nodiscard]] std::int64_t EndOfCertificate() const {
    if (std::ranges::none_of(options.http.listen, &ListenAddress::tls)) return 0;
    const auto end_ns = CertificateEnd(options.http.certificate_file);
    return end_ns ? *end_ns : 0;
  }

  CollectorOptions options;
  // In the order of making; destroyed in reverse.
  base::UniqueFd data_lock;
  std::unique_ptr<Catalog> catalog;
  std::unique_ptr<Vault> vault;
  std::unique_ptr<Sweeper> sweeper;
  std::unique_ptr<ClockLearner> clock_learner;
  std::unique_ptr<Retention> retention;
  std::unique_ptr<DiskWatch> disks;
  std::unique_ptr<Ingest> ingest;
  std::unique_ptr<Sharkd> sharkd;
  std::unique_ptr<Alerts> alerts;
  std::unique_ptr<AccessLog> access_log;
  std::optional<uplink::SigningKey> key;
  Attempts attempts;
  std::vector<RouteName> route_names;
  Attempts logins;
  Passwords passwords;
  std::unique_ptr<HttpServer> http;
};

std::vector<Route> Collector::Impl::Routes() {
  std::vector<Route> all;
  const auto add = [&](std::vector<Route> routes) {
    all.insert(all.end(), std::make_move_iterator(routes.begin()),
               std::make_move_iterator(routes.end()));
  };
  add(ingest->Routes());
  add(SessionRoutes(Auth()));
  add(UserRoutes(Auth()));
  add(TokenRoutes(Auth()));
  add(ApiRoutes(
      {*catalog, *vault, sharkd.get(), access_log.get(), &*key, &options.hosts, disks.get()}));
  add(ProbeRoutes({*catalog, *vault, [this] {
                     return MetricsText(http->metrics(), ingest->metrics(), EndOfCertificate()) +
                            AlertMetrics(*catalog, base::WallNow());
                   }}));
  add(OpenApiRoutes());
  add(alerts->Routes());
  add(WebRoutes());
  for (const Route& route : all) {
    route_names.push_back({route.method, route.pattern, route.scope});
  }
  return all;
}

namespace {

// One that was made before tls.names was set stays: sensors trust it by file.
void TellMissingNames(const CollectorOptions& options) {
  const auto missing = NamesNotIn(options.http.certificate_file, options.names);
  if (!missing) return;
  for (const std::string& name : *missing) {
    base::LogWarning(
        "certificate {} is not for {} of tls.names, so clients refuse it there: remove it and its "
        "key to have another made at the next start, and give that one to the sensors",
        options.http.certificate_file, name);
  }
}

base::Result<> PrepareCertificate(const CollectorOptions& options) {
  if (!options.own_certificate) return {};
  TAPIARY_TRY(base::MakeFolders(options.data + "/tls", 0700));
  TAPIARY_TRY(
      EnsureCertificate(options.http.certificate_file, options.http.key_file, options.names));
  TellMissingNames(options);
  return {};
}

// For the life of a collector. File systems without such locks let everybody in.
base::Result<base::UniqueFd> LockData(const std::string& folder) {
  base::UniqueFd fd(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.valid() && flock(fd.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    return base::MakeError(base::ErrorCode::kConflict, "another collector works in " + folder +
                                                           ": each has a --data of its own");
  }
  return fd;
}

void TellAddresses(const CollectorOptions& options, const std::vector<std::uint16_t>& ports) {
  for (std::size_t i = 0; i < ports.size(); ++i) {
    const ListenAddress& listen = options.http.listen[i];
    base::LogInfo("serving {}://{}:{}", listen.tls ? "https" : "http", listen.address, ports[i]);
  }
}

void TellEndOfCertificate(const CollectorOptions& options, std::int64_t end_ns) {
  if (end_ns == 0 || end_ns - base::WallNow() >= kRenewBeforeNs) return;
  base::LogWarning("certificate {} ends at {}", options.http.certificate_file,
                   base::FormatTime(end_ns));
}

void TellCertificate(const CollectorOptions& options) {
  const auto fingerprint = CertificateFingerprint(options.http.certificate_file);
  if (!fingerprint) return;
  base::LogInfo("certificate {} has SHA-256 {}", options.http.certificate_file, *fingerprint);
}

// No password is made here: whoever reads the log would have it.
void TellFirstUser(const Catalog& catalog, const CollectorOptions& options) {
  const auto there = HasUsers(catalog);
  if (!there || *there) return;
  base::LogInfo(
      "no users yet; the first is made with: tapiary user create NAME --role admin --catalog {}",
      options.catalog_url.empty() ? options.catalog_path : options.catalog_url);
}

// A store that is not reachable is no reason not to start: it is told, and ingest answers 503.
base::Result<std::unique_ptr<Vault>> OpenVault(const CollectorOptions& options,
                                               const std::string& tag) {
  if (options.s3.endpoint.empty()) return OpenFileVault(options.vault_path, tag);
  base::LogInfo("vault: bucket {} at {}", options.s3.bucket, options.s3.endpoint);
  S3Options s3 = options.s3;
  s3.tag = tag;
  TAPIARY_ASSIGN(auto vault, OpenS3Vault(s3));
  if (const auto works = vault->Check(); !works) base::LogError("{}", works.error().message);
  return vault;
}

RetentionOptions RetentionFor(const CollectorOptions& options) {
  RetentionOptions retention{options.retention, options.retention_every_ns};
  if (options.s3.endpoint.empty()) retention.vault_folder = options.vault_path;
  if (options.catalog_url.empty()) {
    retention.catalog_folder = std::filesystem::absolute(options.catalog_path).parent_path();
  }
  return retention;
}

// Whatever is received lies in the vault's folder first, also on its way to a bucket.
std::unique_ptr<DiskWatch> WatchDisks(const CollectorOptions& options,
                                      const RetentionOptions& retention) {
  std::vector<std::string> folders{options.vault_path};
  if (!retention.catalog_folder.empty()) folders.push_back(retention.catalog_folder);
  return std::make_unique<DiskWatch>(std::move(folders), options.retention.min_free_bytes);
}

}  // namespace

base::Result<std::unique_ptr<Collector>> Collector::Start(const CollectorOptions& options) {
  auto impl = std::make_unique<Impl>();
  impl->options = options;
  TAPIARY_TRY(base::MakeFolders(options.data, 0700));
  TAPIARY_ASSIGN(impl->data_lock, LockData(options.data));
  CatalogOptions catalog;
  catalog.path = options.catalog_path;
  catalog.url = options.catalog_url;
  catalog.password_file = options.catalog_password_file;
  TAPIARY_ASSIGN(impl->catalog, Catalog::Open(catalog));
  TAPIARY_ASSIGN(const std::string tag, CatalogTag(*impl->catalog));
  TAPIARY_ASSIGN(impl->vault, OpenVault(options, tag));
  impl->sweeper =
      std::make_unique<Sweeper>(*impl->catalog, *impl->vault, tag, options.orphan_age_ns);
  impl->clock_learner = std::make_unique<ClockLearner>(*impl->catalog);
  RetentionOptions retention = RetentionFor(options);
  impl->disks = WatchDisks(options, retention);
  impl->retention = std::make_unique<Retention>(*impl->catalog, *impl->vault, std::move(retention));
  impl->retention->Start();
  IngestLimits limits = options.ingest;
  limits.scratch_folder = options.vault_path;  // an uploaded file is no larger than what it becomes
  impl->ingest = std::make_unique<Ingest>(*impl->catalog, *impl->vault, limits);
  impl->sharkd = std::make_unique<Sharkd>(options.dissect);
  TAPIARY_ASSIGN(impl->alerts, Alerts::Start(*impl->catalog, options.alerts));
  impl->access_log = std::make_unique<AccessLog>(*impl->catalog, options.audit);
  TAPIARY_ASSIGN(impl->key, OpenCollectorKey(*impl->catalog, options.evidence_key));
  TAPIARY_TRY(PrepareCertificate(options));
  TellFirstUser(*impl->catalog, options);
  impl->http = std::make_unique<HttpServer>(
      options.http, impl->Routes(),
      [auth = impl->Auth()](const Credential& credential, const std::string& peer) {
        return Authenticate(auth, credential, peer);
      });
  TAPIARY_TRY(impl->http->Start());
  TellAddresses(options, impl->http->ports());
  TellCertificate(options);
  TellEndOfCertificate(options, impl->EndOfCertificate());
  return std::unique_ptr<Collector>(new Collector(std::move(impl)));
}

Collector::Collector(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Collector::~Collector() {
  Stop();
}

const std::vector<Collector::RouteName>& Collector::routes() const {
  return impl_->route_names;
}

base::Result<> Collector::ReloadCertificate() {
  TAPIARY_TRY(PrepareCertificate(impl_->options));
  TAPIARY_TRY(impl_->http->ReloadCertificate());
  TellCertificate(impl_->options);
  Remind();
  return {};
}

void Collector::Remind() {
  TellEndOfCertificate(impl_->options, impl_->EndOfCertificate());
}

void Collector::Stop() {
  impl_->ingest->RequestStop();
  impl_->alerts->RequestStop();
  impl_->catalog->RequestStop();
  impl_->http->Stop();
}

}  // namespace tapiary::server
