#include "base/text.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

namespace tapiary::base {

namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr std::string_view kBase64Digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

struct CodePoint {
  char32_t value = 0;
  std::size_t size = 0;  // bytes; 0 means that no valid UTF-8 starts here
};

// RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
CodePoint DecodeUtf8(Bytes bytes) {
  if (bytes.empty()) return {};
  const std::uint8_t first = bytes[0];
  if (first < 0x80) return {first, 1};
  std::size_t size = 0;
  if (first >= 0xC2 && first <= 0xDF) size = 2;
  if (first >= 0xE0 && first <= 0xEF) size = 3;
  if (first >= 0xF0 && first <= 0xF4) size = 4;
  if (size == 0 || bytes.size() < size) return {};
  char32_t value = first & (0x7Fu >> size);
  for (std::size_t i = 1; i < size; ++i) {
    if ((bytes[i] & 0xC0) != 0x80) return {};
    value = (value << 6) | (bytes[i] & 0x3Fu);
  }
  constexpr std::array<char32_t, 5> kSmallest = {0, 0, 0x80, 0x800, 0x10000};
  if (value < kSmallest[size] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF))
    return {};
  return {value, size};
}

// What a terminal or browser would act upon instead of showing it.
bool IsDangerous(char32_t c) {
  if (c < 0x20 || c == '\\' || (c >= 0x7F && c <= 0x9F)) return true;
  if (c == 0x061C || c == 0x200E || c == 0x200F) return true;  // marks of direction
  return (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

// The byte of the two hex digits that `text` starts with, or nothing.
std::optional<std::uint8_t> HexByte(std::string_view text) {
  std::uint8_t byte = 0;
  const char* end = text.data() + std::min<std::size_t>(text.size(), 2);
  const auto [at, error] = std::from_chars(text.data(), end, byte, 16);
  if (error != std::errc() || at != text.data() + 2) return std::nullopt;
  return byte;
}

Error NotA(std::string_view what, std::string_view text, std::string_view hint) {
  return MakeError(ErrorCode::kInvalid,
                   fmt::format("not a {}: '{}' ({})", what, EscapeBytes(text.substr(0, 40)), hint));
}

struct Unit {
  std::string_view name;
  std::int64_t factor;
};

const Unit* FindUnit(std::span<const Unit> units, std::string_view name) {
  const auto same = [](char a, char b) { return a == (b >= 'A' && b <= 'Z' ? b - 'A' + 'a' : b); };
  for (const Unit& unit : units) {
    if (std::equal(unit.name.begin(), unit.name.end(), name.begin(), name.end(), same))
      return &unit;
  }
  return nullptr;
}

// "12.5 MiB" with the units given; nothing for bad syntax, an unknown unit or overflow.
std::optional<std::int64_t> ParseQuantity(std::string_view text, std::span<const Unit> units) {
  const char* end = text.data() + text.size();
  std::int64_t whole = 0;
  double fraction = 0;
  std::from_chars_result read = std::from_chars(text.data(), end, whole);
  if (read.ec == std::errc() && read.ptr != end && *read.ptr == '.') {
    read = std::from_chars(read.ptr, end, fraction, std::chars_format::fixed);
  }
  if (read.ec != std::errc() || text.starts_with('-')) return std::nullopt;
  if (end - read.ptr > 1 && *read.ptr == ' ') ++read.ptr;
  const Unit* unit = FindUnit(units, std::string_view(read.ptr, end));
  if (unit == nullptr) return std::nullopt;
  const std::int64_t part = std::llround(fraction * static_cast<double>(unit->factor));
  if (whole > (std::numeric_limits<std::int64_t>::max() - part) / unit->factor) return std::nullopt;
  return whole * unit->factor + part;
}

constexpr Unit kSizeUnits[] = {{"", 1},
                               {"b", 1},
                               {"k", 1LL << 10},
                               {"kib", 1LL << 10},
                               {"kb", 1'000},
                               {"m", 1LL << 20},
                               {"mib", 1LL << 20},
                               {"mb", 1'000'000},
                               {"g", 1LL << 30},
                               {"gib", 1LL << 30},
                               {"gb", 1'000'000'000},
                               {"t", 1LL << 40},
                               {"tib", 1LL << 40},
                               {"tb", 1'000'000'000'000}};
constexpr Unit kDurationUnits[] = {{"ns", 1},
                                   {"us", 1'000},
                                   {"ms", 1'000'000},
                                   {"s", 1'000'000'000},
                                   {"m", 60'000'000'000},
                                   {"h", 3'600'000'000'000},
                                   {"d", 86'400'000'000'000}};

}  // namespace

std::string EscapeBytes(Bytes bytes) {
  std::string out;
  out.reserve(bytes.size());
  while (!bytes.empty()) {
    const CodePoint point = DecodeUtf8(bytes);
    const Bytes taken = bytes.first(point.size == 0 ? 1 : point.size);
    if (point.size != 0 && !IsDangerous(point.value)) {
      out += AsText(taken);
    } else {
      for (const std::uint8_t byte : taken) out += "\\x" + ToHex({&byte, 1});
    }
    bytes = bytes.subspan(taken.size());
  }
  return out;
}

std::string EscapeBytes(std::string_view bytes) {
  return EscapeBytes(AsBytes(bytes));
}

Result<std::string> UnescapeBytes(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    if (text.front() != '\\') {
      out += text.front();
      text.remove_prefix(1);
      continue;
    }
    const auto byte = text.starts_with("\\x") ? HexByte(text.substr(2)) : std::nullopt;
    if (!byte) return NotA("escaped text", text, "a backslash must start \\xNN");
    out += static_cast<char>(*byte);
    text.remove_prefix(4);
  }
  return out;
}

bool IsValidUtf8(std::string_view text) {
  Bytes bytes = AsBytes(text);
  while (!bytes.empty()) {
    const CodePoint point = DecodeUtf8(bytes);
    if (point.size == 0) return false;
    bytes = bytes.subspan(point.size);
  }
  return true;
}

std::string ToHex(Bytes bytes) {
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) {
    out += kHexDigits[byte >> 4];
    out += kHexDigits[byte & 0x0F];
  }
  return out;
}

Result<std::vector<std::uint8_t>> FromHex(std::string_view text) {
  std::vector<std::uint8_t> out;
  out.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const auto byte = HexByte(text.substr(i));
    if (!byte) return NotA("hexadecimal text", text, "pairs of 0-9a-f expected");
    out.push_back(*byte);
  }
  return out;
}

std::string ToBase64(Bytes bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  while (!bytes.empty()) {
    const std::size_t size = bytes.size() < 3 ? bytes.size() : 3;
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i) group = (group << 8) | (i < size ? bytes[i] : 0u);
    for (std::size_t i = 0; i < 4; ++i) {
      out += i <= size ? kBase64Digits[(group >> (18 - 6 * i)) & 63] : '=';
    }
    bytes = bytes.subspan(size);
  }
  return out;
}

Result<std::vector<std::uint8_t>> FromBase64(std::string_view text) {
  const std::string_view digits = text.substr(0, text.find('='));
  std::vector<std::uint8_t> out;
  out.reserve(text.size() / 4 * 3);
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char c : digits) {
    bits = (bits << 6) | (static_cast<std::uint32_t>(kBase64Digits.find(c)) & 63);
    count = (count + 6) % 8;
    if (count < 6) out.push_back(static_cast<std::uint8_t>(bits >> count));
  }
  // One text for the same bytes: this refuses foreign letters, wrong padding and left-over bits.
  if (ToBase64(out) != text) return NotA("base64 text", text, "padded base64 of RFC 4648 expected");
  return out;
}

Result<std::int64_t> ParseSize(std::string_view text) {
  if (const auto size = ParseQuantity(text, kSizeUnits)) return *size;
  return NotA("size", text, "for example 64KiB, 10GiB, 500MB or 1024");
}

Result<std::int64_t> ParseDuration(std::string_view text) {
  if (const auto duration = ParseQuantity(text, kDurationUnits)) return *duration;
  return NotA("duration", text, "a number with ns, us, ms, s, m, h or d, for example 1.5s");
}

std::string FormatSize(std::uint64_t bytes) {
  if (bytes < 1024) return std::to_string(bytes) + " B";
  constexpr std::array kNames = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  double value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  // 1023.95 would be shown as 1024.0.
  for (; value >= 1023.95 && unit + 1 < kNames.size(); ++unit) value /= 1024;
  return fmt::format("{:.1f} {}", value, kNames[unit]);
}

}  // namespace tapiary::base
