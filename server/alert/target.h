// AlertTarget: where alerts are sent, as the configuration says it. Pure; any thread.
//
//   NAME https://HOST[:PORT]/PATH [secret=FILE] [ca=FILE] [severity=WORD]
//   NAME syslog+udp://HOST[:PORT] (or +tcp, +tls) [format=cef] [facility=NUMBER] [ca=FILE] ...
//   NAME hpfeeds://HOST[:PORT] (or hpfeeds+tls) ident=TEXT channel=TEXT secret=FILE [ca=FILE] ...
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "server/alert/rule.h"

namespace tapiary::server {

enum class TargetKind : std::uint8_t {
  kWebhook,
  kSyslogUdp,
  kSyslogTcp,
  kSyslogTls,
  kHpfeeds,
  kHpfeedsTls
};
std::string_view ToString(TargetKind kind);
bool IsHpfeeds(TargetKind kind);

struct AlertTarget {
  std::string name;
  TargetKind kind = TargetKind::kWebhook;
  std::string url;   // kWebhook
  std::string host;  // all; without brackets
  std::uint16_t port = 0;
  Severity least = Severity::kInfo;
  std::string secret_file;  // kWebhook: signs its messages; hpfeeds: the ident's key
  std::string ca_file;      // PEM; empty: the system's
  bool cef = false;
  int facility = 16;  // local0
  std::string ident;  // hpfeeds, as channel: at most 255 bytes
  std::string channel;
};

// kInvalid says what is wrong, without repeating the URL, which may hold a secret of its own.
base::Result<AlertTarget> ParseAlertTarget(std::string_view text);
// Names are unique and at most 16.
base::Result<std::vector<AlertTarget>> ParseAlertTargets(const std::vector<std::string>& texts);
// The first line of a file that only its owner may read. kPermission, kInvalid when empty.
base::Result<std::string> ReadSecret(const std::string& path);

}  // namespace tapiary::server
