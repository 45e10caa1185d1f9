#include "bench/server/ingest/items.h"

#include <fmt/core.h>

#include <functional>
#include <optional>
#include <random>
#include <vector>

#include "base/clock.h"
#include "base/digest.h"
#include "base/text.h"
#include "capture/segment/segment.h"
#include "uplink/wire/wire.h"

namespace tapiary::bench {
namespace {

constexpr std::int64_t kStartNs = 1'790'000'000 * base::kNanosPerSecond;

std::uint64_t SeedOf(const std::string& sensor, std::uint64_t epoch, std::uint64_t seq) {
  const std::string text = fmt::format("{} {} {}", sensor, epoch, seq);
  const base::Sha256Digest hash = base::Sha256Of(base::AsBytes(text));
  std::uint64_t seed = 0;
  for (std::size_t i = 0; i < 8; ++i) seed = seed << 8 | hash[i];
  return seed;
}

std::int64_t TimeOf(std::uint64_t seq) {
  return kStartNs + static_cast<std::int64_t>(seq) * base::kNanosPerSecond;
}

Item Finish(std::string kind, std::uint64_t epoch, std::uint64_t seq, std::string body) {
  Item item;
  item.path = fmt::format("/api/v1/ingest/{}/{}/{}", kind, epoch, seq);
  item.kind = std::move(kind);
  item.epoch = epoch;
  item.seq = seq;
  item.body = std::move(body);
  item.digest = base::FormatContentDigest(base::Sha256Of(base::AsBytes(item.body)));
  return item;
}

capture::IpAddress Address(std::uint64_t number) {
  capture::IpAddress address;
  address.version = 4;
  for (std::size_t i = 0; i < 4; ++i) {
    address.bytes[i] = static_cast<std::uint8_t>(number >> (8 * (3 - i)));
  }
  address.bytes[0] = 10;
  return address;
}

// An Ethernet frame with a UDP datagram; its payload is random or zero.
void FillFrame(std::vector<std::uint8_t>& frame, std::mt19937_64& random, bool incompressible) {
  static constexpr std::uint8_t kHead[] = {
      2, 0,  0,  0, 0, 2,  2, 0, 0, 0,  0, 1, 8, 0,    0x45, 0,    0,    0, 0, 0, 0,
      0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0x1f, 0x90, 0x1f, 0x91, 0, 0, 0, 0};
  std::copy(std::begin(kHead), std::end(kHead), frame.begin());
  const std::size_t ip_bytes = frame.size() - 14;
  frame[16] = static_cast<std::uint8_t>(ip_bytes >> 8);
  frame[17] = static_cast<std::uint8_t>(ip_bytes);
  frame[38] = static_cast<std::uint8_t>((ip_bytes - 20) >> 8);
  frame[39] = static_cast<std::uint8_t>(ip_bytes - 20);
  const std::size_t from = sizeof(kHead);
  for (std::size_t i = from; i < frame.size(); i += 8) {
    const std::uint64_t value = incompressible || i < from + 16 ? random() : 0;
    for (std::size_t b = 0; b < 8 && i + b < frame.size(); ++b) {
      frame[i + b] = static_cast<std::uint8_t>(value >> (8 * b));
    }
  }
}

}  // namespace

Item MakeSegment(const std::string& sensor, std::uint64_t epoch, std::uint64_t seq,
                 const SegmentShape& shape) {
  std::mt19937_64 random(SeedOf(sensor, epoch, seq));
  capture::InterfaceInfo interface;
  interface.name = "tap0";
  capture::BlockBuilder builder(0, interface, "bench");
  capture::BlockCompressor compressor;
  capture::SegmentAssembler assembler(0, seq * static_cast<std::uint64_t>(shape.blocks));
  std::vector<std::uint8_t> frame(static_cast<std::size_t>(shape.packet_bytes));
  std::string body;
  std::int64_t time_ns = TimeOf(seq);
  auto storage = std::move(capture::MakeBlocks(1, capture::kDefaultBlockBytes).front());
  for (int b = 0; b < shape.blocks; ++b) {
    builder.Begin(std::move(storage));
    for (int i = 0; i < shape.packets_per_block; ++i) {
      FillFrame(frame, random, shape.incompressible);
      capture::Packet packet;
      packet.bytes = frame;
      packet.wire_length = static_cast<std::uint32_t>(frame.size());
      packet.time_ns = time_ns += 1000;
      if (!builder.Fits(packet)) break;
      builder.Append(packet);
    }
    storage = builder.Close();
    const std::string compressed = compressor.Compress(*storage, 1).value();
    assembler.Add(compressed.size(), storage->data.size(), storage->packets, storage->first_ns,
                  storage->last_ns);
    body += compressed;
  }
  return Finish("segments", epoch, seq, body + assembler.Tail());
}

Item MakeFlows(const std::string& sensor, std::uint64_t epoch, std::uint64_t seq) {
  std::mt19937_64 random(SeedOf(sensor, epoch, seq));
  uplink::FlowBatch batch{epoch, seq, {}};
  for (int i = 0; i < kFlowsPerBatch; ++i) {
    capture::FlowRecord flow;
    flow.id = {epoch, seq * kFlowsPerBatch + static_cast<std::uint64_t>(i)};
    flow.interface = "tap0";
    flow.start_ns = TimeOf(seq);
    flow.end_ns = flow.start_ns + base::kNanosPerSecond;
    flow.proto = 6;
    flow.orig.ip = Address(random());
    flow.resp.ip = Address(random());
    flow.orig.port = static_cast<std::uint16_t>(random() | 1024);
    flow.resp.port = 502;
    flow.orig.packets = flow.resp.packets = 1 + random() % 100;
    flow.orig.bytes = flow.resp.bytes = flow.orig.packets * 60;
    flow.service = "modbus";
    flow.service_by = "content";
    flow.community_id = fmt::format("1:{:016x}{:011x}=", random(), random() >> 20);
    flow.last = true;
    flow.blocks.push_back({seq * 2, 2});
    batch.flows.push_back(std::move(flow));
  }
  return Finish("flows", epoch, seq, uplink::EncodeFlows(batch));
}

Item MakeFacts(const std::string& sensor, std::uint64_t epoch, std::uint64_t seq) {
  std::mt19937_64 random(SeedOf(sensor, epoch, seq));
  uplink::FactBatch batch;
  batch.epoch = epoch;
  batch.seq = seq;
  for (int i = 0; i < kTransactionsPerBatch; ++i) {
    capture::Transaction transaction;
    transaction.time_ns = TimeOf(seq) + i;
    transaction.flow_id = {epoch, seq * kFlowsPerBatch};
    transaction.number = static_cast<std::uint32_t>(i);
    transaction.orig_ip = Address(random());
    transaction.resp_ip = Address(random());
    transaction.protocol = "modbus";
    transaction.operation = "write_single_register";
    transaction.code = 6;
    transaction.unit = 1;
    transaction.address = random() % 1000;
    transaction.command = true;
    batch.transactions.push_back(std::move(transaction));
  }
  capture::LedgerRow ledger;
  ledger.interface = "tap0";
  ledger.time_ns = TimeOf(seq);
  ledger.offered = ledger.recorded = (seq + 1) * 200;
  batch.ledger.push_back(ledger);
  uplink::SensorHealth health;
  health.time_ns = TimeOf(seq);
  health.state = "ok";
  batch.health = health;
  return Finish("facts", epoch, seq, uplink::EncodeFacts(batch));
}

Item MakeEvents(const std::string& sensor, std::uint64_t epoch, std::uint64_t seq, int count) {
  std::string body;
  for (int i = 0; i < count; ++i) {
    body += fmt::format(
        "{{\"eventid\":\"cowrie.login.failed\",\"timestamp\":\"{}\","
        "\"src_ip\":\"203.0.113.{}\",\"src_port\":{},\"dst_port\":22,\"session\":\"{:012x}\","
        "\"username\":\"{}-{}-{}-{}\",\"password\":\"1234\",\"message\":\"login attempt\"}}\n",
        base::FormatTime(TimeOf(seq) + i * 1000), i % 250, 1024 + i, seq, sensor, epoch, seq, i);
  }
  Item item = Finish("events", epoch, seq, std::move(body));
  item.method = "POST";
  item.path = "/api/v1/ingest/events";
  item.type = "application/x-ndjson";
  return item;
}

Item MakePcap(std::uint64_t seq, int packets) {
  std::mt19937_64 random(seq);
  Item item;
  item.kind = "pcap";
  item.method = "POST";
  item.path = "/api/v1/ingest/pcap";
  std::string& out = item.body;
  const auto append = [&out](std::uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i));
  };
  append(0xa1b23c4d, 4);  // nanoseconds
  append(2, 2);
  append(4, 2);
  append(0, 8);
  append(65535, 4);
  append(1, 4);
  std::vector<std::uint8_t> frame(80);
  FillFrame(frame, random, false);
  for (int i = 0; i < packets; ++i) {
    append(static_cast<std::uint64_t>(TimeOf(seq) / base::kNanosPerSecond), 4);
    append(static_cast<std::uint64_t>(i) * 1000 % 1'000'000'000, 4);
    append(frame.size(), 4);
    append(frame.size(), 4);
    frame[29] = static_cast<std::uint8_t>(i % 16);  // of the source address
    frame[19] = static_cast<std::uint8_t>(i);
    frame[18] = static_cast<std::uint8_t>(i >> 8);
    const std::uint64_t value = random();
    for (std::size_t b = 0; b < 4; ++b) frame[50 + b] = static_cast<std::uint8_t>(value >> (8 * b));
    out.append(frame.begin(), frame.end());
  }
  return item;
}

}  // namespace tapiary::bench
