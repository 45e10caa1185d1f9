// Events of honeypots: the bodies that they come in, and what is recognised in them.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "base/text.h"
#include "server/ingest/event_fields.h"
#include "server/ingest/event_text.h"
#include "tests/fuzz/target.h"

namespace tapiary::fuzz {
namespace {

using server::EventFields;
using server::EventText;

constexpr std::size_t kMaxEvents = 1000;
constexpr std::size_t kMaxField = 8 * 1024;  // docs/formats/events.md

// What is stored and shown as it is: valid UTF-8 on one line.
void CheckText(std::string_view text) {
  Require(base::IsValidUtf8(text), "valid UTF-8");
  Require(std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20; }),
          "no control characters");
}

void CheckField(const std::optional<std::string>& field) {
  if (!field) return;
  Require(field->size() <= kMaxField, "a field is cut");
  CheckText(*field);
}

void CheckFields(const EventFields& fields) {
  Require(!fields.dataset.empty() && !fields.action.empty(), "dataset and action are known");
  Require(fields.outcome.empty() || fields.outcome == "success" || fields.outcome == "failure",
          "an outcome is one of two");
  Require(fields.time_ns.has_value() == (fields.time_kind != server::EventTime::kReceived),
          "a time says whose it is");
  for (const auto* field :
       {&fields.protocol, &fields.transport, &fields.user, &fields.password, &fields.session,
        &fields.command, &fields.url, &fields.file_name, &fields.sha256, &fields.md5, &fields.agent,
        &fields.hassh, &fields.vulnerability}) {
    CheckField(*field);
  }
  Require(!fields.sha256 || fields.sha256->size() == 64, "SHA-256 has 64 digits");
  Require(!fields.md5 || fields.md5->size() == 32, "MD5 has 32 digits");
}

void CheckEvent(std::string_view body, const EventText& event) {
  const bool inside =
      event.raw.empty() || (event.raw.data() >= body.data() &&
                            event.raw.data() + event.raw.size() <= body.data() + body.size());
  Require(inside, "a record is part of the body");
  Require(event.json.empty() != event.reason.empty(), "a record is stored or refused");
  if (event.json.empty()) return CheckText(event.reason);
  CheckText(event.json);
  Require(nlohmann::json::parse(event.json, nullptr, false).is_object(), "a record is an object");
  const EventFields fields = server::RecogniseEvent(event.json);
  CheckFields(fields);
  const std::string ecs = server::EcsJson(fields, 1);
  CheckText(ecs);
  Require(nlohmann::json::parse(ecs, nullptr, false).is_object(), "its fields are an object");
  Require(server::EcsJson(server::RecogniseEvent(event.json), 1) == ecs, "twice is the same");
}

}  // namespace

void FuzzEvents(Bytes input, const capture::OtProtocol*) {
  const std::string_view body = base::AsText(input);
  (void)server::ParseEventTime(body.substr(0, 100));
  const auto events = server::SplitEvents(body, kMaxEvents);
  if (!events) return CheckText(events.error().message);
  Require(events->size() <= kMaxEvents, "records are bounded");
  for (const EventText& event : *events) CheckEvent(body, event);
}

}  // namespace tapiary::fuzz
