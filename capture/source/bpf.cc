#include "capture/source/bpf.h"

#include <fmt/core.h>
#include <pcap/pcap.h>
#include <resolv.h>

#include <algorithm>
#include <cctype>
#include <iterator>
#include <memory>
#include <utility>

#include "base/text.h"

namespace tapiary::capture {
namespace {

static_assert(sizeof(BpfInstruction) == sizeof(bpf_insn));

constexpr std::size_t kMaxExpression = 8192;
constexpr std::size_t kMaxTags = 8;
constexpr std::size_t kTagBytes = 4;
constexpr std::uint16_t kVlanTypes[] = {0x8100, 0x88a8, 0x9100, 0x9200, 0x9300};

struct PcapClose {
  void operator()(pcap_t* handle) const { pcap_close(handle); }
};
using PcapHandle = std::unique_ptr<pcap_t, PcapClose>;

// While it lives, this thread's resolver knows /etc/hosts and no name server. A sensor that watches
// a plant must send nothing into it, and a mistyped word must not cost the seconds that a resolver
// waits for an answer.
class NoNameServer {
 public:
  NoNameServer() {
    const bool ready = (_res.options & RES_INIT) != 0 || res_init() == 0;
    if (ready) servers_ = std::exchange(_res.nscount, 0);
  }
  ~NoNameServer() {
    if (servers_ != 0) _res.nscount = servers_;
  }
  NoNameServer(const NoNameServer&) = delete;
  NoNameServer& operator=(const NoNameServer&) = delete;

