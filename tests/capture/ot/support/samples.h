// Sample PDUs of every OT protocol, as hex digits: for tests and benches that run over all rows.
//
// Made from the specifications that the README of each decoder's folder names; none is from a
// capture. In an order in which a flow may carry them. Any thread.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "capture/ot/decoder.h"

namespace tapiary::capture::test {

struct OtSample {
  std::string_view service;  // the registry row
  bool from_client = false;
  std::string_view hex;
};

struct OtSamplePdu {
  bool from_client = false;
  std::vector<std::uint8_t> bytes;
};

// Those of one row.
std::vector<OtSamplePdu> SamplesOf(const OtProtocol& protocol);

// One table a file: power, buildings and the like; the floor of a plant.
std::vector<OtSample> UtilitySamples();
std::vector<OtSample> PlantSamples();

}  // namespace tapiary::capture::test
