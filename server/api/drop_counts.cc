#include "server/api/drop_counts.h"

#include <fmt/core.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/clock.h"
#include "base/text.h"
#include "server/evidence/completeness.h"
#include "server/evidence/statement.h"
#include "server/ingest/hour_rows.h"

namespace tapiary::server {
namespace {

constexpr std::size_t kMaxEpochs = 1000;  // of all interfaces; those beyond are not counted
constexpr std::size_t kMaxReasons = 40;
constexpr std::size_t kMaxHours = 48;  // of a sensor, the first that come; about 6 kB of text
constexpr std::size_t kMaxSensors = 1000;

struct Sum {
  capture::InterfaceCounts counts;
  std::map<std::string, std::uint64_t> lost;  // by reason
  std::size_t epochs = 0;
};

void AddReasons(std::string_view record, Sum* sum) {
  const auto json = nlohmann::json::parse(record, nullptr, false);
  if (!json.is_object() || !json.contains("lost") || !json["lost"].is_object()) return;
  for (const auto& [reason, packets] : json["lost"].items()) {
    if (!packets.is_number_unsigned() || packets.get<std::uint64_t>() == 0) continue;
    if (sum->lost.size() >= kMaxReasons && !sum->lost.contains(reason)) continue;
    sum->lost[reason] += packets.get<std::uint64_t>();
  }
}

// offered, recorded, filtered, lost, time_ns, record
void Add(const SqlRow& row, Sum* sum) {
  const auto number = [&row](int column) { return static_cast<std::uint64_t>(row.Int(column)); };
  capture::InterfaceCounts& counts = sum->counts;
  counts.received += number(0);
  counts.delivered += number(1);
  counts.accepted += number(0) - std::min(number(0), number(2));
  counts.lost += number(3);
  counts.time_ns = std::max(counts.time_ns, row.Int(4));
  AddReasons(row.Text(5), sum);
  ++sum->epochs;
}

// `whole`: the name of the file of which the interface was one, or "".
std::string Comment(const Sum& sum, const std::string& whole) {
  std::string text =
      fmt::format("loss ledger of the sensor's {} from its start on, not of this file alone{}",
                  whole.empty() ? "interface" : "file " + whole + ", all its interfaces,",
                  sum.epochs > 1 ? fmt::format(" ({} starts)", sum.epochs) : std::string());
  for (const auto& [reason, packets] : sum.lost) {
    text += fmt::format("; lost, {}: {}", base::EscapeBytes(reason), packets);
  }
  return text;
}

}  // namespace

void DropCounts::Note(const StoredSegment& segment, const std::string& interface) {
  if (segment.id == last_segment_) return;
  last_segment_ = segment.id;
  if (hours_.size() < kMaxSensors || hours_.contains(segment.sensor)) {
    SensorHours& of_sensor = hours_[segment.sensor];
    of_sensor.sensor_id = segment.sensor_id;
    const std::int64_t hour_ns = HourOf(segment.first_ns);
    const bool room = of_sensor.hours.size() < kMaxHours || of_sensor.hours.contains(hour_ns);
    room ? void(of_sensor.hours.insert(hour_ns)) : void(of_sensor.more = true);
  }
  if (epochs_noted_ >= kMaxEpochs) return;
  const auto key = std::make_pair(segment.sensor, base::EscapeBytes(interface));
  if (accounts_[key].insert({segment.interface, segment.epoch}).second) ++epochs_noted_;
}

// A line for each hour that a segment of the download begins in.
std::string DropCounts::Hours(const std::string& sensor) const {
  const auto found = hours_.find(sensor);
  if (found == hours_.end()) return {};
  std::string text = "\ncompleteness of the sensor's hours (its clock):";
  for (const std::int64_t hour_ns : found->second.hours) {
    const auto accounts = Accounts(catalog_, {found->second.sensor_id, hour_ns,
                                              hour_ns + base::kNanosPerHour, base::WallNow()});
    if (!accounts || accounts->empty()) return text + "\nnot available now";
    text += "\n" + ShortForm(accounts->front());
  }
  if (found->second.more) text += "\nand more hours: GET /api/v1/completeness";
  return text;
}

std::optional<capture::InterfaceCounts> DropCounts::Find(std::string_view sensor,
                                                         const std::string& interface) const {
  const std::string name = base::EscapeBytes(interface);
  const auto found = accounts_.find({std::string(sensor), name});
  if (found == accounts_.end()) return std::nullopt;
  Sum sum;
  std::string whole;
  for (const Account& account : found->second) {
    if (account.interface != name) whole = account.interface;
    const std::vector<SqlValue> values{std::string(sensor), account.interface,
                                       static_cast<std::int64_t>(account.epoch)};
    const auto done = catalog_.Query(
        "SELECT l.offered, l.recorded, l.filtered, l.lost, l.time_ns, l.record FROM ledger l "
        "JOIN sensors s ON s.id = l.sensor_id WHERE s.name = ? AND l.interface = ? AND l.epoch = ?",
        values, [&sum](const SqlRow& row) {
          Add(row, &sum);
          return true;
        });
    if (!done) return std::nullopt;
  }
  if (sum.epochs == 0) return std::nullopt;
  sum.counts.comment = Comment(sum, whole) + Hours(std::string(sensor));
  return sum.counts;
}

}  // namespace tapiary::server
