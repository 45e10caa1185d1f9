#include "capture/ot/profinet/cm_decode.h"

#include <fmt/core.h>

#include <algorithm>
#include <string>

#include "capture/ot/detail.h"
#include "capture/ot/profinet/cm_blocks.h"
#include "capture/ot/profinet/cm_decoder.h"
#include "capture/ot/profinet/techniques.h"

namespace tapiary::capture::profinet {
namespace {

constexpr std::int32_t kControl = 4;  // operation

std::string_view OperationName(const RpcHeader& header) {
  if (header.interface == RpcInterface::kEndpointMapper) {
    return header.operation == 2 ? "endpoint_lookup" : "endpoint_mapper";
  }
  constexpr std::string_view kNames[] = {"connect", "release", "read",
                                         "write",   "control", "read_implicit"};
  return header.operation < std::size(kNames) ? kNames[header.operation] : "unknown_operation";
}

void SetOperation(const RpcHeader& header, Transaction& out) {
  const bool mapper = header.interface == RpcInterface::kEndpointMapper;
  out.code = header.operation + (mapper ? kMapperCode : 0);
  out.operation = OperationName(header);
  AddDetail(out, "interface", ToString(header.interface));
}

void SetTechnique(const CmFacts& facts, Transaction& out) {
  const std::int32_t code = out.code >= kMapperCode ? kMapperCode : out.code;
  const std::int32_t sub = code == kControl ? facts.control : facts.supervisor ? 1 : 0;
  const Technique technique = FindTechnique(CmTechniques(), code, sub);
  out.command = technique.command;
  out.attack_technique = technique.id;
}

// The device number and the vendor are in the last bytes of the object UUID.
void AddObject(const RpcHeader& header, Transaction& out) {
  const base::Bytes object = header.object;
  if (object.size() != 16 || object[0] == 0) return;
  base::ByteCursor cursor(object.subspan(10));
  AddNumber(out, "object_instance", cursor.U16Be());
  AddDetail(out, "device_id", fmt::format("0x{:04x}", cursor.U16Be()));
  AddDetail(out, "vendor_id", fmt::format("0x{:04x}", cursor.U16Be()));
}

// The NDR part before the blocks: five numbers, the first a limit or a status.
base::Bytes Blocks(const RpcHeader& header, base::Bytes body, bool cut, std::uint32_t& first,
                   Transaction& out) {
  base::ByteCursor cursor(body);
  first = cursor.U32(header.big);
  const std::uint32_t length = cursor.U32(header.big);
  cursor.Skip(8);
  const std::uint32_t count = cursor.U32(header.big);
  if (cursor.failed() || count > cursor.remaining() || length != count) {
    AddAnomaly(out, cut ? "truncated" : "profinet-io-length");
  }
  return cursor.Take(std::min<std::size_t>(count, cursor.remaining()));
}

void Fault(const RpcHeader& header, base::Bytes body, Transaction& out) {
  out.status = TransactionStatus::kException;
  base::ByteCursor cursor(body);
  if (cursor.remaining() >= 4) out.exception = cursor.U32(header.big);
  AddDetail(out, "rpc", header.type == RpcType::kReject ? "reject" : "fault");
}

}  // namespace

void DecodeCmRequest(const RpcHeader& header, base::Bytes body, bool cut, Transaction& out) {
  SetOperation(header, out);
  CmFacts facts;
  if (header.interface != RpcInterface::kEndpointMapper) {
    AddObject(header, out);
    std::uint32_t maximum = 0;
    const base::Bytes blocks = Blocks(header, body, cut, maximum, out);
    facts = DecodeCmBlocks(blocks, true, out);
    if (!facts.complete) AddAnomaly(out, cut ? "truncated" : "profinet-io-length");
  }
  SetTechnique(facts, out);
}

void DecodeCmResponse(const RpcHeader& header, base::Bytes body, bool cut, bool has_request,
                      Transaction& out) {
  if (!has_request) {
    SetOperation(header, out);
    SetTechnique({}, out);
  }
  out.status = TransactionStatus::kOk;
  if (header.type != RpcType::kResponse) return Fault(header, body, out);
  if (header.interface == RpcInterface::kEndpointMapper) {
    // Handle, counts, object, tower; then the annotation: type, order number, versions.
    base::ByteCursor cursor(body);
    cursor.Skip(56 + 4);
    const std::uint32_t length = cursor.U32(header.big);
    const base::Bytes text = cursor.Take(std::min<std::size_t>(length, cursor.remaining()));
    if (!text.empty()) AddDetail(out, "annotation", TextOf(text).substr(0, 64));
    return;
  }
  std::uint32_t status = 0;
  const base::Bytes blocks = Blocks(header, body, cut, status, out);
  if (status != 0) {  // code, decode, code 1, code 2
    out.status = TransactionStatus::kException;
    out.exception = status;
  }
  const CmFacts facts = DecodeCmBlocks(blocks, !has_request, out);
  if (!facts.complete) AddAnomaly(out, cut ? "truncated" : "profinet-io-length");
}

}  // namespace tapiary::capture::profinet
