// GOOSE frames made from the standard's definition, for tests.
#pragma once

#include <string>

#include "tests/capture/ot/layer2/collector.h"

namespace tapiary::capture::goose {

struct Frame {
  std::string reference = "IED1/LLN0$GO$gcb1";
  std::uint32_t st_num = 5, sq_num = 0, conf_rev = 1, allowed_ms = 2000;
  std::string data = "830100 850102";  // false, 2
  int entries = 2;
  bool in_test = false, needs_commissioning = false;
  std::string reserved = "00000000";

  [[nodiscard]] std::string Hex() const {
    using test::Ber;
    const std::string fields =
        Ber("80", test::TextHex(reference)) + Ber("81", Number(allowed_ms)) +
        Ber("82", test::TextHex("IED1/LLN0$ds1")) + Ber("83", test::TextHex("id")) +
        Ber("84", "5f000000 80000008") + Ber("85", Number(st_num)) + Ber("86", Number(sq_num)) +
        Ber("87", in_test ? "01" : "00") + Ber("88", Number(conf_rev)) +
        Ber("89", needs_commissioning ? "01" : "00") +
        Ber("8a", Number(static_cast<std::uint32_t>(entries))) + Ber("ab", data);
    return test::AppFrame("0001", Ber("61", fields), reserved);
  }
  static std::string Number(std::uint32_t number) {
    return test::HexOf({0, static_cast<std::uint8_t>(number >> 24),
                        static_cast<std::uint8_t>(number >> 16),
                        static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number)});
  }
};

}  // namespace tapiary::capture::goose
