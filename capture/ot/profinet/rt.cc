#include "capture/ot/profinet/rt.h"

namespace tapiary::capture::profinet {
namespace {

constexpr std::size_t kApduStatusBytes = 4;

}  // namespace

FrameClass ClassOf(std::uint16_t frame_id) {
  if (frame_id < 0x0100) return FrameClass::kTimeSync;
  if (frame_id < 0x8000) return FrameClass::kCyclic;   // class 3
  if (frame_id <= 0xfbff) return FrameClass::kCyclic;  // class 1, multicast, class UDP
  if (frame_id == 0xfc01) return FrameClass::kAlarmHigh;
  if (frame_id == 0xfe01) return FrameClass::kAlarmLow;
  if (frame_id >= 0xfefc && frame_id <= 0xfeff) return FrameClass::kDcp;
  if (frame_id >= 0xff00 && frame_id <= 0xff7f) return FrameClass::kTimeSync;
  if (frame_id >= 0xff80 && frame_id <= 0xff8f) return FrameClass::kFragment;
  return FrameClass::kOther;
}

void RtStream::CountCycle(std::uint16_t next) {
  const auto step = static_cast<std::uint16_t>(next - cycle);
  if (step == 0) {
    ++interval.duplicates;
  } else if (step_ == 0 || step < step_) {
    step_ = step;  // the smallest is the rule, what is larger lost frames
  } else if (step != step_ && step < 0x8000) {
    ++interval.gaps;
  }
}

RtEvent RtStream::OnFrame(base::Bytes frame, std::int64_t now_ns) {
  if (interval.packets++ == 0) interval.start_ns = now_ns;
  base::ByteCursor cursor(frame.last(kApduStatusBytes));
  const std::uint16_t next = cursor.U16Be();
  const std::uint8_t status = cursor.U8();
  RtEvent event = RtEvent::kFirst;
  if (known_) {
    CountCycle(next);
    const bool stopped = (data_status & kRun) != 0 && (status & kRun) == 0;
    event = status == data_status ? RtEvent::kNone : stopped ? RtEvent::kStop : RtEvent::kChange;
  }
  known_ = true;
  before = data_status;
  data_status = status;
  cycle = next;
  last_ns = now_ns;
  return event;
}

}  // namespace tapiary::capture::profinet
