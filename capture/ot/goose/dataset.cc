#include "capture/ot/goose/dataset.h"

#include <fmt/core.h>

#include <algorithm>
#include <bit>

#include "capture/ot/ber.h"
#include "capture/ot/detail.h"

namespace tapiary::capture::goose {
namespace {

constexpr std::size_t kMaxLeafText = 40;
constexpr std::size_t kMaxText = kMaxDetailBytes;

void AddWhole(std::int64_t value, std::string text, Dataset& out) {
  out.values.push_back(value);
  out.texts.push_back(std::move(text));
}

// First octet: unused bits at the end; the first bit is the most significant.
void AddBits(const BerElement& element, Dataset& out) {
  const std::size_t unused = element.content.empty() ? 8 : element.content[0];
  if (unused > 7 || (element.content.size() == 1 && unused != 0)) {
    out.malformed = true;
    return out.texts.emplace_back("?"), void();
  }
  const std::size_t bits = (element.content.size() - 1) * 8 - unused;
  std::string text = "b:";
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < std::min<std::size_t>(bits, 63); ++i) {
    const unsigned bit = element.content[1 + i / 8] >> (7 - i % 8) & 1u;
    value = value << 1 | bit;
    text += bit != 0 ? '1' : '0';
  }
  if (bits > 63) return out.texts.push_back(text + "..."), void();
  AddWhole(static_cast<std::int64_t>(value), text, out);
}

// One octet of exponent width, then IEEE 754.
std::string FloatText(base::Bytes content) {
  if (content.size() == 5 && content[0] == 8) {
    const auto raw = static_cast<std::uint32_t>(BerUnsigned(content.subspan(1)));
    return fmt::format("{}", std::bit_cast<float>(raw));
  }
  if (content.size() == 9 && content[0] == 11) {
    return fmt::format("{}", std::bit_cast<double>(BerUnsigned(content.subspan(1))));
  }
  return HexOf(content);
}

void AddLeaf(const BerElement& element, Dataset& out) {
  const base::Bytes content = element.content;
  switch (element.tag) {
    case 0x83: {
      const bool on = BerUnsigned(content) != 0;
      return AddWhole(on ? 1 : 0, on ? "true" : "false", out);
    }
    case 0x84:
      return AddBits(element, out);
    case 0x85: {
      const std::int64_t value = BerSigned(content);
      return AddWhole(value, fmt::format("{}", value), out);
    }
    case 0x86: {
      const auto value = static_cast<std::int64_t>(BerUnsigned(content));
      return AddWhole(value, fmt::format("{}", value), out);
    }
    case 0x87:
      out.texts.push_back(FloatText(content));
      return;
    case 0x8a:
    case 0x90:
      out.texts.emplace_back(TextOf(content).substr(0, kMaxLeafText));
      return;
    default:  // octet string, times: as they are
      out.texts.push_back(HexOf(content.first(std::min(content.size(), kMaxLeafText / 2))));
  }
}

void Walk(base::Bytes bytes, unsigned depth, Dataset& out) {
  BerReader reader(bytes);
  BerElement element;
  while (reader.Next(element)) {
    if (depth == 0) ++out.top_level;
    if (element.cut) out.malformed = true;
    if (out.texts.size() >= Dataset::kMaxLeaves) {
      out.more = true;
      if (depth != 0) return;
    } else if (element.tag != 0xa1 && element.tag != 0xa2) {
      AddLeaf(element, out);
    } else if (depth < Dataset::kMaxDepth) {
      Walk(element.content, depth + 1, out);
    } else {
      out.more = true;
    }
  }
  out.malformed = out.malformed || reader.bad();
}

}  // namespace

Dataset ReadDataset(base::Bytes all_data) {
  Dataset out;
  Walk(all_data, 0, out);
  return out;
}

std::string Changes(const Dataset& before, const Dataset& now) {
  std::string text;
  const std::size_t both = std::min(before.texts.size(), now.texts.size());
  for (std::size_t i = 0; i < both && text.size() < kMaxText; ++i) {
    if (before.texts[i] == now.texts[i]) continue;
    text +=
        fmt::format("{}{}: {} > {}", text.empty() ? "" : ", ", i, before.texts[i], now.texts[i]);
  }
  if (before.texts.size() != now.texts.size() && text.size() < kMaxText) {
    text += fmt::format("{}{} values > {}", text.empty() ? "" : ", ", before.texts.size(),
                        now.texts.size());
  }
  return text;
}

std::string ToText(const Dataset& dataset) {
  std::string text;
  for (const std::string& leaf : dataset.texts) {
    if (text.size() >= kMaxText) break;
    if (!text.empty()) text += ", ";
    text += leaf;
  }
  return text;
}

}  // namespace tapiary::capture::goose
