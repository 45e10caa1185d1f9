#include "server/ingest/event_fields.h"

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
  const EventJson event = EventJson::parse(text, nullptr, false);
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

std::string EcsJson(const EventFields& fields, std::int64_t received_ns) {
  EventJson ecs = EventJson::object();
  const auto text = [&ecs](const char* name, const std::optional<std::string>& value) {
    if (value && !value->empty()) ecs[name] = *value;
  };
  const auto end = [&ecs, &text](const std::string& name, const capture::IpAddress& ip,
                                 const std::optional<std::uint16_t>& port) {
    if (ip.version != 0) text((name + ".ip").c_str(), ip.ToString());
    if (port) ecs[name + ".port"] = *port;
  };
  ecs["@timestamp"] = base::FormatTime(fields.time_ns.value_or(received_ns));
  ecs["event.ingested"] = base::FormatTime(received_ns);
  text("event.dataset", fields.dataset);
  text("event.code", fields.type);
  text("event.action", fields.action);
  text("event.outcome", fields.outcome);
  end("source", fields.source_ip, fields.source_port);
  end("destination", fields.destination_ip, fields.destination_port);
  text("network.protocol", fields.protocol);
  text("network.transport", fields.transport);
  text("user.name", fields.user);
  text("password", fields.password);
  text("session.id", fields.session);
  text("process.command_line", fields.command);
  text("url.original", fields.url);
  text("file.name", fields.file_name);
  text("file.hash.sha256", fields.sha256);
  text("file.hash.md5", fields.md5);
  text("user_agent.original", fields.agent);
  text("ssh.hassh", fields.hassh);
  text("vulnerability.id", fields.vulnerability);
  ecs["tapiary.time"] = ToString(fields.time_kind);
  return ecs.dump(-1, ' ', false, EventJson::error_handler_t::replace);
}

}  // namespace tapiary::server
