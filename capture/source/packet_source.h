// PacketSource: where packets come from, at batch granularity (one virtual call per batch).
//
// af_packet, pcap (files and stdin) and dpdk are behind it; each lives in the only file that
// includes its library. A source is used by one thread, except stats(), which any thread may call.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "capture/packet.h"

namespace tapiary::capture {

struct InterfaceInfo {
  std::string name;         // kernel name, or what the file says (untrusted), or ""
  std::string description;  // free text, untrusted when from a file
  LinkType link_type = LinkType::kEthernet;
  std::uint16_t link_type_number = 1;  // the number itself, also for kUndecoded
  std::uint32_t snap_length = 0;       // 0: no limit
  // Untrusted when from a file, "" when not known:
  std::string filter{};    // that packets passed, in libpcap's language; not one that may change
  std::string os{};        // of the host that captured
  std::string hardware{};  // the interface's driver
};

// Why nothing comes from an interface, when it is more than a link that is down.
enum class LinkTrouble : std::uint8_t {
  kNone,
  kMissing,   // there is none of that name: it is looked for again
  kReplaced,  // another one has its name, which this source cannot follow
  kSilent,    // it receives packets, and none of them comes here
};

// 64-bit totals since Open, never reset, each packet in at most one of the loss counters.
struct SourceStats {
  std::uint64_t received = 0;        // handed out by Next
  std::uint64_t bytes = 0;           // captured bytes handed out
  std::uint64_t filtered = 0;        // kept back by the capture filter, where the source can know
  std::uint64_t dropped_kernel = 0;  // ring full
  std::uint64_t dropped_nic = 0;     // the NIC's own counters, where readable
  std::uint64_t dropped_no_buffer = 0;  // DPDK: no free buffer for it
  std::uint64_t dropped_errors = 0;     // DPDK: damaged on the wire, by the NIC's word
  std::uint64_t truncated = 0;          // captured shorter than on the wire
  std::uint64_t above_mtu = 0;          // longer than the interface's frames on the wire (CAP-06)
  std::uint64_t bad_records = 0;        // file records that no interface or structure explains
  std::uint64_t undelivered = 0;        // after StopIntake: in the kernel's ring, not handed out
  // Of a ring that the kernel fills: its blocks, and how many of them at most were waiting at once.
  std::uint32_t ring_blocks = 0;
  std::uint32_t ring_blocks_peak = 0;
  bool link_up = true;
  LinkTrouble trouble = LinkTrouble::kNone;
};

enum class NextState {
  kPackets,  // the batch holds at least one packet
  kIdle,     // nothing within the wait; call again
  kEnd,      // no more will come (end of file); see end_note()
};

class PacketSource {
 public:
  virtual ~PacketSource() = default;

  // Takes the interface or file. Errors name the failing call and errno (CAP-07), or file and
  // offset.
  virtual base::Result<> Open() = 0;
  // Releases the batch handed out before, then fills `batch`, waiting at most `wait_ms`. An
  // interface that goes down gives kIdle and link_up=false, never an error loop (CAP-02).
  virtual base::Result<NextState> Next(PacketBatch& batch, int wait_ms) = 0;
  // What it is called before and after Open: the interface's name, the file's path
  // or the name that was given instead.
  [[nodiscard]] virtual std::string name() const = 0;
  // A live source takes nothing new from now on; what it holds is still handed out, then kIdle.
  virtual void StopIntake() {}
  // Grows while a pcapng file is read; indices never change.
  [[nodiscard]] virtual const std::vector<InterfaceInfo>& interfaces() const = 0;
  [[nodiscard]] virtual SourceStats stats() const = 0;
  // Packets come at their own time: while none comes, time passes.
  [[nodiscard]] virtual bool live() const { return true; }
  // Loses nothing that is not taken in time, so its reader may wait for storage: a file, and a
  // pipe, whose writer waits too.
  [[nodiscard]] virtual bool can_wait() const { return !live(); }
  // After kEnd: "" for a whole file, else what is wrong with its tail ("truncated at 5003: ...").
  [[nodiscard]] virtual std::string end_note() const { return {}; }
  // True when end_note() tells of a cut tail only (a killed writer), false for a structural fault.
  [[nodiscard]] virtual bool end_is_cut() const { return false; }
};

// Whose clock gives packets their time; the host's where the NIC's cannot.
enum class NicTime : std::uint8_t { kOff, kAuto, kOn };

class FanoutGroup;  // fanout.h
class LiveFilter;   // live_filter.h

struct AfPacketOptions {
  std::string interface {};
  std::string filter{};  // BPF in tcpdump's syntax, empty for all; VLAN-aware (CAP-05)
  std::shared_ptr<const LiveFilter> live_filter{};  // takes the filter's place when it is set
  std::int64_t ring_bytes = 64 << 20;  // rounded to blocks; shrinks when memory is short (CAP-07)
  std::int64_t block_bytes = 1 << 20;
  std::uint32_t snap_length = 65535;
  bool promiscuous = true;  // by socket membership, so kill -9 leaves no trace (CAP-15)
  bool both_directions_on_loopback = false;  // CAP-09
  NicTime nic_time = NicTime::kOff;  // kOn and kAuto differ in how loud a NIC that cannot is told
  // An interface that is not there yet is no error of Open: it is captured from when it comes, as
  // is one that comes back.
  bool wait_for_interface = false;
  // Shares the interface with the other members: each packet goes to one of them. The leader counts
  // and tells for all what the interface itself says.
  std::shared_ptr<FanoutGroup> fanout{};
  bool leads = true;
};

// kInvalid for a filter that does not compile, the position included.
std::unique_ptr<PacketSource> MakeAfPacketSource(AfPacketOptions options);

struct PcapOptions {
  std::string path{};    // "-" is standard input
  std::string filter{};  // BPF in tcpdump's syntax
  // What the source is called instead of its path, and interfaces that the file does not name.
  std::string name{};
  // Limits for compressed input (RD-10): output bytes and output:input ratio; 0 is no limit.
  std::uint64_t max_expanded_bytes = 0;
  std::uint64_t max_expansion_ratio = 0;
};

// Reads pcap (six magics) and pcapng, plain, gzip or zstd, by content and not by name.
std::unique_ptr<PacketSource> MakePcapSource(PcapOptions options);

}  // namespace tapiary::capture
