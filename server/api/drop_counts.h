// DropCounts: what the loss ledger says of the interfaces whose packets a download has.
//
// The ledger counts an interface from its sensor's start (an epoch) on, not within a window: the
// counts cover every epoch that the download touches, and their text says so. It also says how
// complete the hours are that the download has packets of (docs/completeness.md). One download, one
// thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "capture/segment/pcapng.h"
#include "server/api/segment_walk.h"
#include "server/catalog/catalog.h"

namespace tapiary::server {

class DropCounts {
 public:
  explicit DropCounts(const Catalog& catalog) : catalog_(catalog) {}  // which must outlive it
  // A packet of this segment, which says `interface` of itself, is in the download.
  void Note(const StoredSegment& segment, const std::string& interface);
  // Nothing when there is no ledger of the interface (uploads have none), or when the catalog does
  // not tell now: a download is no worse without.
  [[nodiscard]] std::optional<capture::InterfaceCounts> Find(std::string_view sensor,
                                                             const std::string& interface) const;

 private:
  [[nodiscard]] std::string Hours(const std::string& sensor) const;

  const Catalog& catalog_;
  std::int64_t last_segment_ = 0;
  std::size_t epochs_noted_ = 0;
  // Whose ledger: a replayed file has one, whatever its interfaces are called.
  struct Account {
    std::string interface;
    std::uint64_t epoch = 0;
    auto operator<=>(const Account&) const = default;
  };
  // By sensor and the packets' interface, both as they are stored: escaped.
  std::map<std::pair<std::string, std::string>, std::set<Account>> accounts_;
  struct SensorHours {
    std::int64_t sensor_id = 0;
    std::set<std::int64_t> hours;  // their beginnings, by the sensor's clock
    bool more = false;             // than are kept
  };
  std::map<std::string, SensorHours> hours_;  // by sensor
};

}  // namespace tapiary::server
