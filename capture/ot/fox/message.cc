#include "capture/ot/fox/message.h"

#include <algorithm>
#include <string>

#include "capture/ot/detail.h"

namespace tapiary::capture::fox {
namespace {

constexpr std::string_view kMagic = "fox ";
constexpr std::string_view kEnd = "};;\n";
constexpr std::size_t kMaxFrame = 4096;  // longer frames are those of file transfers

std::string_view Text(base::Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

struct Key {
  std::string_view key;
  std::string_view detail;
};
constexpr Key kKeys[] = {
    {"fox.version", "fox_version"},  {"hostName", "host_name"},
    {"hostAddress", "host_address"}, {"app.name", "app_name"},
    {"app.version", "app_version"},  {"vm.name", "vm_name"},
    {"vm.version", "vm_version"},    {"os.name", "os_name"},
    {"os.version", "os_version"},    {"station.name", "station_name"},
    {"hostId", "host_id"},           {"brandId", "brand_id"},
};

PduFront FrontOf(base::Bytes bytes, bool) {
  const std::string_view text = Text(bytes);
  if (text.empty()) return PduFront::More();
  const std::size_t there = std::min(text.size(), kMagic.size());
  if (text.substr(0, there) != kMagic.substr(0, there)) return PduFront::Of(1);
  const std::size_t end = text.substr(0, kMaxFrame).find(kEnd);
  if (end != std::string_view::npos) return PduFront::Of(end + kEnd.size());
  return text.size() < kMaxFrame ? PduFront::More() : PduFront::Of(kMaxFrame);
}

bool PlausibleFront(base::Bytes bytes, bool) {
  return IsFrame(bytes);
}

}  // namespace

const Framing kFraming = {
    .front = &FrontOf,
    .plausible = &PlausibleFront,
    .whole = nullptr,
    .min_useful = 24,
    .max_kept = kMaxFrame,
    .scan = true,
    .fault_length = "fox-frame",
    .fault_gap = "fox-gap",
    .fault_search = "fox-lost-sync",
};

bool IsFrame(base::Bytes bytes) {
  return Text(bytes).starts_with("fox ");
}

bool IsHello(base::Bytes bytes) {
  const std::string_view text = Text(bytes);
  const std::string_view line = text.substr(0, std::min<std::size_t>(text.find('\n'), 80));
  return IsFrame(bytes) && line.ends_with(" fox hello");
}

void DecodeHello(base::Bytes bytes, std::string_view prefix, Transaction& out) {
  std::string_view text = Text(bytes);
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t equals = line.find('=');
    const std::size_t colon = line.find(':', equals == std::string_view::npos ? 0 : equals);
    if (equals == std::string_view::npos || colon == std::string_view::npos) continue;
    for (const Key& known : kKeys) {
      if (known.key != line.substr(0, equals)) continue;
      AddDetail(out, std::string(prefix) + std::string(known.detail), line.substr(colon + 1));
    }
  }
}

}  // namespace tapiary::capture::fox
