// Worker: one source's packet path on its own thread, and the rings that lead out of it.
//
// Hot path; bench: engine_bench. Per field who may touch it: `source_`, `meter_`, `streams_` and
// `pending_` belong to the worker's thread; `full_` and `records_` are written by it and read by
// the consumer; `free_` the other way round; `snapshot_` is copied under a lock a few times a
// second, never per packet. Part of the engine, not for other users.
#pragma once

#include <atomic>
#include <boost/lockfree/spsc_queue.hpp>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "capture/engine.h"
#include "capture/loss_gaps.h"

namespace tapiary::capture {

class Worker {
 public:
  Worker(const EngineOptions& options, std::uint32_t first_stream,
         std::unique_ptr<PacketSource> source);
  ~Worker();

  base::Result<> Open();
  void Start();
  void RequestStop() { stop_.store(true, std::memory_order_relaxed); }
  void Join();
  [[nodiscard]] bool finished() const { return finished_.load(std::memory_order_acquire); }

  // Consumer's side.
  std::unique_ptr<Block> TakeBlock();
  // True when the block came from this worker's pool (it is then taken back).
  bool ReturnBlock(std::unique_ptr<Block>& block);
  bool TakeRecords(RecordBatch& out);

  // Any thread.
  [[nodiscard]] LedgerRow Ledger() const;  // of the last snapshot
  [[nodiscard]] WorkerStatus status() const;

 private:
  struct Snapshot {
    SourceStats source;
    MeterStats meter;
    std::uint64_t recorded = 0;
    std::uint64_t recorded_bytes = 0;
    std::uint64_t not_stored = 0;  // by a noise rule
    std::uint64_t lost_backlog = 0;
    std::uint64_t lost_interfaces = 0;
    std::int64_t last_packet_ns = 0;
    std::string error;
  };

  void Run();
  base::Result<NextState> Step();
  void EmptySource();
  void Store(const PacketBatch& batch, const std::array<FlowHandle, kBatchSize>& handles);
  BlockBuilder* BuilderFor(std::uint32_t interface);
  bool RenewBlock(BlockBuilder& builder);
  std::unique_ptr<Block> FreeBlock();
  void CloseBlock(BlockBuilder& builder);
  void CloseOldBlocks(std::int64_t steady_ns);
  void AdvanceMeter(std::int64_t steady_ns);
  void PushRecords(bool now);
  void BoundPending();
  void NoteLink(bool link_up);
  void NoteLosses(bool last);
  void NoteEnd();
  void Publish();
  void Finish();

  const EngineOptions options_;
  const std::uint32_t first_stream_;
  const std::unique_ptr<PacketSource> source_;
  Meter meter_;
  std::vector<std::unique_ptr<BlockBuilder>> builders_;  // by interface
  PacketBatch batch_;
  // Begins as the whole pool, then filled from free_; the last used first, so that few are touched.
  std::vector<std::unique_ptr<Block>> spare_;
  RecordBatch pending_;
  LossGaps loss_gaps_;
  Snapshot local_;
  std::int64_t block_opened_ns_ = 0;  // steady; 0 when no block is open
  std::int64_t next_publish_ns_ = 0;
  std::int64_t last_packet_steady_ns_ = 0;
  std::int64_t link_down_ns_ = 0;  // wall clock; 0 while the link is up

  boost::lockfree::spsc_queue<Block*> full_;
  boost::lockfree::spsc_queue<Block*> free_;
  boost::lockfree::spsc_queue<RecordBatch*> records_;
  RecordBatch tail_;  // what did not fit into records_; the consumer's after finished_

  mutable std::mutex snapshot_mutex_;
  Snapshot snapshot_;
  const std::string name_;

  std::atomic<bool> stop_{false};
  std::atomic<bool> finished_{false};
  std::jthread thread_;
};

}  // namespace tapiary::capture