 private:
  int servers_ = 0;
};

// Compiles into `program`; libpcap's words in `error` when it fails.
bool CompileInto(pcap_t* handle, const std::string& expression,
                 std::vector<BpfInstruction>& program, std::string& error) {
  bpf_program compiled{};
  if (pcap_compile(handle, &compiled, expression.c_str(), 1, PCAP_NETMASK_UNKNOWN) != 0) {
    error = pcap_geterr(handle);
    return false;
  }
  program.clear();
  for (unsigned i = 0; i < compiled.bf_len; ++i) {
    const bpf_insn& from = compiled.bf_insns[i];
    program.push_back({from.code, from.jt, from.jf, from.k});
  }
  pcap_freecode(&compiled);
  return true;
}

// The longest run of whole words at the front that is a filter by itself: the mistake is behind it.
std::size_t UnderstoodPrefix(pcap_t* handle, const std::string& expression) {
  std::vector<BpfInstruction> ignored;
  std::string error;
  for (std::size_t end = expression.find_last_of(' '); end != std::string::npos && end > 0;
       end = expression.find_last_of(' ', end - 1)) {
    const std::string front = expression.substr(0, end);
    if (front.find_first_not_of(' ') == std::string::npos) break;
    if (CompileInto(handle, front, ignored, error)) return end;
  }
  return 0;
}

bool NamesVlan(const std::string& expression) {
  std::size_t begin = 0;
  while (begin < expression.size()) {
    std::size_t end = begin;
    while (end < expression.size() &&
           (std::isalnum(static_cast<unsigned char>(expression[end])) != 0 ||
            expression[end] == '_' || expression[end] == '-' || expression[end] == '.')) {
      ++end;
    }
    if (std::string_view(expression).substr(begin, end - begin) == "vlan") return true;
    begin = end + 1;
  }
  return false;
}

std::uint16_t TypeAt(base::Bytes bytes, std::size_t offset) {
  return static_cast<std::uint16_t>(bytes[offset] << 8 | bytes[offset + 1]);
}

}  // namespace

base::Result<PacketFilter> PacketFilter::Compile(const std::string& expression,
                                                 std::uint16_t link_type_number) {
  PacketFilter filter;
  if (link_type_number == 1) filter.type_offset_ = 12;
  if (link_type_number == 113) filter.type_offset_ = 14;
  if (expression.find_first_not_of(" \t\n") == std::string::npos) return filter;
  if (expression.find('\0') != std::string::npos) {
    return base::MakeError(base::ErrorCode::kInvalid, "filter: a NUL byte in it");
  }
  if (expression.size() > kMaxExpression) {
    return base::MakeError(
        base::ErrorCode::kInvalid,
        fmt::format("filter: {} characters, more than {}", expression.size(), kMaxExpression));
  }
  const NoNameServer no_name_server;
  const int dlt = link_type_number == 101 ? DLT_RAW : link_type_number;
  const PcapHandle handle(pcap_open_dead(dlt, static_cast<int>(kMaxPacketBytes)));
  if (handle == nullptr) {
    return base::MakeError(base::ErrorCode::kInternal, "filter: pcap_open_dead failed");
  }
  std::string error;
  if (!CompileInto(handle.get(), expression, filter.program_, error)) {
    return base::MakeError(
        base::ErrorCode::kInvalid,
        fmt::format("filter '{}': {} (after character {})", base::EscapeBytes(expression), error,
                    UnderstoodPrefix(handle.get(), expression)));
  }
  filter.names_vlan_ = NamesVlan(expression);
  return filter;
}

bool PacketFilter::Run(base::Bytes bytes, std::uint32_t wire_length) const {
  return bpf_filter(reinterpret_cast<const bpf_insn*>(program_.data()), bytes.data(), wire_length,
                    static_cast<unsigned>(bytes.size())) != 0;
}

bool PacketFilter::Matches(const Packet& packet) {
  if (program_.empty()) return true;
  const base::Bytes bytes = packet.bytes;
  const std::size_t at = type_offset_;
  if (names_vlan_) {
    if (!packet.has_vlan || bytes.size() < at) return Run(bytes, packet.wire_length);
    const std::uint8_t tag[kTagBytes] = {static_cast<std::uint8_t>(packet.vlan_tpid >> 8),
                                         static_cast<std::uint8_t>(packet.vlan_tpid),
                                         static_cast<std::uint8_t>(packet.vlan_tci >> 8),
                                         static_cast<std::uint8_t>(packet.vlan_tci)};
    scratch_.assign(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(at));
    scratch_.insert(scratch_.end(), std::begin(tag), std::end(tag));
    scratch_.insert(scratch_.end(), bytes.begin() + static_cast<std::ptrdiff_t>(at), bytes.end());
    return Run(scratch_, packet.wire_length + kTagBytes);
  }
  std::size_t tags = 0;
  if (at != 0) {
    while (tags < kMaxTags && at + (tags + 1) * kTagBytes + 2 <= bytes.size() &&
           IsVlanType(TypeAt(bytes, at + tags * kTagBytes))) {
      ++tags;
    }
  }
  if (tags == 0) return Run(bytes, packet.wire_length);
  const auto skip = static_cast<std::uint32_t>(tags * kTagBytes);
  scratch_.assign(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(at));
  scratch_.insert(scratch_.end(), bytes.begin() + static_cast<std::ptrdiff_t>(at + skip),
                  bytes.end());
  return Run(scratch_, packet.wire_length > skip ? packet.wire_length - skip : 0);
}

bool PacketFilter::NeedsRecheck(const Packet& packet) const {
  if (program_.empty()) return false;
  if (names_vlan_) return true;
  return type_offset_ != 0 && packet.bytes.size() >= type_offset_ + 2 &&
         IsVlanType(TypeAt(packet.bytes, type_offset_));
}

std::vector<BpfInstruction> PacketFilter::KernelProgram(std::uint32_t snap_length) const {
  const BpfInstruction take{BPF_RET | BPF_K, 0, 0, snap_length};
  if (program_.empty() || names_vlan_) return {take};
  std::vector<BpfInstruction> out;
  if (type_offset_ != 0) {
    // Frames with a tag in their bytes are taken here and looked at again by NeedsRecheck.
    const std::size_t types = std::size(kVlanTypes);
    out.push_back({BPF_LD | BPF_H | BPF_ABS, 0, 0, static_cast<std::uint32_t>(type_offset_)});
    for (std::size_t i = 0; i < types; ++i) {
      const auto to_take = static_cast<std::uint8_t>(types - i);
      out.push_back({BPF_JMP | BPF_JEQ | BPF_K, to_take, 0, kVlanTypes[i]});
    }
    out.push_back({BPF_JMP | BPF_JA, 0, 0, 1});
    out.push_back(take);
  }
  for (BpfInstruction instruction : program_) {
    if (instruction.code == (BPF_RET | BPF_K)) {
      instruction.k = instruction.k == 0 ? kRejectedBytes : snap_length;
    }
    out.push_back(instruction);
  }
  return out;
}

}  // namespace tapiary::capture
