#include "server/ingest/event_fields.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/clock.h"
#include "server/ingest/event_json.h"
#include "server/ingest/event_mapping.h"
#include "server/ingest/event_services.h"

namespace tapiary::server {
namespace {

void ReadWhen(const EventJson& event, EventFields& fields) {
  // Conpot's event_time goes first: its old timestamp, now session_time, is the session's.
  const auto time = FindText(event, {"event_time", "@timestamp", "timestamp", "utc_time", "time"});
  if (time) fields.time_ns = ParseEventTime(*time);
  if (fields.time_ns) fields.time_kind = EventTime::kOwn;
}

void ReadWho(const EventJson& event, EventFields& fields) {
  fields.source_ip = ToEventAddress(
      FindText(event, {"src_ip", "src_host", "source_addr", "source_ip", "source.ip",
                       "source.address", "attacker.source_addr", "peerIP", "saddr", "sip"}));
  fields.source_port = ToEventPort(FindText(event, {"src_port", "source_port", "source.port",
                                                    "attacker.source_port", "peerPort", "sport"}));
  fields.destination_ip =
      ToEventAddress(FindText(event, {"dst_ip", "dst_host", "dest_ip", "destination_ip",
                                      "destination.ip", "hostIP", "daddr", "dip"}));
  fields.destination_port =
      ToEventPort(FindText(event, {"dst_port", "dest_port", "destination_port", "destination.port",
                                   "hostPort", "dport"}));
  fields.session =
      FindText(event, {"session", "session_id", "session.id", "logdata.SESSION", "id"});
}

void ReadWhat(const EventJson& event, EventFields& fields) {
  fields.type =
      FindText(event, {"eventid", "event_type", "logtype", "event.action", "type"}).value_or("");
  fields.protocol =
      ToLower(FindText(event, {"protocol", "proto", "network.protocol", "service.type", "server"}));
  fields.transport = ToLower(FindText(event, {"transport", "network.transport"}));
  fields.user = FindText(event, {"username", "user", "user.name", "logdata.USERNAME",
                                 "logdata.UserName", "credentials.0.username"});
  fields.password =
      FindText(event, {"password", "pass", "logdata.PASSWORD", "credentials.0.password"});
  fields.command = FindText(
      event, {"command", "command_line", "process.command_line", "lastcommand", "cmd", "input"});
  fields.url = FindText(event, {"url", "url.original", "url.full"});
  fields.file_name = FindText(event, {"filename", "file.name"});
  fields.sha256 = ToEventHash(FindText(event, {"sha256", "file.hash.sha256", "shasum"}), 64);
  fields.md5 = ToEventHash(FindText(event, {"md5", "file.hash.md5"}), 32);
  fields.agent = FindText(event, {"user_agent", "user_agent.original", "banner"});
  fields.hassh = FindText(event, {"hassh"});
}

// For records of no known service: the word that fits what is there.
std::string PlainAction(const EventFields& fields) {
  if (fields.type.starts_with("tapiary-agent.")) return "operational";
  if (fields.user || fields.password) return "login";
  if (fields.command) return "command";
  if (fields.sha256 || fields.md5) return "download";
  return "other";
}

}  // namespace

const char* ToString(EventTime kind) {
  constexpr const char* kNames[] = {"received", "event", "session-start"};
  return kNames[static_cast<std::size_t>(kind)];
}

EventFields RecogniseEvent(std::string_view text, const EventMappings* mappings) {
  JsonTree tree;
  (void)tree.Parse(text);  // else there is no object
  return RecogniseObject(tree.root(), mappings);
}

EventFields RecogniseObject(const EventJson& event, const EventMappings* mappings) {
  EventFields fields;
  fields.dataset = "generic";
  if (!event.is_object()) return fields;
  if (mappings != nullptr && mappings->Read(event, fields)) return fields;
  ReadWhen(event, fields);
  ReadWho(event, fields);
  ReadWhat(event, fields);
  for (const EventService read : {ReadCowrie, ReadConpot, ReadOpenCanary, ReadDionaea}) {
    if (read(event, fields)) return fields;
  }
  fields.action = PlainAction(fields);
  return fields;
}

namespace {

// As long as every FormatTime of a time of reception.
constexpr std::string_view kNoTime = "0000-00-00T00:00:00.000000000Z";

void AppendText(std::string_view text, std::string& out) {
  const bool plain = std::ranges::all_of(
      text, [](char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; });
  if (!plain) {
    using Json = nlohmann::json;
    out += Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
    return;
  }
  out += '"';
  out += text;
  out += '"';
}

class EcsWriter {
 public:
  explicit EcsWriter(std::string& out) : out_(out) { out_.reserve(512); }
  void Key(std::string_view key) {
    out_ += out_.empty() ? "{\"" : ",\"";
    out_ += key;
    out_ += "\":";
  }
  void Text(std::string_view key, std::string_view text) {
    if (text.empty()) return;
    Key(key);
    AppendText(text, out_);
  }
  void Text(std::string_view key, const std::optional<std::string>& text) {
    if (text) Text(key, std::string_view(*text));
  }
  void End(std::string_view address_key, const capture::IpAddress& ip, std::string_view port_key,
           const std::optional<std::uint16_t>& port) {
    if (ip.version != 0) Text(address_key, std::string_view(ip.ToString()));
    if (port) Number(port_key, *port);
  }
  void Number(std::string_view key, std::uint32_t number) {
    Key(key);
    out_ += std::to_string(number);
  }
  void Summary(const EventSummary& summary) {
    if (summary == EventSummary{}) return;
    Number("tapiary.commands", summary.commands);
    Number("tapiary.files", summary.files);
    Number("tapiary.logins", summary.logins);
    Number("tapiary.logins_accepted", summary.accepted);
  }
  // Where the text begins.
  std::size_t Time(std::string_view key, std::string_view time) {
    Text(key, time);
    return out_.size() - time.size() - 1;
  }

