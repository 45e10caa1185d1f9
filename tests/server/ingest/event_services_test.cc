// Records as the services write them, in their old and new forms.
#include "server/ingest/event_services.h"

#include <gtest/gtest.h>

#include "base/clock.h"

namespace tapiary::server {
namespace {

std::string TimeOf(const EventFields& fields) {
  if (!fields.time_ns) return "none";
  return base::FormatTime(*fields.time_ns) + " " + ToString(fields.time_kind);
}

std::string EndsOf(const EventFields& fields) {
  const auto port = [](const std::optional<std::uint16_t>& value) {
    return value ? std::to_string(*value) : std::string("-");
  };
  return fields.source_ip.ToString() + " " + port(fields.source_port) + " " +
         fields.destination_ip.ToString() + " " + port(fields.destination_port);
}

// A Cowrie record of an SSH session with `rest` of the object.
EventFields Cowrie(const std::string& event, const std::string& rest) {
  return RecogniseEvent(
      R"({"eventid":"cowrie.)" + event +
      R"(","src_ip":"203.0.113.7","session":"ab12","sensor":"h","protocol":"ssh",)" + rest +
      R"("timestamp":"2026-11-25T12:00:00.500000+0200"})");
}

TEST(EventServices, CowrieLogin) {
  const auto failed =
      Cowrie("login.failed", R"("src_port":4711,"dst_ip":"10.0.0.2","dst_port":2222,)"
                             R"("username":"root","password":"1234",)");
  EXPECT_EQ(failed.dataset, "cowrie");
  EXPECT_EQ(failed.type, "cowrie.login.failed");
  EXPECT_EQ(failed.action, "login");
  EXPECT_EQ(failed.outcome, "failure");
  EXPECT_EQ(EndsOf(failed), "203.0.113.7 4711 10.0.0.2 2222");
  EXPECT_EQ(failed.protocol, "ssh");
  EXPECT_EQ(failed.user, "root");
  EXPECT_EQ(failed.password, "1234");
  EXPECT_EQ(failed.session, "ab12");
  EXPECT_EQ(TimeOf(failed), "2026-11-25T10:00:00.500000000Z event");
  EXPECT_EQ(Cowrie("login.success", R"("username":1,)").outcome, "success");
}

TEST(EventServices, CowrieSessionEndsInBothForms) {
  for (const char* rest :
       {R"("duration":"120.0",)", R"("duration":12.5,)", R"("duration_ms":5,)"}) {
    const auto closed = Cowrie("session.closed", rest);
    EXPECT_EQ(closed.action, "disconnect");
    EXPECT_EQ(closed.session, "ab12");
  }
}

