// Inside ingest: one function per known kind of honeypot. Each looks whether the record is of its
// kind and then adds to what the plain names gave, or takes away what they got wrong. Pure.
//
// Sources: the services' own JSON writers as of autumn 2026, and their forms before they changed.
#pragma once

#include "server/ingest/event_fields.h"
#include "server/ingest/event_json.h"

namespace tapiary::server {

// True when the record is of this kind; `fields` is then complete.
using EventService = bool (*)(const EventJson& event, EventFields& fields);

bool ReadCowrie(const EventJson& event, EventFields& fields);
bool ReadConpot(const EventJson& event, EventFields& fields);
bool ReadOpenCanary(const EventJson& event, EventFields& fields);
bool ReadDionaea(const EventJson& event, EventFields& fields);

// RecogniseEvent of what is parsed already.
EventFields RecogniseObject(const EventJson& event, const EventMappings* mappings);
// A hash of `digits` hexadecimal digits in lower case, or nothing.
std::optional<std::string> ToEventHash(const std::optional<std::string>& text, std::size_t digits);
std::optional<std::string> ToLower(std::optional<std::string> text);

}  // namespace tapiary::server
