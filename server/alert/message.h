// Alerts as messages: JSON for webhooks, syslog (RFC 5424) with structured data or CEF.
//
// Everything that came from the network is escaped for its place: a syslog message is one line
// whatever an attacker sent, quotes cannot end a parameter, and '|' or '=' cannot make a CEF field.
// Source: RFC 5424 sections 6.2, 6.3.3; "Implementing ArcSight CEF", revision 25. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>

#include "server/alert/alert.h"

namespace tapiary::server {

// {"version": 1, "delivery": N, "alert": {...}}
std::string WebhookBody(const Alert& alert, std::int64_t delivery);

// "command-outside: write_single_register 192.0.2.9 -> 10.0.0.1:502": one line, escaped.
std::string AlertSummary(const Alert& alert);

struct SyslogStyle {
  int facility = 16;
  bool cef = false;
  std::string host;  // this one; what is not allowed in a header is left out
};
inline constexpr std::size_t kMaxSyslogBytes = 4096;
// Without framing; at most kMaxSyslogBytes.
std::string SyslogMessage(const Alert& alert, const SyslogStyle& style);

// "CEF:0|..."
std::string CefText(const Alert& alert);

}  // namespace tapiary::server
