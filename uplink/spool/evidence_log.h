// EvidenceLog: the sensor's own account of its items, which facts items tell (wire/evidence.h).
// Internal; guarded by the spool's mutex.
//
// Each item extends the chain in the order in which it is put in, in the same write as itself, so
// that a crash never forks the chain: the log's one row is either that of before or that of after.
// What is not told yet waits in the row. An item that goes undelivered is told as dropped; when it
// was a facts item, what it told is told again. Without a key the log is idle.
#pragma once

#include <optional>
#include <string_view>

#include "uplink/spool/spool.h"
#include "uplink/spool/store.h"
#include "uplink/wire/evidence.h"

namespace tapiary::uplink {

class EvidenceLog {
 public:
  struct State {
    Evidence next;  // the last run is the end of the chain
    bool changed = false;
  };
  // So much waits at most before a facts item is made for it alone.
  static constexpr std::size_t kMaxWaiting = 256;
  // Told again at most; the collector shows the rest as a hole.
  static constexpr std::size_t kMaxToldAgain = 4096;

  // `key` may be null; it must outlive the log.
  void SetKey(const SigningKey* key) { key_ = key; }
  [[nodiscard]] bool active() const { return key_ != nullptr; }
  // What an earlier epoch left, or a new chain that begins with this epoch.
  base::Result<> Load(Store& store, std::uint64_t epoch);

  [[nodiscard]] State Begin() const { return state_; }
  void AddItem(State& state, Kind kind, Place place, const base::Sha256Digest& digest) const;
  void AddDropped(State& state, Kind kind, Place place, std::string_view reason) const;
  // Of whole ranges; `to` is not dropped.
  void AddDropped(State& state, Kind kind, Place from, Place to, std::string_view reason) const;
  // Of a facts item that will not arrive.
  void TellAgain(State& state, std::string_view body) const;

  // For the facts item that is made now: it tells all that waits.
  [[nodiscard]] std::optional<Seal> MakeSeal(const State& state) const;
  void Told(State& state) const;
  [[nodiscard]] bool WantsItem(const State& state) const;  // more waits than should
  [[nodiscard]] bool Waits(const State& state) const;      // anything that is not a facts item

  void Save(StoreBatch& batch, const State& state) const;
  void Commit(State state);

 private:
  const SigningKey* key_ = nullptr;
  State state_;
};

}  // namespace tapiary::uplink
