// Engine: the packet path of a sensor. One worker thread per source: batches in, blocks and records
// out through bounded single-producer single-consumer rings. Live capture never waits for whoever
// reads the rings: without a free block packets are lost for `storage-backlog`, and counted, while
// metering goes on. Only a file is read no faster than it can be stored.
//
// Threads: Start and Stop by the owner; TakeBlock, ReturnBlock, TakeRecords by one consumer thread;
// Ledger and status by any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "capture/meter.h"
#include "capture/records.h"
#include "capture/segment/block_builder.h"
#include "capture/source/packet_source.h"

namespace tapiary::capture {

struct EngineOptions {
  MeterOptions meter;
  std::size_t block_bytes = kDefaultBlockBytes;
  std::size_t blocks_per_worker = 64;  // the pool: back-pressure limit of one worker
  std::int64_t block_time_ns = base::kNanosPerSecond;  // a block closes at this age
  std::string application = "tapiary-sensor " TAPIARY_VERSION;
};

struct WorkerStatus {
  std::string interface;
  bool running = false;
  bool link_up = true;
  LinkTrouble trouble = LinkTrouble::kNone;
  std::string error;          // why it does not run
  std::uint64_t packets = 0;  // a health check compares this with the kernel's counter
  std::uint64_t active_flows = 0;
  std::uint64_t flows = 0;
  std::uint64_t transactions = 0;
  std::uint64_t commands = 0;
  std::int64_t last_packet_ns = 0;
};

class Engine {
 public:
  // Sources are opened by Start. Interface j of source i writes stream 256 * i + j.
  Engine(EngineOptions options, std::vector<std::unique_ptr<PacketSource>> sources);
  ~Engine();

  // Opens all sources and starts the workers. Fails when none can be opened; one that cannot is
  // logged and shown in status() while the others run.
  base::Result<> Start();
  // Asks the workers to end: flows are exported with reason shutdown, blocks closed. Returns after
  // they ended (within 2 s on an idle link, CAP-01); what they made is still in the rings.
  void Stop();
  // True once every worker has ended (end of file or Stop).
  [[nodiscard]] bool finished() const;

  // The consumer's side. Both return nothing at once when there is nothing.
  std::unique_ptr<Block> TakeBlock();
  void ReturnBlock(std::unique_ptr<Block> block);
  bool TakeRecords(RecordBatch& out);

  // One row an interface, whatever the number of workers that share it.
  [[nodiscard]] std::vector<LedgerRow> Ledger() const;
  [[nodiscard]] std::vector<WorkerStatus> status() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tapiary::capture
