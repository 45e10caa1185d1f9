#include "server/alert/target.h"

#include <curl/curl.h>
#include <fmt/core.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>

#include "base/file.h"
#include "base/text.h"

namespace tapiary::server {
namespace {

constexpr std::array<std::string_view, 6> kKinds{"webhook",    "syslog-udp", "syslog-tcp",
                                                 "syslog-tls", "hpfeeds",    "hpfeeds-tls"};
constexpr std::size_t kMaxTargets = 16;
constexpr std::size_t kMaxName = 64;
constexpr std::size_t kMaxSecret = 4096;
constexpr std::size_t kMaxHpfeedsText = 255;

struct Scheme {
  std::string_view text;
  TargetKind kind;
  std::uint16_t port;
};
constexpr Scheme kSchemes[] = {
    {"https", TargetKind::kWebhook, 443},        {"syslog+udp", TargetKind::kSyslogUdp, 514},
    {"syslog+tcp", TargetKind::kSyslogTcp, 601}, {"syslog+tls", TargetKind::kSyslogTls, 6514},
    {"hpfeeds", TargetKind::kHpfeeds, 10000},    {"hpfeeds+tls", TargetKind::kHpfeedsTls, 10000},
};

base::Error Invalid(std::string message) {
  return base::MakeError(base::ErrorCode::kInvalid, std::move(message));
}

std::vector<std::string> Words(std::string_view text) {
  std::vector<std::string> words;
  while (true) {
    const std::size_t start = text.find_first_not_of(" \t");
    if (start == text.npos) return words;
    text.remove_prefix(start);
    const std::size_t end = std::min(text.find_first_of(" \t"), text.size());
    words.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

// libcurl's own parser, so that what is checked is what is called.
class Url {
 public:
  Url() : url_(curl_url(), curl_url_cleanup) {}
  bool Parse(const std::string& text) {
    return curl_url_set(url_.get(), CURLUPART_URL, text.c_str(), CURLU_NON_SUPPORT_SCHEME) ==
           CURLUE_OK;
  }
  [[nodiscard]] std::string Part(CURLUPart part) const {
    char* value = nullptr;
    if (curl_url_get(url_.get(), part, &value, 0) != CURLUE_OK) return {};
    std::string text(value);
    curl_free(value);
    return text;
  }

 private:
  std::unique_ptr<CURLU, void (*)(CURLU*)> url_;
};

base::Result<> ParseUrl(const std::string& text, AlertTarget& target) {
  Url url;
  if (!url.Parse(text)) return Invalid("the URL cannot be read");
  const std::string scheme = url.Part(CURLUPART_SCHEME);
  const auto* const known = std::ranges::find(kSchemes, scheme, &Scheme::text);
  if (known == std::end(kSchemes)) {
    return Invalid(
        "the URL must begin with https, syslog+udp, syslog+tcp, syslog+tls, hpfeeds or "
        "hpfeeds+tls");
  }
  target.kind = known->kind;
  target.port = known->port;
  if (!url.Part(CURLUPART_USER).empty() || !url.Part(CURLUPART_PASSWORD).empty()) {
    return Invalid("the URL must not have user or password; use secret=FILE");
  }
  if (!url.Part(CURLUPART_ZONEID).empty()) return Invalid("the URL must not have a zone");
  target.host = url.Part(CURLUPART_HOST);
  if (target.host.starts_with('[') && target.host.ends_with(']')) {
    target.host = target.host.substr(1, target.host.size() - 2);
  }
  if (target.host.empty()) return Invalid("the URL has no host");
  const std::string port = url.Part(CURLUPART_PORT);
  if (!port.empty()) {
    const char* const end = port.data() + port.size();
    const auto parsed = std::from_chars(port.data(), end, target.port);
    if (parsed.ec != std::errc() || parsed.ptr != end || target.port == 0) {
      return Invalid("the URL's port is wrong");
    }
  }
  if (target.kind == TargetKind::kWebhook) target.url = text;
  return {};
}

base::Result<> SetHpfeedsText(std::string_view key, const std::string& value, std::string* out) {
  if (value.size() > kMaxHpfeedsText) {
    return Invalid(fmt::format("{}: at most {} bytes", key, kMaxHpfeedsText));
  }
  *out = value;
  return {};
}

base::Result<> SetOption(AlertTarget& target, std::string_view key, const std::string& value) {
  const TargetKind kind = target.kind;
  const bool hpfeeds = IsHpfeeds(kind);
  const bool syslog = !hpfeeds && kind != TargetKind::kWebhook;
  const bool tls = kind == TargetKind::kWebhook || kind == TargetKind::kSyslogTls ||
                   kind == TargetKind::kHpfeedsTls;
  if (key == "severity") {
    const auto least = ParseSeverity(value);
    if (!least) return least.error().WithContext("severity");
    target.least = *least;
  } else if (key == "secret" && !syslog) {
    target.secret_file = value;
  } else if (key == "ca" && tls) {
    target.ca_file = value;
  } else if (key == "ident" && hpfeeds) {
    return SetHpfeedsText(key, value, &target.ident);
  } else if (key == "channel" && hpfeeds) {
    return SetHpfeedsText(key, value, &target.channel);
  } else if (key == "format" && syslog) {
    if (value != "cef" && value != "plain") return Invalid("format: must be plain or cef");
    target.cef = value == "cef";
  } else if (key == "facility" && syslog) {
    const char* const end = value.data() + value.size();
    const auto parsed = std::from_chars(value.data(), end, target.facility);
    const bool good = parsed.ec == std::errc() && parsed.ptr == end && target.facility >= 0 &&
                      target.facility <= 23;
    if (!good) return Invalid("facility: must be 0 to 23");
  } else {
    return Invalid(fmt::format("'{}' is not for a target of this kind", base::EscapeBytes(key)));
  }
  return {};
}

base::Result<AlertTarget> ParseWords(const std::vector<std::string>& words) {
  AlertTarget target;
  target.name = words[0];
  TAPIARY_TRY(ParseUrl(words[1], target));
  for (std::size_t i = 2; i < words.size(); ++i) {
    const std::size_t equal = words[i].find('=');
    if (equal == std::string::npos || equal + 1 == words[i].size()) {
      return Invalid("options are KEY=VALUE");
    }
    TAPIARY_TRY(SetOption(target, words[i].substr(0, equal), words[i].substr(equal + 1)));
  }
  if (IsHpfeeds(target.kind) &&
      (target.ident.empty() || target.channel.empty() || target.secret_file.empty())) {
    return Invalid("hpfeeds needs ident=TEXT, channel=TEXT and secret=FILE");
  }
  // A secret that cannot be read shows at the start, not with the first alert.
  if (!target.secret_file.empty()) TAPIARY_TRY(ReadSecret(target.secret_file));
  if (!target.ca_file.empty()) {
    const auto readable = base::ReadFile(target.ca_file, 16 << 20);
    if (!readable) return readable.error();
  }
  return target;
}

}  // namespace

std::string_view ToString(TargetKind kind) {
  return kKinds[static_cast<std::size_t>(kind)];
}

bool IsHpfeeds(TargetKind kind) {
  return kind == TargetKind::kHpfeeds || kind == TargetKind::kHpfeedsTls;
}

base::Result<AlertTarget> ParseAlertTarget(std::string_view text) {
  const std::vector<std::string> words = Words(text);
  if (words.size() < 2) return Invalid("a target is NAME URL [KEY=VALUE]...");
  const bool plain = std::ranges::all_of(words[0], [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
  if (!plain || words[0].size() > kMaxName) {
    return Invalid("a target's name has at most 64 of a-z, 0-9 and -");
  }
  auto target = ParseWords(words);
  if (!target) return target.error().WithContext(words[0]);
  return target;
}

base::Result<std::vector<AlertTarget>> ParseAlertTargets(const std::vector<std::string>& texts) {
  if (texts.size() > kMaxTargets) return Invalid(fmt::format("at most {} targets", kMaxTargets));
  std::vector<AlertTarget> targets;
  for (const std::string& text : texts) {
    TAPIARY_ASSIGN(AlertTarget target, ParseAlertTarget(text));
    if (std::ranges::find(targets, target.name, &AlertTarget::name) != targets.end()) {
      return Invalid("two targets are named " + target.name);
    }
    targets.push_back(std::move(target));
  }
  return targets;
}

base::Result<std::string> ReadSecret(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return base::Error::FromErrno(errno, path);
  if ((status.st_mode & 077) != 0) {
    return base::MakeError(base::ErrorCode::kPermission,
                           path + ": others than its owner may read it; use mode 600");
  }
  TAPIARY_ASSIGN(std::string text, base::ReadFile(path, kMaxSecret));
  text.resize(std::min(text.find_first_of("\r\n"), text.size()));
  if (text.empty()) return Invalid(path + ": is empty");
  return text;
}

}  // namespace tapiary::server
