// EPATH: what a CIP request is addressed to (class, instance, attribute, tag) and by which route.
//
// Segments are read until the path ends or one of them does not fit; what was read before counts.
// A path has at most 255 words, which bounds everything here. Padded form only: the packed one does
// not travel in messages. Source: CIP Networks Library volume 1, appendix C-1; ANSI symbols also
// Rockwell publication 1756-PM020. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/byte_cursor.h"

namespace tapiary::capture::cip {

struct ElectronicKey {
  std::uint16_t vendor = 0;
  std::uint16_t device_type = 0;
  std::uint16_t product_code = 0;
  std::uint8_t major = 0;
  std::uint8_t minor = 0;
};

struct Epath {
  std::optional<std::uint32_t> class_id;  // the first of each
  std::optional<std::uint32_t> instance;
  std::optional<std::uint32_t> attribute;
  std::optional<std::uint32_t> member;  // without a symbol in front
  std::string connection_points;        // "101 102"
  std::string tag;                      // "Program:Main.valves[3].open"; any bytes
  std::string route;                    // "1/0": port and link address, hop by hop
  std::optional<ElectronicKey> key;
  std::optional<std::uint32_t> inhibit_ms;  // production inhibit time
  bool bad = false;                         // does not parse to its end
};

inline constexpr std::size_t kMaxTagBytes = 256;

Epath ParseEpath(base::Bytes path);
// Whether `path` is a non-empty path that parses to its end. Allocates nothing.
bool IsEpath(base::Bytes path);

}  // namespace tapiary::capture::cip
