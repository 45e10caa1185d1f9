#include "capture/ot/opcua/identity.h"

#include <fmt/format.h>

#include "base/text.h"
#include "capture/ot/detail.h"

namespace tapiary::capture::opcua {

void DecodeIdentity(const Extension& token, Transaction& out) {
  base::ByteCursor cursor(token.body);
  const std::string_view policy = ReadString(cursor);
  if (!policy.empty()) AddDetail(out, "token_policy", policy);
  switch (token.type.number) {
    case 0:
    case 321:
      return AddDetail(out, "identity", "anonymous");
    case 324: {
      AddDetail(out, "identity", "user_name");
      AddDetail(out, "user", ReadString(cursor));
      const base::Bytes password = ReadByteString(cursor);
      const std::string_view algorithm = ReadString(cursor);
      if (cursor.failed()) return AddAnomaly(out, "opcua-body");
      algorithm.empty() ? AddDetail(out, "password", base::AsText(password))
                        : AddDetail(out, "password_algorithm", algorithm);
      return;
    }
    case 327:
      AddDetail(out, "identity", "certificate");
      return AddNumber(out, "certificate_bytes",
                       static_cast<std::int64_t>(ReadByteString(cursor).size()));
    case 940:
      return AddDetail(out, "identity", "issued_token");
    default:
      AddDetail(out, "identity", Format(token.type));
  }
}

std::string TokenDigest(const NodeId& token) {
  std::uint32_t hash = 2166136261u;  // FNV-1a
  const auto add = [&hash](std::uint32_t byte) { hash = (hash ^ (byte & 0xff)) * 16777619u; };
  for (int shift = 0; shift < 32; shift += 8) add(token.number >> shift);
  add(token.name_space);
  for (const std::uint8_t byte : token.bytes) add(byte);
  return fmt::format("{:08x}", hash);
}

}  // namespace tapiary::capture::opcua
