#include "capture/ot/atg/message.h"

#include <algorithm>
#include <array>

namespace tapiary::capture::atg {
namespace {

constexpr std::uint8_t kSoh = 0x01;
constexpr std::uint8_t kEtx = 0x03;
constexpr std::size_t kWordSize = 6;   // I20100
constexpr std::size_t kCodeSize = 6;   // of security
constexpr std::size_t kMaxLine = 256;  // longer ones are cut in pieces
constexpr std::string_view kNotUnderstood = "9999FF1B";

bool IsDigit(std::uint8_t byte) {
  return byte >= '0' && byte <= '9';
}
bool IsVerb(std::uint8_t byte) {
  return byte == 'I' || byte == 'i' || byte == 'S' || byte == 's';
}
bool IsEnd(std::uint8_t byte) {
  return byte == '\n' || byte == '\r' || byte == kEtx;
}
// The begin of I20100, as far as it is there.
bool MayBeWord(base::Bytes bytes) {
  if (!bytes.empty() && !IsVerb(bytes[0])) return false;
  for (std::size_t i = 1; i < std::min(bytes.size(), kWordSize); ++i) {
    if (!IsDigit(bytes[i])) return false;
  }
  return true;
}
bool IsWord(base::Bytes bytes) {
  return bytes.size() >= kWordSize && MayBeWord(bytes);
}
bool MayBeCode(base::Bytes bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) {
    return IsDigit(byte) || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
  });
}

PduFront Line(base::Bytes bytes) {
  const base::Bytes seen = bytes.first(std::min(bytes.size(), kMaxLine));
  const auto end = std::find_if(seen.begin(), seen.end(), IsEnd);
  if (end != seen.end()) return PduFront::Of(static_cast<std::size_t>(end - seen.begin()) + 1);
  return seen.size() < kMaxLine ? PduFront::More() : PduFront::Of(kMaxLine);
}

// Asking ends with the tank number, so that it needs no end of line, which some tools do not send.
PduFront CommandFront(base::Bytes bytes) {
  if (bytes[0] != kSoh) return PduFront::Of(1);
  for (const std::size_t at : {std::size_t{1}, 1 + kCodeSize}) {
    if (at > 1 && !MayBeCode(bytes.subspan(1, std::min(bytes.size() - 1, kCodeSize)))) break;
    const base::Bytes word = bytes.subspan(std::min(at, bytes.size()));
    if (!MayBeWord(word)) continue;
    if (word.size() < kWordSize) return PduFront::More();
    const bool set = word[0] == 'S' || word[0] == 's';
    return set ? Line(bytes) : PduFront::Of(at + kWordSize);
  }
  return PduFront::Bad("atg-command");
}

bool IsNotUnderstood(base::Bytes bytes) {
  return bytes.size() >= kNotUnderstood.size() &&
         std::equal(kNotUnderstood.begin(), kNotUnderstood.end(), bytes.begin());
}

PduFront FrontOf(base::Bytes bytes, bool from_client) {
  if (bytes.empty()) return PduFront::More();
  if (from_client) return CommandFront(bytes);
  if (bytes[0] == kSoh) return PduFront::Of(1);
  return IsNotUnderstood(bytes) ? PduFront::Of(kNotUnderstood.size()) : Line(bytes);
}

bool PlausibleFront(base::Bytes bytes, bool from_client) {
  if (from_client) return !bytes.empty() && bytes[0] == kSoh;
  return IsWord(bytes) || IsNotUnderstood(bytes);
}

void ReadWord(base::Bytes word, Message& out) {
  const auto digit = [&word](std::size_t at) { return static_cast<unsigned>(word[at] - '0'); };
  out.set = word[0] == 'S' || word[0] == 's';
  out.function = static_cast<std::uint16_t>(digit(1) * 100 + digit(2) * 10 + digit(3));
  out.tank = static_cast<std::uint8_t>(digit(4) * 10 + digit(5));
  out.data = word.subspan(kWordSize);
  while (!out.data.empty() && IsEnd(out.data.back())) {
    out.data = out.data.first(out.data.size() - 1);
  }
}

struct Name {
  std::uint16_t function;
  std::string_view name;
};
constexpr Name kNames[] = {
    {1, "system_reset"},
    {101, "system_status_report"},
    {102, "system_configuration_report"},
    {111, "priority_alarm_history_report"},
    {112, "non_priority_alarm_history_report"},
    {201, "in_tank_inventory_report"},
    {202, "in_tank_delivery_report"},
    {203, "in_tank_leak_detect_report"},
    {204, "in_tank_shift_inventory_report"},
    {205, "in_tank_status_report"},
    {206, "in_tank_alarm_history_report"},
    {207, "in_tank_leak_test_history_report"},
    {208, "in_tank_leak_test_results_report"},
    {251, "csld_results_report"},
    {301, "liquid_sensor_status_report"},
    {302, "liquid_sensor_alarm_history_report"},
    {501, "time_of_day"},
    {601, "tank_configuration"},
    {602, "tank_product_label"},
    {902, "system_revision_level_report"},
};

constexpr TechniqueRow kTechniques[] = {
    {101, kAnySub, false, "T0888"},          // system_status_report
    {102, kAnySub, false, "T0888"},          // system_configuration_report
    {201, kAnySub, false, "T0801"},          // in_tank_inventory_report
    {205, kAnySub, false, "T0801"},          // in_tank_status_report
    {902, kAnySub, false, "T0888"},          // system_revision_level_report
    {kSetBase + 1, kAnySub, true, "T0816"},  // set system_reset
    {kSetBase, kAnySub, true, "T0836"},      // any other set
};

}  // namespace

const Framing kFraming = {
    .front = &FrontOf,
    .plausible = &PlausibleFront,
    .whole = nullptr,
    .min_useful = kWordSize,
    .max_kept = 2 * kMaxLine,
    .scan = true,
    .fault_length = "atg-command",
    .fault_gap = "atg-gap",
    .fault_search = "atg-lost-sync",
};

bool ReadCommand(base::Bytes bytes, Message& out) {
  if (bytes.empty() || bytes[0] != kSoh) return false;
  base::Bytes word = bytes.subspan(1);
  if (!IsWord(word)) {
    if (word.size() < kCodeSize) return false;
    out.security_code = word.first(kCodeSize);
    word = word.subspan(kCodeSize);
    if (!IsWord(word)) return false;
  }
  ReadWord(word, out);
  return true;
}

bool ReadAnswer(base::Bytes bytes, Message& out) {
  out.not_understood = IsNotUnderstood(bytes);
  if (out.not_understood) return true;
  if (!IsWord(bytes)) return false;
  ReadWord(bytes, out);
  return true;
}

std::string_view FunctionName(std::uint16_t function) {
  for (const Name& known : kNames) {
    if (known.function == function) return known.name;
  }
  return {};
}

std::span<const TechniqueRow> Techniques() {
  return kTechniques;
}

}  // namespace tapiary::capture::atg
