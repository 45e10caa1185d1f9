// Items as a sensor would send them, made from numbers alone: the same sensor, kind, epoch and
// sequence give the same bytes in every process and run, so that a sender may come again and a
// check may know what must be stored.
#pragma once

#include <cstdint>
#include <string>

namespace tapiary::bench {

struct Item {
  std::string kind;  // segments, flows, facts, events
  std::uint64_t epoch = 0;
  std::uint64_t seq = 0;
  std::string body;
  std::string digest;  // value of Content-Digest; empty: none is sent
  std::string method = "PUT";
  std::string path;
  std::string type = "application/octet-stream";
};

inline constexpr int kFlowsPerBatch = 20;
inline constexpr int kTransactionsPerBatch = 5;
inline constexpr int kEventsPerRequest = 10;

struct SegmentShape {
  int blocks = 2;
  int packets_per_block = 100;
  int packet_bytes = 500;
  bool incompressible = true;
};
// What differs from sensor to sensor comes from `sensor`.
Item MakeSegment(const std::string& sensor, std::uint64_t epoch, std::uint64_t seq,
                 const SegmentShape& shape);
Item MakeFlows(const std::string& sensor, std::uint64_t epoch, std::uint64_t seq);
Item MakeFacts(const std::string& sensor, std::uint64_t epoch, std::uint64_t seq);
// Each event's user name is "SENSOR-EPOCH-SEQ-NUMBER".
Item MakeEvents(const std::string& sensor, std::uint64_t epoch, std::uint64_t seq, int count);
// A capture file of Modbus/TCP-like polls: `packets` of 80 bytes in a few connections.
Item MakePcap(std::uint64_t seq, int packets);

}  // namespace tapiary::bench
