// Names of BACnet's enumerations in snake_case: services, messages, object types, properties,
// errors.
//
// Source: ANSI/ASHRAE 135-2020, clause 21 (enumerations) and clause 6.2.4 (network messages). The
// unknown ones are named by number, e.g. "property_512". Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tapiary::capture::bacnet {

// "unknown_..." for others.
std::string_view ConfirmedServiceName(std::uint8_t service);
std::string_view UnconfirmedServiceName(std::uint8_t service);
std::string_view NetworkMessageName(std::uint8_t message);
std::string_view BvlcName(std::uint8_t function);  // a BvlcFunction

std::string ObjectTypeName(std::uint16_t type);
std::string PropertyName(std::uint32_t property);
std::string ErrorClassName(std::uint32_t error_class);
std::string ErrorCodeName(std::uint32_t code);
std::string RejectReasonName(std::uint32_t reason);
std::string AbortReasonName(std::uint32_t reason);
std::string BvlcResultName(std::uint32_t code, bool ipv6);
// Device communication control: what is enabled.
std::string EnableDisableName(std::uint32_t value);
// Reinitialise device: into which state.
std::string ReinitializeStateName(std::uint32_t value);
std::string SegmentationName(std::uint32_t value);

}  // namespace tapiary::capture::bacnet
