// The labeler that asks nDPI (Debian's libndpi 4.2). The only file that calls the library.
//
// nDPI wants whole IP packets. It gets ones made here: constant addresses, for TCP constant ports
// too (nDPI 4.2 calls some HTTP on port 179 BGP, even by content), for UDP the flow's ports, the
// captured payload. So it never parses a hostile IP header, knows no address it could guess from,
// and reads past no captured byte: the buffer is ours, with room behind the packet. What it says
// counts only when it comes from content (confidence DPI); it is not asked to guess.
#include <ndpi_api.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <list>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "base/text.h"
#include "capture/label/labeler.h"
#include "capture/label/ndpi_services.h"

namespace tapiary::capture {
namespace {

constexpr std::size_t kIpHeader = 20, kTcpHeader = 20, kUdpHeader = 8;
constexpr std::size_t kRoomBehind = 512;  // zeros, should the library look too far
constexpr std::uint16_t kNoServicePorts[] = {50001, 50000};  // originator's, responder's
constexpr std::uint16_t kSmbPort = 445;
constexpr std::uint16_t kDnsPort = 53, kNetbiosPort = 137, kMdnsPort = 5353, kLlmnrPort = 5355;

struct ExitModule {
  void operator()(ndpi_detection_module_struct* module) const {
    ndpi_exit_detection_module(module);
  }
};
struct FreeFlow {
  void operator()(ndpi_flow_struct* flow) const { ndpi_flow_free(flow); }
};
using ModulePtr = std::unique_ptr<ndpi_detection_module_struct, ExitModule>;
using FlowPtr = std::unique_ptr<ndpi_flow_struct, FreeFlow>;

// The macro's conversion is warned of in builds with sanitizers.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
void Add(NDPI_PROTOCOL_BITMASK* services, std::uint16_t protocol) {
  NDPI_BITMASK_ADD(*services, protocol);
}
#pragma GCC diagnostic pop

ModulePtr MakeModule() {
  static std::mutex starting;  // workers begin at the same time; the library's start is not theirs
  const std::lock_guard lock(starting);
  ModulePtr module(ndpi_init_detection_module(ndpi_dont_load_tor_hosts | ndpi_dont_init_libgcrypt));
  if (!module) return module;
  NDPI_PROTOCOL_BITMASK wanted;
  NDPI_BITMASK_RESET(wanted);
  for (const NdpiService& service : NdpiServices()) Add(&wanted, service.protocol);
  ndpi_set_protocol_detection_bitmask2(module.get(), &wanted);
  ndpi_finalize_initialization(module.get());
  return module;
}

FlowPtr MakeFlow() {
  const std::size_t size = ndpi_detection_get_sizeof_ndpi_flow_struct();
  FlowPtr flow(static_cast<ndpi_flow_struct*>(ndpi_flow_malloc(size)));
  if (flow) std::memset(static_cast<void*>(flow.get()), 0, size);
  return flow;
}

class NdpiSession;

class NdpiLabeler final : public Labeler {
 public:
  std::unique_ptr<LabelSession> Begin(bool is_udp, std::uint16_t orig_port,
                                      std::uint16_t resp_port) override;

 private:
  friend class NdpiSession;
  // The packet of nDPI's making: valid until the next call.
  base::Bytes Wrap(const LabelPacket& packet, bool is_udp, const std::uint16_t (&ports)[2]);

  ModulePtr module_;  // made for the first flow that needs it
  bool failed_ = false;
  std::list<NdpiSession*> open_;  // sessions that hold nDPI memory, the oldest first
  std::array<std::uint8_t, kIpHeader + kTcpHeader + kMaxBytes + kRoomBehind> buffer_{};
};

class NdpiSession final : public LabelSession {
 public:
  NdpiSession(NdpiLabeler& labeler, bool is_udp, std::uint16_t orig_port, std::uint16_t resp_port)
      : labeler_(labeler),
        is_udp_(is_udp),
        ports_{is_udp ? orig_port : kNoServicePorts[0], is_udp ? resp_port : kNoServicePorts[1]},
        flow_(MakeFlow()) {
    place_ = labeler_.open_.insert(labeler_.open_.end(), this);
  }
  ~NdpiSession() override { Close(); }
  NdpiSession(const NdpiSession&) = delete;
  NdpiSession& operator=(const NdpiSession&) = delete;