 private:
  std::string& out_;
};

}  // namespace

EcsText::EcsText(const EventFields& fields) {
  EcsWriter out(text_);
  if (fields.time_ns) {
    out.Time("@timestamp", base::FormatTime(*fields.time_ns));
  } else {
    time_at_ = out.Time("@timestamp", kNoTime);
  }
  out.End("destination.ip", fields.destination_ip, "destination.port", fields.destination_port);
  out.Text("event.action", std::string_view(fields.action));
  out.Text("event.code", std::string_view(fields.type));
  out.Text("event.dataset", std::string_view(fields.dataset));
  ingested_at_ = out.Time("event.ingested", kNoTime);
  out.Text("event.outcome", std::string_view(fields.outcome));
  out.Text("file.hash.md5", fields.md5);
  out.Text("file.hash.sha256", fields.sha256);
  out.Text("file.name", fields.file_name);
  out.Text("network.protocol", fields.protocol);
  out.Text("network.transport", fields.transport);
  out.Text("password", fields.password);
  out.Text("process.command_line", fields.command);
  out.Text("session.id", fields.session);
  out.End("source.ip", fields.source_ip, "source.port", fields.source_port);
  out.Text("ssh.hassh", fields.hassh);
  out.Summary(fields.summary);
  out.Text("tapiary.time", std::string_view(ToString(fields.time_kind)));
  out.Text("url.original", fields.url);
  out.Text("user.name", fields.user);
  out.Text("user_agent.original", fields.agent);
  out.Text("vulnerability.id", fields.vulnerability);
  text_ += '}';
}

const std::string& EcsText::Finish(std::string_view received) {
  text_.replace(ingested_at_, kNoTime.size(), received);
  if (time_at_ != 0) text_.replace(time_at_, kNoTime.size(), received);
  return text_;
}

std::string EcsJson(const EventFields& fields, std::int64_t received_ns) {
  return EcsText(fields).Finish(base::FormatTime(received_ns));
}

}  // namespace tapiary::server
