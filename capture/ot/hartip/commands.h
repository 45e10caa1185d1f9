// HART commands: names and techniques. Sources: FieldComm HCF_SPEC-127 (universal commands),
// HCF_SPEC-151 (common practice commands). Pure; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "capture/ot/techniques.h"

namespace tapiary::capture::hartip {

// "read_unique_identifier"; empty for commands of a device's maker.
std::string_view CommandName(std::uint16_t command);
std::span<const TechniqueRow> Techniques();
// Of response codes without the communication-error bit: an answer that was still carried out.
bool IsWarning(std::uint8_t response_code);

}  // namespace tapiary::capture::hartip
