// DatagramAssembler: UDP datagrams that travelled in IP fragments, put together for OT decoders.
//
// Only for flows that a decoder wants; counting fragments is the tracker's. Fixed number of
// datagrams, each at most 64 KiB; the oldest makes room. A repeated fragment is ignored; one that
// overlaps others in any other way discards its datagram, since sender and receiver of an attack
// may see different bytes (RFC 5722, RFC 8200 section 4.5). One thread; allocates per datagram.
#pragma once

#include <cstdint>
#include <vector>

#include "base/byte_cursor.h"
#include "capture/flow/flow_key.h"

namespace tapiary::capture {

struct FragmentPiece {
  std::uint32_t offset = 0;  // of its first byte in the IP payload
  base::Bytes bytes;         // captured
  std::uint32_t length = 0;  // on the wire
  bool more = false;         // not the last one
  std::int64_t time_ns = 0;
};

class DatagramAssembler {
 public:
  static constexpr std::size_t kMaxDatagrams = 32;
  static constexpr std::size_t kMaxFragments = 64;  // of one datagram
  static constexpr std::size_t kMaxBytes = 65535;

  // The bytes behind `header` bytes of transport header when the datagram is whole now, valid until
  // the next call; else empty. `key` is of kind kFragment.
  base::Bytes Add(const FlowKey& key, const FragmentPiece& piece, std::uint32_t header);

 private:
  struct Range {
    std::uint32_t begin = 0, end = 0;
  };
  struct Datagram {
    FlowKey key;
    bool used = false;
    bool broken = false;        // discarded: nothing more is taken
    std::int64_t time_ns = 0;   // of its first fragment here
    std::uint32_t end = 0;      // 0: the last fragment has not come
    std::vector<Range> ranges;  // by order of arrival
    std::vector<std::uint8_t> bytes;
  };
  Datagram& Find(const FlowKey& key, std::int64_t time_ns);
  static bool Place(Datagram& datagram, const FragmentPiece& piece);

  std::vector<Datagram> datagrams_ = std::vector<Datagram>(kMaxDatagrams);
  std::size_t next_ = 0;
  std::vector<std::uint8_t> whole_;
};

}  // namespace tapiary::capture
