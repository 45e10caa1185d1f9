#include "bench/server/sensor_flows.h"

#include <array>

namespace tapiary::bench {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

struct Service {
  std::uint16_t port;
  const char* name;
};
constexpr std::array kServices = {
    Service{502, "modbus"}, Service{102, "s7comm"}, Service{20000, "dnp3"}, Service{2404, "iec104"},
    Service{22, "ssh"},     Service{80, "http"},    Service{23, ""},        Service{445, ""}};

capture::IpAddress V4(std::uint32_t address) {
  capture::IpAddress ip;
  ip.version = 4;
  for (std::size_t i = 0; i < 4; ++i) {
    ip.bytes[i] = static_cast<std::uint8_t>(address >> (24 - 8 * i));
  }
  return ip;
}

// As long as a Community ID; that it is the right hash matters to nobody here.
void FillCommunityId(std::uint64_t random, std::string* id) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  id->assign("1:");
  for (int i = 0; i < 27; ++i) {
    *id += kDigits[random & 63];
    random = random * 6364136223846793005 + 1442695040888963407;
    random ^= random >> 29;
  }
  *id += '=';
}

}  // namespace

capture::IpAddress ScannerAddress(std::uint32_t number) {
  return V4((number * 2654435761u) | 0x01000000u);
}

capture::IpAddress PotAddress(std::uint32_t number) {
  return V4(0x0a000000u + number);
}

void SensorFlows::Make(capture::FlowRecord& flow) {
  const std::uint64_t number = number_++;
  flow.id = {kFlowEpoch, number ^ 5};  // ends are not in the order of the starts
  flow.stream = 0;
  flow.interface = "eth1";
  flow.end_ns = kFirstFlowNs + static_cast<std::int64_t>(number) * interval_ns_;
  const bool stays = Below(10) == 0;
  flow.start_ns = flow.end_ns - (stays ? Below(60) * kSecond : Below(2'000'000) * 1'000LL);
  flow.proto = 6;
  flow.ether_type = 0x800;
  const Service& service = kServices[Below(kServices.size())];
  // Half of the flows are of a few busy scanners.
  const std::uint32_t busy = Below(2) == 0 ? kScanners : 500;
  flow.orig.ip = ScannerAddress(Below(busy));
  flow.orig.port = static_cast<std::uint16_t>(1024 + Below(64000));
  flow.orig.mac = {2, 0, 0, 0, 1, 1};
  flow.orig.packets = stays ? 10 + Below(500) : 1 + Below(6);
  flow.orig.bytes = flow.orig.packets * 60;
  flow.orig.payload_bytes = flow.orig.packets * 12;
  flow.orig.tcp_flags = 0x1b;
  flow.resp = flow.orig;
  flow.resp.ip = PotAddress(Below(kPots));
  flow.resp.port = service.port;
  flow.resp.mac[5] = 2;
  flow.resp.bytes += 40;
  for (std::size_t side = 0; side < 2; ++side) {
    flow.delta_packets[side] = side == 0 ? flow.orig.packets : flow.resp.packets;
    flow.delta_bytes[side] = side == 0 ? flow.orig.bytes : flow.resp.bytes;
  }
  FillCommunityId(random_(), &flow.community_id);
  flow.service = service.name;
  flow.service_by = flow.service.empty() ? "" : "content";
  flow.role_by = capture::RoleBy::kSyn;
  flow.tcp_state = stays ? capture::TcpState::kEstablished : capture::TcpState::kReset;
  flow.end_reason = stays ? capture::EndReason::kIdle : capture::EndReason::kEnd;
  flow.last = true;
  flow.transactions = stays && flow.resp.port == 502 ? 4 : 0;
  flow.commands = flow.transactions / 4;
  flow.blocks.assign(1, {number / 400, 1});
}

void SensorFlows::Next(std::size_t count, std::vector<capture::FlowRecord>* out) {
  out->resize(count);
  for (capture::FlowRecord& flow : *out) Make(flow);
}

}  // namespace tapiary::bench
