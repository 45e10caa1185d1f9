#include "server/query/packet_filter.h"

#include <algorithm>
#include <array>
#include <string>

#include "server/catalog/text_matcher.h"
#include "server/query/value.h"

namespace tapiary::server {
namespace {

constexpr std::uint8_t kProtoTcp = 6;
constexpr std::uint8_t kProtoUdp = 17;

// The values that a packet has of one field; which list is used follows from the field's type.
struct Values {
  std::array<std::int64_t, capture::kMaxVlans> numbers{};
  std::size_t number_count = 0;
  std::array<AddressKey, 2> addresses{};
  std::size_t address_count = 0;
  std::array<std::string, 2> texts;
  std::size_t text_count = 0;

  void Add(std::int64_t number) { numbers[number_count++] = number; }
  void Add(const AddressKey& address) { addresses[address_count++] = address; }
  void AddText(std::string_view text) { texts[text_count++] = text; }
  [[nodiscard]] std::size_t count() const { return number_count + address_count + text_count; }
};

void AddPorts(const capture::Decoded& decoded, std::uint8_t proto, Values* out) {
  if (!decoded.has_ports || decoded.proto != proto) return;
  out->Add(decoded.src_port);
  out->Add(decoded.dst_port);
}

void AddDecoded(PacketField field, const capture::Decoded& decoded, Values* out) {
  switch (field) {
    case PacketField::kAddress:
      if (!decoded.has_ip) return;
      out->Add(ToAddressKey(decoded.src));
      out->Add(ToAddressKey(decoded.dst));
      return;
    case PacketField::kIpProto:
      if (decoded.has_ip) out->Add(decoded.proto);
      return;
    case PacketField::kTcpPort:
      return AddPorts(decoded, kProtoTcp, out);
    case PacketField::kUdpPort:
      return AddPorts(decoded, kProtoUdp, out);
    case PacketField::kVlan:
      for (std::size_t i = 0; i < std::min<std::size_t>(decoded.vlan_count, capture::kMaxVlans);
           ++i) {
        out->Add(decoded.vlans[i]);
      }
      return;
    case PacketField::kEtherType:
      if (decoded.has_mac) out->Add(decoded.ether_type);
      return;
    case PacketField::kMac:
      if (!decoded.has_mac) return;
      out->AddText(capture::FormatMac(decoded.src_mac));
      out->AddText(capture::FormatMac(decoded.dst_mac));
      return;
    default:
      return;
  }
}

Values ValuesOf(PacketField field, const PacketFacts& facts) {
  Values values;
  switch (field) {
    case PacketField::kSensor:
      values.AddText(facts.sensor);
      break;
    case PacketField::kInterface:
      values.AddText(facts.interface);
      break;
    case PacketField::kTime:
      values.Add(facts.time_ns);
      break;
    default:
      AddDecoded(field, *facts.decoded, &values);
  }
  return values;
}

template <class T>
bool CompareOrdered(const T& have, FilterOp op, const T& low, const T& high) {
  switch (op) {
    case FilterOp::kLess:
      return have < low;
    case FilterOp::kLessEqual:
      return have <= high;
    case FilterOp::kGreater:
      return have > high;
    case FilterOp::kGreaterEqual:
      return have >= low;
    default:
      return have >= low && have <= high;
  }
}

bool TextMatches(const std::string& have, FilterOp op, const FilterValue& wanted) {
  if (op == FilterOp::kMatches) return wanted.matcher->Matches(have);
  if (op == FilterOp::kContains) return have.find(wanted.text) != std::string::npos;
  return have == wanted.text;
}

bool AnyMatches(const Values& values, FilterOp op, std::int64_t mask, const FilterValue& wanted) {
  for (std::size_t i = 0; i < values.number_count; ++i) {
    const std::int64_t number = mask == 0 ? values.numbers[i] : values.numbers[i] & mask;
    if (CompareOrdered(number, op, wanted.low, wanted.high)) return true;
  }
  for (std::size_t i = 0; i < values.address_count; ++i) {
    if (CompareOrdered(values.addresses[i], op, wanted.address_low, wanted.address_high))
      return true;
  }
  for (std::size_t i = 0; i < values.text_count; ++i) {
    if (TextMatches(values.texts[i], op, wanted)) return true;
  }
  return false;
}

bool TestMatches(const FilterNode& node, const PacketFacts& facts) {
  const Values values = ValuesOf(node.field->packet, facts);
  if (values.count() == 0) return false;
  if (node.op == FilterOp::kPresent) return values.text_count == 0 || !values.texts[0].empty();
  if (node.op == FilterOp::kBits) {
    return std::any_of(values.numbers.begin(), values.numbers.begin() + values.number_count,
                       [&](std::int64_t number) { return (number & node.mask) != 0; });
  }
  const bool all_differ = node.op == FilterOp::kNotEqual;
  const FilterOp op = all_differ ? FilterOp::kEqual : node.op;
  const bool any = std::any_of(
      node.values.begin(), node.values.end(),
      [&](const FilterValue& value) { return AnyMatches(values, op, node.mask, value); });
  return any != all_differ;
}

bool NodeMatches(const FilterNode& node, const PacketFacts& facts) {
  const auto matches = [&facts](const FilterNode& child) { return NodeMatches(child, facts); };
  switch (node.kind) {
    case FilterNode::Kind::kAlways:
      return true;
    case FilterNode::Kind::kAnd:
      return std::all_of(node.children.begin(), node.children.end(), matches);
    case FilterNode::Kind::kOr:
      return std::any_of(node.children.begin(), node.children.end(), matches);
    case FilterNode::Kind::kNot:
      return !NodeMatches(node.children.front(), facts);
    case FilterNode::Kind::kTest:
      return TestMatches(node, facts);
  }
  return false;
}

}  // namespace

bool Matches(const Filter& filter, const PacketFacts& facts) {
  return NodeMatches(filter.root(), facts);
}

}  // namespace tapiary::server
