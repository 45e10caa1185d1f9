#include "server/ingest/pcap_import.h"

#include <fmt/core.h>

#include <array>
#include <optional>
#include <utility>

#include "base/digest.h"
#include "base/text.h"
#include "capture/meter.h"
#include "capture/segment/block_builder.h"
#include "capture/segment/segment.h"
#include "capture/source/packet_source.h"
#include "server/ingest/upload_hours.h"

namespace tapiary::server {
namespace {

constexpr std::uint64_t kSegmentBytes = 16u << 20;  // stored; as sensors close them
constexpr std::size_t kMaxInterfaces = 64;          // each has a block in memory
constexpr std::uint64_t kMaxExpansionRatio = 2000;  // zstd reaches it with zeros, captures do not
constexpr std::size_t kMaxPending = 4;              // each has up to 2 MiB in memory
constexpr int kLevel = 3;
constexpr const char* kApplication = "tapiary-collector " TAPIARY_VERSION;

// One interface of the file: its blocks, and the segment that is being written.
class StreamWriter {
 public:
  StreamWriter(Vault& vault, std::string hint, std::uint64_t epoch, std::uint32_t stream,
               const capture::InterfaceInfo& interface)
      : vault_(vault),
        hint_(std::move(hint)),
        epoch_(epoch),
        stream_(stream),
        interface_(interface.name),
        builder_(stream, interface, kApplication) {}

  // The number of the block that took the packet.
  base::Result<std::uint64_t> Append(const capture::Packet& packet, PcapContent& content,
                                     NewObjects& objects);
  // The last object may be left pending.
  base::Result<> Finish(PcapContent& content, NewObjects& objects, bool leave_pending);

 private:
  base::Result<> CloseBlock(PcapContent& content, NewObjects& objects);
  base::Result<> AddToSegment(const capture::Block& block, const std::string& frame);
  base::Result<> AppendToObject(std::string_view bytes);
  base::Result<> CloseSegment(PcapContent& content, NewObjects& objects, bool leave_pending);

  Vault& vault_;
  std::string hint_;
  std::uint64_t epoch_;
  std::uint32_t stream_;
  std::string interface_;
  capture::BlockBuilder builder_;
  std::unique_ptr<capture::Block> free_;
  capture::BlockCompressor compressor_;
  std::unique_ptr<PendingObject> object_;
  std::optional<capture::SegmentAssembler> assembler_;
  PacketHours hours_;                   // of the segment that is being written
  std::optional<base::Sha256> digest_;  // the same
};

base::Result<std::uint64_t> StreamWriter::Append(const capture::Packet& packet,
                                                 PcapContent& content, NewObjects& objects) {
  if (builder_.HasBlock() && !builder_.Fits(packet)) TAPIARY_TRY(CloseBlock(content, objects));
  if (!builder_.HasBlock()) {
    if (!free_) free_ = std::move(capture::MakeBlocks(1, capture::kDefaultBlockBytes).front());
    builder_.Begin(std::move(free_));
  }
  hours_.Add(packet.time_ns);
  return builder_.Append(packet);
}

base::Result<> StreamWriter::CloseBlock(PcapContent& content, NewObjects& objects) {
  std::unique_ptr<capture::Block> block = builder_.Close();
  if (!block) return {};
  TAPIARY_ASSIGN(const std::string frame, compressor_.Compress(*block, kLevel));
  TAPIARY_TRY(AddToSegment(*block, frame));
  free_ = std::move(block);
  if (object_->size() >= kSegmentBytes) return CloseSegment(content, objects, false);
  return {};
}

base::Result<> StreamWriter::AddToSegment(const capture::Block& block, const std::string& frame) {
  if (!object_) {
    TAPIARY_ASSIGN(object_, vault_.Create(hint_));
    assembler_.emplace(stream_, block.number);
    digest_.emplace();
  }
  TAPIARY_TRY(AppendToObject(frame));
  assembler_->Add(frame.size(), block.data.size(), block.packets, block.first_ns, block.last_ns);
  return {};
}

base::Result<> StreamWriter::AppendToObject(std::string_view bytes) {
  digest_->Update(base::AsBytes(bytes));
  return object_->Append(base::AsBytes(bytes));
}

base::Result<> StreamWriter::CloseSegment(PcapContent& content, NewObjects& objects,
                                          bool leave_pending) {
  if (!object_) return {};
  TAPIARY_TRY(AppendToObject(assembler_->Tail()));
  const capture::SegmentIndex& index = assembler_->index();
  SegmentRow row;
  row.epoch = epoch_;
  row.stream = stream_;
  row.first_block = index.first_block;
  row.block_count = index.blocks.size();
  row.interface = interface_;
  row.first_ns = index.first_ns();
  row.last_ns = index.last_ns();
  row.packets = index.packets();
  row.bytes = object_->size();
  row.hours = hours_.Take();
  row.digest = digest_->Finish();
  content.pending.emplace_back(content.segments.size(), std::move(object_));
  content.segments.push_back(std::move(row));
  assembler_.reset();
  if (leave_pending) return {};
  return CommitPending(content, objects);
}

base::Result<> StreamWriter::Finish(PcapContent& content, NewObjects& objects, bool leave_pending) {
  TAPIARY_TRY(CloseBlock(content, objects));
  return CloseSegment(content, objects, leave_pending);
}

class Import {
 public:
  Import(IngestContext& context, std::string sensor, std::uint64_t epoch, NewObjects& objects)
      : context_(context),
        sensor_(std::move(sensor)),
        epoch_(epoch),
        objects_(objects),
        meter_({.epoch = epoch, .active_timeout_ns = 0, .labels = context.limits.pcap_labels}) {}

