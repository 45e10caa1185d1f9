#include "server/ingest/event_services.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace tapiary::server {
namespace {

struct Meaning {
  std::string_view type;
  const char* action;
  const char* outcome = "";
};

constexpr Meaning kCowrie[] = {
    {"session.connect", "connect"},
    {"session.closed", "disconnect"},
    {"login.success", "login", "success"},
    {"login.failed", "login", "failure"},
    {"command.input", "command"},
    {"command.success", "command", "success"},
    {"command.failed", "command", "failure"},
    {"session.input", "command"},
    {"session.file_download", "download", "success"},
    {"session.file_download.failed", "download", "failure"},
    {"session.file_upload", "upload", "success"},
    {"client.version", "client-info"},
    {"client.kex", "client-info"},
    {"client.fingerprint", "client-info"},
    {"client.var", "client-info"},
    {"client.size", "client-info"},
    {"direct-tcpip.request", "tunnel"},
    {"direct-tcpip.data", "tunnel"},
    {"direct-tcpip.ja4", "tunnel"},
    {"direct-tcpip.ja4h", "tunnel"},
    {"telnet.option", "client-info"},
    {"telnet.exploit_attempt", "exploit"},
    {"telnet.exploit_success", "exploit", "success"},
    {"virustotal.scanfile", "enrichment"},
    {"greynoise.result", "enrichment"},
    {"reversedns.connect", "enrichment"},
};

void SetTime(const EventJson& event, EventPaths paths, EventTime kind, EventFields& fields) {
  const auto time = FindText(event, paths);
  fields.time_ns = time ? ParseEventTime(*time) : std::nullopt;
  fields.time_kind = fields.time_ns ? kind : EventTime::kReceived;
}

// What is asked for through the honeypot is no end of the attacker's connection.
void MoveTunnelTarget(EventFields& fields) {
  if (fields.destination_ip.version == 0) return;
  const std::string ip = fields.destination_ip.ToString();
  const bool six = fields.destination_ip.version == 6;
  fields.url = fmt::format("tcp://{}{}{}:{}", six ? "[" : "", ip, six ? "]" : "",
                           fields.destination_port.value_or(0));
  fields.destination_ip = {};
  fields.destination_port.reset();
}

// Of a list.
std::uint32_t CountOf(const EventJson* list) {
  if (list == nullptr || !list->is_array()) return 0;
  return static_cast<std::uint32_t>(list->size());
}

// Names and passwords: accepted in `loggedin`, refused in `credentials`.
void ReadCowrieLogins(const EventJson& event, EventFields& fields) {
  const EventJson* accepted = FindPath(event, "loggedin");
  EventSummary& summary = fields.summary;
  summary.accepted = CountOf(accepted) == 0 ? 0 : 1;
  summary.logins = CountOf(FindPath(event, "credentials")) + summary.accepted;
  if (summary.logins == 0) return;
  fields.outcome = summary.accepted == 0 ? "failure" : "success";
  const EventJson* shown = summary.accepted == 0 ? FindPath(event, "credentials.0") : accepted;
  if (shown == nullptr) return;
  fields.user = FindText(*shown, {"0"});
  fields.password = FindText(*shown, {"1"});
}

// The one record a session that goes out over hpfeeds.
bool ReadCowrieSummary(const EventJson& event, EventFields& fields) {
  if (FindPath(event, "peerIP") == nullptr || FindPath(event, "startTime") == nullptr) return false;
  fields.dataset = "cowrie";
  fields.action = "session";
  SetTime(event, {"startTime"}, EventTime::kSession, fields);
  ReadCowrieLogins(event, fields);
  TextJoiner commands;
  for (const char* list : {"commands", "unknownCommands"}) {
    fields.summary.commands += CountOf(FindPath(event, list));
    if (const auto text = JoinedText(FindPath(event, list))) commands.Add(*text);
  }
  fields.command.reset();
  if (fields.summary.commands != 0) fields.command = commands.Take();
  fields.summary.files =
      std::max(CountOf(FindPath(event, "urls")), CountOf(FindPath(event, "hashes")));
  fields.url = FindText(event, {"urls.0"});
  fields.sha256 = ToEventHash(FindText(event, {"hashes.0"}), 64);
  fields.agent = FindText(event, {"version"});
  return true;
}

// Conpot's names of protocols, as flows have them.
std::string ConpotProtocol(std::string name) {
  if (name == "iec104" || name == "s7comm" || name == "modbus" || name == "bacnet") return name;
  if (name == "opc_ua" || name == "opc-ua") return "opcua";
  return name;
}

const char* ConpotAction(std::string_view type, bool has_request) {
  if (type == "NEW_CONNECTION") return "connect";
  if (type.starts_with("CONNECTION_")) return "disconnect";
  if (type == "PLC_STOP" || type == "PLC_START" || type == "UMAS_STOP" || type == "UMAS_START") {
    return "command";
  }
  if (type == "RESPONSE") return "response";
  if (type.empty() && !has_request) return "other";
  return "request";
}

struct CanaryType {
  int type;
  const char* protocol;
  const char* action;
};
constexpr CanaryType kCanary[] = {
    {2000, "ftp", "login"},     {2001, "ftp", "login"},       {3000, "http", "request"},
    {3001, "http", "login"},    {3002, "http", "request"},    {3003, "http", "request"},
    {4000, "ssh", "connect"},   {4001, "ssh", "client-info"}, {4002, "ssh", "login"},
    {5000, "smb", "request"},   {5001, "", "scan"},           {5002, "", "scan"},
    {5003, "", "scan"},         {5004, "", "scan"},           {5005, "", "scan"},
    {6001, "telnet", "login"},  {6002, "telnet", "connect"},  {7001, "http", "login"},
    {8001, "mysql", "login"},   {9001, "mssql", "login"},     {9002, "mssql", "login"},
    {10001, "tftp", "request"}, {11001, "ntp", "request"},    {12001, "vnc", "login"},
    {13001, "snmp", "request"}, {14001, "rdp", "login"},      {15001, "sip", "request"},
    {16001, "git", "request"},  {17001, "redis", "command"},  {18001, "", "connect"},
    {18002, "", "request"},     {18003, "", "request"},       {18004, "", "request"},
    {18005, "", "disconnect"},  {19001, "llmnr", "request"},  {20001, "mongodb", "login"},
};

void ReadCanaryData(const EventJson& data, int type, EventFields& fields) {
  fields.user = FindText(data, {"USERNAME", "UserName", "USER"});
  fields.password = FindText(data, {"PASSWORD", "Password", "VNC Password", "COMMUNITY_STRING"});
  fields.file_name = FindText(data, {"FILENAME"});
  fields.agent = FindText(data, {"USERAGENT", "REMOTEVERSION"});
  fields.transport = ToLower(FindText(data, {"PROTO"}));
  fields.url = FindText(data, {"PATH", "REPO"});
  if (type != 17001) return;
  fields.command = FindText(data, {"CMD"});
  const auto arguments = FindText(data, {"ARGS"});
  if (fields.command && arguments) *fields.command += " " + *arguments;
}

// A table's first name and password, whether it is a list of pairs or a pair of lists.
void ReadDionaeaCredentials(const EventJson& event, EventFields& fields) {
  fields.user = FindText(event, {"credentials.0.username", "credentials.username.0"});
  fields.password = FindText(event, {"credentials.0.password", "credentials.password.0"});
  fields.summary.logins = CountOf(FindPath(event, "credentials"));
  for (const char* list : {"credentials.username", "credentials.password"}) {
    fields.summary.logins = std::max(fields.summary.logins, CountOf(FindPath(event, list)));
  }
}

std::optional<std::string> FtpCommands(const EventJson& event) {
  const EventJson* list = FindPath(event, "ftp.commands");
  if (list == nullptr || !list->is_array()) return std::nullopt;
  TextJoiner lines;
  int count = 0;
  for (const EventJson& entry : *list) {
    if (count == 200) break;
    std::string line = FindText(entry, {"command"}).value_or("");
    const EventJson* arguments = FindPath(entry, "arguments");
    auto rest = arguments != nullptr && arguments->is_array() ? JoinedText(arguments)
                                                              : ScalarText(arguments);
    if (rest && !rest->empty()) line += " " + *rest;
    if (line.empty()) continue;
    lines.Add(line);
    ++count;
  }
  return count == 0 ? std::nullopt : std::optional(lines.Take());
}

}  // namespace

