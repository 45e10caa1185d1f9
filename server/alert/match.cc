#include "server/alert/match.h"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/clock.h"
#include "capture/records.h"
#include "server/query/sql.h"
#include "server/query/value.h"

namespace tapiary::server {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMaxRecord = 8 * 1024;
constexpr std::size_t kMaxGroupText = 256;

// The same facts of each table, in this order.
enum Column : std::size_t {
  kEpoch,
  kFlow,
  kNumber,
  kTime,
  kSensorId,
  kSensor,
  kSourceIp,
  kSourcePort,
  kDestinationIp,
  kDestinationPort,
  kService,
  kOperation,
  kTechnique,
  kUser,
  kRecord,
};

struct TableSql {
  const char* columns;
  const char* from;
  const char* alias;
};

constexpr TableSql kTables[] = {
    {"f.epoch, f.number, 0, f.start_ns, f.sensor_id, s.name, f.orig_ip, f.orig_port, f.resp_ip, "
     "f.resp_port, f.service, '', '', '', f.record",
     "flows f CROSS JOIN sensors s WHERE s.id = f.sensor_id", "f"},
    {"t.epoch, t.flow_number, t.number, t.time_ns, t.sensor_id, s.name, t.orig_ip, t.orig_port, "
     "t.resp_ip, t.resp_port, t.protocol, t.operation, t.technique, '', t.record",
     "transactions t CROSS JOIN sensors s WHERE s.id = t.sensor_id", "t"},
    {"0, 0, e.id, e.time_ns, e.sensor_id, s.name, e.source_ip, COALESCE(e.source_port, 0), "
     "e.destination_ip, COALESCE(e.destination_port, 0), "
     "COALESCE(json_extract(e.ecs, '$.\"network.protocol\"'), ''), e.type, '', "
     "COALESCE(e.user_name, ''), e.record",
     "events e CROSS JOIN sensors s WHERE s.id = e.sensor_id", "e"},
};

const TableSql& SqlOf(FilterTable table) {
  return kTables[static_cast<std::size_t>(table)];
}

std::string AddressText(const SqlRow& row, std::size_t column) {
  return FromAddressKey(row.Blob(column)).ToString();
}

// Stored text is escaped; what is long is cut where a character ends.
std::string Short(std::string_view text, std::size_t max) {
  if (text.size() <= max) return std::string(text);
  while (max > 0 && (static_cast<unsigned char>(text[max]) & 0xc0) == 0x80) --max;
  return std::string(text.substr(0, max)) + "...";
}

std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string GroupValue(const SqlRow& row, GroupField field) {
  switch (field) {
    case GroupField::kSensor:
      return std::string(row.Text(kSensor));
    case GroupField::kSource:
      return AddressText(row, kSourceIp);
    case GroupField::kDestination:
      return AddressText(row, kDestinationIp);
    case GroupField::kService:
      return std::string(row.Text(kService));
    case GroupField::kOperation:
      return std::string(row.Text(kOperation));
    case GroupField::kTechnique:
      return std::string(row.Text(kTechnique));
    case GroupField::kUser:
      return std::string(row.Text(kUser));
  }
  return {};
}

std::string GroupKey(const AlertRule& rule, const SqlRow& row) {
  Json key = Json::object();
  for (const GroupField field : rule.group_by) {
    key[std::string(ToString(field))] = Short(GroupValue(row, field), kMaxGroupText);
  }
  return Dump(key);
}

std::string RowKey(FilterTable table, const SqlRow& row) {
  if (table == FilterTable::kEvents) return fmt::format("event.{}", row.Int(kNumber));
  return fmt::format("{}.{}.{}.{}.{}", table == FilterTable::kFlows ? "flow" : "transaction",
                     row.Int(kSensorId), row.Int(kEpoch), row.Int(kFlow), row.Int(kNumber));
}

Json End(const SqlRow& row, std::size_t ip) {
  const std::string address = AddressText(row, ip);
  Json end = {{"ip", address.empty() ? Json() : Json(address)}};
  if (row.Int(ip + 1) != 0) end["port"] = row.Int(ip + 1);
  return end;
}

std::string RecordJson(FilterTable table, const SqlRow& row) {
  Json json = {{"table", ToString(table)},
               {"time", base::FormatTime(row.Int(kTime))},
               {"src", End(row, kSourceIp)},
               {"dst", End(row, kDestinationIp)}};
  const auto add = [&](const char* key, std::size_t column) {
    if (!row.Text(column).empty()) json[key] = row.Text(column);
  };
  add("service", kService);
  add("operation", kOperation);
  add("technique", kTechnique);
  add("user", kUser);
  if (table == FilterTable::kEvents) {
    json["event"] = row.Int(kNumber);
  } else {
    const capture::FlowId flow{static_cast<std::uint64_t>(row.Int(kEpoch)),
                               static_cast<std::uint64_t>(row.Int(kFlow))};
    json["flow"] = std::string(row.Text(kSensor)) + "." + flow.ToString();
  }
  // Our own records are objects; an event's came from a honeypot and was checked at ingest.
  if (row.Text(kRecord).size() <= kMaxRecord) {
    Json record = Json::parse(row.Text(kRecord), nullptr, false);
    if (!record.is_discarded()) json["record"] = std::move(record);
  }
  return Dump(json);
}

// "(?, ?, ...)"; counts are padded so that few texts exist (statements are kept prepared).
SqlCondition Times(const std::vector<AlertWork>& work) {
  std::size_t count = 1;
  while (count < work.size()) count *= 4;
  SqlCondition list{"(", {}};
  for (std::size_t i = 0; i < count; ++i) {
    list.text += i == 0 ? "?" : ", ?";
    list.params.emplace_back(work[std::min(i, work.size() - 1)].received_ns);
  }
  list.text += ")";
  return list;
}

void Append(SqlCondition& to, std::string_view text, const std::vector<SqlValue>& params = {}) {
  to.text += text;
  to.params.insert(to.params.end(), params.begin(), params.end());
}

// Rows of the rule's table for which `where` and the filter hold.
SqlCondition SelectRows(const AlertRule& rule, const SqlCondition& where) {
  const TableSql& sql = SqlOf(rule.over);
  SqlCondition select{fmt::format("SELECT {} FROM {} AND ", sql.columns, sql.from), {}};
  Append(select, where.text, where.params);
  const SqlCondition filter = ToSql(rule.filter, rule.over);
  Append(select, " AND (", {});
  Append(select, filter.text, filter.params);
  Append(select, ")");
  return select;
}

base::Result<> Run(const Catalog& catalog, const AlertRule& rule, const SqlCondition& select,
                   MatchResult* result) {
  const auto done = catalog.Query(select.text, select.params, [&](const SqlRow& row) {
    AlertMatch& match = GroupFor(result->groups, GroupKey(rule, row));
    if (match.sensor.empty()) match.sensor = row.Text(kSensor);
    if (match.rows.size() < kRowsKept) {
      match.rows.push_back({RowKey(rule.over, row), RecordJson(rule.over, row)});
    }
    ++match.matches;
    return true;
  });
  if (done) return {};
  if (done.error().code != base::ErrorCode::kTimeout) return done.error();
  result->partial = true;
  return {};
}

bool AsksOtherTable(const FilterNode& node, FilterTable table) {
  if (node.kind == FilterNode::Kind::kTest && node.field != nullptr) {
    const FieldSql& sql = SqlOf(*node.field, table);
    const std::string_view guard = sql.guard == nullptr ? "" : sql.guard;
    if (sql.rows != nullptr || guard.find("SELECT") != guard.npos) return true;
  }
  return std::ranges::any_of(
      node.children, [table](const FilterNode& child) { return AsksOtherTable(child, table); });
}

std::vector<AlertWork> OfKinds(const std::vector<AlertWork>& work, std::string_view a,
                               std::string_view b) {
  std::vector<AlertWork> found;
  std::ranges::copy_if(work, std::back_inserter(found),
                       [&](const AlertWork& one) { return one.kind == a || one.kind == b; });
  return found;
}

SqlCondition ReceivedIn(FilterTable table, const std::vector<AlertWork>& work) {
  SqlCondition where = Times(work);
  where.text = fmt::format("{}.received_ns IN {}", SqlOf(table).alias, where.text);
  return where;
}

// Flows whose transactions came now, or transactions whose flows did.
SqlCondition BelongsTo(FilterTable table, const std::vector<AlertWork>& work) {
  SqlCondition where = Times(work);
  if (table == FilterTable::kFlows) {
    where.text =
        "(f.sensor_id, f.epoch, f.number) IN (SELECT x.sensor_id, x.epoch, x.flow_number "
        "FROM transactions x WHERE x.received_ns IN " +
        where.text + ")";
  } else {
    where.text =
        "(t.sensor_id, t.epoch, t.flow_number) IN (SELECT x.sensor_id, x.epoch, x.number "
        "FROM flows x WHERE x.received_ns IN " +
        where.text + ")";
  }
  return where;
}

}  // namespace

