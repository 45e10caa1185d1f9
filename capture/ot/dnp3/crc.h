// The checksum of DNP3 link frames: 16 bits over the header and over each block of 16 bytes.
//
// Polynomial 0x3d65 reflected, start 0, result inverted, low byte first on the wire. Source: IEEE
// 1815-2012, clause 9.2.3.6 and annex E. Pure; any thread.
#pragma once

#include <cstdint>

#include "base/byte_cursor.h"

namespace tapiary::capture::dnp3 {

std::uint16_t Crc(base::Bytes bytes);
// `bytes` ends with its checksum.
bool CrcFits(base::Bytes bytes);

}  // namespace tapiary::capture::dnp3
