#include "server/evidence/pins.h"

#include <fmt/core.h>

#include "base/clock.h"
#include "base/text.h"

namespace tapiary::server {
namespace {

base::Error Invalid(const char* what) {
  return base::MakeError(base::ErrorCode::kInvalid, what);
}

std::int64_t Signed(std::uint64_t number) {
  return static_cast<std::int64_t>(number);
}

std::string Describe(const Pin& pin) {
  const std::string what =
      pin.flow ? "flow " + FlowText(pin) : "sensor " + base::EscapeBytes(pin.sensor);
  return fmt::format("pin {}: {} from {} to {}", pin.id, what, base::FormatTime(pin.from_ns),
                     base::FormatTime(pin.to_ns));
}

base::Result<> FindSensor(SqlWriter& writer, Pin* pin) {
  const SqlValue name[] = {pin->sensor};
  TAPIARY_TRY(writer.Query("SELECT id FROM sensors WHERE name = ?", name, [pin](const SqlRow& row) {
    pin->sensor_id = row.Int(0);
    return false;
  }));
  if (pin->sensor_id != 0) return {};
  return base::MakeError(base::ErrorCode::kNotFound, "there is no sensor with this name");
}

base::Result<> FindFlow(SqlWriter& writer, Pin* pin) {
  bool found = false;
  const SqlValue key[] = {pin->sensor_id, Signed(pin->flow->epoch), Signed(pin->flow->number)};
  TAPIARY_TRY(writer.Query(
      "SELECT start_ns, end_ns FROM flows WHERE sensor_id = ? AND epoch = ? AND number = ?", key,
      [&](const SqlRow& row) {
        found = true;
        pin->from_ns = row.Int(0);
        pin->to_ns = row.Int(1);
        return false;
      }));
  if (found) return {};
  return base::MakeError(base::ErrorCode::kNotFound, "there is no flow with this id");
}

base::Result<> CheckRoom(SqlWriter& writer) {
  std::int64_t pins = 0;
  TAPIARY_TRY(writer.Query("SELECT COUNT(*) FROM pins", {}, [&pins](const SqlRow& row) {
    pins = row.Int(0);
    return false;
  }));
  if (pins < kMaxPins) return {};
  return base::MakeError(base::ErrorCode::kTooLarge,
                         fmt::format("there are {} pins already; remove some", pins));
}

base::Result<> Insert(SqlWriter& writer, Pin* pin) {
  const SqlValue none = nullptr;
  const SqlValue values[] = {pin->sensor_id,
                             pin->from_ns,
                             pin->to_ns,
                             pin->flow ? SqlValue(Signed(pin->flow->epoch)) : none,
                             pin->flow ? SqlValue(Signed(pin->flow->number)) : none,
                             base::EscapeBytes(pin->note),
                             base::EscapeBytes(pin->actor),
                             pin->created_ns};
  return writer.Query(
      "INSERT INTO pins (sensor_id, from_ns, to_ns, epoch, flow_number, note, actor, created_ns) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
      values, [pin](const SqlRow& row) {
        pin->id = row.Int(0);
        return true;
      });
}

Pin ReadPin(const SqlRow& row) {
  Pin pin;
  pin.id = row.Int(0);
  pin.sensor_id = row.Int(1);
  pin.sensor = row.Text(2);
  pin.from_ns = row.Int(3);
  pin.to_ns = row.Int(4);
  if (!row.IsNull(5)) {
    pin.flow = capture::FlowId{static_cast<std::uint64_t>(row.Int(5)),
                               static_cast<std::uint64_t>(row.Int(6))};
  }
  pin.note = row.Text(7);
  pin.actor = row.Text(8);
  pin.created_ns = row.Int(9);
  return pin;
}

}  // namespace

std::string FlowText(const Pin& pin) {
  if (!pin.flow) return {};
  return base::EscapeBytes(pin.sensor) + "." + pin.flow->ToString();
}

base::Result<Pin> AddPin(Catalog& catalog, Pin pin, const Actor& actor) {
  if (pin.note.empty()) return Invalid("note: say why this must be kept");
  if (pin.note.size() > kMaxPinNoteBytes) return Invalid("note: at most 4096 bytes");
  if (!pin.flow && pin.from_ns > pin.to_ns) return Invalid("the window ends before it begins");
  pin.actor = actor.name;
  pin.created_ns = base::WallNow();
  const auto added = catalog.Write([&pin, &actor](SqlWriter& writer) -> base::Result<> {
    TAPIARY_TRY(FindSensor(writer, &pin));
    if (pin.flow) TAPIARY_TRY(FindFlow(writer, &pin));
    TAPIARY_TRY(CheckRoom(writer));
    TAPIARY_TRY(Insert(writer, &pin));
    return AddAudit(writer, actor, "pin-created", Describe(pin) + ": " + pin.note);
  });
  TAPIARY_TRY(added);
  return pin;
}

base::Result<> RemovePin(Catalog& catalog, std::int64_t id, const Actor& actor) {
  return catalog.Write([&](SqlWriter& writer) -> base::Result<> {
    std::optional<Pin> pin;
    const SqlValue key[] = {id};
    TAPIARY_TRY(writer.Query(
        "SELECT p.id, p.sensor_id, s.name, p.from_ns, p.to_ns, p.epoch, p.flow_number, p.note, "
        "p.actor, p.created_ns FROM pins p JOIN sensors s ON s.id = p.sensor_id WHERE p.id = ?",
        key, [&pin](const SqlRow& row) {
          pin = ReadPin(row);
          return false;
        }));
    if (!pin) return base::MakeError(base::ErrorCode::kNotFound, "there is no pin with this id");
    TAPIARY_TRY(writer.Execute("DELETE FROM pins WHERE id = ?", key));
    return AddAudit(writer, actor, "pin-removed", Describe(*pin) + ": " + pin->note);
  });
}

base::Result<std::vector<Pin>> ListPins(const Catalog& catalog, const PinsQuery& query) {
  std::vector<Pin> pins;
  const SqlValue values[] = {query.before_id, query.sensor, query.sensor, query.limit};
  TAPIARY_TRY(catalog.Query(
      "SELECT p.id, p.sensor_id, s.name, p.from_ns, p.to_ns, p.epoch, p.flow_number, p.note, "
      "p.actor, p.created_ns FROM pins p JOIN sensors s ON s.id = p.sensor_id "
      "WHERE p.id < ? AND (? = '' OR s.name = ?) ORDER BY p.id DESC LIMIT ?",
      values, [&pins](const SqlRow& row) {
        pins.push_back(ReadPin(row));
        return true;
      }));
  return pins;
}

}  // namespace tapiary::server
