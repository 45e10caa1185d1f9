#include "server/api/flow_picks.h"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "server/api/flow_search.h"
#include "server/api/lists.h"
#include "server/api/select.h"
#include "server/query/value.h"

namespace tapiary::server {
namespace {

capture::MacAddress ParseMac(const nlohmann::json& end) {
  capture::MacAddress mac{};
  if (!end.is_object() || !end.contains("mac") || !end["mac"].is_string()) return mac;
  std::string text = end["mac"].get<std::string>();
  text.erase(std::remove(text.begin(), text.end(), ':'), text.end());
  const auto bytes = base::FromHex(text);
  if (bytes && bytes->size() == mac.size()) std::copy(bytes->begin(), bytes->end(), mac.begin());
  return mac;
}

constexpr std::string_view kPickColumns =
    "f.sensor_id, f.epoch, f.stream, f.start_ns, f.end_ns, f.proto, f.ether_type, f.orig_ip, "
    "f.orig_port, f.resp_ip, f.resp_port, f.community_id, f.blocks, f.record, f.orig_packets, "
    "f.resp_packets, f.received_ns";

bool ProtocolHasPorts(std::uint8_t proto) {
  return proto == 1 || proto == 6 || proto == 17 || proto == 58 || proto == 132;
}

void ReadBlocksAndRecord(const SqlRow& row, FlowPick* pick) {
  const auto blocks = nlohmann::json::parse(row.Text(12), nullptr, false);
  if (blocks.is_array()) {
    for (const auto& run : blocks) {
      if (!run.is_array() || run.size() != 2 || !run[0].is_number_unsigned() ||
          !run[1].is_number_unsigned()) {
        continue;
      }
      pick->blocks.push_back({run[0].get<std::uint64_t>(), run[1].get<std::uint32_t>()});
    }
  }
  const auto record = nlohmann::json::parse(row.Text(13), nullptr, false);
  if (!record.is_object()) return;
  pick->orig_mac = ParseMac(record.value("orig", nlohmann::json()));
  pick->resp_mac = ParseMac(record.value("resp", nlohmann::json()));
  for (const auto& vlan : record.value("vlan", nlohmann::json::array())) {
    if (vlan.is_number_unsigned()) pick->vlans.push_back(vlan.get<std::uint16_t>());
  }
}

FlowPick ReadPick(const SqlRow& row) {
  FlowPick pick;
  pick.sensor_id = row.Int(0);
  pick.epoch = static_cast<std::uint64_t>(row.Int(1));
  pick.stream = static_cast<std::uint32_t>(row.Int(2));
  pick.start_ns = row.Int(3);
  pick.end_ns = row.Int(4);
  pick.proto = static_cast<std::uint8_t>(row.Int(5));
  pick.ether_type = static_cast<std::uint16_t>(row.Int(6));
  pick.orig_ip = FromAddressKey(row.Blob(7));
  pick.orig_port = static_cast<std::uint16_t>(row.Int(8));
  pick.resp_ip = FromAddressKey(row.Blob(9));
  pick.resp_port = static_cast<std::uint16_t>(row.Int(10));
  // As in the flow's record: without Community ID the ports were out of reach (FL-05).
  pick.has_ports = ProtocolHasPorts(pick.proto) && !row.Text(11).empty();
  ReadBlocksAndRecord(row, &pick);
  pick.packets = static_cast<std::uint64_t>(row.Int(14)) + static_cast<std::uint64_t>(row.Int(15));
  pick.received_ns = row.Int(16);
  return pick;
}

}  // namespace

base::Result<std::unique_ptr<FlowSelector>> ChooseFlows(const Catalog& catalog,
                                                        const Filter& filter,
                                                        const TimeWindow* window) {
  const SqlCondition all = SelectFrom(FilterTable::kFlows, kPickColumns, filter, window);
  auto selector = std::make_unique<FlowSelector>();
  std::int64_t flows = 0;
  const auto add = [&](const SqlRow& row) {
    if (++flows <= kMaxDownloadFlows) selector->Add(ReadPick(row));
    return flows <= kMaxDownloadFlows;
  };
  const TimeWindow any;
  for (const auto& part : WindowParts(FilterTable::kFlows, window != nullptr ? *window : any)) {
    SqlCondition select = all;
    Append(&select, part);
    Append(&select, SqlCondition{" LIMIT ?", {kMaxDownloadFlows + 1}});
    TAPIARY_ASSIGN(const SelectEnd found, Select(catalog, select, add));
    if (found == SelectEnd::kTimeLimit) {
      return base::MakeError(base::ErrorCode::kTooLarge,
                             "finding the filter's flows took too long: narrow filter or time");
    }
  }
  if (flows > kMaxDownloadFlows) {
    return base::MakeError(base::ErrorCode::kTooLarge,
                           fmt::format("the filter selects more than {} flows: narrow it, or use "
                                       "only fields that packets have",
                                       kMaxDownloadFlows));
  }
  selector->Seal();
  return selector;
}

}  // namespace tapiary::server
