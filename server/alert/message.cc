#include "server/alert/message.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/text.h"
#include "capture/records.h"

namespace tapiary::server {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMaxHost = 255;
constexpr std::size_t kMaxValue = 512;
constexpr const char* kBom = "\xef\xbb\xbf";

// The facts that messages tell, as text; empty where there is none.
struct Facts {
  std::string source_ip, source_port, destination_ip, destination_port;
  std::string service, operation, technique, user, flow, time;
};

// Cut where a character ends.
std::string Cut(std::string text, std::size_t max) {
  if (text.size() <= max) return text;
  while (max > 0 && (static_cast<unsigned char>(text[max]) & 0xc0) == 0x80) --max;
  text.resize(max);
  return text;
}

std::string TextOf(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end()) return {};
  if (found->is_string()) return Cut(found->get<std::string>(), kMaxValue);
  if (found->is_number_integer()) return std::to_string(found->get<std::int64_t>());
  return {};
}

Facts FactsOf(const Alert& alert) {
  Facts facts;
  const Json match = Json::parse(alert.record, nullptr, false);
  if (!match.is_object()) return facts;
  const auto end = [&match](const char* key, std::string* ip, std::string* port) {
    const auto found = match.find(key);
    if (found == match.end() || !found->is_object()) return;
    *ip = TextOf(*found, "ip");
    *port = TextOf(*found, "port");
  };
  end("src", &facts.source_ip, &facts.source_port);
  end("dst", &facts.destination_ip, &facts.destination_port);
  facts.service = TextOf(match, "service");
  facts.operation = TextOf(match, "operation");
  facts.technique = TextOf(match, "technique");
  facts.user = TextOf(match, "user");
  facts.flow = TextOf(match, "flow");
  facts.time = TextOf(match, "time");
  return facts;
}

std::string Endpoint(const std::string& ip, const std::string& port) {
  if (ip.empty() || port.empty()) return ip;
  return ip.find(':') == std::string::npos ? ip + ":" + port : "[" + ip + "]:" + port;
}

// Catalog text is escaped already. Escaping it once more would double every backslash, so only what
// is not printable here is: what people wrote (names and notes of rules).
std::string OneLine(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out += byte < 0x20 || byte == 0x7f ? fmt::format("\\x{:02x}", byte) : std::string(1, c);
  }
  return out;
}

std::string Escaped(std::string_view text, std::string_view special) {
  std::string out;
  for (const char c : OneLine(text)) {
    if (special.find(c) != special.npos) out += '\\';
    out += c;
  }
  return out;
}

void AddParameter(std::string& data, const char* name, const std::string& value) {
  if (!value.empty()) data += fmt::format(" {}=\"{}\"", name, Escaped(value, "\\\"]"));
}

std::string StructuredData(const Alert& alert, const Facts& facts) {
  std::string data = "[tapiary@32473";  // the number of examples (RFC 5612); ours is none yet
  AddParameter(data, "id", std::to_string(alert.id));
  AddParameter(data, "rule", Cut(alert.rule, kMaxValue));
  AddParameter(data, "severity", std::string(ToString(alert.severity)));
  AddParameter(data, "sensor", alert.sensor);
  AddParameter(data, "time", facts.time);
  AddParameter(data, "src", facts.source_ip);
  AddParameter(data, "spt", facts.source_port);
  AddParameter(data, "dst", facts.destination_ip);
  AddParameter(data, "dpt", facts.destination_port);
  AddParameter(data, "service", facts.service);
  AddParameter(data, "operation", facts.operation);
  AddParameter(data, "technique", facts.technique);
  AddParameter(data, "user", facts.user);
  AddParameter(data, "flow", facts.flow);
  // The last one, and not where attackers' texts have filled a message's half already.
  if (data.size() < kMaxSyslogBytes / 2) AddParameter(data, "note", Cut(alert.note, kMaxValue));
  return data + "]";
}

// RFC 5424 table 2.
int SyslogSeverity(Severity severity) {
  constexpr int kLevels[] = {6, 5, 4, 3, 2};
  return kLevels[static_cast<std::size_t>(severity)];
}

int CefSeverity(Severity severity) {
  constexpr int kLevels[] = {1, 3, 5, 8, 10};
  return kLevels[static_cast<std::size_t>(severity)];
}

