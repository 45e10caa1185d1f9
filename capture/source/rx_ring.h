// RxRing: a TPACKET_V3 receive ring of an AF_PACKET socket (Documentation/networking/packet_mmap).
//
// Owns the socket and the mapping. The kernel fills blocks; we take one, hand out its frames as
// views and give it back. A block is ours from Acquire to Release, and so are the views. One
// thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "capture/packet.h"
#include "capture/source/bpf.h"

struct tpacket3_hdr;

namespace tapiary::capture {

struct RingSize {
  std::size_t block_bytes = 0;
  std::size_t block_count = 0;
};

// A ring's blocks for what is asked: whole pages, room for a largest frame, at least
// kMinRingBlocks.
inline constexpr std::size_t kMinRingBlocks = 4;
RingSize PlanRing(std::int64_t ring_bytes, std::int64_t block_bytes, std::uint32_t snap_length,
                  std::size_t page_bytes);

// Totals from the kernel's counters, which restart at every read (CAP-08).
struct KernelTotals {
  std::uint64_t seen = 0;     // went to the socket: handed out, or dropped
  std::uint64_t dropped = 0;  // ring full
  // As PACKET_STATISTICS gives them; `packets` includes `drops`.
  void Add(std::uint32_t packets, std::uint32_t drops) {
    seen += packets;
    dropped += drops;
  }
};

class RxRing {
 public:
  RxRing() = default;
  ~RxRing();
  RxRing(const RxRing&) = delete;
  RxRing& operator=(const RxRing&) = delete;

  // Makes socket and ring, bound to nothing yet; what was open before is closed. When memory is
  // short the ring is halved down to kMinRingBlocks (CAP-07). Errors name call and errno.
  base::Result<> Open(RingSize size);
  base::Result<> Attach(const std::vector<BpfInstruction>& program);
  // Receives from interface `index` from now on, in promiscuous mode if asked.
  base::Result<> Bind(int index, bool promiscuous);
  // Whether the kernel still has us bound to `index`. It unbinds when an interface goes away, also
  // when another one with the same index comes in its place at once.
  [[nodiscard]] bool IsBoundTo(int index) const;
  // True when the kernel no longer shows us what this host sends.
  bool IgnoreOutgoing();

  // The kernel has filled the next block. Requires that none is held.
  [[nodiscard]] bool Ready() const;
  // Takes the next block when it is ready.
  bool Acquire();
  [[nodiscard]] bool holds_block() const { return holds_; }
  [[nodiscard]] bool HasFrame() const { return frames_left_ > 0; }
  // Fills bytes, time, length, tag and direction of the next frame of the held block.
  void NextFrame(Packet& packet);
  void Release();
  // Of the next frame of the held block: the NIC's time, and when the kernel began the block (no
  // later than the frame came). False when the NIC has not stamped it.
  bool NicTimes(std::int64_t& nic_ns, std::int64_t& begun_ns) const;
  // Packets' interface from now on.
  void SetInterface(std::uint32_t interface) { interface_ = interface; }
  // Taken off the NIC's times from now on.
  void CorrectNicTime(std::int64_t offset_ns) { nic_offset_ns_ = offset_ns; }

  // Waits for a block or an error, at most wait_ms. True when something may be there. Errors of the
  // interface are taken off the socket, so that they are told once (CAP-02).
  bool Wait(int wait_ms);
  // How many blocks were waiting at once at most, the held one included; since the first Open.
  [[nodiscard]] std::size_t peak() const { return peak_; }
  // Adds what the kernel counted since the last call.
  void ReadTotals(KernelTotals& totals) const;
  [[nodiscard]] RingSize size() const { return size_; }
  [[nodiscard]] int fd() const { return fd_.get(); }

 private:
  void Close();
  [[nodiscard]] bool Filled(std::size_t block) const;
  base::Result<> MapRing();

  base::UniqueFd fd_;
  int promiscuous_index_ = 0;  // the interface that we hold promiscuous; 0: none
  RingSize size_;
  std::uint8_t* map_ = nullptr;
  std::size_t block_ = 0;  // the held one, or the one to come next
  std::size_t peak_ = 0;
  bool holds_ = false;
  std::uint32_t frames_left_ = 0;
  std::int64_t nic_offset_ns_ = 0;
  std::uint32_t interface_ = 0;
  const tpacket3_hdr* frame_ = nullptr;
};

}  // namespace tapiary::capture