AlertMatch& GroupFor(AlertGroups& groups, const std::string& group_key) {
  const auto found = groups.find(group_key);
  if (found != groups.end()) return found->second;
  return groups[groups.size() < kMaxGroups ? group_key : kManyGroups];
}

base::Result<MatchResult> MatchWork(const Catalog& catalog, const AlertRule& rule,
                                    const std::vector<AlertWork>& work) {
  MatchResult result;
  const bool flows = rule.over == FilterTable::kFlows;
  const bool events = rule.over == FilterTable::kEvents;
  const auto own =
      events ? OfKinds(work, "events", "") : OfKinds(work, flows ? "flows" : "facts", "pcap");
  if (!own.empty()) {
    TAPIARY_TRY(Run(catalog, rule, SelectRows(rule, ReceivedIn(rule.over, own)), &result));
  }
  const auto others = OfKinds(work, flows ? "facts" : "flows", "");
  if (events || others.empty() || !AsksOtherTable(rule.filter.root(), rule.over)) return result;
  TAPIARY_TRY(Run(catalog, rule, SelectRows(rule, BelongsTo(rule.over, others)), &result));
  return result;
}

base::Result<MatchResult> MatchSince(const Catalog& catalog, const AlertRule& rule,
                                     std::int64_t since_ns, std::int64_t max_rows) {
  const char* const alias = SqlOf(rule.over).alias;
  SqlCondition select = SelectRows(rule, {fmt::format("{}.received_ns >= ?", alias), {since_ns}});
  Append(select, fmt::format(" ORDER BY {}.received_ns DESC LIMIT ?", alias), {max_rows});
  MatchResult result;
  TAPIARY_TRY(Run(catalog, rule, select, &result));
  return result;
}

}  // namespace tapiary::server
