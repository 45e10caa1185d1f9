// Batches with every field set, and bodies of messages that our encoder would not make.
#pragma once

#include <zstd.h>

#include <string>

#include "base/text.h"
#include "uplink/wire/tapiary.pb.h"
#include "uplink/wire/wire.h"

namespace tapiary::uplink {

inline std::string Compress(const std::string& raw) {
  std::string body(ZSTD_compressBound(raw.size()), '\0');
  body.resize(ZSTD_compress(body.data(), body.size(), raw.data(), raw.size(), 3));
  return body;
}

template <class Message>
std::string Body(const Message& message) {
  return Compress(message.SerializeAsString());
}

inline capture::IpAddress V4(std::uint8_t last) {
  capture::IpAddress ip;
  ip.version = 4;
  ip.bytes = {10, 0, 0, last};
  return ip;
}

inline capture::FlowRecord FullFlow() {
  capture::FlowRecord flow;
  flow.id = {1234567890123, 42};
  flow.part = 3;
  flow.stream = 257;
  flow.interface = std::string("tap\xff\0x", 6);
  flow.start_ns = -5;
  flow.end_ns = INT64_MAX;
  flow.proto = 6;
  flow.ether_type = 0x0800;
  flow.vlans = {300, 300};
  flow.tunnels = {"gre", "vxlan:42"};
  flow.orig = {V4(1), 40000, {2, 0, 0, 0, 0, 1}, 10, 1000, 500, 0x1b, 7, 2};
  flow.resp = {V4(2), 502, {2, 0, 0, 0, 0, 2}, 9, 900, 400, 0x12, 0, UINT64_MAX};
  flow.resp.ip.version = 6;
  flow.resp.ip.bytes.fill(0xfe);
  flow.delta_packets[0] = 1;
  flow.delta_packets[1] = 2;
  flow.delta_bytes[0] = 3;
  flow.delta_bytes[1] = 4;
  flow.community_id = "1:abc=";
  flow.service = "modbus";
  flow.service_by = "content";
  flow.role_by = capture::RoleBy::kSynAck;
  flow.tcp_state = capture::TcpState::kReset;
  flow.end_reason = capture::EndReason::kActive;
  flow.last = true;
  flow.truncated = 5;
  flow.bad_checksums = 6;
  flow.transactions = 8;
  flow.commands = 9;
  flow.anomalies = {{"modbus.length", 2}, {"", 0}};
  flow.duplicates = 11;
  flow.counters = {{"iec104.s_frames", UINT64_MAX}, {"", 0}};
  flow.labels = {{"http.host", std::string("a\xff\0b", 4)}, {"tls.sni", ""}};
  flow.noise = std::string("shodan\xfe", 7);
  flow.blocks = {{0, 1}, {5, 3}, {UINT64_MAX - 1, 1}};
  return flow;
}

inline capture::Transaction FullTransaction() {
  capture::Transaction one;
  one.time_ns = 1'700'000'000'123'456'789;
  one.flow_id = {7, 8};
  one.number = 9;
  one.community_id = "1:x";
  one.orig_ip = V4(1);
  one.resp_ip = V4(2);
  one.orig_port = 1;
  one.orig_mac = {2, 0, 0, 0, 0, 7};
  one.resp_port = 502;
  one.interface = "tap0";
  one.protocol = "modbus";
  one.operation = "write_single_register";
  one.code = -6;
  one.unit = 0;
  one.address = 100;
  one.values = {INT64_MIN, -1, 0, INT64_MAX};
  one.status = capture::TransactionStatus::kNoReply;
  one.latency_ns = -1;
  one.command = true;
  one.attack_technique = "T0855";
  one.detail = {{"k", std::string("\0\x80", 2)}};
  one.anomalies = {"late"};
  return one;
}

inline FactBatch FullFacts() {
  FactBatch batch{5, 6, {FullTransaction()}, {}, {}, {}};
  batch.gaps.push_back({"packets", "tap0", 1, 2, 3, 4, "unclean-stop"});
  batch.ledger.push_back({"tap0", 9, 100, 90, 9000, 4, {{"storage-backlog", 6}}, {7, 8, 9}});
  batch.health =
      SensorHealth{1, "degraded", {"tap0: link down"}, "0.1.0", 2, 3, 4, "ok", 5, 6, 7, 8, 9};
  return batch;
}

}  // namespace tapiary::uplink
