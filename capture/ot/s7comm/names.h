// Names of S7comm functions, userdata sub-functions, program invocation services, blocks and
// errors.
//
// Siemens's terms where manuals have them (SFC and SZL reference), else what engineering tools call
// them. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/byte_cursor.h"

namespace tapiary::capture::s7comm {

inline constexpr std::uint8_t kReadVariable = 0x04;
inline constexpr std::uint8_t kWriteVariable = 0x05;
inline constexpr std::uint8_t kRequestDownload = 0x1a;
inline constexpr std::uint8_t kDownloadBlock = 0x1b;
inline constexpr std::uint8_t kDownloadEnded = 0x1c;
inline constexpr std::uint8_t kStartUpload = 0x1d;
inline constexpr std::uint8_t kUpload = 0x1e;
inline constexpr std::uint8_t kEndUpload = 0x1f;
inline constexpr std::uint8_t kPiService = 0x28;
inline constexpr std::uint8_t kPlcStop = 0x29;
inline constexpr std::uint8_t kSetup = 0xf0;

std::string JobName(std::uint8_t function);
// "read_szl"; "cpu_function_99" for sub-functions without a name.
std::string UserdataName(std::uint8_t group, std::uint8_t function);

struct PiName {
  std::string_view name;       // on the wire: "_INSE"
  std::string_view operation;  // "activate_block"
};
// Position in the list, for technique rows; -1 for services it does not have.
int FindPi(std::string_view name);
const PiName& PiAt(int position);

// "OB" for 0x08; empty for none.
std::string_view BlockType(std::uint8_t type);
// A block's file name "_0A00008P" or "0A00008P" as "DB8 passive"; empty when it is none.
// Sets `type` to 0x0a.
std::string BlockName(base::Bytes file, int& type);

// What a return code of an item means; empty for unknown ones.
std::string_view ReturnCodeName(std::uint8_t code);
std::string_view ErrorClassName(std::uint8_t error_class);

}  // namespace tapiary::capture::s7comm