TEST(EventServices, CowrieCommandsAndFiles) {
  const std::string digest(64, 'A');
  const auto command = Cowrie("command.input", R"("input":"wget http://x/y",)");
  EXPECT_EQ(command.action, "command");
  EXPECT_EQ(command.command, "wget http://x/y");
  const auto download = Cowrie("session.file_download", R"("url":"http://x/y","shasum":")" +
                                                            digest + R"(","destfile":"/tmp/y",)");
  EXPECT_EQ(download.action, "download");
  EXPECT_EQ(download.url, "http://x/y");
  EXPECT_EQ(download.sha256, std::string(64, 'a'));
  EXPECT_EQ(download.file_name, "/tmp/y");
  EXPECT_EQ(Cowrie("session.file_download.failed", R"("url":"u",)").outcome, "failure");
  const auto log = Cowrie("log.closed", R"("shasum":")" + digest + R"(",)");
  EXPECT_FALSE(log.sha256) << "the session log's own digest";
  const auto client = Cowrie("client.kex", R"("hassh":"51cba57125523ce4b9db67714a90bf6e",)");
  EXPECT_EQ(client.hassh, "51cba57125523ce4b9db67714a90bf6e");
  EXPECT_EQ(Cowrie("client.version", R"("version":"SSH-2.0-Go",)").agent, "SSH-2.0-Go");
  EXPECT_EQ(Cowrie("new.event", "").action, "other");
}

// Its dst_ip is what the attacker asked the honeypot to connect to.
TEST(EventServices, CowrieTunnelTargetIsNoEndOfTheConnection) {
  const auto tunnel = Cowrie("direct-tcpip.request", R"("dst_ip":"192.0.2.80","dst_port":25,)");
  EXPECT_EQ(tunnel.action, "tunnel");
  EXPECT_EQ(tunnel.destination_ip.version, 0);
  EXPECT_FALSE(tunnel.destination_port);
  EXPECT_EQ(tunnel.url, "tcp://192.0.2.80:25");
  const auto six = Cowrie("direct-tcpip.data", R"("dst_ip":"2001:db8::1","dst_port":80,)");
  EXPECT_EQ(six.url, "tcp://[2001:db8::1]:80");
  EXPECT_FALSE(Cowrie("direct-tcpip.request", R"("dst_ip":"a.example","dst_port":25,)").command);
}

TEST(EventServices, CowrieSessionOverHpfeeds) {
  const auto fields = RecogniseEvent(
      R"({"session":"ab12","startTime":"2026-11-25T12:00:00.1Z","endTime":"2026-11-25T12:05:00Z",)"
      R"("peerIP":"203.0.113.7","peerPort":4711,"hostIP":"10.0.0.2","hostPort":22,)"
      R"("loggedin":["root","x"],"credentials":[["a","b"]],"commands":["id","uname -a"],)"
      R"("urls":["http://x/y"],"hashes":[")" +
      std::string(64, '0') + R"("],"version":"SSH-2.0-Go","protocol":"ssh"})");
  EXPECT_EQ(fields.dataset, "cowrie");
  EXPECT_EQ(fields.action, "session");
  EXPECT_EQ(EndsOf(fields), "203.0.113.7 4711 10.0.0.2 22");
  EXPECT_EQ(fields.user, "root");
  EXPECT_EQ(fields.password, "x");
  EXPECT_EQ(fields.command, "id; uname -a");
  EXPECT_EQ(fields.url, "http://x/y");
  EXPECT_EQ(fields.sha256, std::string(64, '0'));
  EXPECT_EQ(TimeOf(fields), "2026-11-25T12:00:00.100000000Z session-start");
  EXPECT_EQ(fields.outcome, "success");
  EXPECT_EQ(fields.summary, (EventSummary{2, 1, 2, 1}));
}

TEST(EventServices, CowrieSessionOverHpfeedsCountsWhatItSumsUp) {
  const auto read = [](const std::string& rest) {
    return RecogniseEvent(R"({"startTime":"2026-11-25T12:00:00Z","peerIP":"203.0.113.7")" + rest +
                          "}");
  };
  const auto refused =
      read(R"(,"loggedin":null,"credentials":[["a","b"],["c","d"]],"commands":["id"],)"
           R"("unknownCommands":["xyzzy","q"],"urls":[],"hashes":[])");
  EXPECT_EQ(refused.outcome, "failure");
  EXPECT_EQ(refused.user, "a");
  EXPECT_EQ(refused.command, "id; xyzzy; q");
  EXPECT_EQ(refused.summary, (EventSummary{2, 0, 3, 0}));
  const auto strange = read(R"(,"loggedin":"root","credentials":{"a":1},"commands":"id")");
  EXPECT_EQ(strange.outcome, "");
  EXPECT_EQ(strange.summary, EventSummary{});
  EXPECT_EQ(read(R"(,"loggedin":[])").outcome, "");
}

TEST(EventServices, ConpotBeforeSeptember2026) {
  const auto fields = RecogniseEvent(
      R"({"timestamp":"2026-08-01T10:00:00.000001","sensorid":"default","id":"5c","src_ip":)"
      R"("::ffff:1.2.3.4","src_port":1,"dst_ip":"10.0.0.3","dst_port":502,"public_ip":null,)"
      R"("data_type":"modbus","request":"b'000100000006010300000001'","response":"b''",)"
      R"("event_type":null})");
  EXPECT_EQ(fields.dataset, "conpot");
  EXPECT_EQ(fields.action, "request");
  EXPECT_EQ(fields.protocol, "modbus");
  EXPECT_EQ(fields.session, "5c");
  EXPECT_EQ(EndsOf(fields), "1.2.3.4 1 10.0.0.3 502");
  EXPECT_EQ(TimeOf(fields), "2026-08-01T10:00:00.000001000Z session-start");
  const auto upper = RecogniseEvent(
      R"({"id":"5c","src_ip":"1.2.3.4","data_type":"IEC104","event_type":"NEW_CONNECTION"})");
  EXPECT_EQ(upper.protocol, "iec104");
  EXPECT_EQ(upper.action, "connect");
}

