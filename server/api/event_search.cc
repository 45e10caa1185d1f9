#include "server/api/event_search.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "base/clock.h"
#include "base/text.h"
#include "server/api/flow_search.h"
#include "server/api/select.h"
#include "server/query/flow_lookup.h"
#include "server/query/value.h"

namespace tapiary::server {
namespace {

// A flow is received when it ends, or after a part of it; an event at once, or with a log file.
constexpr std::int64_t kBeforeNs = 10 * base::kNanosPerMinute;
constexpr std::int64_t kAfterNs = base::kNanosPerHour;
constexpr std::int64_t kFarNs = 26 * base::kNanosPerHour;
// Stated times may be any (HP-01); this far they can be reckoned with.
constexpr std::int64_t kFarthestNs = INT64_MAX / 2;

constexpr std::string_view kFlowColumns =
    "f.sensor_id, f.epoch, f.number, f.start_ns, f.end_ns, f.orig_ip, f.orig_port, f.resp_ip, "
    "f.resp_port, f.community_id, f.service, f.transactions, f.commands, f.orig_bytes, "
    "f.resp_bytes";

SqlValue Key(const capture::IpAddress& address) {
  const AddressKey key = ToAddressKey(address);
  return std::vector<std::uint8_t>(key.begin(), key.end());
}

std::optional<std::uint16_t> Port(const SqlRow& row, std::size_t column) {
  if (row.IsNull(column)) return std::nullopt;
  return static_cast<std::uint16_t>(row.Int(column));
}

LinkFlow ReadFlow(const SqlRow& row) {
  LinkFlow flow;
  flow.sensor_id = row.Int(0);
  flow.epoch = row.Int(1);
  flow.number = row.Int(2);
  flow.start_ns = row.Int(3);
  flow.end_ns = row.Int(4);
  flow.orig_ip = FromAddressKey(row.Blob(5));
  flow.orig_port = static_cast<std::uint16_t>(row.Int(6));
  flow.resp_ip = FromAddressKey(row.Blob(7));
  flow.resp_port = static_cast<std::uint16_t>(row.Int(8));
  flow.community_id = row.Text(9);
  flow.service = row.Text(10);
  flow.transactions = row.Int(11);
  flow.commands = row.Int(12);
  flow.orig_bytes = row.Int(13);
  flow.resp_bytes = row.Int(14);
  return flow;
}

base::Result<> AddFlows(const Catalog& catalog, SqlCondition select, std::int64_t limit,
                        FlowsFound& found) {
  Append(&select, SqlCondition{" LIMIT ?", {limit + 1}});
  std::int64_t rows = 0;
  const auto take = [&](const SqlRow& row) {
    if (++rows > limit) {
      found.full = true;
      return false;
    }
    LinkFlow flow = ReadFlow(row);
    if (found.known.emplace(flow.sensor_id, flow.epoch, flow.number).second) {
      found.flows.push_back(std::move(flow));
    }
    return true;
  };
  TAPIARY_ASSIGN(const SelectEnd end, Select(catalog, select, take));
  found.partial |= end == SelectEnd::kTimeLimit;
  return {};
}

base::Result<> AddFlowsByStart(const Catalog& catalog, const SqlCondition& all, std::int64_t limit,
                               FlowsFound& found) {
  for (const SqlCondition& part : StartParts(INT64_MIN)) {
    SqlCondition select = all;
    Append(&select, part);
    TAPIARY_TRY(AddFlows(catalog, std::move(select), limit, found));
  }
  return {};
}

// Those that began about when the event was: of the source or, with another source (HP-03), of its
// port. Logs and captures that were brought in long after meet here.
base::Result<> AddFlowsOfStart(const Catalog& catalog, const LinkEvent& ends, FlowsFound& found) {
  const std::int64_t reach = ends.source_port ? base::kNanosPerHour : ends.slack_ns;
  SqlCondition select{
      fmt::format("SELECT {} FROM flows f WHERE f.start_ns >= ? AND f.start_ns <= ? AND "
                  "f.end_ns >= ? AND ",
                  kFlowColumns),
      {ends.WireTime() - reach, ends.WireTime() + ends.slack_ns, ends.WireTime() - ends.slack_ns}};
  if (ends.source_port) {
    Append(&select, SqlCondition{"f.orig_port = ?", {std::int64_t{*ends.source_port}}});
  } else {
    Append(&select, SqlCondition{"f.orig_ip = ?", {Key(ends.source_ip)}});
  }
  return AddFlowsByStart(catalog, select, kMaxLinkFlows, found);
}

base::Result<> AddSessionPort(const Catalog& catalog, StoredEvent& event) {
  if (event.ends.source_port || event.session.empty()) return {};
  const std::vector<SqlValue> values{event.sensor_id,
                                     event.session,
                                     event.ends.time_ns - base::kNanosPerDay,
                                     event.ends.time_ns + base::kNanosPerDay,
                                     Key(event.ends.source_ip),
                                     event.ends.time_ns};
  return catalog.Query(
      "SELECT source_port, destination_ip, destination_port FROM events WHERE sensor_id = ? AND "
      "session = ? AND time_ns >= ? AND time_ns <= ? AND source_ip = ? AND source_port IS NOT NULL "
      "ORDER BY ABS(time_ns - ?), id LIMIT 1",
      values, [&event](const SqlRow& row) {
        event.ends.source_port = Port(row, 0);
        event.port_of_session = true;
        if (event.ends.destination_ip.version == 0) {
          event.ends.destination_ip = FromAddressKey(row.Blob(1));
        }
        if (!event.ends.destination_port) event.ends.destination_port = Port(row, 2);
        return false;
      });
}

base::Result<> AddClock(const Catalog& catalog, StoredEvent& event) {
  if (event.time_kind == "received") {
    // Its time is that of receipt: what lay in a file for a while is older.
    event.ends.slack_ns = base::kNanosPerHour;
    return {};
  }
  TAPIARY_ASSIGN(event.clock, ClockOf(catalog, event.sensor_id, event.dataset, event.received_ns));
  if (event.clock.Known()) event.ends.clock_ns = event.clock.offset_ns;
  return {};
}

}  // namespace

// Cowrie gives ports when a session begins only. Session ids may come again (OpenCanary's are small
// numbers), so the nearest within a day counts, and only of the same source.
base::Result<StoredEvent> FindEvent(const Catalog& catalog, std::int64_t id) {
  StoredEvent event;
  const SqlValue values[] = {id};
  TAPIARY_TRY(catalog.Query(
      "SELECT id, sensor_id, received_ns, time_ns, source_ip, source_port, destination_ip, "
      "destination_port, COALESCE(session, ''), "
      "COALESCE(json_extract(ecs, '$.\"tapiary.time\"'), 'event'), "
      "COALESCE(json_extract(ecs, '$.\"event.dataset\"'), '') FROM events WHERE id = ?",
      values, [&event](const SqlRow& row) {
        event.id = row.Int(0);
        event.sensor_id = row.Int(1);
        event.received_ns = row.Int(2);
        event.ends.time_ns = std::clamp(row.Int(3), -kFarthestNs, kFarthestNs);
        event.ends.source_ip = FromAddressKey(row.Blob(4));
        event.ends.source_port = Port(row, 5);
        event.ends.destination_ip = FromAddressKey(row.Blob(6));
        event.ends.destination_port = Port(row, 7);
        event.session = row.Text(8);
        event.time_kind = row.Text(9);
        event.dataset = row.Text(10);
        return false;
      }));
  if (event.id == 0) {
    return base::MakeError(base::ErrorCode::kNotFound, "there is no event with this id");
  }
  TAPIARY_TRY(AddClock(catalog, event));
  TAPIARY_TRY(AddSessionPort(catalog, event));
  return event;
}

base::Result<> AddFlowsOfSource(const Catalog& catalog, const FlowsOfSource& wanted,
                                FlowsFound& found) {
  SqlCondition select = FlowsOfAddress(kFlowColumns, FlowSide::kOriginator,
                                       ToAddressKey(wanted.source), wanted.from_ns, wanted.to_ns);
  if (wanted.port) {
    Append(&select, SqlCondition{" AND f.orig_port = ?", {std::int64_t{*wanted.port}}});
  } else {
    Append(&select, SqlCondition{" AND f.start_ns <= ? AND f.end_ns >= ?",
                                 {wanted.last_ns, wanted.first_ns}});
  }
  return AddFlows(catalog, std::move(select), wanted.limit, found);
}

base::Result<> NameFlows(const Catalog& catalog, std::vector<LinkFlow>& flows) {
  std::map<std::int64_t, std::string> names;
  for (LinkFlow& flow : flows) {
    std::string& name = names[flow.sensor_id];
    if (name.empty()) {
      const SqlValue values[] = {flow.sensor_id};
      TAPIARY_TRY(catalog.Query("SELECT name FROM sensors WHERE id = ?", values,
                                [&name](const SqlRow& row) {
                                  name = base::EscapeBytes(row.Text(0));
                                  return false;
                                }));
    }
    const capture::FlowId id{static_cast<std::uint64_t>(flow.epoch),
                             static_cast<std::uint64_t>(flow.number)};
    flow.id = name + "." + id.ToString();
  }
  return {};
}

base::Result<> AddFlowsBegun(const Catalog& catalog, const FlowsOfSource& wanted,
                             FlowsFound& found) {
  SqlCondition select{
      fmt::format("SELECT {} FROM flows f WHERE f.start_ns >= ? AND f.start_ns <= ? AND "
                  "f.end_ns >= ? AND f.orig_ip = ?",
                  kFlowColumns),
      {TimeMinus(wanted.first_ns, base::kNanosPerHour), wanted.last_ns, wanted.first_ns,
       Key(wanted.source)}};
  return AddFlowsByStart(catalog, select, wanted.limit, found);
}

base::Result<FlowsFound> FindFlowsOf(const Catalog& catalog, const StoredEvent& event) {
  FlowsFound found;
  if (event.ends.source_ip.version == 0) return found;
  const auto linked = [&] {
    return JudgeLinks(event.ends, found.flows).state == LinkState::kLinked;
  };
  FlowsOfSource wanted{event.ends.source_ip, event.ends.source_port, event.received_ns - kBeforeNs,
                       event.received_ns + kAfterNs};
  wanted.first_ns = event.ends.WireTime() - event.ends.slack_ns;
  wanted.last_ns = event.ends.WireTime() + event.ends.slack_ns;
  TAPIARY_TRY(AddFlowsOfSource(catalog, wanted, found));
  if (!linked()) TAPIARY_TRY(AddFlowsOfStart(catalog, event.ends, found));
  if (!linked()) {
    wanted.from_ns = event.received_ns - kFarNs;
    wanted.to_ns = event.received_ns + kFarNs;
    TAPIARY_TRY(AddFlowsOfSource(catalog, wanted, found));
  }
  TAPIARY_TRY(NameFlows(catalog, found.flows));
  return found;
}

base::Result<Links> LinksOf(const Catalog& catalog, const StoredEvent& event, bool* partial) {
  TAPIARY_ASSIGN(FlowsFound found, FindFlowsOf(catalog, event));
  *partial |= found.partial;
  return JudgeLinks(event.ends, std::move(found.flows));
}

}  // namespace tapiary::server
