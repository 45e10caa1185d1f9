// FlowTracker: packets into flows, flows into records. The rules of what a flow is.
//
// - Time comes from packets. A flow ends when a packet or the clock finds it idle too long, closed
// too
//   long (the tail after FIN/RST belongs to it, FL-03), or replaced by a new connection on the same
//   ports (FL-02). A jump back of more than an hour ends all flows (FL-04); a smaller one
//   that lasts moves time and the flows' deadlines back. Half-open flows that
//   are nothing but SYNs end after 50 s, later than the longest pause between SYNs of common
//   systems.
// - Roles, best evidence first: SYN; SYN+ACK that was followed up (its receiver asked); OT request;
//   well-known server port; first seen. They never change once a record went out (FL-01).
// - A full table gives up flows by FlowTable's order, exported as evicted (FL-08).
// - A flow that ends during a batch keeps its index until the next call, so that blocks can still
// be
//   noted for its packets.
// Hot path. One thread.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "capture/flow/copies.h"
#include "capture/flow/datagrams.h"
#include "capture/flow/flow_table.h"
#include "capture/flow/fragments.h"
#include "capture/flow/other_tag.h"
#include "capture/flow/timer_wheel.h"
#include "capture/meter.h"
#include "capture/ot/calls.h"

namespace tapiary::capture {

struct KeyedPacket {
  const Packet* packet = nullptr;
  const Decoded* decoded = nullptr;
  FlowKey key;
  std::uint64_t hash = 0;
  std::uint8_t side = 0;  // of the key's ends, which sent it
  CopyKind copy = CopyKind::kNone;
};

class FlowTracker final : private OtOutput {
 public:
  explicit FlowTracker(const MeterOptions& options);

  [[nodiscard]] const FlowTable& table() const { return table_; }
  [[nodiscard]] std::uint64_t hash_seed() const { return seed_; }

  // Before the packets of a batch: exports what ended in the one before. `interfaces` must stay
  // valid until the next call of BeginBatch.
  void BeginBatch(const std::vector<InterfaceInfo>& interfaces);
  // The index of the flow that took the packet.
  std::uint32_t Count(const KeyedPacket& keyed);
  // After the packets of a batch: expires what is due.
  void EndBatch();
  void NoteBlock(std::uint32_t index, std::uint64_t block);
  void Advance(std::int64_t now_ns);
  // As Meter::FinishSome.
  bool FinishSome(EndReason reason);

  RecordBatch& records() { return records_; }
  void FillStats(MeterStats& stats) const;

 private:
  std::uint32_t FindFlow(const KeyedPacket& keyed, std::uint8_t& side);
  std::uint32_t FindFragment(const KeyedPacket& keyed, std::uint8_t& side);
  [[nodiscard]] std::uint64_t HashEnds(const KeyedPacket& keyed) const;
  std::uint32_t FindOtherTag(const KeyedPacket& keyed, std::uint8_t side, std::uint64_t ends_hash);
  [[nodiscard]] bool IsLive(FlowRef flow);
  std::uint32_t Create(const KeyedPacket& keyed, std::uint8_t side, std::uint64_t ends_hash);
  void SetFirstRoles(const KeyedPacket& keyed, std::uint8_t side, FlowHot& hot);
  void Add(const KeyedPacket& keyed, std::uint8_t side, FlowHot& hot, FlowCold& cold);
  void NoteMacs(const KeyedPacket& keyed, std::uint8_t side, FlowCold& cold);
  void NoteRare(const KeyedPacket& keyed, FlowHot& hot, FlowCold& cold);
  void NoteTime(std::int64_t time_ns, FlowHot& hot, FlowCold& cold);
  void UpdateTransport(std::uint32_t index, const KeyedPacket& keyed, std::uint8_t side);
  void LeadFragments(std::uint32_t index, const KeyedPacket& keyed, std::uint8_t side);
  void TakeInFragments(const FragmentEntry& entry, std::uint32_t provisional);
  void AddFragmentPayload(const FragmentEntry& entry, FragmentPiece piece);
  void AddDatagramPiece(const FragmentEntry& entry, const FragmentPiece& piece);
  void OfferToOt(std::uint32_t index, const OtSegment& segment);
  bool StartSession(std::uint32_t index, const OtSegment& segment);
  void AfterOt(std::uint32_t index);
  void SettleOt(std::uint32_t index);
  static void NoteService(FlowRare& rare);
  void RelieveBudget(std::uint32_t index);
  void MarkNoise(std::uint32_t index);
  void OfferToLabels(std::uint32_t index, const OtSegment& segment, std::uint32_t ack);

  void MoveClock(std::int64_t time_ns);
  void RecordJump(std::int64_t to_ns);
  // Counts a packet that is more than disorder behind; enough in a row move the clock back.
  void NoteBehind(std::int64_t time_ns);
  void StepBack();
  void StepFlowBack(std::uint32_t index, std::int64_t step);
  // Ends the flow, sends a part, expires transactions, or only files it anew, whatever is due.
  // True when it ended.
  bool Check(std::uint32_t index, std::int64_t now_ns);
  [[nodiscard]] std::int64_t IdleTimeout(const FlowHot& hot) const;
  [[nodiscard]] std::int64_t DueTime(std::uint32_t index);
  void Refile(std::uint32_t index);
  void End(std::uint32_t index, EndReason reason);
  void EndAll(EndReason reason);
  void EndLive(std::uint32_t index, EndReason reason);
  std::vector<std::uint32_t> LiveFlows();
  void ExpireDue();
  void ExportEnded();
  void Export(std::uint32_t index, EndReason reason, bool last);
  [[nodiscard]] FlowId IdOf(const FlowCold& cold) const;
  void NoteQuality(FlowHot& hot, FlowCold& cold, bool last);
  MirrorQuality& QualityOf(const FlowHot& hot);
  void NoteEndAnomalies(FlowHot& hot, FlowCold& cold);

  void Emit(Transaction&& transaction) override;
  void Anomaly(std::string_view name) override;
  void Count(std::string_view name, std::uint64_t add) override;
  OtCalls* calls() override { return &calls_; }
  void CountNamed(FlowCold& cold, std::string_view name);

  MeterOptions options_;
  std::uint64_t seed_;
  std::unique_ptr<Labeler> labeler_;  // before the table, whose flows hold sessions of both
  OtBudget budget_;
  FlowTable table_;
  TimerWheel wheel_{table_};
  OtherTagIndex other_tags_;
  FragmentTable fragments_;
  FragmentStash stash_;
  DatagramAssembler datagrams_;
  OtCalls calls_;
  const std::vector<InterfaceInfo>* interfaces_ = nullptr;
  RecordBatch records_;
  std::vector<std::uint32_t> ended_;
  std::vector<std::uint32_t> due_;
  std::vector<std::uint32_t> finishing_;  // flows that FinishSome has yet to end, the last first
  std::uint32_t current_ = kNoFlow;       // the flow whose session is being called
  bool clock_known_ = false;
  std::int64_t now_ns_ = 0;
  struct Behind {
    std::uint64_t packets = 0;  // in a row
    std::int64_t first_ns = 0, min_ns = 0, max_ns = 0;
  } behind_;
  std::size_t sessions_ = 0;

  std::uint64_t flows_ = 0;
  std::uint64_t evicted_ = 0;
  std::uint64_t transactions_ = 0;
  std::uint64_t commands_ = 0;
  std::vector<MirrorQuality> quality_;                             // by interface
  std::vector<std::pair<std::string_view, std::uint64_t>> named_;  // anomalies of all flows
};

}  // namespace tapiary::capture
