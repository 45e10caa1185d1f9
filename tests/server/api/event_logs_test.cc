// Whole logs as Cowrie, Conpot, OpenCanary and Dionaea write them, in old and new forms (logs/),
// taken in by the ingest and joined with the packets of the same attacker.
#include <gmock/gmock.h>

#include <algorithm>

#include "base/file.h"
#include "server/ingest/ingest.h"
#include "tests/capture/support/meter_run.h"
#include "tests/server/api/fixture.h"

namespace tapiary::server::test {
namespace {

using capture::test::Adu;
using capture::test::kSecond;
using capture::test::PacketList;
using capture::test::TcpTalk;

class TextBody : public BodySource {
 public:
  explicit TextBody(std::string text) : text_(std::move(text)) {}
  base::Result<std::size_t> Read(std::span<char> buffer) override {
    const std::size_t size = text_.copy(buffer.data(), buffer.size());
    text_.erase(0, size);
    return size;
  }

 private:
  std::string text_;
};

class EventLogs : public ApiFixture {
 protected:
  void SetUp() override {
    ApiFixture::SetUp();
    ingest_ = std::make_unique<Ingest>(*catalog_, *vault_, IngestLimits{});
    ingest_router_ = std::make_unique<Router>(ingest_->Routes());
  }
  void TearDown() override {
    ingest_router_.reset();
    ingest_.reset();
    ApiFixture::TearDown();
  }
  // The ids of the stored events, as the log has them.
  std::vector<std::int64_t> TakeIn(const std::string& log) {
    const auto text = base::ReadFile(std::string(TAPIARY_EVENT_LOGS) + "/" + log, 1 << 20);
    EXPECT_TRUE(text) << text.error().message;
    const Router::Match match = ingest_router_->Find("POST", "/api/v1/ingest/events");
    Request request;
    request.method = "POST";
    request.content_length = text->size();
    request.identity = {
        .scope = Scope::kSensor, .sensor_id = SensorId("honeypot"), .sensor_name = "honeypot"};
    TextBody body(*text);
    const Response response = match.route->handler(request, body);
    EXPECT_EQ(response.status, 201) << response.body;
    EXPECT_EQ(nlohmann::json::parse(response.body)["rejected"].size(), 0u) << response.body;
    std::vector<std::int64_t> ids;
    EXPECT_TRUE(catalog_->Query("SELECT id FROM events ORDER BY id", {}, [&ids](const SqlRow& row) {
      ids.push_back(row.Int(0));
      return true;
    }));
    const auto lines = static_cast<std::size_t>(std::ranges::count(*text, '\n'));
    EXPECT_EQ(ids.size(), lines);
    ids.resize(lines);
    return ids;
  }
  // A connection of ten seconds, from 22:13:20 on.
  void Talk(std::uint16_t port, std::uint16_t service) {
    TcpTalk talk(packets_, port, service);
    talk.Handshake().Server("5353482d322e300d0a").Client("5353482d322e300d0a");
    talk.Wait(10 * kSecond).Client("00").Close();
  }
  // A read that the logs of Conpot have, and a write that nobody logged.
  void Modbus() {
    TcpTalk talk(packets_, 40000, 502);
    talk.Handshake().Client(Adu(1, 1, "0300640002")).Server(Adu(1, 1, "030400070008"));
    talk.Client(Adu(2, 1, "06002804d2")).Server(Adu(2, 1, "06002804d2")).Close();
  }
  void StorePackets() {
    std::ranges::stable_sort(packets_.packets(), {}, &capture::Packet::time_ns);
    Store(packets_.packets(), {});
  }
  std::string StateOf(std::int64_t id) {
    const auto answer = Json("/api/v1/events/" + std::to_string(id) + "/flows");
    std::string state = answer["state"];
    for (const auto& flow : answer["flows"]) state += " " + flow["orig"]["port"].dump();
    return state;
  }
  nlohmann::json SessionOf(std::int64_t id) {
    return Json("/api/v1/events/" + std::to_string(id) + "/session", {{"limit", "1000"}});
  }