  base::Result<PcapContent> Run(const std::string& path);

 private:
  base::Result<> ReadAll(capture::PacketSource& source);
  base::Result<> StoreBatch(const std::vector<capture::InterfaceInfo>& interfaces);
  base::Result<StreamWriter*> StreamOf(std::uint32_t interface,
                                       const std::vector<capture::InterfaceInfo>& interfaces);
  base::Result<> CheckRecords();
  base::Result<> CheckEnd(const capture::PacketSource& source);

  IngestContext& context_;
  std::string sensor_;
  std::uint64_t epoch_;
  NewObjects& objects_;
  capture::Meter meter_;
  capture::PacketBatch batch_;
  std::vector<std::unique_ptr<StreamWriter>> streams_;  // by interface; null without packets
  std::size_t streams_in_use_ = 0;
  PcapContent content_;
};

base::Result<StreamWriter*> Import::StreamOf(
    std::uint32_t interface, const std::vector<capture::InterfaceInfo>& interfaces) {
  if (interface >= streams_.size()) streams_.resize(interface + 1);
  if (!streams_[interface]) {
    if (++streams_in_use_ > kMaxInterfaces) {
      return base::MakeError(
          base::ErrorCode::kTooLarge,
          fmt::format("packets of more than {} interfaces; split the file", kMaxInterfaces));
    }
    streams_[interface] = std::make_unique<StreamWriter>(context_.vault, sensor_, epoch_, interface,
                                                         interfaces[interface]);
  }
  return streams_[interface].get();
}

base::Result<> Import::StoreBatch(const std::vector<capture::InterfaceInfo>& interfaces) {
  std::array<capture::FlowHandle, capture::kBatchSize> handles;
  meter_.Process(batch_, interfaces, handles);
  for (std::uint32_t i = 0; i < batch_.count; ++i) {
    const capture::Packet& packet = batch_.packets[i];
    TAPIARY_ASSIGN(StreamWriter* const stream, StreamOf(packet.interface, interfaces));
    TAPIARY_ASSIGN(const std::uint64_t block, stream->Append(packet, content_, objects_));
    if (handles[i].valid()) meter_.NoteBlock(handles[i], block);
  }
  return {};
}

base::Result<> Import::CheckRecords() {
  meter_.Drain(content_.records);
  const std::size_t records = content_.records.flows.size() + content_.records.transactions.size();
  if (records + meter_.stats().active_flows <= context_.limits.pcap_records) return {};
  return base::MakeError(base::ErrorCode::kTooLarge,
                         fmt::format("more than {} flows and transactions; split the file",
                                     context_.limits.pcap_records));
}

base::Result<> Import::ReadAll(capture::PacketSource& source) {
  std::uint64_t batches = 0;
  while (true) {
    TAPIARY_ASSIGN(const capture::NextState state, source.Next(batch_, -1));
    if (state == capture::NextState::kEnd) return {};
    if (state != capture::NextState::kPackets) continue;
    if (context_.stopping) {
      return base::MakeError(base::ErrorCode::kUnavailable, "the collector is stopping");
    }
    TAPIARY_TRY(StoreBatch(source.interfaces()));
    if (++batches % 64 == 0) TAPIARY_TRY(CheckRecords());
  }
}

// A cut tail is told, a structural fault refuses the whole.
base::Result<> Import::CheckEnd(const capture::PacketSource& source) {
  const std::string note = source.end_note();
  const bool headless = source.interfaces().empty() && source.end_is_cut();
  if (!note.empty() && (!source.end_is_cut() || headless)) {
    return base::MakeError(base::ErrorCode::kCorrupt, note);
  }
  content_.note = note;
  if (const std::uint64_t bad = source.stats().bad_records; bad > 0) {
    if (!content_.note.empty()) content_.note += "; ";
    content_.note += fmt::format("{} records that no interface explains were left out", bad);
  }
  return {};
}

base::Result<PcapContent> Import::Run(const std::string& path) {
  const auto source = capture::MakePcapSource({
      .path = path,
      .max_expanded_bytes = context_.limits.pcap_expanded_bytes,
      .max_expansion_ratio = kMaxExpansionRatio,
  });
  TAPIARY_TRY(source->Open());
  TAPIARY_TRY(ReadAll(*source));
  TAPIARY_TRY(CheckEnd(*source));
  for (const auto& stream : streams_) {
    if (stream) TAPIARY_TRY(stream->Finish(content_, objects_, streams_in_use_ <= kMaxPending));
  }
  meter_.Finish(capture::EndReason::kIdle);
  TAPIARY_TRY(CheckRecords());
  const capture::MeterStats stats = meter_.stats();
  content_.packets = stats.packets;
  content_.flows = stats.flows;
  content_.transactions = stats.transactions;
  content_.commands = stats.commands;
  return std::move(content_);
}

// The source names the file that it reads; the sender knows it as the body.
base::Error ForSender(base::Error error, const std::string& path) {
  if (error.message.starts_with(path + ": ")) error.message.erase(0, path.size() + 2);
  if (error.code == base::ErrorCode::kInvalid || error.code == base::ErrorCode::kUnsupported) {
    error.code = base::ErrorCode::kCorrupt;
  }
  return error;
}

}  // namespace

base::Result<> CommitPending(PcapContent& content, NewObjects& objects) {
  for (auto& [segment, object] : content.pending) {
    TAPIARY_ASSIGN(std::string name, object->Commit());
    objects.Add(name);
    content.segments[segment].object = std::move(name);
  }
  content.pending.clear();
  return {};
}

base::Result<PcapContent> ImportPcap(IngestContext& context, const std::string& path,
                                     const std::string& sensor, std::uint64_t epoch,
                                     NewObjects& objects) {
  auto content = Import(context, sensor, epoch, objects).Run(path);
  if (!content) return ForSender(content.error(), path);
  return content;
}

}  // namespace tapiary::server
