// EtherCAT datagrams: what a frame or UDP datagram carries (ETG.1000.4 clauses 5.3 and 5.4).
//
// Little endian. Header: length 11 bits, type 4 bits (1: commands). Each datagram has a command, an
// address, data and the working counter that the slaves raise. Pure; any thread; no allocation.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/byte_cursor.h"

namespace tapiary::capture::ethercat {

enum Command : std::uint8_t {
  kNop = 0,
  kAprd = 1,
  kApwr = 2,
  kAprw = 3,
  kFprd = 4,
  kFpwr = 5,
  kFprw = 6,
  kBrd = 7,
  kBwr = 8,
  kBrw = 9,
  kLrd = 10,
  kLwr = 11,
  kLrw = 12,
  kArmw = 13,
  kFrmw = 14,
};
inline constexpr std::uint8_t kCommands = 15;
std::string_view CommandName(std::uint8_t command);     // "fpwr"
std::string_view CommandCounter(std::uint8_t command);  // "ethercat.fpwr"
bool Writes(std::uint8_t command);                      // to registers or memory of slaves
bool Logical(std::uint8_t command);                     // process data by logical address

struct Datagram {
  std::uint8_t command = 0;
  std::uint16_t slave = 0;    // position (counts up on the way) or station address
  std::uint16_t offset = 0;   // in the slave's memory
  std::uint32_t logical = 0;  // both as one address
  std::size_t length = 0;
  base::Bytes data;
  std::uint16_t working_counter = 0;
  bool more = false;
  bool whole = false;  // data and working counter were there
};

struct FrameHeader {
  std::uint8_t type = 0;
  std::size_t length = 0;
};
inline constexpr std::uint8_t kTypeCommands = 1;
inline constexpr std::uint8_t kTypeNetworkVariables = 4;
inline constexpr std::uint8_t kTypeMailbox = 5;

bool ReadFrameHeader(base::ByteCursor& cursor, FrameHeader& out);
// False when no header is left, or its command is unknown.
bool ReadDatagram(base::ByteCursor& cursor, Datagram& out);

}  // namespace tapiary::capture::ethercat
