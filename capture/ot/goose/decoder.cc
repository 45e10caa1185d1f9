#include "capture/ot/goose/decoder.h"

#include <algorithm>
#include <utility>

#include "base/clock.h"
#include "capture/ot/detail.h"
#include "capture/ot/goose/management.h"
#include "capture/ot/goose/report.h"
#include "capture/ot/goose/techniques.h"

namespace tapiary::capture::goose {
namespace {

constexpr std::int64_t kSummaryNs = 60 * base::kNanosPerSecond;
// A publisher that allows a millisecond and sends each second must not fill the log.
constexpr std::uint64_t kMaxSilences = 10;

}  // namespace

GooseDecoder::GooseDecoder() : exchange_(kService, *this) {}

void GooseDecoder::OnDatagram(bool, base::Bytes bytes, bool cut, std::int64_t time_ns,
                              OtOutput& out) {
  Expire(time_ns, out);
  layer2::AppFrame frame;
  const bool readable = layer2::ReadAppFrame(bytes, cut, frame);
  if (!readable || frame.apdu.empty()) {
    if (!cut) Fault("goose-malformed", "goose.malformed", out);
    return;
  }
  if (frame.apdu[0] == kManagementTag) return OnManagement(frame, bytes, time_ns, out);
  OnGoose(frame, time_ns, out);
}

ControlBlock* GooseDecoder::Find(const Message& message, std::int64_t time_ns, OtOutput& out) {
  if (last_ < blocks_.size() && blocks_[last_].Is(message.appid, message.gocb_ref)) {
    return &blocks_[last_];
  }
  for (last_ = 0; last_ < blocks_.size(); ++last_) {
    if (blocks_[last_].Is(message.appid, message.gocb_ref)) return &blocks_[last_];
  }
  if (blocks_.size() >= kMaxBlocks) {
    Fault("goose-too-many-control-blocks", "goose.untracked", out);
    return nullptr;
  }
  blocks_.emplace_back(message.appid, message.gocb_ref, time_ns);
  return &blocks_.back();
}

void GooseDecoder::OnGoose(const layer2::AppFrame& frame, std::int64_t time_ns, OtOutput& out) {
  Message message;
  ReadMessage(frame, message);
  out.Count("goose.packets", 1);
  if (message.malformed) Fault("goose-malformed", "goose.malformed", out);
  ControlBlock* const block = Find(message, time_ns, out);
  if (block == nullptr) return;
  names_.clear();
  const Event event = block->OnMessage(message, time_ns, names_);
  if (event == Event::kIgnored) return;
  if (event == Event::kNone) {
    out.Count("goose.repeats", 1);
  } else {
    Transaction transaction = EventOf(*block, message, event, time_ns);
    for (const std::string_view name : names_) AddAnomaly(transaction, name);
    out.Emit(std::move(transaction));
  }
  if (event != Event::kMalformed) block->Keep(message, event);
}

void GooseDecoder::OnManagement(const layer2::AppFrame& frame, base::Bytes bytes,
                                std::int64_t time_ns, OtOutput& out) {
  const Management message = ReadManagement(frame);
  if (!message.valid) {
    if (!frame.cut) Fault("goose-malformed", "goose.malformed", out);
    return;
  }
  if (message.response) {
    OtResponse response;
    response.key = message.state_id;
    response.kind = message.service;
    response.pdu = bytes;
    response.cut = frame.cut;
    response.first_ns = response.last_ns = time_ns;
    return exchange_.OnResponse(response, out);
  }
  Transaction request;
  request.protocol = kService;
  request.time_ns = time_ns;
  request.unit = frame.appid;
  DecodeManagementRequest(message, request);
  request.attack_technique = FindTechnique(Techniques(), request.code, kAnySub).id;
  if (frame.cut) AddAnomaly(request, "truncated");
  exchange_.OnRequest(message.state_id, std::nullopt, message.service, std::move(request), out);
}

void GooseDecoder::DecodeResponse(const OtResponse& response, bool, Transaction& out) {
  layer2::AppFrame frame;
  if (!layer2::ReadAppFrame(response.pdu, response.cut, frame)) return;
  if (!out.unit) out.unit = frame.appid;
  DecodeManagementResponse(ReadManagement(frame), out);
  if (response.cut) AddAnomaly(out, "truncated");
}

void GooseDecoder::Expire(std::int64_t now_ns, OtOutput& out) {
  exchange_.Expire(now_ns, out);
  for (ControlBlock& block : blocks_) {
    const std::int64_t silence_ns = block.silence_ns();
    if (silence_ns <= now_ns) {
      block.NoteSilence();
      if (block.interval.silences++ < kMaxSilences) out.Emit(SilenceOf(block, silence_ns));
    }
    if (block.interval.packets == 0 || block.interval.start_ns + kSummaryNs > now_ns) continue;
    out.Emit(SummaryOf(block, block.interval.start_ns + kSummaryNs));
    block.interval = Interval{};
  }
}

std::int64_t GooseDecoder::next_due_ns() const {
  std::int64_t due = exchange_.next_due_ns();
  for (const ControlBlock& block : blocks_) {
    due = std::min(due, block.silence_ns());
    if (block.interval.packets != 0) due = std::min(due, block.interval.start_ns + kSummaryNs);
  }
  return due;
}

void GooseDecoder::Finish(OtOutput& out) {
  exchange_.Finish(out);
  for (ControlBlock& block : blocks_) {
    if (block.interval.packets == 0) continue;
    out.Emit(SummaryOf(block, block.last_ns()));
  }
  blocks_.clear();  // nobody waits for their next heartbeat
}

}  // namespace tapiary::capture::goose
