// System status lists (SZL): what an S7 CPU says of itself.
//
// A part list is id 2, index 2, size of an entry 2, number of entries 2, entries; a long one comes
// in several units, so an entry may be cut between two. Source: "System Software for S7-300/400,
// System and Standard Functions", chapter on SSL. One per flow and direction of asking; one thread.
#pragma once

#include <cstdint>
#include <vector>

#include "base/byte_cursor.h"
#include "capture/ot/s7comm/message.h"
#include "capture/records.h"

namespace tapiary::capture::s7comm {

class SzlReader {
 public:
  // Detail szl_id and szl_index of a request; a request for the next unit has none and gets
  // `continuation`. Returns the id, or -1.
  static int DecodeRequest(const Userdata& userdata, Transaction& out);
  // Adds what one unit of an answer says.
  void DecodeAnswer(const Userdata& userdata, bool has_request, Transaction& out);
  // A hole: nothing is continued.
  void Reset() { open_ = false; }

 private:
  void TakeEntries(base::Bytes bytes, Transaction& out);
  void TakeEntry(base::Bytes entry, Transaction& out) const;

  bool open_ = false;  // more units of this list are to come
  std::uint8_t sequence_ = 0;
  std::uint16_t id_ = 0;
  std::size_t entry_size_ = 0;
  std::size_t entries_left_ = 0;
  std::vector<std::uint8_t> part_;  // of an entry
};

}  // namespace tapiary::capture::s7comm
