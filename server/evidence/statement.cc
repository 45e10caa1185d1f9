#include "server/evidence/statement.h"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/text.h"
#include "server/ingest/hour_rows.h"

namespace tapiary::server {
namespace {

using Json = nlohmann::ordered_json;
using Span = std::pair<std::int64_t, std::int64_t>;

void Grow(std::int64_t* sum, std::int64_t more) {
  *sum += std::min(more, INT64_MAX - *sum);
}

Json Spans(const std::vector<Span>& spans) {
  Json json = Json::array();
  for (const auto& [from_ns, to_ns] : spans) {
    json.push_back({{"from", base::FormatTime(from_ns)}, {"to", base::FormatTime(to_ns)}});
  }
  return json;
}

// Of the packets that were on the wire, by the share of TCP bytes that sequence numbers show and
// the mirror did not.
Json NeverMirrored(std::int64_t offered, std::int64_t tcp_bytes, std::int64_t missed_bytes) {
  Json json = {{"tcp_bytes", tcp_bytes}, {"missed_bytes", missed_bytes}};
  const double all = static_cast<double>(tcp_bytes) + static_cast<double>(missed_bytes);
  if (all <= 0) {
    json["share"] = nullptr;
    json["packets_estimate"] = nullptr;
    return json;
  }
  const double share = static_cast<double>(missed_bytes) / all;
  json["share"] = share;
  json["packets_estimate"] =
      share >= 1
          ? Json()
          : Json(static_cast<std::int64_t>(static_cast<double>(offered) * share / (1 - share)));
  return json;
}

Json AccountJson(const InterfaceAccount& one) {
  return {{"interface", one.interface},
          {"accounted", Spans(one.spans)},
          {"offered", one.offered},
          {"recorded", one.recorded},
          {"recorded_bytes", one.recorded_bytes},
          {"filtered", one.filtered},
          {"lost", one.lost},
          {"never_mirrored", NeverMirrored(one.offered, one.tcp_bytes, one.missed_bytes)}};
}

InterfaceAccount Sum(const HourAccount& account) {
  InterfaceAccount sum;
  for (const InterfaceAccount& one : account.interfaces) {
    Grow(&sum.offered, one.offered);
    Grow(&sum.recorded, one.recorded);
    Grow(&sum.recorded_bytes, one.recorded_bytes);
    Grow(&sum.filtered, one.filtered);
    Grow(&sum.tcp_bytes, one.tcp_bytes);
    Grow(&sum.missed_bytes, one.missed_bytes);
    for (const auto& [reason, packets] : one.lost) Grow(&sum.lost[reason], packets);
  }
  return sum;
}

const char* StateOf(const HourAccount& account) {
  if (account.interfaces.empty()) return "unknown";
  return account.unknown.empty() ? "accounted" : "partly-unknown";
}

}  // namespace

std::string StatementJson(std::string_view sensor, const HourAccount& account,
                          std::int64_t now_ns) {
  const InterfaceAccount sum = Sum(account);
  Json interfaces = Json::array();
  for (const InterfaceAccount& one : account.interfaces) interfaces.push_back(AccountJson(one));
  const Json json = {
      {"sensor", base::EscapeBytes(sensor)},
      {"from", base::FormatTime(account.hour_ns)},
      {"to", base::FormatTime(account.hour_ns + base::kNanosPerHour)},
      {"made", base::FormatTime(now_ns)},
      {"state", StateOf(account)},
      {"unknown", Spans(account.unknown)},
      {"offered", sum.offered},
      {"recorded", sum.recorded},
      {"recorded_bytes", sum.recorded_bytes},
      {"filtered", sum.filtered},
      {"lost", sum.lost},
      {"never_mirrored", NeverMirrored(sum.offered, sum.tcp_bytes, sum.missed_bytes)},
      {"dropped_by_sensor", account.dropped},
      {"stored",
       {{"segments", account.segments}, {"packets", account.packets}, {"bytes", account.bytes}}},
      {"removed_by_retention",
       {{"segments", account.removed_segments}, {"packets", account.removed_packets}}},
      {"uploads",
       {{"packets", account.uploaded}, {"removed_by_retention", account.removed_uploaded}}},
      {"interfaces", std::move(interfaces)},
  };
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string ShortForm(const HourAccount& account) {
  std::string text = base::FormatTime(account.hour_ns).substr(0, 13) + "h: ";
  const InterfaceAccount sum = Sum(account);
  if (account.interfaces.empty()) {
    text += "unknown, no account from the sensor";
  } else {
    text += fmt::format("offered {}, recorded {}, filtered {}", sum.offered, sum.recorded,
                        sum.filtered);
  }
  for (const auto& [reason, packets] : sum.lost) {
    text += fmt::format(", lost {} {}", packets, base::EscapeBytes(reason));
  }
  const Json mirror = NeverMirrored(sum.offered, sum.tcp_bytes, sum.missed_bytes);
  if (mirror["packets_estimate"].is_number()) {
    text += fmt::format(", about {} never mirrored", mirror["packets_estimate"].dump());
  }
  for (const auto& [reason, packets] : account.dropped) {
    text += fmt::format(", dropped {} {}", packets, base::EscapeBytes(reason));
  }
  text += fmt::format(", stored {}", account.packets);
  if (account.removed_packets > 0) text += fmt::format(", removed {}", account.removed_packets);
  if (account.uploaded > 0) text += fmt::format(", uploaded {}", account.uploaded);
  if (!account.interfaces.empty() && !account.unknown.empty()) text += ", partly unknown";
  return text;
}

}  // namespace tapiary::server