  bool Offer(const LabelPacket& packet, FlowLabels& labels) override;
  void Close() {
    if (!flow_) return;
    flow_.reset();
    labeler_.open_.erase(place_);
  }

 private:
  void ReadTexts(const LabelPacket& packet);
  void SetServicePort(const LabelPacket& packet, std::uint16_t port);
  void Report(FlowLabels& labels) const;
  void ReportTls(LabelTexts& texts) const;

  NdpiLabeler& labeler_;
  const bool is_udp_;
  std::uint16_t ports_[2];  // as nDPI sees them: originator's, responder's
  FlowPtr flow_;            // null: given up for another
  std::list<NdpiSession*>::iterator place_;
  bool smb_ = false;  // a NetBIOS session, if nDPI says so, that carries SMB
  int packets_ = 0;
  std::size_t bytes_ = 0;
  LabelTexts seen_;  // by form alone; the service decides which of them count
};

void PutBig16(std::uint8_t* at, std::size_t value) {
  at[0] = static_cast<std::uint8_t>(value >> 8);
  at[1] = static_cast<std::uint8_t>(value);
}

void PutBig32(std::uint8_t* at, std::uint32_t value) {
  PutBig16(at, value >> 16);
  PutBig16(at + 2, value & 0xffff);
}

// HASSH is written in lower case; nDPI 4.2 makes it upper.
std::string LowerCase(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

// The library takes the lower port for the server's and the higher address breaks ties.
base::Bytes NdpiLabeler::Wrap(const LabelPacket& packet, bool is_udp,
                              const std::uint16_t (&ports)[2]) {
  constexpr std::uint8_t kOrigAddress[] = {10, 0, 0, 2}, kRespAddress[] = {10, 0, 0, 1};
  const std::size_t headers = kIpHeader + (is_udp ? kUdpHeader : kTcpHeader);
  const std::size_t size = headers + packet.payload.size();
  buffer_.fill(0);
  std::uint8_t* const ip = buffer_.data();
  ip[0] = 0x45;
  PutBig16(ip + 2, size);
  ip[8] = 64;
  ip[9] = is_udp ? 17 : 6;
  std::memcpy(ip + 12, packet.from_orig ? kOrigAddress : kRespAddress, 4);
  std::memcpy(ip + 16, packet.from_orig ? kRespAddress : kOrigAddress, 4);
  std::uint8_t* const transport = ip + kIpHeader;
  PutBig16(transport, ports[packet.from_orig ? 0 : 1]);
  PutBig16(transport + 2, ports[packet.from_orig ? 1 : 0]);
  if (is_udp) {
    PutBig16(transport + 4, kUdpHeader + packet.payload.size());
  } else {
    PutBig32(transport + 4, packet.seq);
    PutBig32(transport + 8, packet.ack);
    transport[12] = 0x50;  // five words
    transport[13] = 0x18;  // PSH, ACK
    PutBig16(transport + 14, 0xffff);
  }
  std::copy(packet.payload.begin(), packet.payload.end(), buffer_.begin() + headers);
  return {buffer_.data(), size};
}

std::unique_ptr<LabelSession> NdpiLabeler::Begin(bool is_udp, std::uint16_t orig_port,
                                                 std::uint16_t resp_port) {
  if (!module_ && !failed_) module_ = MakeModule();
  failed_ = !module_;
  if (failed_) return nullptr;
  if (open_.size() >= kMaxSessions) open_.front()->Close();
  return std::make_unique<NdpiSession>(*this, is_udp, orig_port, resp_port);
}

// The form of the first packet says whose port nDPI must see to look for the protocol.
void NdpiSession::SetServicePort(const LabelPacket& packet, std::uint16_t port) {
  if (packets_ == 1) ports_[packet.from_orig ? 1 : 0] = port;
}

// A NetBIOS session message that holds an SMB header of version 1, or 2 and 3.
bool IsSmb(base::Bytes payload) {
  const std::string_view text = base::AsText(payload);
  return text.size() > 8 && text[0] == 0 && (text[4] == '\xff' || text[4] == '\xfe') &&
         text.substr(5, 3) == "SMB";
}

// Texts are read before nDPI has decided, since the packet that decides is often a later one.
void NdpiSession::ReadTexts(const LabelPacket& packet) {
  if (!is_udp_) {
    if (packet.from_orig) ReadHttpRequest(packet.payload, seen_);
    ReadSshVersion(packet.payload, packet.from_orig, seen_);
    if (IsSmb(packet.payload)) {
      smb_ = true;
      SetServicePort(packet, kSmbPort);
    }
  }
  const auto has_port = [this](std::uint16_t port) {
    return ports_[0] == port || ports_[1] == port;
  };
  if (has_port(kNetbiosPort)) return;  // the same form, but names that mean something else
  // DNS over TCP has a length in front.
  const std::size_t skip = is_udp_ ? 0 : 2;
  if (packet.payload.size() < skip) return;
  const auto name = DnsQueryName(packet.payload.subspan(skip));
  if (!name) return;
  AddLabel(seen_, "dns.query", *name);
  // nDPI looks for DNS on its ports only; the form says that it is DNS on this one.
  const bool named = has_port(kDnsPort) || has_port(kMdnsPort) || has_port(kLlmnrPort);
  if (!named) SetServicePort(packet, kDnsPort);
}

bool NdpiSession::Offer(const LabelPacket& packet, FlowLabels& labels) {
  if (!flow_) return false;
  ++packets_;
  LabelPacket cut = packet;
  cut.payload = packet.payload.first(
      std::min(packet.payload.size(), Labeler::kMaxBytes - std::min(bytes_, Labeler::kMaxBytes)));
  bytes_ += cut.payload.size();
  ReadTexts(cut);
  const base::Bytes wrapped = labeler_.Wrap(cut, is_udp_, ports_);
  ndpi_detection_module_struct* const module = labeler_.module_.get();
  ndpi_detection_process_packet(
      module, flow_.get(), wrapped.data(), static_cast<unsigned short>(wrapped.size()),
      static_cast<std::uint64_t>(std::max<std::int64_t>(packet.time_ns, 0) / base::kNanosPerMilli));
  Report(labels);
  const bool more = labels.service.empty() || ndpi_extra_dissection_possible(module, flow_.get());
  return more && packets_ < Labeler::kMaxPackets && bytes_ < Labeler::kMaxBytes;
}

void NdpiSession::Report(FlowLabels& labels) const {
  if (flow_->confidence != NDPI_CONFIDENCE_DPI) return;
  // [1] is the carrier when [0] is what it carries: TLS for a name of a well-known site.
  std::string_view service = NdpiServiceName(flow_->detected_protocol_stack[1]);
  if (service.empty()) service = NdpiServiceName(flow_->detected_protocol_stack[0]);
  // DCE/RPC over UDP is also what PROFINET speaks; that is for our decoders to say.
  if (service.empty() || (is_udp_ && service == "msrpc")) return;
  if (smb_ && service == "netbios") service = "smb";
  labels.service = service;
  const std::string_view family = service == "mdns" || service == "llmnr" ? "dns" : service;
  for (const auto& [key, text] : seen_) {
    const std::string_view prefix = std::string_view(key).substr(0, key.find('.'));
    if (prefix == family) AddLabel(labels.texts, key, text);
  }
  // Each protocol has its own view of one union: read no other.
  if (service == "tls" || service == "dtls") ReportTls(labels.texts);
  if (service == "ssh") {
    AddLabel(labels.texts, "ssh.hassh", LowerCase(flow_->protos.ssh.hassh_client));
    AddLabel(labels.texts, "ssh.hassh_server", LowerCase(flow_->protos.ssh.hassh_server));
  }
}

void NdpiSession::ReportTls(LabelTexts& texts) const {
  const auto& tls = flow_->protos.tls_quic;
  AddLabel(texts, "tls.sni", flow_->host_server_name);
  if (tls.alpn != nullptr) AddLabel(texts, "tls.alpn", tls.alpn);
  AddLabel(texts, "tls.ja3", tls.ja3_client);
  AddLabel(texts, "tls.ja3s", tls.ja3_server);
}

}  // namespace

bool LabelsBuilt() {
  return true;
}

std::unique_ptr<Labeler> MakeLabeler() {
  return std::make_unique<NdpiLabeler>();
}

}  // namespace tapiary::capture
