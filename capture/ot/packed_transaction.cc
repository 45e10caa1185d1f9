#include "capture/ot/packed_transaction.h"

#include <algorithm>
#include <string_view>

namespace tapiary::capture {
namespace {

enum Present : std::uint64_t {
  kUnit = 1,
  kAddress = 2,
  kQuantity = 4,
  kException = 8,
  kLatency = 16,
  kCommand = 32,
};

std::uint64_t ZigZag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1) ^ (value < 0 ? ~std::uint64_t{0} : 0);
}

std::int64_t UnZigZag(std::uint64_t value) {
  return static_cast<std::int64_t>((value >> 1) ^ (~(value & 1) + 1));
}

class Writer {
 public:
  void Number(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes.push_back(static_cast<std::uint8_t>(value | 0x80));
    bytes.push_back(static_cast<std::uint8_t>(value));
  }
  void Signed(std::int64_t value) { Number(ZigZag(value)); }
  void Text(std::string_view text) {
    Number(text.size());
    bytes.insert(bytes.end(), text.begin(), text.end());
  }
  std::vector<std::uint8_t> bytes;
};

class Reader {
 public:
  explicit Reader(const std::uint8_t* at) : at_(at) {}
  std::uint64_t Number() {
    std::uint64_t value = 0;
    int shift = 0;
    for (; (*at_ & 0x80) != 0; shift += 7) {
      value |= static_cast<std::uint64_t>(*at_++ & 0x7f) << shift;
    }
    return value | static_cast<std::uint64_t>(*at_++) << shift;
  }
  std::int64_t Signed() { return UnZigZag(Number()); }
  std::string Text() {
    const std::size_t size = Number();
    const std::uint8_t* const from = at_;
    at_ += size;
    return {from, from + size};
  }

 private:
  const std::uint8_t* at_;
};

std::uint64_t PresentOf(const Transaction& from) {
  std::uint64_t present = from.command ? std::uint64_t{kCommand} : 0;
  if (from.unit) present |= kUnit;
  if (from.address) present |= kAddress;
  if (from.quantity) present |= kQuantity;
  if (from.exception) present |= kException;
  if (from.latency_ns) present |= kLatency;
  return present;
}

// Beyond what a string holds in itself.
std::size_t HeapOf(const std::string& text) {
  return text.capacity() > 15 ? text.capacity() + 17 : 0;
}

}  // namespace

PackedTransaction::PackedTransaction(const Transaction& from) {
  Writer writer;
  writer.bytes.reserve(128 + 2 * from.values.size());
  writer.Number(PresentOf(from));
  writer.Number(static_cast<std::uint64_t>(from.status));
  writer.Signed(from.time_ns);
  writer.Signed(from.code);
  if (from.unit) writer.Number(*from.unit);
  if (from.address) writer.Number(*from.address);
  if (from.quantity) writer.Number(*from.quantity);
  if (from.exception) writer.Number(*from.exception);
  if (from.latency_ns) writer.Signed(*from.latency_ns);
  writer.Text(from.protocol);
  writer.Text(from.operation);
  writer.Text(from.attack_technique);
  writer.Number(from.values.size());
  for (const std::int64_t value : from.values) writer.Signed(value);
  writer.Number(from.detail.size());
  for (const auto& [key, text] : from.detail) {
    writer.Text(key);
    writer.Text(text);
  }
  writer.Number(from.anomalies.size());
  for (const std::string& name : from.anomalies) writer.Text(name);
  size_ = static_cast<std::uint32_t>(writer.bytes.size());
  bytes_ = std::make_unique_for_overwrite<std::uint8_t[]>(size_);
  std::copy(writer.bytes.begin(), writer.bytes.end(), bytes_.get());
}

Transaction PackedTransaction::Unpack() const {
  Transaction to;
  if (size_ == 0) return to;
  Reader reader(bytes_.get());
  const std::uint64_t present = reader.Number();
  to.command = (present & kCommand) != 0;
  to.status = static_cast<TransactionStatus>(reader.Number());
  to.time_ns = reader.Signed();
  to.code = static_cast<std::int32_t>(reader.Signed());
  if ((present & kUnit) != 0) to.unit = static_cast<std::uint32_t>(reader.Number());
  if ((present & kAddress) != 0) to.address = reader.Number();
  if ((present & kQuantity) != 0) to.quantity = reader.Number();
  if ((present & kException) != 0) to.exception = static_cast<std::uint32_t>(reader.Number());
  if ((present & kLatency) != 0) to.latency_ns = reader.Signed();
  to.protocol = reader.Text();
  to.operation = reader.Text();
  to.attack_technique = reader.Text();
  to.values.resize(reader.Number());
  for (std::int64_t& value : to.values) value = reader.Signed();
  to.detail.resize(reader.Number());
  for (auto& [key, text] : to.detail) {
    key = reader.Text();
    text = reader.Text();
  }
  to.anomalies.resize(reader.Number());
  for (std::string& name : to.anomalies) name = reader.Text();
  return to;
}

std::size_t HeapBytes(const Transaction& from) {
  std::size_t bytes = from.values.capacity() * sizeof(std::int64_t) + HeapOf(from.protocol) +
                      HeapOf(from.operation) + HeapOf(from.attack_technique);
  for (const auto& [key, text] : from.detail)
    bytes += sizeof from.detail[0] + HeapOf(key) + HeapOf(text);
  for (const std::string& name : from.anomalies) bytes += sizeof name + HeapOf(name);
  return bytes;
}

}  // namespace tapiary::capture
