// COTP over TPKT: where a TPDU ends and what its header says.
//
// TPKT (RFC 1006): version 3, reserved 0, length 2 BE with the header. COTP (ISO 8073, X.224,
// class 0): header length 1 (without itself), type 1 in the high nibble, then by type; DT: number
// and end of TSDU in one byte. RFC 1006 goes through TCP port 102; RDP and H.323 use TPKT as well.
// Pure; any thread.
#pragma once

#include <cstdint>

#include "capture/ot/framer.h"

namespace tapiary::capture::iso {

inline constexpr std::size_t kTpktSize = 4;
inline constexpr std::size_t kMaxTpduKept = 16384;

// High nibble of the type byte.
enum class TpduType : std::uint8_t {
  kExpeditedData = 0x1,
  kExpeditedAck = 0x2,
  kReject = 0x5,
  kDataAck = 0x6,
  kError = 0x7,
  kDisconnectRequest = 0x8,
  kDisconnectConfirm = 0xc,
  kConnectConfirm = 0xd,
  kConnectRequest = 0xe,
  kData = 0xf,
};

struct Tpdu {
  TpduType type = TpduType::kData;
  bool end = true;      // DT: the last of its TSDU
  base::Bytes header;   // from the type byte on, as long as the header length says
  base::Bytes payload;  // what follows the header
};

// `bytes` from the TPKT header on; the TPDU may be incomplete.
PduFront ReadTpkt(base::Bytes bytes);
// `bytes` as ReadTpkt approved them, at least header length and type. A header that is not all
// there is as long as it goes.
Tpdu ReadTpdu(base::Bytes bytes);

extern const Framing kFraming;

}  // namespace tapiary::capture::iso