TEST(EventServices, ConpotOverHpfeeds) {
  const auto fields = RecogniseEvent(
      R"({"id":"5c","remote":["203.0.113.7","4711"],"local":["10.0.0.3",102],"data_type":"s7comm",)"
      R"("timestamp":"2026-08-01T10:00:00","data":{"request":"0300","function_code":1}})");
  EXPECT_EQ(fields.dataset, "conpot");
  EXPECT_EQ(EndsOf(fields), "203.0.113.7 4711 10.0.0.3 102");
  EXPECT_EQ(fields.action, "request");
}

TEST(EventServices, ConpotSchemaVersion1) {
  const std::string head =
      R"({"schema_version":1,"sensorid":"d","session_id":"77","protocol":"s7comm","src_ip":)"
      R"("1.2.3.4","src_port":5,"dst_ip":"10.0.0.3","dst_port":102,"session_time":)"
      R"("2026-09-01T10:00:00+00:00",)";
  const auto stop = RecogniseEvent(
      head + R"("event_time":"2026-09-01T10:00:05+00:00","event_type":"PLC_STOP","data":{}})");
  EXPECT_EQ(stop.dataset, "conpot");
  EXPECT_EQ(stop.session, "77");
  EXPECT_EQ(stop.action, "command");
  EXPECT_EQ(stop.command, "PLC_STOP");
  EXPECT_EQ(TimeOf(stop), "2026-09-01T10:00:05.000000000Z event");
  const auto lost = RecogniseEvent(head + R"("event_type":"CONNECTION_LOST"})");
  EXPECT_EQ(lost.action, "disconnect");
  EXPECT_EQ(TimeOf(lost), "2026-09-01T10:00:00.000000000Z session-start");
}

// `logdata` is the object's text.
EventFields Canary(int type, const std::string& logdata, const std::string& ends = "") {
  return RecogniseEvent(R"({"dst_host":"10.0.0.9","dst_port":22,"src_host":"198.51.100.4",)"
                        R"("src_port":40000,"node_id":"n","logtype":)" +
                        std::to_string(type) + R"(,"logdata":)" + logdata + ends +
                        R"(,"local_time":"2026-11-25 12:00:00.000001",)"
                        R"("local_time_adjusted":"2026-11-25 14:00:00.000001"})");
}

TEST(EventServices, OpenCanary) {
  const auto login = Canary(4002, R"({"USERNAME":"admin","PASSWORD":"x","SESSION":"3"})");
  EXPECT_EQ(login.dataset, "opencanary");
  EXPECT_EQ(login.type, "4002");
  EXPECT_EQ(login.action, "login");
  EXPECT_EQ(login.protocol, "ssh");
  EXPECT_EQ(login.user, "admin");
  EXPECT_EQ(login.password, "x");
  EXPECT_EQ(login.session, "3");
  EXPECT_EQ(EndsOf(login), "198.51.100.4 40000 10.0.0.9 22");
  EXPECT_EQ(TimeOf(login), "2026-11-25T12:00:00.000001000Z event") << "local_time is UTC";
  const auto adjusted = Canary(4002, "{}", R"(,"utc_time":"2026-11-25 11:00:00.000001")");
  EXPECT_EQ(TimeOf(adjusted), "2026-11-25T11:00:00.000001000Z event");
}

TEST(EventServices, OpenCanaryTypes) {
  EXPECT_EQ(Canary(9001, R"({"UserName":"sa","Password":"p"})").user, "sa");
  EXPECT_EQ(Canary(12001, R"({"VNC Password":"p"})").password, "p");
  const auto redis = Canary(17001, R"({"CMD":"SET","ARGS":"a b"})");
  EXPECT_EQ(redis.action, "command");
  EXPECT_EQ(redis.command, "SET a b");
  const auto get = Canary(3000, R"({"PATH":"/index.html","USERAGENT":"curl/8","HOSTNAME":"h"})");
  EXPECT_EQ(get.protocol, "http");
  EXPECT_EQ(get.url, "/index.html");
  EXPECT_EQ(get.agent, "curl/8");
  const auto scan = Canary(5001, R"({"PROTO":"TCP","TTL":"64"})");
  EXPECT_EQ(scan.action, "scan");
  EXPECT_EQ(scan.transport, "tcp");
  for (int type = 1000; type <= 1006; ++type) EXPECT_EQ(Canary(type, "{}").action, "operational");
  EXPECT_EQ(Canary(999, "{}").action, "other");
  EXPECT_EQ(RecogniseEvent(R"({"logtype":4002,"logdata":"text"})").dataset, "generic");
}

