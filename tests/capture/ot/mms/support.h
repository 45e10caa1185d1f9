// MMS messages for tests: BER elements and the layers around a PDU, as hex digits.
#pragma once

#include <fmt/core.h>

#include <algorithm>
#include <string>

#include "tests/capture/ot/iso/support.h"

namespace tapiary::capture::test {

inline std::string Plain(std::string hex) {
  hex.erase(std::remove(hex.begin(), hex.end(), ' '), hex.end());
  return hex;
}
// One element with `tag` in hex; content below 256 bytes.
inline std::string Ber(const std::string& tag, const std::string& content = {}) {
  const std::string plain = Plain(content);
  const std::size_t size = plain.size() / 2;
  return Plain(tag) + (size < 128 ? fmt::format("{:02x}", size) : fmt::format("81{:02x}", size)) +
         plain;
}
inline std::string Text(const std::string& tag, const std::string& text) {
  std::string hex;
  for (const char letter : text) hex += fmt::format("{:02x}", static_cast<unsigned char>(letter));
  return Ber(tag, hex);
}
// A message in the data phase.
inline std::string MmsData(const std::string& pdu) {
  return "01000100" + Ber("61", Ber("30", "020103" + Ber("a0", pdu)));
}
inline std::string Invoke(int id, const std::string& service) {
  return Ber("a0", fmt::format("0201{:02x}", id) + service);
}
inline std::string Reply(int id, const std::string& service) {
  return Ber("a1", fmt::format("0201{:02x}", id) + service);
}
// listOfVariable with one domain-specific name.
inline std::string Variable(const std::string& domain, const std::string& item) {
  return Ber("30", Ber("a0", Ber("a1", Text("1a", domain) + Text("1a", item))));
}
// CONNECT with AARQ and initiate; `password` goes along when there is one.
inline std::string MmsConnect(const std::string& password = {}) {
  const std::string initiate = Ber("a8", "80020fa0 810105 820105" + Ber("a4", "800101"));
  std::string acse = Ber("a1", "060528ca220203");
  if (!password.empty()) acse += "8a0207808b035203 01" + Ber("ac", Text("80", password));
  acse += Ber("be", Ber("28", "020103" + Ber("a0", initiate)));
  const std::string data = Ber("61", Ber("30", "020101" + Ber("a0", Ber("60", acse))));
  const std::string contexts =
      Ber("a4", Ber("30", "020103" + Ber("06", "28ca220201") + Ber("30", "06025101")));
  const std::string set = Ber("31", "a003800101" + Ber("a2", contexts + data));
  return Ber("0d", "050613010016010214020002" + Ber("c1", set));
}
inline std::string MmsAccept() {
  const std::string initiate = Ber("a9", "80020fa0 810105 820105" + Ber("a4", "800101"));
  const std::string acse = Ber("a1", "060528ca220203") + "a203020100" +
                           Ber("be", Ber("28", "020103" + Ber("a0", initiate)));
  const std::string data = Ber("61", Ber("30", "020101" + Ber("a0", Ber("61", acse))));
  return Ber("0e",
             "050613010016010214020002" + Ber("c1", Ber("31", "a003800101" + Ber("a2", data))));
}

}  // namespace tapiary::capture::test
