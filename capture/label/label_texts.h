// Reads what conversations say of themselves in plain text: HTTP request heads, SSH version lines,
// names in DNS queries.
//
// nDPI keeps 80 bytes of most of these and changes what does not print, so the bytes are read here;
// which protocol it is, nDPI says. Every reader works on one packet's payload, takes nothing that
// does not have the protocol's form, and keeps at most kMaxLabelBytes of a text. Sources: RFC 9112
// section 3, RFC 4253 section 4.2, RFC 1035 section 4. Pure functions; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/byte_cursor.h"

namespace tapiary::capture {

inline constexpr std::size_t kMaxLabelBytes = 1024;

using LabelTexts = std::vector<std::pair<std::string, std::string>>;  // key, text (any bytes)

// Adds the text when the key is not there yet; a conversation is known by what it said first.
void AddLabel(LabelTexts& texts, std::string_view key, std::string_view text);

// http.method, http.uri, http.host, http.user_agent of a payload that begins with a request.
void ReadHttpRequest(base::Bytes payload, LabelTexts& texts);
// ssh.client or ssh.server of a payload that begins with a version line.
void ReadSshVersion(base::Bytes payload, bool from_client, LabelTexts& texts);
// The name that a DNS message asks for, without the final dot; nothing when the message is no query
// with exactly one question, down to its last byte.
std::optional<std::string> DnsQueryName(base::Bytes message);

}  // namespace tapiary::capture
