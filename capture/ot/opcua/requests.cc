#include "capture/ot/opcua/requests.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "base/text.h"
#include "capture/ot/detail.h"
#include "capture/ot/opcua/identity.h"
#include "capture/ot/opcua/names.h"
#include "capture/ot/opcua/types.h"

namespace tapiary::capture::opcua {
namespace {

void AddText(Transaction& out, std::string_view key, std::string_view text) {
  if (!text.empty()) AddDetail(out, key, text);
}

std::string Duration(base::ByteCursor& cursor) {
  return fmt::format("{}", std::bit_cast<double>(cursor.U64Le()));
}

// A numeric node is an address; any is text.
void SetNode(const NodeId& node, Transaction& out) {
  if (!out.address && node.kind == 'i') out.address = node.number;
}

void DecodeUrl(base::ByteCursor& cursor, Transaction& out) {
  AddText(out, "endpoint_url", ReadString(cursor));
}

void DecodeOpen(base::ByteCursor& cursor, Transaction& out) {
  cursor.Skip(4);  // protocol version
  AddDetail(out, "request_type", cursor.U32Le() == 1 ? "renew" : "issue");
  AddDetail(out, "security_mode", SecurityModeName(cursor.U32Le()));
  (void)ReadByteString(cursor);
  AddNumber(out, "lifetime_ms", cursor.U32Le());
}

void DecodeCreateSession(base::ByteCursor& cursor, Transaction& out) {
  AddText(out, "application_uri", ReadString(cursor));
  AddText(out, "product_uri", ReadString(cursor));
  AddText(out, "application_name", ReadLocalizedText(cursor));
  cursor.Skip(4);  // application type
  (void)ReadString(cursor);
  (void)ReadString(cursor);
  (void)ReadArray(cursor, [&](std::uint32_t) { (void)ReadString(cursor); });
  AddText(out, "server_uri", ReadString(cursor));
  AddText(out, "endpoint_url", ReadString(cursor));
  AddText(out, "session_name", ReadString(cursor));
}

void DecodeActivateSession(base::ByteCursor& cursor, Transaction& out) {
  AddText(out, "signature_algorithm", ReadString(cursor));
  (void)ReadByteString(cursor);
  (void)ReadArray(cursor, [&](std::uint32_t) {  // certificates
    (void)ReadByteString(cursor);
    (void)ReadByteString(cursor);
  });
  (void)ReadArray(cursor, [&](std::uint32_t) { (void)ReadString(cursor); });
  const Extension token = ReadExtension(cursor);
  if (!cursor.failed()) DecodeIdentity(token, out);
}

void DecodeBrowse(base::ByteCursor& cursor, Transaction& out) {
  (void)ReadNodeId(cursor);  // view: id, time, version
  cursor.Skip(12 + 4);       // and the most references per node
  std::string nodes;
  out.quantity = ReadArray(cursor, [&](std::uint32_t) {
    const NodeId node = ReadNodeId(cursor);
    cursor.Skip(4);
    (void)ReadNodeId(cursor);
    cursor.Skip(1 + 4 + 4);
    if (cursor.failed()) return;
    SetNode(node, out);
    AppendBounded(nodes, " ", Format(node));
  });
  AddText(out, "nodes", nodes);
}

// Node and attribute of a ReadValueId or WriteValue.
std::string ReadTarget(base::ByteCursor& cursor, Transaction& out) {
  const NodeId node = ReadNodeId(cursor);
  const std::uint32_t attribute = cursor.U32Le();
  const std::string_view range = ReadString(cursor);
  if (cursor.failed()) return {};
  SetNode(node, out);
  std::string text = Format(node);
  if (attribute != 13) text += "." + AttributeName(attribute);
  if (!range.empty()) text += fmt::format("[{}]", range.substr(0, 40));
  return text;
}

void DecodeRead(base::ByteCursor& cursor, Transaction& out) {
  cursor.Skip(8 + 4);  // age, timestamps
  std::string nodes;
  out.quantity = ReadArray(cursor, [&](std::uint32_t) {
    const std::string target = ReadTarget(cursor, out);
    (void)ReadQualifiedName(cursor);
    if (!cursor.failed()) AppendBounded(nodes, " ", target);
  });
  AddText(out, "nodes", nodes);
}

void DecodeWrite(base::ByteCursor& cursor, Transaction& out) {
  std::string nodes, values;
  out.quantity = ReadArray(cursor, [&](std::uint32_t) {
    const std::string target = ReadTarget(cursor, out);
    Content value;
    ReadDataValue(cursor, value);
    if (cursor.failed()) return;
    AppendBounded(nodes, " ", target);
    AppendBounded(values, ", ", value.text);
    AddValues(value, out);
  });
  AddText(out, "nodes", nodes);
  AddText(out, "written", values);
}

void DecodeCall(base::ByteCursor& cursor, Transaction& out) {
  std::string methods, arguments;
  out.quantity = ReadArray(cursor, [&](std::uint32_t) {
    const NodeId object = ReadNodeId(cursor);
    const NodeId method = ReadNodeId(cursor);
    Content content;
    (void)ReadArray(cursor, [&](std::uint32_t) { ReadVariant(cursor, content); });
    if (object.is_null() && cursor.failed()) return;
    SetNode(method, out);
    AppendBounded(methods, " ", Format(object) + "/" + Format(method));
    AppendBounded(arguments, ", ", content.text);
    AddValues(content, out);
  });
  AddText(out, "methods", methods);
  AddText(out, "arguments", arguments);
}

void DecodeMonitoredItems(base::ByteCursor& cursor, Transaction& out) {
  AddNumber(out, "subscription", cursor.U32Le());
  cursor.Skip(4);
  std::string nodes;
  out.quantity = ReadArray(cursor, [&](std::uint32_t i) {
    const std::string target = ReadTarget(cursor, out);
    (void)ReadQualifiedName(cursor);
    cursor.Skip(4 + 4);  // mode, client handle
    const std::string interval = Duration(cursor);
    (void)ReadExtension(cursor);
    cursor.Skip(4 + 1);
    if (cursor.failed()) return;
    if (i == 0) AddDetail(out, "sampling_interval_ms", interval);
    AppendBounded(nodes, " ", target);
  });
  AddText(out, "nodes", nodes);
}

void DecodeCreateSubscription(base::ByteCursor& cursor, Transaction& out) {
  AddDetail(out, "publishing_interval_ms", Duration(cursor));
  AddNumber(out, "lifetime_count", cursor.U32Le());
  AddNumber(out, "keep_alive_count", cursor.U32Le());
}

void DecodeNumbers(base::ByteCursor& cursor, Transaction& out) {
  const std::uint32_t count = ReadCount(cursor);
  out.quantity = count;
  for (std::uint32_t i = 0; i < std::min<std::uint32_t>(count, 64); ++i) {
    const std::uint32_t number = cursor.U32Le();
    if (!cursor.failed()) out.values.push_back(number);
  }
}

void DecodeAddNodes(base::ByteCursor& cursor, Transaction& out) {
  out.quantity = ReadCount(cursor);
  const NodeId parent = ReadNodeId(cursor, true);
  (void)ReadNodeId(cursor);
  const NodeId node = ReadNodeId(cursor, true);
  const std::string_view name = ReadQualifiedName(cursor);
  if (cursor.failed()) return;
  AddDetail(out, "parent", Format(parent));
  AddDetail(out, "nodes", Format(node));
  AddText(out, "browse_name", name);
  SetNode(node, out);
}

void DecodeNodes(std::uint32_t service, base::ByteCursor& cursor, Transaction& out) {
  const std::uint32_t count = ReadCount(cursor);
  out.quantity = count;
  const bool references = service == 494 || service == 506;
  std::string nodes;
  for (std::uint32_t i = 0; i < count && !cursor.failed(); ++i) {
    const NodeId node = ReadNodeId(cursor);
    if (!cursor.failed()) SetNode(node, out);
    if (!cursor.failed()) AppendBounded(nodes, " ", Format(node));
    if (references) break;  // the first tells; the rest differs by service
    if (service == 500) cursor.Skip(1);
  }
  AddText(out, "nodes", nodes);
}

void DecodeParameters(std::uint32_t service, base::ByteCursor& cursor, Transaction& out) {
  switch (service) {
    case 422:
    case 428:
      return DecodeUrl(cursor, out);
    case 446:
      return DecodeOpen(cursor, out);
    case 461:
      return DecodeCreateSession(cursor, out);
    case 467:
      return DecodeActivateSession(cursor, out);
    case 488:
      return DecodeAddNodes(cursor, out);
    case 494:
    case 500:
    case 506:
    case 560:
    case 566:
      return DecodeNodes(service, cursor, out);
    case 527:
      return DecodeBrowse(cursor, out);
    case 631:
      return DecodeRead(cursor, out);
    case 673:
      return DecodeWrite(cursor, out);
    case 712:
      return DecodeCall(cursor, out);
    case 751:
      return DecodeMonitoredItems(cursor, out);
    case 769:
    case 781:
    case 763:
    case 793:
      AddNumber(out, "subscription", cursor.U32Le());
      if (service == 781) DecodeNumbers(cursor, out);
      return;
    case 787:
      return DecodeCreateSubscription(cursor, out);
    case 799:
      AddDetail(out, "publishing", cursor.U8() != 0 ? "true" : "false");
      return DecodeNumbers(cursor, out);
    case 841:
    case 847:
      return DecodeNumbers(cursor, out);
    default:
      return;
  }
}

}  // namespace

void DecodeRequest(std::uint32_t service, base::ByteCursor& cursor, Transaction& out) {
  const NodeId token = ReadNodeId(cursor);
  cursor.Skip(8 + 4 + 4);  // time, handle, wanted diagnostics
  AddText(out, "audit_id", ReadString(cursor));
  cursor.Skip(4);
  (void)ReadExtension(cursor);
  if (!token.is_null() && !cursor.failed()) AddDetail(out, "session", TokenDigest(token));
  if (!cursor.failed()) DecodeParameters(service, cursor, out);
}

}  // namespace tapiary::capture::opcua
