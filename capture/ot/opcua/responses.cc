#include "capture/ot/opcua/responses.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "capture/ot/detail.h"
#include "capture/ot/opcua/identity.h"
#include "capture/ot/opcua/names.h"
#include "capture/ot/opcua/types.h"

namespace tapiary::capture::opcua {
namespace {

bool IsBad(std::uint32_t status) {
  return (status & 0x80000000) != 0;
}

// How many results are bad, and what the first of them is. A service that is good and whose
// operations were all refused did nothing; of a command one refusal is enough to be no success.
class Results {
 public:
  explicit Results(std::uint32_t all) : all_(all) {}
  void Add(std::uint32_t status) {
    if (!IsBad(status)) return;
    if (bad_++ == 0) first_ = status;
  }
  void Tell(Transaction& out) const {
    if (bad_ == 0) return;
    AddNumber(out, "bad_results", bad_);
    AddDetail(out, "first_bad_result", StatusName(first_));
    if (bad_ < all_ && !out.command) return;
    out.status = TransactionStatus::kException;
    out.exception = first_;
  }

 private:
  std::uint32_t all_;
  std::uint32_t bad_ = 0;
  std::uint32_t first_ = 0;
};

void DecodeReadResults(base::ByteCursor& cursor, Transaction& out) {
  const std::uint32_t count = ReadCount(cursor);
  if (!out.quantity) out.quantity = count;
  Results results(count);
  std::string values;
  for (std::uint32_t i = 0; i < count && !cursor.failed(); ++i) {
    Content value;
    ReadDataValue(cursor, value);
    if (cursor.failed()) break;
    results.Add(value.status);
    AppendBounded(values, ", ", IsBad(value.status) ? "!" + StatusName(value.status) : value.text);
    AddValues(value, out);
  }
  AddDetail(out, "read", values);
  results.Tell(out);
}

// Results that are status codes, each with what `skip` takes behind it.
template <class Skip>
void DecodeStatuses(base::ByteCursor& cursor, Transaction& out, Skip skip) {
  const std::uint32_t count = ReadCount(cursor);
  if (!out.quantity) out.quantity = count;
  Results results(count);
  for (std::uint32_t i = 0; i < count && !cursor.failed(); ++i) {
    const std::uint32_t status = cursor.U32Le();
    skip();
    if (!cursor.failed()) results.Add(status);
  }
  results.Tell(out);
}

void DecodeCallResults(base::ByteCursor& cursor, Transaction& out) {
  Content outputs;
  DecodeStatuses(cursor, out, [&cursor, &outputs] {
    const std::uint32_t inputs = ReadCount(cursor);
    cursor.Skip(std::size_t{inputs} * 4);
    (void)ReadArray(cursor, [&](std::uint32_t) { SkipDiagnosticInfo(cursor); });
    (void)ReadArray(cursor, [&](std::uint32_t) { ReadVariant(cursor, outputs); });
  });
  if (!outputs.text.empty()) AddDetail(out, "outputs", outputs.text);
}

void DecodeChannel(base::ByteCursor& cursor, Transaction& out) {
  cursor.Skip(4);  // protocol version
  const std::uint32_t channel = cursor.U32Le();
  cursor.Skip(4 + 8);  // token, time
  const std::uint32_t lifetime = cursor.U32Le();
  if (cursor.failed()) return;
  AddNumber(out, "channel", channel);
  AddNumber(out, "revised_lifetime_ms", lifetime);
}

// The first endpoint's server, and how many there are.
void DecodeEndpoints(base::ByteCursor& cursor, Transaction& out) {
  const std::uint32_t count = ReadCount(cursor);
  if (!out.quantity) out.quantity = count;
  if (count == 0) return;
  const std::string_view url = ReadString(cursor);
  const std::string_view uri = ReadString(cursor);
  const std::string_view product = ReadString(cursor);
  const std::string_view name = ReadLocalizedText(cursor);
  if (cursor.failed()) return;
  AddDetail(out, "server_endpoint", url);
  AddDetail(out, "server_application_uri", uri);
  AddDetail(out, "server_product_uri", product);
  AddDetail(out, "server_application", name);
}

void DecodeSession(base::ByteCursor& cursor, Transaction& out) {
  const NodeId session = ReadNodeId(cursor);
  const NodeId token = ReadNodeId(cursor);
  if (cursor.failed()) return;
  AddDetail(out, "session_id", Format(session));
  AddDetail(out, "session", TokenDigest(token));
}

void DecodeResults(std::uint32_t id, base::ByteCursor& cursor, Transaction& out) {
  const auto nothing = [] {};
  switch (id) {
    case 431:
      return DecodeEndpoints(cursor, out);
    case 449:
      return DecodeChannel(cursor, out);
    case 464:
      return DecodeSession(cursor, out);
    case 491:  // the new node
      return DecodeStatuses(cursor, out, [&cursor] { (void)ReadNodeId(cursor); });
    case 530: {  // references of each node; the first node's are counted
      const std::uint32_t nodes = ReadCount(cursor);
      const std::uint32_t status = cursor.U32Le();
      (void)ReadByteString(cursor);
      const std::uint32_t references = ReadCount(cursor);
      if (nodes == 0 || cursor.failed()) return;
      Results results(nodes);
      results.Add(status);
      results.Tell(out);
      return AddNumber(out, "references", references);
    }
    case 634:
      return DecodeReadResults(cursor, out);
    case 497:
    case 503:
    case 509:
    case 676:
    case 784:
    case 802:
    case 850:
      return DecodeStatuses(cursor, out, nothing);
    case 715:
      return DecodeCallResults(cursor, out);
    case 754:  // item id, revised interval, queue size, filter result
      return DecodeStatuses(cursor, out, [&cursor] {
        cursor.Skip(4 + 8 + 4);
        (void)ReadExtension(cursor);
      });
    case 790:
      return AddNumber(out, "subscription", cursor.U32Le());
    default:
      return;
  }
}

}  // namespace

void DecodeResponse(std::uint32_t id, base::ByteCursor& cursor, Transaction& out) {
  cursor.Skip(8 + 4);  // time, handle
  const std::uint32_t result = cursor.U32Le();
  SkipDiagnosticInfo(cursor);
  (void)ReadArray(cursor, [&](std::uint32_t) { (void)ReadString(cursor); });
  (void)ReadExtension(cursor);
  out.status = TransactionStatus::kOk;
  if (IsBad(result) || id == kServiceFault) {
    out.status = TransactionStatus::kException;
    out.exception = result;
    AddDetail(out, "service_result", StatusName(result));
    return;
  }
  if (!cursor.failed()) DecodeResults(id, cursor, out);
}

}  // namespace tapiary::capture::opcua
