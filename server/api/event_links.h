// Which flows an event of a honeypot belongs to, by its ends and its time.
//
// Links are judged when asked for, so it makes no difference whether the event or the flow came
// first, and nothing stored goes stale. What an event states may be wrong in ways that are usual:
// the honeypot's clock is off (HP-01), or an address is translated on the way (HP-03), so every
// answer says what agrees and what differs. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "capture/records.h"

namespace tapiary::server {

// A flow is in time when the event lies within it, give or take this much.
inline constexpr std::int64_t kLinkSlackNs = 300 * base::kNanosPerSecond;

// Times are what others say, so their difference may be too large: then it is the largest.
std::int64_t TimeMinus(std::int64_t a, std::int64_t b);

struct LinkEvent {
  std::int64_t time_ns = 0;  // as stated
  // What is known of the clock: by how much stated times are ahead of the sensors'. Moves the
  // search only, never what is shown.
  std::int64_t clock_ns = 0;
  std::int64_t slack_ns = kLinkSlackNs;
  capture::IpAddress source_ip{};
  std::optional<std::uint16_t> source_port{};
  capture::IpAddress destination_ip{};
  std::optional<std::uint16_t> destination_port{};
  [[nodiscard]] std::int64_t WireTime() const { return TimeMinus(time_ns, clock_ns); }
};

struct LinkFlow {
  std::int64_t sensor_id = 0;
  std::int64_t epoch = 0;
  std::int64_t number = 0;
  std::string id{};  // SENSOR.EPOCH.NUMBER
  std::string community_id{};
  std::string service{};
  std::int64_t start_ns = 0;
  std::int64_t end_ns = 0;
  capture::IpAddress orig_ip{}, resp_ip{};
  std::uint16_t orig_port = 0;
  std::uint16_t resp_port = 0;
  std::int64_t orig_bytes = 0, resp_bytes = 0;
  std::int64_t transactions = 0;
  std::int64_t commands = 0;
  // Set by JudgeLinks. How far the stated time lies outside the flow: positive when it is later.
  std::int64_t offset_ns = 0;
  std::vector<std::string> agrees{}, differs{};
};

enum class LinkState : std::uint8_t {
  kLinked,     // one conversation has the event's source address and port, in time
  kLikely,     // one only when the clock is off, without the port, or behind a translation
  kAmbiguous,  // several, all shown
  kNone,
};
const char* ToString(LinkState state);

struct Links {
  LinkState state = LinkState::kNone;
  std::vector<LinkFlow> flows{};  // the nearest in time first
};

// `flows` are those of the event's source address, at any time, and, for translated addresses,
// those of other sources that are in time and have the source port. One conversation that several
// sensors saw counts once.
Links JudgeLinks(const LinkEvent& event, std::vector<LinkFlow> flows);
// How many conversations these are: by Community ID, and at a time (ports are used again).
std::size_t Conversations(const std::vector<LinkFlow>& flows);

}  // namespace tapiary::server
