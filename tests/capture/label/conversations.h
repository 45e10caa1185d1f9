// Bytes of IT conversations for tests, with fingerprints that were computed elsewhere (Python's
// hashlib over the strings that JA3 and HASSH define).
#pragma once

#include <string>

namespace tapiary::capture::test {

// 771,49195-49196-156,0-10-11-16,29-23,0
inline constexpr const char* kJa3 = "3b60dc517c334c8f8ea6f5abf9bcfa87";
// 771,49195,65281-16
inline constexpr const char* kJa3s = "96681175a9547081bf3d417f1a572091";
inline constexpr const char* kHassh = "a7798297f5f9542056a6ca5d50554df7";
inline constexpr const char* kHasshServer = "32bf8ab94b23f67ba3f5c83c02cfeb19";

// One TLS record each.
std::string ClientHello(const std::string& server_name);
std::string ServerHello();
// One SSH packet each.
std::string ClientKexInit();
std::string ServerKexInit();
std::string DnsQuery(const std::string& host, const std::string& domain);

}  // namespace tapiary::capture::test
