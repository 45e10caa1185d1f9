// SegmentQueue: packets in the spool. Internal; guarded by the spool's mutex.
//
// Blocks are rows of the family `packets`; a segment is a run of blocks of one stream under one
// place. One segment per stream is open; closed ones wait for delivery, in order of place. Their
// rows (format.h SegmentRow) are kept in memory too, so nothing is searched. The digest of a
// segment's body is made as its blocks come: it is known when the segment closes, without reading.
#pragma once

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "base/digest.h"
#include "capture/segment/segment.h"
#include "uplink/spool/format.h"
#include "uplink/spool/spool.h"
#include "uplink/spool/store.h"

namespace tapiary::uplink {

class SegmentQueue {
 public:
  // The digest that the segment's body will have.
  class BodyDigest {
   public:
    void Add(const SegmentRow& row, const BlockHeader& block, std::string_view frame);
    [[nodiscard]] base::Sha256Digest Finish();

   private:
    base::Sha256 sha_;
    std::optional<capture::SegmentAssembler> assembler_;
  };
  struct Open {
    Place place;
    SegmentRow row;
    std::optional<BodyDigest> digest;  // of the blocks so far, where it is wanted
  };
  struct Closed {
    Place place;
    SegmentRow row;
    std::optional<base::Sha256Digest> digest;
  };
  // What a round changes; set after its batch was written.
  struct Staged {
    std::map<std::uint32_t, Open> open;  // by stream
    std::vector<Closed> closed;          // in the order of closing
    std::uint64_t next_seq = 0;
    bool changed = false;
  };
  struct Limits {
    std::uint64_t bytes = 0;
    std::int64_t age_ns = 0;
    bool digests = false;
  };

  // Reads the rows of earlier epochs. Segments left open by an unclean stop are closed with the
  // blocks that are there; their rows go into `batch`, and they are given, with digests.
  base::Result<std::vector<Closed>> Load(Store& store, StoreBatch& batch, std::uint64_t epoch);

  // Where a round's rows go: all into one batch, or blocks into files, one a segment, which must be
  // taken in before the batch is written.
  struct Sink {
    StoreBatch& batch;
    StoreFiles* files = nullptr;
  };

  [[nodiscard]] Staged Begin() const { return {open_, {}, next_seq_, false}; }
  void Append(const Sink& sink, Staged& staged, const StoredBlock& block, std::int64_t now_ns,
              const Limits& limits) const;
  void CloseOld(StoreBatch& batch, Staged& staged, std::int64_t now_ns, const Limits& limits) const;
  void CloseAll(StoreBatch& batch, Staged& staged) const;
  void Commit(Staged staged);

  [[nodiscard]] bool empty() const { return ready_.empty(); }
  [[nodiscard]] const std::map<Place, SegmentRow>& ready() const { return ready_; }
  [[nodiscard]] std::uint64_t bytes() const;  // of ready and open ones
  [[nodiscard]] std::int64_t oldest_ns() const;

  // The oldest closed segment with its body. kCorrupt when it cannot be read.
  base::Result<std::optional<Item>> First(Store& store) const;

  // Adds the deletion of a closed segment to the batch; Erase afterwards.
  void Remove(StoreBatch& batch, Place place) const;
  void Erase(Store& store, Place place);

 private:
  void Close(StoreBatch& batch, Staged& staged, std::uint32_t stream) const;
  [[nodiscard]] Place Oldest(Place unless) const;

  std::map<std::uint32_t, Open> open_;
  std::map<Place, SegmentRow> ready_;
  std::uint64_t ready_bytes_ = 0;
  std::uint64_t epoch_ = 0;
  std::uint64_t next_seq_ = 0;
};

}  // namespace tapiary::uplink
