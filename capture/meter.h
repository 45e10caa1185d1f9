// Meter: packets in, flow and OT records out. Decode, flow table and OT decoders of one worker.
//
// The same code runs live in the sensor, offline in `tapiary meter`, and in the collector for
// uploaded files, so the same packets give the same records everywhere (rule R5 of the field
// faults). Time comes from packets; Advance tells a live meter how far the wall clock got on an
// idle link. One thread. Hot path: no allocation per packet once the table is warm.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "capture/packet.h"
#include "capture/records.h"
#include "capture/source/packet_source.h"

namespace tapiary::capture {

class NoiseFilter;

struct MeterOptions {
  std::uint64_t epoch = 0;  // goes into flow ids
  // Flow n of this meter has the number first_flow + n * flow_step: meters of one epoch share none.
  std::uint32_t first_flow = 0;
  std::uint32_t flow_step = 1;
  std::uint32_t first_stream = 0;  // stream of interface i is first_stream + i
  std::size_t max_flows = 1'000'000;
  std::size_t max_ot_bytes = 64u << 20;  // what OT decoders hold for what may come (ot/budget.h)
  std::int64_t idle_timeout_ns = 300 * base::kNanosPerSecond;
  std::int64_t active_timeout_ns = 60 * base::kNanosPerSecond;  // 0: never
  std::int64_t closed_timeout_ns = 60 * base::kNanosPerSecond;  // tail after FIN/RST (FL-03)
  bool labels = false;       // IT services and their labels, where the build can (label/labeler.h)
  bool drop_copies = false;  // a mirror's second copy: neither metered nor stored (FL-10)
  std::shared_ptr<const NoiseFilter> noise = {};  // null: no flow is noise; shared by all meters
};

struct MeterStats {
  std::uint64_t packets = 0;
  std::uint64_t captured_bytes = 0;
  std::uint64_t wire_bytes = 0;
  std::uint64_t keyed_packets = 0;  // counted in a flow
  std::uint64_t dropped_copies = 0;
  std::uint64_t flows = 0;  // ever made
  std::uint64_t active_flows = 0;
  std::uint64_t evicted_flows = 0;
  std::uint64_t transactions = 0;
  std::uint64_t commands = 0;
  std::uint64_t ot_bytes_peak = 0;         // most that MeterOptions::max_ot_bytes bounds
  std::vector<MirrorQuality> mirrors;      // by interface
  std::int64_t first_ns = 0, last_ns = 0;  // in order of arrival
  std::vector<std::pair<std::string, std::uint64_t>> notes;  // decode notes and anomalies by name
};

// A handle to the flow that took a packet; valid until the next call of Process or Advance.
struct FlowHandle {
  std::uint32_t index = UINT32_MAX;
  bool store = true;  // false: not to be stored (a noise rule, a copy that is dropped)
  [[nodiscard]] bool valid() const { return index != UINT32_MAX; }
};

class Meter {
 public:
  explicit Meter(const MeterOptions& options);
  ~Meter();
  Meter(const Meter&) = delete;
  Meter& operator=(const Meter&) = delete;

  // Meters every packet of the batch. handles[i] tells the flow of packet i, invalid when it has
  // none. Records that became ready are appended to the batch that Drain hands out. `interfaces`
  // must outlive the meter: it is kept by reference, since flows that end in Advance and Finish
  // take their interface's name from it.
  void Process(const PacketBatch& batch, const std::vector<InterfaceInfo>& interfaces,
               std::array<FlowHandle, kBatchSize>& handles);
  // Notes that a packet of the flow went into block `block` of its stream. At once after Process.
  void NoteBlock(FlowHandle flow, std::uint64_t block);
  // Fetches what NoteBlock will write to.
  void PrefetchNotes(FlowHandle flow) const;
  // Expires flows and pending transactions that are due at `now_ns` (packet time scale).
  void Advance(std::int64_t now_ns);
  // Ends all flows with `reason` (kShutdown live, kIdle at the end of a file). FinishSome ends
  // some, and more each time until it says true: what requests they hold open becomes records, so
  // who drains in between needs less memory. Nothing but Drain in between.
  void Finish(EndReason reason);
  bool FinishSome(EndReason reason);
  // Moves the ready records into `out` (appending).
  void Drain(RecordBatch& out);
  [[nodiscard]] MeterStats stats() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tapiary::capture
