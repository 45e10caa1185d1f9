// Ingest: the five paths by which data comes in. Sensors may only add.
//
// Contract: design.md section 5; for senders: docs/ingest.md. Each handler takes the body as a
// stream, checks it, makes it durable (vault object, then catalog rows in one transaction) and only
// then answers 201. Whatever is refused leaves no object and no row. Any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "server/catalog/catalog.h"
#include "server/http/handler.h"
#include "server/ingest/sensor_quota.h"
#include "server/vault/vault.h"

namespace tapiary::server {

class EventMappings;

struct IngestLimits {
  std::uint64_t segment_bytes = 256ull << 20;
  std::uint64_t batch_bytes = 32ull << 20;         // flows and facts, as sent
  std::uint64_t pcap_bytes = 1ull << 30;           // as sent
  std::uint64_t pcap_expanded_bytes = 8ull << 30;  // once decompressed
  std::uint64_t events_bytes = 16ull << 20;
  std::uint32_t events_per_request = 10'000;
  std::shared_ptr<const EventMappings> mappings{};  // of events; may be null
  std::uint64_t pcap_records = 300'000;     // flows and transactions of one file, held in memory
  bool pcap_labels = false;                 // as MeterOptions::labels
  int pcap_imports = 2;                     // at a time; others wait a little, then get 503
  std::string scratch_folder = "/var/tmp";  // for uploaded files while they are read; never named
  SensorLimits sensor{};                    // of each
};

// Totals since start, for /metrics.
struct IngestMetrics {
  struct Row {
    std::string kind;    // segments, flows, facts, pcap, events
    std::string result;  // stored, repeated, conflict, refused, limited
    std::uint64_t items = 0;
    std::uint64_t bytes = 0;
  };
  std::vector<Row> rows;
};

class Ingest {
 public:
  // Catalog and vault must outlive it.
  Ingest(Catalog& catalog, Vault& vault, IngestLimits limits);
  ~Ingest();
  // All of Scope::kSensor. The routes must not outlive this object.
  std::vector<Route> Routes();
  [[nodiscard]] IngestMetrics metrics() const;
  // Running imports of capture files end with 503 and leave nothing. Any thread.
  void RequestStop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tapiary::server
