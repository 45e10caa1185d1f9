#include "server/probes.h"

#include <mutex>

#include "base/clock.h"
#include "base/log.h"

namespace tapiary::server {
namespace {

constexpr std::int64_t kKeepNs = 3 * base::kNanosPerSecond;

class Health {
 public:
  Health(Catalog& catalog, Vault& vault) : catalog_(catalog), vault_(vault) {}

  struct State {
    bool catalog = false;
    bool vault = false;
  };
  State Check() {
    const std::lock_guard lock(mutex_);
    const std::int64_t now_ns = base::SteadyNow();
    if (now_ns >= next_ns_) {
      state_.catalog = Told(catalog_.QuickQuery("SELECT count(*) FROM sensors", {},
                                                [](const SqlRow&) { return true; }));
      state_.vault = Told(vault_.Check());
      next_ns_ = base::SteadyNow() + kKeepNs;  // a store that hangs makes the probe itself slow
    }
    return state_;
  }

 private:
  static bool Told(const base::Result<>& result) {
    if (!result) base::LogWarning("not healthy: {}", result.error().message);
    return result.has_value();
  }

  Catalog& catalog_;
  Vault& vault_;
  std::mutex mutex_;
  std::int64_t next_ns_ = 0;
  State state_;  // guarded by mutex_, as next_ns_
};

// Public: the reasons, which may name hosts and folders, are in the log alone.
Response HealthResponse(const Health::State& health) {
  if (health.catalog && health.vault) return JsonResponse(200, R"({"status":"ok"})");
  Response response = Problem(503, "Not able to work",
                              health.catalog ? "The vault takes no objects; see the log."
                                             : "The catalog does not answer; see the log.");
  response.headers.emplace_back("Retry-After", "10");
  return response;
}

void AddLine(std::string& text, const std::string& name, const std::string& labels,
             std::uint64_t value) {
  text += name;
  if (!labels.empty()) text += '{' + labels + '}';
  text += ' ' + std::to_string(value) + '\n';
}

void AddType(std::string& text, const std::string& name, const char* type, const char* help) {
  text += "# HELP " + name + ' ' + help + "\n# TYPE " + name + ' ' + type + '\n';
}

// Label values come from our own tables, but a method comes from the wire.
std::string Label(const char* name, std::string_view value) {
  std::string text = std::string(name) + "=\"";
  for (const char c : value) {
    if (c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20) continue;
    text += c;
  }
  return text + '"';
}

}  // namespace

std::string MetricsText(const HttpMetrics& http, const IngestMetrics& ingest,
                        std::int64_t certificate_end_ns) {
  std::string text;
  AddType(text, "tapiary_http_requests_total", "counter", "Requests answered.");
  for (const auto& row : http.rows) {
    AddLine(text, "tapiary_http_requests_total",
            Label("route", row.route) + ',' + Label("method", row.method) + ',' +
                Label("status", std::to_string(row.status)),
            row.requests);
  }
  AddType(text, "tapiary_http_connections_open", "gauge", "Connections at this moment.");
  AddLine(text, "tapiary_http_connections_open", "", http.connections_open);
  AddType(text, "tapiary_http_connections_refused_total", "counter",
          "Connections closed because there were too many.");
  AddLine(text, "tapiary_http_connections_refused_total", "", http.connections_refused);
  AddType(text, "tapiary_ingest_items_total", "counter", "Items received, by kind and result.");
  for (const auto& row : ingest.rows) {
    AddLine(text, "tapiary_ingest_items_total",
            Label("kind", row.kind) + ',' + Label("result", row.result), row.items);
  }
  AddType(text, "tapiary_ingest_bytes_total", "counter", "Bytes received, by kind and result.");
  for (const auto& row : ingest.rows) {
    AddLine(text, "tapiary_ingest_bytes_total",
            Label("kind", row.kind) + ',' + Label("result", row.result), row.bytes);
  }
  if (certificate_end_ns > 0) {
    AddType(text, "tapiary_certificate_end_seconds", "gauge",
            "When the certificate ends, in seconds since 1970.");
    AddLine(text, "tapiary_certificate_end_seconds", "",
            static_cast<std::uint64_t>(certificate_end_ns / base::kNanosPerSecond));
  }
  return text;
}

namespace {

std::string HealthMetrics(const Health::State& health) {
  std::string text;
  AddType(text, "tapiary_catalog_up", "gauge", "1 when the catalog answers.");
  AddLine(text, "tapiary_catalog_up", "", health.catalog ? 1 : 0);
  AddType(text, "tapiary_vault_up", "gauge", "1 when the vault takes objects.");
  AddLine(text, "tapiary_vault_up", "", health.vault ? 1 : 0);
  return text;
}

}  // namespace

std::vector<Route> ProbeRoutes(ProbeContext context) {
  // Shared by the copies of the handler, which is a std::function.
  auto health = std::make_shared<Health>(context.catalog, context.vault);
  std::vector<Route> routes;
  routes.push_back({"GET", "/healthz", Scope::kPublic, [health](const Request&, BodySource&) {
                      return HealthResponse(health->Check());
                    }});
  routes.push_back({"GET", "/metrics", Scope::kViewer,
                    [health, metrics = context.metrics](const Request&, BodySource&) {
                      Response response;
                      response.content_type = "text/plain; version=0.0.4; charset=utf-8";
                      response.body = metrics() + HealthMetrics(health->Check());
                      return response;
                    }});
  return routes;
}

}  // namespace tapiary::server
