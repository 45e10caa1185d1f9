#include "capture/ot/ads/frame.h"

#include <fmt/format.h>

#include <algorithm>

namespace tapiary::capture::ads {
namespace {

constexpr std::uint16_t kResponse = 0x0001;
constexpr std::uint16_t kAdsCommand = 0x0004;
constexpr std::uint16_t kLastCommand = 9;

PduFront FrontOf(base::Bytes bytes, bool) {
  for (std::size_t i = 0; i < std::min<std::size_t>(bytes.size(), 2); ++i) {
    if (bytes[i] != 0) return PduFront::Bad("ads-prefix");
  }
  if (bytes.size() < kPrefixSize) return PduFront::More();
  base::ByteCursor cursor(bytes.subspan(2));
  const std::uint32_t length = cursor.U32Le();
  if (length < kAmsHeaderSize || length > kMaxAms) return PduFront::Bad("ads-length");
  // Zeros and a small number are too common to be believed alone.
  if (bytes.size() < kPrefixSize + kAmsHeaderSize) return PduFront::More();
  Frame frame;
  const bool good = ReadFrame(bytes.subspan(kPrefixSize), length, frame);
  if (!good || frame.command > kLastCommand) return PduFront::Bad("ads-header");
  return PduFront::Of(kPrefixSize + length);
}

}  // namespace

const Framing kFraming = {
    .front = &FrontOf,
    .plausible = nullptr,
    .whole = nullptr,
    .min_useful = kPrefixSize + kAmsHeaderSize,
    .max_kept = 4096,
    .scan = false,
    .fault_length = "ads-length",
    .fault_gap = "ads-gap",
    .fault_search = "ads-lost-sync",
};

std::string AmsAddress::ToString() const {
  std::string text;
  for (const std::uint8_t part : net_id) text += fmt::format("{}{}", text.empty() ? "" : ".", part);
  return fmt::format("{}:{}", text, port);
}

bool ReadFrame(base::Bytes bytes, std::size_t length, Frame& out) {
  base::ByteCursor cursor(bytes);
  for (AmsAddress* const end : {&out.target, &out.source}) {
    end->net_id = cursor.Take(6);
    end->port = cursor.U16Le();
  }
  out.command = cursor.U16Le();
  const std::uint16_t flags = cursor.U16Le();
  const std::uint32_t size = cursor.U32Le();
  out.error = cursor.U32Le();
  out.invoke_id = cursor.U32Le();
  if (cursor.failed() || (flags & kAdsCommand) == 0) return false;
  if (length < kAmsHeaderSize || size != length - kAmsHeaderSize) return false;
  out.response = (flags & kResponse) != 0;
  out.data = cursor.rest().first(std::min<std::size_t>(size, cursor.remaining()));
  return true;
}

}  // namespace tapiary::capture::ads
