// SpoolWriter: between the packet path and the spool. One thread takes blocks and records from the
// engine's rings, compresses, numbers and encodes them; another makes them durable in rounds, which
// are the larger, the more comes while the disk is busy.
//
// Compression gives way when the writer falls behind, down to none; nothing is lost for it. While
// the spool cannot write, the round is kept and no more blocks are taken, so that the engine itself
// counts what its pool cannot hold (`storage-backlog`). Every few seconds, and at the end, the loss
// ledger and the sensor's health go into the spool too.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "capture/engine.h"
#include "uplink/spool/spool.h"

namespace tapiary::uplink {

struct WriterOptions {
  std::int64_t sync_ns = 500 * base::kNanosPerMilli;  // a taken block is durable after so long
  std::int64_t batch_ns = base::kNanosPerSecond;      // a record waits at most so long
  std::size_t batch_records = 1000;                   // or until so many are there
  // A command waits for no batch: it makes a round of its own, but not more often than this.
  std::int64_t command_ns = 200 * base::kNanosPerMilli;
  std::size_t round_bytes = 8 << 20;  // or the round is so large
  std::int64_t health_ns = 10 * base::kNanosPerSecond;
  std::uint64_t spool_max_bytes = 0;  // for the health record
  std::string version = TAPIARY_VERSION;
};

class SpoolWriter {
 public:
  // What the forwarder says of itself, for the health record; may be called at any time.
  using UplinkState = std::function<std::string()>;

  // Engine and spool must outlive the writer.
  SpoolWriter(WriterOptions options, capture::Engine& engine, Spool& spool, UplinkState uplink);
  ~SpoolWriter();

  void Start();
  // The engine has been stopped: stores what it left, a last ledger and health, and closes the
  // segments. Gives up after `grace_ns` when the spool cannot write, and 20 s later when it is only
  // slow; then an error says what is lost.
  base::Result<> Stop(std::int64_t grace_ns);
  // True when the engine has ended and everything it made is stored.
  [[nodiscard]] bool drained() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tapiary::uplink
