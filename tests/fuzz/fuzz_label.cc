// Noise lists and rules, compared with a plain search; and the readers of plain-text labels.
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "capture/label/label_texts.h"
#include "capture/label/noise.h"
#include "tests/fuzz/target.h"

namespace tapiary::fuzz {
namespace {

using namespace capture;

std::string_view Text(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

bool Contains(const NoiseEntry& entry, const IpAddress& address) {
  if (entry.network.version != address.version) return false;
  for (std::size_t bit = 0; bit < entry.prefix; ++bit) {
    const unsigned mask = 0x80u >> (bit % 8);
    if ((entry.network.bytes[bit / 8] & mask) != (address.bytes[bit / 8] & mask)) return false;
  }
  return true;
}

// The longest prefix in force; of equal ones the first entry.
const NoiseEntry* Search(const std::vector<NoiseEntry>& entries, const IpAddress& address,
                         std::int64_t time_ns) {
  const NoiseEntry* best = nullptr;
  for (const NoiseEntry& entry : entries) {
    if (!Contains(entry, address) || time_ns >= entry.expires_ns) continue;
    if (best == nullptr || entry.prefix > best->prefix) best = &entry;
  }
  return best;
}

void CheckEntry(const NoiseEntry& entry) {
  Require(entry.network.version == 4 || entry.network.version == 6, "an entry has a network");
  Require(entry.prefix <= (entry.network.version == 4 ? 32 : 128), "a prefix fits its network");
  Require(entry.label.empty() || IsNoiseLabel(entry.label), "a label is one");
  Require(Contains(entry, entry.network), "a network contains itself");
}

void CheckMatches(const NoiseRule& rule, const std::vector<NoiseEntry>& entries) {
  NoiseFilter filter;
  filter.Add(rule, entries);
  for (std::size_t i = 0; i < std::min<std::size_t>(entries.size(), 16); ++i) {
    NoiseQuery query;
    query.orig = entries[i].network;
    query.resp.version = 4;  // 0.0.0.0
    query.proto = rule.proto.value_or(6);
    query.resp_port = rule.first_port;
    query.time_ns = 1'700'000'000LL * 1'000'000'000;
    const NoiseEntry* expected = Search(entries, query.orig, query.time_ns);
    if (expected == nullptr && rule.either) expected = Search(entries, query.resp, query.time_ns);
    const NoiseMark* const mark = filter.Match(query);
    Require((mark != nullptr) == (expected != nullptr), "the filter matches as a search does");
    if (mark == nullptr) continue;
    const std::string& name = expected->label.empty() ? rule.name : expected->label;
    Require(mark->name == name && mark->store == rule.store, "the longest prefix gives the name");
  }
}

}  // namespace

// A rule's options up to the first line end, then the list.
void FuzzNoise(Bytes input, const OtProtocol*) {
  const std::string_view text = Text(input);
  const std::size_t line = std::min(text.find('\n'), text.size());
  const base::Result<NoiseRule> rule = ParseNoiseRule(text.substr(0, line));
  const base::Result<std::vector<NoiseEntry>> entries =
      ParseNoiseList(text.substr(std::min(line + 1, text.size())), "list", 4096);
  if (!rule) Require(!rule.error().message.empty(), "an error has a message");
  if (!entries) return Require(!entries.error().message.empty(), "an error has a message");
  Require(entries->size() <= 4096, "entries are limited");
  for (const NoiseEntry& entry : *entries) CheckEntry(entry);
  if (rule) CheckMatches(*rule, *entries);
}

// First byte: which reader.
void FuzzLabels(Bytes input, const OtProtocol*) {
  Parts parts(input);
  const std::uint8_t mode = parts.U8();
  LabelTexts texts;
  if (mode % 3 == 0) ReadHttpRequest(parts.rest(), texts);
  if (mode % 3 == 1) ReadSshVersion(parts.rest(), (mode & 128) != 0, texts);
  if (mode % 3 == 2) {
    const std::optional<std::string> name = DnsQueryName(parts.rest());
    Require(!name || name->size() <= kMaxLabelBytes, "a name is bounded");
  }
  Require(texts.size() <= 8, "labels are few");
  for (const auto& [key, text] : texts) {
    Require(text.size() <= kMaxLabelBytes, "a label is bounded");
    Require(key.find('.') != std::string::npos, "a key is named protocol.what");
  }
}

}  // namespace tapiary::fuzz
