#include "capture/ot/profinet/rpc.h"

#include <algorithm>

namespace tapiary::capture::profinet {
namespace {

constexpr std::uint8_t kLastFragment = 0x02, kFragment = 0x04;

// 6C97-11D1-8271-00A02442DF7D: the interfaces differ in the first field only.
constexpr std::uint8_t kPnioNode[] = {0x82, 0x71, 0x00, 0xa0, 0x24, 0x42, 0xdf, 0x7d};
constexpr std::uint8_t kMapperNode[] = {0x91, 0xa4, 0x08, 0x00, 0x2b, 0x14, 0xa0, 0xfa};

RpcInterface InterfaceOf(base::Bytes uuid, bool big) {
  base::ByteCursor cursor(uuid);
  const std::uint32_t low = cursor.U32(big);
  const std::uint32_t middle = static_cast<std::uint32_t>(cursor.U16(big)) << 16 | cursor.U16(big);
  const base::Bytes node = cursor.rest();
  if (middle == 0x6c9711d1 && low >= 0xdea00001 && low <= 0xdea00004 &&
      std::equal(node.begin(), node.end(), std::begin(kPnioNode), std::end(kPnioNode))) {
    return static_cast<RpcInterface>(static_cast<unsigned>(RpcInterface::kDevice) + low -
                                     0xdea00001);
  }
  if (middle == 0x5d1f11c9 && low == 0xe1af8308 &&
      std::equal(node.begin(), node.end(), std::begin(kMapperNode), std::end(kMapperNode))) {
    return RpcInterface::kEndpointMapper;
  }
  return RpcInterface::kOther;
}

}  // namespace

std::string_view ToString(RpcInterface interface) {
  switch (interface) {
    case RpcInterface::kDevice:
      return "device";
    case RpcInterface::kController:
      return "controller";
    case RpcInterface::kSupervisor:
      return "supervisor";
    case RpcInterface::kParameterServer:
      return "parameter_server";
    case RpcInterface::kEndpointMapper:
      return "endpoint_mapper";
    case RpcInterface::kOther:
      return "other";
  }
  return "";
}

bool ReadRpcHeader(base::Bytes bytes, RpcHeader& out) {
  base::ByteCursor cursor(bytes);
  if (cursor.U8() != 4 || bytes.size() < kRpcHeaderBytes) return false;
  const std::uint8_t type = cursor.U8();
  const std::uint8_t flags = cursor.U8();
  cursor.Skip(1);
  const std::uint8_t order = cursor.U8();
  if (type > 10 || (order & 0xef) != 0) return false;  // ASCII, big or little endian
  out.type = static_cast<RpcType>(type);
  out.big = (order & 0x10) == 0;
  out.fragment = (flags & kFragment) != 0;
  out.last_fragment = (flags & kLastFragment) != 0;
  cursor.Skip(3);
  out.object = cursor.Take(16);
  out.interface = InterfaceOf(cursor.Take(16), out.big);
  out.activity = cursor.Take(16);
  cursor.Skip(8);  // boot time, interface version
  out.sequence = cursor.U32(out.big);
  out.operation = cursor.U16(out.big);
  cursor.Skip(4);  // hints
  out.length = cursor.U16(out.big);
  out.fragment_number = cursor.U16(out.big);
  cursor.Skip(2);
  out.body = cursor.Take(std::min<std::size_t>(out.length, cursor.remaining()));
  return out.interface != RpcInterface::kOther;
}

}  // namespace tapiary::capture::profinet
