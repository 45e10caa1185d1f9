// Fuzz targets: functions over any bytes that end the process when an invariant does not hold.
//
// The same functions run under libFuzzer (libfuzzer_main.cc, preset `fuzz`) and over the seeds in
// the normal test run (replay_main.cc). A target keeps nothing between two inputs, so that each
// finding is one file. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/byte_cursor.h"

namespace tapiary::capture {
struct OtProtocol;
}

namespace tapiary::fuzz {

using base::Bytes;

struct Target {
  std::string name;
  void (*run)(Bytes input, const capture::OtProtocol* protocol);
  const capture::OtProtocol* protocol = nullptr;  // of ot_SERVICE
};

// All of them: the fixed ones and ot_SERVICE for each registered OT protocol.
const std::vector<Target>& Targets();
const Target* FindTarget(std::string_view name);

// Prints the invariant and aborts, so that libFuzzer keeps the input.
void Require(bool holds, const char* invariant);

// Takes an input apart from the front; what is missing is zero or empty.
class Parts {
 public:
  explicit Parts(Bytes bytes) : bytes_(bytes) {}
  [[nodiscard]] bool empty() const { return bytes_.empty(); }
  [[nodiscard]] Bytes rest() const { return bytes_; }
  std::uint8_t U8() {
    if (bytes_.empty()) return 0;
    const std::uint8_t value = bytes_[0];
    bytes_ = bytes_.subspan(1);
    return value;
  }
  std::uint16_t U16() {  // little endian
    const std::uint8_t low = U8();
    return static_cast<std::uint16_t>(low | U8() << 8);
  }
  Bytes Take(std::size_t size) {
    const Bytes taken = bytes_.first(size < bytes_.size() ? size : bytes_.size());
    bytes_ = bytes_.subspan(taken.size());
    return taken;
  }

 private:
  Bytes bytes_;
};

void FuzzReader(Bytes input, const capture::OtProtocol*);
void FuzzDecompress(Bytes input, const capture::OtProtocol*);
void FuzzDecode(Bytes input, const capture::OtProtocol*);
void FuzzMeter(Bytes input, const capture::OtProtocol*);
void FuzzOt(Bytes input, const capture::OtProtocol* protocol);
void FuzzWire(Bytes input, const capture::OtProtocol*);
void FuzzFilter(Bytes input, const capture::OtProtocol*);
void FuzzEvents(Bytes input, const capture::OtProtocol*);
void FuzzBpf(Bytes input, const capture::OtProtocol*);
void FuzzNoise(Bytes input, const capture::OtProtocol*);
void FuzzLabels(Bytes input, const capture::OtProtocol*);

}  // namespace tapiary::fuzz
