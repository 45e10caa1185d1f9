// ApiFixture with events of a honeypot, as rows.
#pragma once

#include <string>

#include "base/clock.h"
#include "server/ingest/rows.h"
#include "tests/server/api/fixture.h"

namespace tapiary::server::test {

class EventFixture : public ApiFixture {
 protected:
  struct Event {
    std::int64_t time_ns = 0;
    SqlValue port = nullptr;
    std::string session{};
    std::string ecs = R"({"tapiary.time":"event"})";
    std::int64_t received_ns = base::WallNow();
    std::string record = "{}";
  };
  // Of a honeypot that is no sensor itself, from the originator of `flow`.
  void Add(std::int64_t id, const capture::FlowRecord& flow, const Event& event) {
    Execute(
        "INSERT INTO events (id, sensor_id, time_ns, received_ns, type, source_ip, source_port, "
        "destination_ip, destination_port, session, record, ecs) "
        "VALUES (?, ?, ?, ?, '', ?, ?, ?, ?, ?, ?, ?)",
        {id, SensorId("honeypot"), event.time_ns, event.received_ns, AddressValue(flow.orig.ip),
         event.port, AddressValue(flow.resp.ip), std::int64_t{flow.resp.port}, event.session,
         event.record, event.ecs});
  }
};

}  // namespace tapiary::server::test
