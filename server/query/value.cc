#include "server/query/value.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/clock.h"
#include "base/text.h"

namespace tapiary::server {
namespace {

base::Error NotA(std::string_view what, std::string_view text) {
  return base::MakeError(base::ErrorCode::kInvalid,
                         "'" + base::EscapeBytes(text.substr(0, 60)) + "' is " + std::string(what));
}

base::Result<std::int64_t> ParseWhole(std::string_view text, std::int64_t max) {
  const bool hex = text.starts_with("0x") || text.starts_with("0X");
  const std::string_view digits = hex ? text.substr(2) : text;
  std::int64_t value = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, hex ? 16 : 10);
  if (digits.empty() || end != digits.data() + digits.size()) {
    return NotA("not a whole number", text);
  }
  if (error != std::errc() || value > max) {
    return NotA("too large; the largest value is " + std::to_string(max), text);
  }
  if (hex && value < 0) return NotA("not a whole number", text);
  return value;
}

// ADDRESS or ADDRESS/PREFIX, as a range of keys; host bits of a network are ignored.
base::Result<FilterValue> ParseNetwork(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto address = capture::ParseIpAddress(text.substr(0, slash));
  if (!address) return NotA("not an address", text);
  const int width = address->version == 4 ? 32 : 128;
  int prefix = width;
  if (slash != std::string_view::npos) {
    const auto parsed = ParseWhole(text.substr(slash + 1), width);
    if (!parsed || *parsed < 0) {
      return NotA("not a network: the prefix is 0 to " + std::to_string(width), text);
    }
    prefix = static_cast<int>(*parsed);
  }
  FilterValue value;
  value.address_low = value.address_high = ToAddressKey(*address);
  for (int bit = 128 - width + prefix; bit < 128; ++bit) {
    const auto mask = static_cast<std::uint8_t>(0x80u >> (bit % 8));
    const auto byte = static_cast<std::size_t>(bit / 8);
    value.address_low[byte] = static_cast<std::uint8_t>(value.address_low[byte] & ~mask);
    value.address_high[byte] = static_cast<std::uint8_t>(value.address_high[byte] | mask);
  }
  return value;
}

// Six hex pairs, parted by colons or hyphens; stored with colons, lower case.
base::Result<FilterValue> ParseMac(std::string_view text) {
  FilterValue value;
  bool good = text.size() == 17;
  for (std::size_t i = 0; good && i < text.size(); ++i) {
    const char c = text[i];
    const bool separator = i % 3 == 2;
    good = separator ? c == ':' || c == '-' : std::isxdigit(static_cast<unsigned char>(c)) != 0;
    value.text.push_back(separator ? ':' : static_cast<char>(std::tolower(c)));
  }
  if (!good) return NotA("not a MAC address", text);
  return value;
}

base::Result<FilterValue> ParseFlowIdValue(std::string_view text) {
  const std::size_t last = text.rfind('.');
  const std::size_t second =
      last == std::string_view::npos || last == 0 ? last : text.rfind('.', last - 1);
  const bool has_sensor = second != std::string_view::npos && second != last;
  const auto id = capture::ParseFlowId(has_sensor ? text.substr(second + 1) : text);
  if (!id || id->epoch > INT64_MAX || id->number > INT64_MAX) return NotA("not a flow id", text);
  FilterValue value;
  value.low = static_cast<std::int64_t>(id->epoch);
  value.high = static_cast<std::int64_t>(id->number);
  if (has_sensor) value.text = std::string(text.substr(0, second));
  return value;
}

base::Result<FilterValue> Number(base::Result<std::int64_t> number, std::string_view what,
                                 std::string_view text) {
  if (!number) return NotA(what, text);
  return FilterValue{.low = *number, .high = *number};
}

// base's units, and "min" for its "m".
base::Result<std::int64_t> ParseSpan(std::string_view text) {
  const bool minutes = text.size() > 3 && text.ends_with("min");
  return base::ParseDuration(minutes ? text.substr(0, text.size() - 2) : text);
}

base::Result<std::int64_t> ParseSeconds(std::string_view text) {
  const bool number = text.find_first_not_of("0123456789.") == std::string_view::npos;
  return ParseSpan(number ? std::string(text) + "s" : std::string(text));
}

// UTC unless the text carries an offset; "now", "-1h", "+5m", "now-1h".
base::Result<std::int64_t> ParseMoment(std::string_view text, std::int64_t now_ns) {
  const std::string_view offset = text.starts_with("now") ? text.substr(3) : text;
  if (offset.empty() && !text.empty()) return now_ns;
  if (offset.starts_with('-') || offset.starts_with('+')) {
    TAPIARY_ASSIGN(const std::int64_t span, ParseSpan(offset.substr(1)));
    const bool back = offset[0] == '-';
    if (back ? now_ns < INT64_MIN + span : now_ns > INT64_MAX - span) {
      return NotA("too far away", text);
    }
    return back ? now_ns - span : now_ns + span;
  }
  auto time = base::ParseTime(text);
  if (!time && text.size() >= 19) time = base::ParseTime(std::string(text) + "Z");
  return time;
}

}  // namespace

AddressKey ToAddressKey(const capture::IpAddress& address) {
  AddressKey key{};
  if (address.version == 6) key = address.bytes;
  if (address.version == 4) {
    key[10] = key[11] = 0xff;
    std::copy_n(address.bytes.begin(), 4, key.begin() + 12);
  }
  return key;
}

capture::IpAddress FromAddressKey(base::Bytes key) {
  constexpr std::uint8_t kMapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  capture::IpAddress address;
  if (key.size() != 16) return address;
  const bool mapped = std::equal(std::begin(kMapped), std::end(kMapped), key.begin());
  address.version = mapped ? 4 : 6;
  std::copy(key.begin() + (mapped ? 12 : 0), key.end(), address.bytes.begin());
  return address;
}

base::Result<FilterValue> ParseFilterValue(const FilterField& field, std::string_view text,
                                           std::int64_t now_ns) {
  switch (field.type) {
    case FieldType::kAddress:
      return ParseNetwork(text);
    case FieldType::kMac:
      return ParseMac(text);
    case FieldType::kFlowId:
      return ParseFlowIdValue(text);
    case FieldType::kSize:
      return Number(base::ParseSize(text), "not a size", text);
    case FieldType::kDuration:
      return Number(ParseSeconds(text), "not a duration", text);
    case FieldType::kTime:
      return Number(ParseMoment(text, now_ns), "not a time", text);
    case FieldType::kText:
      return FilterValue{.text = base::EscapeBytes(text)};
    case FieldType::kNumber:
    case FieldType::kFlag: {
      TAPIARY_ASSIGN(const std::int64_t number, ParseWhole(text, field.max));
      return FilterValue{.low = number, .high = number};
    }
  }
  return NotA("not a value", text);
}

bool JoinRange(const FilterField& field, const FilterValue& end, FilterValue* value) {
  switch (field.type) {
    case FieldType::kAddress:
      value->address_high = end.address_high;
      return value->address_low <= value->address_high;
    case FieldType::kNumber:
    case FieldType::kSize:
    case FieldType::kDuration:
    case FieldType::kTime:
      value->high = end.high;
      return value->low <= value->high;
    default:
      return false;
  }
}

}  // namespace tapiary::server
