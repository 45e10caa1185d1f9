// MMS PDUs and ACSE associations to transaction fields.
//
// Source: ISO 9506-2 (services and errors), IEC 61850-8-1 (names: $CO$ is control). `code` of a
// confirmed service is its tag; what is none has its own above 255. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "capture/ot/mms/pdu.h"
#include "capture/records.h"

namespace tapiary::capture::mms {

inline constexpr std::int32_t kAssociateCode = 0x160;
inline constexpr std::int32_t kReleaseCode = 0x162;
inline constexpr std::int32_t kAbortCode = 0x164;
inline constexpr std::int32_t kInitiateCode = 0x108;
inline constexpr std::int32_t kConcludeCode = 0x10b;
inline constexpr std::int32_t kUnconfirmedCode = 0x200;  // + tag

// A confirmed or unconfirmed PDU split in its parts.
struct Service {
  std::optional<std::uint32_t> invoke_id;
  std::uint32_t tag = 0;
  base::Bytes content;
  bool known = false;  // a service is there
};
Service ReadService(base::Bytes pdu);

// A confirmed request.
void DecodeRequest(const Service& service, Transaction& out);
// An unconfirmed PDU.
void DecodeUnconfirmed(base::Bytes pdu, Transaction& out);
// Initiate request: what the client offers.
void DecodeInitiate(base::Bytes pdu, bool answer, Transaction& out);
// Who associates and with which password.
void DecodeAssociate(base::Bytes acse, Transaction& out);
// Any answer: confirmed response and error, reject, initiate and conclude responses.
void DecodeAnswer(base::Bytes pdu, bool has_request, Transaction& out);

}  // namespace tapiary::capture::mms