std::optional<std::string> ToLower(std::optional<std::string> text) {
  if (!text) return text;
  for (char& c : *text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  return text;
}

std::optional<std::string> ToEventHash(const std::optional<std::string>& text, std::size_t digits) {
  if (!text || text->size() != digits) return std::nullopt;
  auto lower = ToLower(text);
  const bool hex = lower->find_first_not_of("0123456789abcdef") == std::string::npos;
  return hex ? lower : std::nullopt;
}

bool ReadCowrie(const EventJson& event, EventFields& fields) {
  constexpr std::string_view kPrefix = "cowrie.";
  if (!fields.type.starts_with(kPrefix)) return ReadCowrieSummary(event, fields);
  const std::string_view type = std::string_view(fields.type).substr(kPrefix.size());
  fields.dataset = "cowrie";
  fields.action = "other";
  for (const Meaning& meaning : kCowrie) {
    if (meaning.type != type) continue;
    fields.action = meaning.action;
    fields.outcome = meaning.outcome;
  }
  if (fields.action == "tunnel") MoveTunnelTarget(fields);
  fields.command.reset();
  if (fields.action == "command") fields.command = FindText(event, {"input"});
  if (fields.action == "exploit") fields.command = FindText(event, {"attempted_command"});
  // The log's digest, in log.closed, is nothing that an attacker left.
  fields.sha256.reset();
  if (!type.starts_with("log.")) {
    fields.sha256 = ToEventHash(FindText(event, {"shasum", "sha256"}), 64);
  }
  fields.file_name = FindText(event, {"filename", "destfile"});
  fields.agent = FindText(event, {"version"});
  fields.hassh = FindText(event, {"hassh"});
  fields.vulnerability = FindText(event, {"cve"});
  return true;
}

bool ReadConpot(const EventJson& event, EventFields& fields) {
  const bool now = FindPath(event, "schema_version") != nullptr;
  const auto protocol = ToLower(FindText(event, {now ? "protocol" : "data_type"}));
  if (!protocol) return false;
  const bool ends = FindFirst(event, {"src_ip", "remote.0"}) != nullptr;
  const auto* mark = now ? FindFirst(event, {"session_time", "conpot_version", "sensorid"})
                         : FindFirst(event, {"sensorid", "id"});
  if (!ends || mark == nullptr) return false;
  fields.dataset = "conpot";
  fields.protocol = ConpotProtocol(*protocol);
  const bool has_request = FindFirst(event, {"request", "data.request"}) != nullptr;
  fields.action = ConpotAction(fields.type, has_request);
  if (fields.source_ip.version == 0) {  // hpfeeds: pairs of address and port
    fields.source_ip = ToEventAddress(FindText(event, {"remote.0"}));
    fields.source_port = ToEventPort(FindText(event, {"remote.1"}));
    fields.destination_ip = ToEventAddress(FindText(event, {"local.0"}));
    fields.destination_port = ToEventPort(FindText(event, {"local.1"}));
  }
  fields.user.reset();
  fields.command.reset();
  if (fields.action == std::string_view("command")) fields.command = fields.type;
  if (FindPath(event, "event_time") == nullptr) {
    SetTime(event, {"session_time", "timestamp"}, EventTime::kSession, fields);
  }
  return true;
}

bool ReadOpenCanary(const EventJson& event, EventFields& fields) {
  const EventJson* type = FindPath(event, "logtype");
  const EventJson* data = FindPath(event, "logdata");
  if (type == nullptr || data == nullptr || !data->is_object()) return false;
  const auto text = ScalarText(type);
  int number = -1;
  if (text) (void)std::from_chars(text->data(), text->data() + text->size(), number);
  fields.dataset = "opencanary";
  fields.action = number >= 1000 && number <= 1006 ? "operational" : "other";
  for (const CanaryType& row : kCanary) {
    if (row.type != number) continue;
    fields.action = row.action;
    if (std::strlen(row.protocol) != 0) fields.protocol = row.protocol;
  }
  ReadCanaryData(*data, number, fields);
  // local_time is UTC in spite of its name; local_time_adjusted is local and says no zone.
  SetTime(event, {"utc_time", "local_time"}, EventTime::kOwn, fields);
  return true;
}

bool ReadDionaea(const EventJson& event, EventFields& fields) {
  const EventJson* connection = FindPath(event, "connection");
  const bool capture = FindPath(event, "saddr") != nullptr && FindPath(event, "md5") != nullptr;
  if (capture) {
    fields.dataset = "dionaea";
    fields.action = "download";
    fields.url = FindText(event, {"url"});
    fields.md5 = ToEventHash(FindText(event, {"md5"}), 32);
    return true;
  }
  if (connection == nullptr || !connection->is_object()) return false;
  if (FindPath(*connection, "protocol") == nullptr) return false;
  fields.dataset = "dionaea";
  fields.protocol = ToLower(FindText(*connection, {"protocol"}));
  fields.transport = ToLower(FindText(*connection, {"transport"}));
  fields.type = FindText(*connection, {"type"}).value_or("");
  ReadDionaeaCredentials(event, fields);
  fields.command = FtpCommands(event);
  fields.summary.commands = CountOf(FindPath(event, "ftp.commands"));
  fields.action = fields.user || fields.password ? "login" : "connect";
  if (fields.command) fields.action = "command";
  // One record a finished connection, with the time at which it began.
  SetTime(event, {"timestamp"}, EventTime::kSession, fields);
  return true;
}

}  // namespace tapiary::server