std::string HeaderHost(const std::string& host) {
  std::string out;
  for (const char c : host) {
    if (c > 0x20 && c < 0x7f && out.size() < kMaxHost) out += c;
  }
  return out.empty() ? "-" : out;
}

class CefExtension {
 public:
  void Add(const char* key, const std::string& value) {
    if (value.empty()) return;
    if (!text_.empty()) text_ += ' ';
    text_ += fmt::format("{}={}", key, Escaped(value, "\\="));
  }
  // CEF has src and dst for IPv4 only; IPv6 addresses are custom fields.
  void AddAddress(const char* ipv4, const char* ipv6, const char* label, const std::string& ip) {
    if (ip.find(':') == std::string::npos) return Add(ipv4, ip);
    Add(ipv6, ip);
    Add(fmt::format("{}Label", ipv6).c_str(), label);
  }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace

std::string WebhookBody(const Alert& alert, std::int64_t delivery) {
  return fmt::format("{{\"version\":1,\"delivery\":{},\"alert\":{}}}", delivery, AlertJson(alert));
}

std::string AlertSummary(const Alert& alert) {
  const Facts facts = FactsOf(alert);
  std::string text = OneLine(alert.rule) + ":";
  const auto add = [&text](const std::string& part) {
    if (!part.empty()) text += " " + OneLine(part);
  };
  add(facts.operation.empty() ? facts.service : facts.operation);
  add(Endpoint(facts.source_ip, ""));
  if (!facts.destination_ip.empty()) {
    text += " -> " + OneLine(Endpoint(facts.destination_ip, facts.destination_port));
  }
  const Json match = Json::parse(alert.record, nullptr, false);
  if (match.is_object()) add(TextOf(match, "text"));
  if (!alert.sensor.empty()) text += " (sensor " + OneLine(alert.sensor) + ")";
  if (alert.matches > 1) text += fmt::format(" {} matches", alert.matches);
  return text;
}

std::string CefText(const Alert& alert) {
  const Facts facts = FactsOf(alert);
  CefExtension extension;
  extension.Add("rt", std::to_string(alert.created_ns / base::kNanosPerMilli));
  extension.Add("externalId", std::to_string(alert.id));
  extension.Add("dvchost", alert.sensor);
  extension.AddAddress("src", "c6a2", "Source IPv6 Address", facts.source_ip);
  extension.Add("spt", facts.source_port);
  extension.AddAddress("dst", "c6a3", "Destination IPv6 Address", facts.destination_ip);
  extension.Add("dpt", facts.destination_port);
  extension.Add("app", facts.service);
  extension.Add("act", facts.operation);
  extension.Add("suser", facts.user);
  extension.Add("cnt", std::to_string(alert.matches));
  if (!facts.technique.empty()) {
    extension.Add("cs1Label", "ATT&CK technique");
    extension.Add("cs1", facts.technique);
  }
  if (!facts.flow.empty()) {
    extension.Add("cs2Label", "flow");
    extension.Add("cs2", facts.flow);
  }
  if (!alert.note.empty()) {
    extension.Add("cs3Label", "note");
    extension.Add("cs3", Cut(alert.note, kMaxValue));
  }
  extension.Add("msg", Cut(AlertSummary(alert), 2 * kMaxValue));
  return fmt::format("CEF:0|Tapiary|tapiary-collector|{}|{}|{}|{}|{}", TAPIARY_VERSION,
                     alert.rule_id, Escaped(Cut(alert.rule, kMaxValue), "\\|"),
                     CefSeverity(alert.severity), extension.text());
}

std::string SyslogMessage(const Alert& alert, const SyslogStyle& style) {
  const int priority = style.facility * 8 + SyslogSeverity(alert.severity);
  // At most microseconds (RFC 5424 section 6.2.3).
  const std::string time = base::FormatTime(alert.created_ns).substr(0, 26) + "Z";
  std::string message =
      fmt::format("<{}>1 {} {} tapiary - alert ", priority, time, HeaderHost(style.host));
  if (style.cef) {
    message += "- " + CefText(alert);
  } else {
    message += StructuredData(alert, FactsOf(alert)) + " " + kBom + AlertSummary(alert);
  }
  return Cut(std::move(message), kMaxSyslogBytes);
}

}  // namespace tapiary::server
