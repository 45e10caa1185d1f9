// Seeds from capture files: fuzz_seeds OUT FOLDER...
//
// Takes each capture under the folders apart into inputs of the targets: small files for reader,
// packets for decode, runs of packets for meter, the messages of OT flows for ot_SERVICE. Writes
// OUT/TARGET/HASH. Encoded records of those packets are the seeds of wire.
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <string>
#include <tuple>

#include "capture/decode/decode.h"
#include "capture/meter.h"
#include "capture/ot/session.h"
#include "capture/source/packet_source.h"
#include "tests/fuzz/ot_script.h"
#include "tests/fuzz/target.h"
#include "uplink/wire/wire.h"

namespace tapiary::fuzz {
namespace {

namespace fs = std::filesystem;
using namespace capture;

constexpr std::size_t kMaxPackets = 3000, kMaxMeterPackets = 60, kMaxDecodePackets = 12;
constexpr std::size_t kMaxSeedBytes = 16 * 1024, kMaxReaderBytes = 64 * 1024;
constexpr std::size_t kMaxSteps = 40, kMaxFlowsOfService = 3;

void WriteSeed(const fs::path& out, const std::string& target, std::string_view bytes) {
  std::error_code error;
  fs::create_directories(out / target, error);
  char name[32];
  std::snprintf(name, sizeof name, "%016zx", std::hash<std::string_view>()(bytes));
  std::ofstream(out / target / name, std::ios::binary) << bytes;
}

std::string_view View(const std::vector<std::uint8_t>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// The segments of one flow, as OtSegment and as steps of a script.
struct Talk {
  OtFlowInfo info;
  std::vector<OtSegment> segments;
  std::vector<std::vector<std::uint8_t>> bytes;
};

class NoOutput final : public OtOutput {
 public:
  void Emit(Transaction&&) override {}
  void Anomaly(std::string_view) override {}
  void Count(std::string_view, std::uint64_t) override {}
};

class FileSeeds {
 public:
  FileSeeds(fs::path out, fs::path file) : out_(std::move(out)), file_(std::move(file)) {}

  void Make() {
    const auto source = MakePcapSource({.path = file_});
    if (!source->Open()) return;
    PacketBatch batch;
    Meter meter({.max_flows = 1024});
    std::array<FlowHandle, kBatchSize> handles;
    while (packets_ < kMaxPackets) {
      const base::Result<NextState> state = source->Next(batch, 0);
      if (!state || *state != NextState::kPackets) break;
      for (std::uint32_t i = 0; i < batch.count; ++i) {
        Add(batch.packets[i], source->interfaces()[batch.packets[i].interface]);
      }
      meter.Process(batch, source->interfaces(), handles);
    }
    meter.Finish(EndReason::kIdle);
    Write(meter);
  }

 private:
  void Add(const Packet& packet, const InterfaceInfo& interface) {
    ++packets_;
    Decoded decoded;
    Decode(packet, interface.link_type, decoded);
    AddDecode(packet, interface, decoded);
    AddMeter(packet, interface);
    AddTalk(decoded, packet.time_ns);
  }
  void AddDecode(const Packet& packet, const InterfaceInfo& interface, const Decoded& decoded) {
    const auto shape = std::tuple(decoded.note, decoded.vlan_count, decoded.tunnel_count,
                                  decoded.ether_type, decoded.proto, decoded.is_fragment);
    if (shapes_.size() >= kMaxDecodePackets || packet.bytes.size() > 2000) return;
    if (!shapes_.emplace(shape, 0).second) return;
    std::vector<std::uint8_t> seed = {static_cast<std::uint8_t>(interface.link_type_number),
                                      static_cast<std::uint8_t>(interface.link_type_number >> 8),
                                      0};
    seed.insert(seed.end(), packet.bytes.begin(), packet.bytes.end());
    WriteSeed(out_, "decode", View(seed));
  }
  void AddMeter(const Packet& packet, const InterfaceInfo& interface) {
    constexpr std::array<std::uint16_t, 8> kLinkTypes = {1, 101, 113, 276, 0, 108, 228, 229};
    if (meter_seed_.empty()) {
      std::uint8_t mode = 0;
      while (mode < kLinkTypes.size() - 1 && kLinkTypes[mode] != interface.link_type_number) ++mode;
      meter_seed_.push_back(mode);
    }
    const std::size_t size = packet.bytes.size();
    if (packets_ > kMaxMeterPackets || meter_seed_.size() + size > kMaxSeedBytes) return;
    for (const std::size_t byte :
         {std::size_t{0}, std::size_t{1}, std::size_t{0}, size & 0xff, size >> 8}) {
      meter_seed_.push_back(static_cast<std::uint8_t>(byte));
    }
    meter_seed_.insert(meter_seed_.end(), packet.bytes.begin(), packet.bytes.end());
  }
  void AddTalk(const Decoded& decoded, std::int64_t time_ns) {
    const bool ip = decoded.has_ports && (decoded.proto == 6 || decoded.proto == 17);
    if ((decoded.has_ip && !ip) || decoded.is_fragment || decoded.payload.empty()) return;
    auto key = [&](bool source) {
      const MacAddress& mac = source ? decoded.src_mac : decoded.dst_mac;
      const MacAddress shown = decoded.has_ip ? MacAddress{} : mac;  // routers change them
      return source ? std::tuple(decoded.src.bytes, decoded.src_port, shown)
                    : std::tuple(decoded.dst.bytes, decoded.dst_port, shown);
    };
    const bool from_low = key(true) < key(false);
    Talk& talk = talks_[{decoded.proto, key(from_low), key(!from_low)}];
    if (talk.segments.size() >= kMaxSteps) return;
    talk.info.ip_proto = decoded.has_ip ? decoded.proto : 0;
    talk.info.ether_type = decoded.has_ip || decoded.ether_type < 0x600 ? 0 : decoded.ether_type;
    talk.info.ports[from_low ? 0 : 1] = decoded.src_port;
    talk.info.ports[from_low ? 1 : 0] = decoded.dst_port;
    OtSegment segment;
    segment.side = from_low ? 0 : 1;
    segment.datagram = decoded.proto != 6;
    segment.seq = decoded.tcp.seq;
    segment.length = static_cast<std::uint32_t>(decoded.payload.size());
    segment.time_ns = time_ns;
    talk.bytes.emplace_back(decoded.payload.begin(), decoded.payload.end());
    talk.segments.push_back(segment);
  }
  void Write(Meter& meter) {
    std::error_code error;
    if (fs::file_size(file_, error) <= kMaxReaderBytes) {
      std::ifstream in(file_, std::ios::binary);
      WriteSeed(out_, "reader", std::string(std::istreambuf_iterator<char>(in), {}));
    }
    if (meter_seed_.size() > 1) WriteSeed(out_, "meter", View(meter_seed_));
    for (const auto& [key, talk] : talks_) WriteTalk(talk);
    RecordBatch records;
    meter.Drain(records);
    if (records.flows.size() > 20) records.flows.resize(20);
    if (records.transactions.size() > 20) records.transactions.resize(20);
    uplink::FactBatch facts;
    facts.transactions = records.transactions;
    WriteSeed(out_, "wire", "\x01" + uplink::EncodeFlows({1, 1, records.flows}));
    WriteSeed(out_, "wire", std::string(1, '\0') + uplink::EncodeFacts(facts));
  }
  void WriteTalk(const Talk& talk) {
    NoOutput none;
    OtSession session(talk.info);
    for (std::size_t i = 0; i < talk.segments.size() && !session.claimed(); ++i) {
      OtSegment segment = talk.segments[i];
      segment.bytes = talk.bytes[i];
      session.Offer(segment, none);
    }
    if (!session.claimed()) return;
    const std::string service(session.protocol()->service);
    if (++of_service_[service] > kMaxFlowsOfService) return;
    for (const std::uint8_t flags : {std::uint8_t{kOtSession}, std::uint8_t{0}}) {
      const bool datagrams = talk.info.ip_proto != 6;
      std::vector<std::uint8_t> seed = {
          static_cast<std::uint8_t>(flags | (datagrams ? kOtDatagrams : 0))};
      for (std::size_t i = 0; i < talk.segments.size() && seed.size() < kMaxSeedBytes; ++i) {
        AddOtStep(seed, talk.segments[i].side == session.client_side(), OtStep::kData,
                  talk.bytes[i]);
      }
      WriteSeed(out_, "ot_" + service, View(seed));
    }
  }

  using End = std::tuple<std::array<std::uint8_t, 16>, std::uint16_t, MacAddress>;
  fs::path out_, file_;
  std::size_t packets_ = 0;
  std::vector<std::uint8_t> meter_seed_;
  std::map<std::tuple<DecodeNote, std::uint8_t, std::uint8_t, std::uint16_t, std::uint8_t, bool>,
           int>
      shapes_;
  std::map<std::tuple<std::uint8_t, End, End>, Talk> talks_;
  std::map<std::string, std::size_t> of_service_;
};

}  // namespace
}  // namespace tapiary::fuzz

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: fuzz_seeds OUT FOLDER...\n");
    return 2;
  }
  std::size_t files = 0;
  for (int i = 2; i < argc; ++i) {
    std::error_code error;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(argv[i], error)) {
      if (!entry.is_regular_file() || entry.path().extension() == ".json") continue;
      tapiary::fuzz::FileSeeds(argv[1], entry.path()).Make();
      ++files;
    }
  }
  std::printf("%zu files taken apart\n", files);
  return files == 0 ? 1 : 0;
}