  PacketList packets_;
  std::unique_ptr<Ingest> ingest_;
  std::unique_ptr<Router> ingest_router_;
};

TEST_F(EventLogs, CowrieSession) {
  Talk(51234, 2222);
  Modbus();  // the same attacker, elsewhere
  StorePackets();
  const auto ids = TakeIn("cowrie.json");
  for (const std::int64_t id : ids) EXPECT_EQ(StateOf(id), "linked 51234") << id;
  const auto session = SessionOf(ids[4]);
  EXPECT_EQ(session["session"], "c0ffee0a51e5");
  EXPECT_EQ(session["counts"]["events"], 11);
  EXPECT_EQ(session["counts"]["flows"], 2);
  EXPECT_EQ(session["counts"]["log_only"]["events"], 0);
  EXPECT_EQ(session["counts"]["wire_only"]["flows"], 1) << "the Modbus connection";
  EXPECT_EQ(session["counts"]["wire_only"]["commands"], 1);
  const auto listed = Json("/api/v1/events/sessions", {{"wire", "true"}})["items"];
  ASSERT_EQ(listed.size(), 1u);
  EXPECT_EQ(listed[0]["logins"], 2);
  EXPECT_EQ(listed[0]["logins_accepted"], 1);
  EXPECT_EQ(listed[0]["commands"], 1);
  EXPECT_EQ(listed[0]["files"], 1);
  EXPECT_EQ(listed[0]["wire_only"], session["counts"]["wire_only"]);
  const auto login = Json("/api/v1/events", {{"filter", "event.outcome == failure"}})["items"];
  ASSERT_EQ(login.size(), 1u);
  EXPECT_EQ(login[0]["user"], R"(b'\x5cxff\x5cxferoot')") << "as Python wrote the bytes, escaped";
  EXPECT_EQ(login[0]["password"], R"(\x1b[2J)");
}

// An offset without a colon, a duration as text; the port is known from the first event only.
TEST_F(EventLogs, CowrieAsItWas) {
  Talk(51235, 2223);
  Talk(51299, 2223);
  StorePackets();
  const auto ids = TakeIn("cowrie-old.json");
  for (const std::int64_t id : ids) EXPECT_EQ(StateOf(id), "linked 51235") << id;
  EXPECT_EQ(SessionOf(ids[0])["counts"]["wire_only"]["flows"], 1);
}

TEST_F(EventLogs, CowrieWithoutPackets) {
  StorePackets();
  const auto ids = TakeIn("cowrie.json");
  const auto session = SessionOf(ids[0]);
  EXPECT_EQ(session["counts"]["log_only"]["events"], 11);
  EXPECT_EQ(StateOf(ids[0]), "none");
}

// Conpot logs what was read; the write is on the wire only. Both forms of its log mean the same.
TEST_F(EventLogs, ConpotInBothForms) {
  Modbus();
  StorePackets();
  for (const char* log : {"conpot-legacy.json", "conpot-v1.json"}) {
    const auto ids = TakeIn(log);
    for (const std::int64_t id : ids) EXPECT_EQ(StateOf(id), "linked 40000") << log;
    const auto session = SessionOf(ids[1]);
    EXPECT_EQ(session["counts"]["events"], 3) << log;
    EXPECT_EQ(session["counts"]["wire_only"]["flows"], 0) << log;
    EXPECT_EQ(session["counts"]["wire_only"]["transactions"], 1) << log;
    EXPECT_EQ(session["counts"]["wire_only"]["commands"], 1) << log;
    for (const auto& entry : session["entries"]) {
      if (entry["kind"] != "transaction") continue;
      const bool read = entry["transaction"]["operation"] == "read_holding_registers";
      EXPECT_EQ(entry["wire_only"], !read) << log << entry.dump();
      EXPECT_EQ(entry["event"], read ? nlohmann::json(ids[1]) : nlohmann::json()) << log;
    }
    Execute("DELETE FROM events");
  }
}

TEST_F(EventLogs, OpenCanary) {
  Talk(51236, 22);
  StorePackets();
  const auto ids = TakeIn("opencanary.json");
  EXPECT_EQ(StateOf(ids[0]), "none") << "its own start-up";
  for (std::size_t i = 1; i <= 3; ++i) EXPECT_EQ(StateOf(ids[i]), "linked 51236") << i;
  EXPECT_EQ(StateOf(ids[4]), "none") << "a scanned port without packets";
  const auto events = Json("/api/v1/events", {{"filter", "event.action == login"}})["items"];
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0]["user"], "operator");
  EXPECT_EQ(events[0]["time"], "2023-11-14T22:13:21.700000000Z") << "local_time is UTC";
}

TEST_F(EventLogs, DionaeaInBothForms) {
  Talk(51238, 21);
  Talk(51239, 1433);
  StorePackets();
  const auto ids = TakeIn("dionaea.json");
  EXPECT_EQ(StateOf(ids[0]), "linked 51238");
  EXPECT_EQ(StateOf(ids[1]), "linked 51239");
  std::vector<std::string> users;
  const auto events = Json("/api/v1/events");
  for (const auto& item : events["items"]) users.push_back(item["user"]);
  EXPECT_THAT(users, testing::UnorderedElementsAre("anonymous", "sa"));
}

}  // namespace
}  // namespace tapiary::server::test