TEST(EventServices, OpenCanaryPortsOfFirewallTypesAreTextsOrMissing) {
  const auto fields = RecogniseEvent(
      R"({"dst_host":"10.0.0.9","dst_port":"22","src_host":"198.51.100.4","src_port":-1,)"
      R"("logtype":5002,"logdata":{}})");
  EXPECT_EQ(EndsOf(fields), "198.51.100.4 - 10.0.0.9 22");
  EXPECT_EQ(TimeOf(fields), "none");
}

TEST(EventServices, DionaeaInBothFormsOfCredentials) {
  const std::string head =
      R"({"connection":{"protocol":"mysqld","transport":"tcp","type":"accept"},"src_ip":)"
      R"("::ffff:203.0.113.7","src_port":9,"dst_ip":"::ffff:10.0.0.2","dst_port":3306,)"
      R"("timestamp":"2026-11-25T12:00:00.000001",)";
  for (const std::string rest : {R"("credentials":[{"username":"root","password":"p"}]})",
                                 R"("credentials":{"username":["root"],"password":["p"]}})"}) {
    const auto fields = RecogniseEvent(head + rest);
    EXPECT_EQ(fields.dataset, "dionaea");
    EXPECT_EQ(fields.action, "login");
    EXPECT_EQ(fields.type, "accept");
    EXPECT_EQ(fields.protocol, "mysqld");
    EXPECT_EQ(fields.transport, "tcp");
    EXPECT_EQ(fields.user, "root");
    EXPECT_EQ(fields.password, "p");
    EXPECT_EQ(fields.summary, (EventSummary{.logins = 1}));
    EXPECT_EQ(EndsOf(fields), "203.0.113.7 9 10.0.0.2 3306");
    EXPECT_EQ(TimeOf(fields), "2026-11-25T12:00:00.000001000Z session-start");
  }
  const auto ftp =
      RecogniseEvent(head + R"("ftp":{"commands":[{"command":"USER","arguments":["anonymous"]},)"
                            R"({"command":"LIST"},{"command":"CWD","arguments":"/a"}]}})");
  EXPECT_EQ(ftp.action, "command");
  EXPECT_EQ(ftp.command, "USER anonymous; LIST; CWD /a");
  EXPECT_EQ(ftp.summary, (EventSummary{.commands = 3}));
  EXPECT_EQ(
      RecogniseEvent(head + R"("credentials":{"username":["a"],"password":["","b"]}})").summary,
      (EventSummary{.logins = 2}));
}

TEST(EventServices, DionaeaCaptureOverHpfeeds) {
  const auto fields = RecogniseEvent(
      R"({"saddr":"203.0.113.7","sport":"9","daddr":"10.0.0.2","dport":"445","md5":)"
      R"("900150983CD24FB0D6963F7D28E17F72","sha512":"x","url":"smb://203.0.113.7"})");
  EXPECT_EQ(fields.dataset, "dionaea");
  EXPECT_EQ(fields.action, "download");
  EXPECT_EQ(fields.md5, "900150983cd24fb0d6963f7d28e17f72");
  EXPECT_EQ(EndsOf(fields), "203.0.113.7 9 10.0.0.2 445");
}

// Members of the wrong kind are nothing; no record can make a recogniser fail.
TEST(EventServices, CO02_KindsThatNobodyExpects) {
  for (const std::string value : {"null", "5", "-1", "true", "[]", "{}", "[[]]", "1e999", "\"\"",
                                  R"([{"username":[1]}])", R"({"0":{}})"}) {
    for (const char* name : {"eventid",   "timestamp",      "src_ip",      "src_port", "session",
                             "data_type", "schema_version", "protocol",    "remote",   "logtype",
                             "logdata",   "connection",     "credentials", "ftp",      "md5",
                             "startTime", "commands",       "urls",        "loggedin", "hashes"}) {
      const std::string one = '"' + std::string(name) + "\":" + value;
      for (const std::string rest :
           {R"("peerIP":"1.2.3.4","startTime":"x","saddr":"1","id":"1")",
            R"("connection":{"protocol":"x"},"sensorid":"s")", R"("eventid":"cowrie.x")"}) {
        const auto fields = RecogniseEvent("{" + rest + "," + one + "}");
        EXPECT_FALSE(fields.dataset.empty());
        EXPECT_FALSE(EcsJson(fields, 0).empty());
      }
    }
  }
}

}  // namespace
}  // namespace tapiary::server
