// GSE management (EtherType 0x88B9): questions about a control block's members, and their answers.
//
// IEC 61850-8-1 annex A, GSEMngtPdu: APPLICATION 0 { stateID [0], requests [1] or responses [2] }.
// Pure; any thread.
#pragma once

#include <cstdint>

#include "capture/ot/layer2/app_frame.h"
#include "capture/records.h"

namespace tapiary::capture::goose {

// Transaction::code of a management service: this and its tag (1 to 4).
inline constexpr std::int32_t kManagementCode = 0x100;

struct Management {
  bool valid = false;
  bool response = false;
  std::uint64_t state_id = 0;
  std::uint8_t service = 0;  // 1 GetGoReference ... 4; 0 in responses: not supported
  base::Bytes body;
};

Management ReadManagement(const layer2::AppFrame& frame);
void DecodeManagementRequest(const Management& message, Transaction& out);
void DecodeManagementResponse(const Management& message, Transaction& out);

}  // namespace tapiary::capture::goose
