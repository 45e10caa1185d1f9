#include "server/api/packets.h"

#include <fmt/core.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "server/api/capture_writer.h"
#include "server/api/flow_walk.h"
#include "server/api/list_query.h"
#include "server/dissect/sharkd.h"

namespace tapiary::server {
namespace {

using Json = nlohmann::ordered_json;

// Of a flow only its beginning is dissected; all of it can be downloaded.
constexpr std::int64_t kMaxPackets = 10'000;
constexpr std::size_t kMaxFileBytes = 32u << 20;
constexpr std::int64_t kMaxPage = 1000;
constexpr std::size_t kWriteBytes = 256 * 1024;

// What is told of a packet without asking sharkd.
struct PacketFacts {
  std::int64_t time_ns = 0;
  std::size_t captured = 0;
  std::uint32_t length = 0;
};

// The flow's first packets as a file.
struct Beginning {
  base::UniqueFd file;
  std::vector<PacketFacts> packets;
  std::vector<std::uint8_t> last;  // bytes of the last packet
  bool more = false;               // the flow has others behind
  bool too_large = false;          // and they cannot be asked for
  std::uint64_t missing = 0;       // that the vault has no more, at most
};

base::Result<> Flush(const base::UniqueFd& file, std::vector<std::uint8_t>* out) {
  TAPIARY_TRY(base::WriteAll(file.get(), *out, "the packets' file"));
  out->clear();
  return {};
}

base::Result<Beginning> ReadBeginning(SegmentWalk& walk, std::int64_t count) {
  Beginning begin;
  TAPIARY_ASSIGN(begin.file, MakeMemoryFile());
  walk.OnDamage([&begin](const Damage& damage) { begin.missing += damage.packets; });
  CaptureWriter writer(CaptureFormat::kPcapng);
  std::vector<std::uint8_t> out;
  std::size_t size = 0;
  while (true) {
    TAPIARY_ASSIGN(const SegmentWalk::Item item, walk.Next());
    if (item.segment == nullptr) {
      TAPIARY_ASSIGN(const std::vector<Absence> absent, walk.Absent());
      for (const Absence& absence : absent) begin.missing += absence.late ? 0 : absence.packets;
      break;
    }
    const capture::Packet& packet = *item.packet;
    begin.more = static_cast<std::int64_t>(begin.packets.size()) >= count;
    begin.too_large =
        begin.packets.size() >= kMaxPackets || size + packet.bytes.size() > kMaxFileBytes;
    if (begin.more || begin.too_large) break;
    TAPIARY_TRY(writer.Append(packet, item.segment->sensor, *item.interface, out));
    begin.packets.push_back({packet.time_ns, packet.bytes.size(), packet.wire_length});
    if (static_cast<std::int64_t>(begin.packets.size()) == count) {
      begin.last.assign(packet.bytes.begin(), packet.bytes.end());
    }
    if (out.size() < kWriteBytes) continue;
    size += out.size();
    TAPIARY_TRY(Flush(begin.file, &out));
  }
  writer.Finish(out);
  TAPIARY_TRY(Flush(begin.file, &out));
  TAPIARY_TRY(SealMemoryFile(begin.file));
  return begin;
}

Json Facts(std::int64_t number, const PacketFacts& facts) {
  return {{"number", number},
          {"time",
           facts.time_ns == capture::kTimeUnknown ? Json() : Json(base::FormatTime(facts.time_ns))},
          {"length", facts.length},
          {"captured", facts.captured}};
}

struct Question {
  std::int64_t after = 0;
  std::int64_t limit = 0;
  std::int64_t number = 0;  // 0: the list
  [[nodiscard]] std::int64_t packets() const { return number > 0 ? number : after + limit; }
};

base::Result<> List(Sharkd& sharkd, const Beginning& begin, const Question& question, Json* out) {
  Json answer = {{"items", Json::array()}, {"next", nullptr}, {"cut", begin.too_large}};
  const auto have = static_cast<std::int64_t>(begin.packets.size());
  if (have > question.after) {
    TAPIARY_ASSIGN(const auto lines,
                   sharkd.List(begin.file, static_cast<std::uint32_t>(question.after),
                               static_cast<std::uint32_t>(question.limit)));
    // Every packet that is stored has its line, whatever sharkd says of it.
    std::vector<const PacketLine*> by_number(begin.packets.size() + 1);
    for (const PacketLine& line : lines) {
      if (line.number < by_number.size()) by_number[line.number] = &line;
    }
    for (std::int64_t number = question.after + 1; number <= have; ++number) {
      Json item = Facts(number, begin.packets[static_cast<std::size_t>(number - 1)]);
      const PacketLine* const line = by_number[static_cast<std::size_t>(number)];
      item["source"] = line != nullptr ? Json(line->source) : Json();
      item["destination"] = line != nullptr ? Json(line->destination) : Json();
      item["protocol"] = line != nullptr ? Json(line->protocol) : Json();
      item["info"] = line != nullptr ? Json(line->info) : Json();
      answer["items"].push_back(std::move(item));
    }
    if (begin.more && !begin.too_large) answer["next"] = have;
  }
  answer["missing"] = begin.missing;
  *out = std::move(answer);
  return {};
}

base::Result<> Tree(Sharkd& sharkd, const Beginning& begin, const Question& question, Json* out) {
  if (static_cast<std::int64_t>(begin.packets.size()) < question.number) {
    return base::MakeError(base::ErrorCode::kNotFound,
                           begin.too_large ? "this packet lies behind those that are dissected"
                                           : "the flow has no packet with this number");
  }
  Json answer = Facts(question.number, begin.packets.back());
  answer["bytes"] = base::ToHex(begin.last);
  TAPIARY_ASSIGN(const std::string tree,
                 sharkd.Tree(begin.file, static_cast<std::uint32_t>(question.number)));
  answer.update(Json::parse(tree, nullptr, false));
  answer["missing"] = begin.missing;
  *out = std::move(answer);
  return {};
}

base::Result<Question> ParseQuestion(const Request& request) {
  TAPIARY_TRY(CheckParameters(request, "number after limit"));
  Question question;
  TAPIARY_ASSIGN(question.number, ParseCount(request, "number", 1, kMaxPackets, 0));
  TAPIARY_ASSIGN(question.after, ParseCount(request, "after", 0, kMaxPackets, 0));
  TAPIARY_ASSIGN(question.limit, ParseCount(request, "limit", 1, kMaxPage, 100));
  const bool both = request.query.contains("after") || request.query.contains("limit");
  if (question.number > 0 && both) {
    return base::MakeError(base::ErrorCode::kInvalid, "number: without after and limit");
  }
  return question;
}

// What went wrong in the helper is neither the client's fault nor that of this process.
Response HelperProblem(const base::Error& error) {
  Response response;
  switch (error.code) {
    case base::ErrorCode::kUnsupported:
      return Problem(501, "Not installed",
                     error.message +
                         ": packets are explained by Wireshark's sharkd; install the "
                         "Debian package wireshark-common, or set dissect.program");
    case base::ErrorCode::kPermission:
      response = Problem(501, "Not set up", error.message);
      break;
    case base::ErrorCode::kTimeout:
      response = Problem(504, "Dissection took too long", error.message);
      break;
    case base::ErrorCode::kCorrupt:
    case base::ErrorCode::kTooLarge:
      response = Problem(502, "Dissection failed", error.message);
      break;
    default:
      return ProblemFor(error);
  }
  base::LogWarning("dissection: {}", error.message);
  return response;
}

base::Result<Beginning> FlowBeginning(const ApiContext& context, const std::string& id,
                                      std::int64_t packets) {
  TAPIARY_ASSIGN(const auto walk, WalkFlow(context, id));
  return ReadBeginning(*walk, packets);
}

}  // namespace

Response HandleFlowPackets(const ApiContext& context, const Request& request) {
  const auto question = ParseQuestion(request);
  if (!question) return ProblemFor(question.error());
  if (context.sharkd == nullptr) return Problem(501, "Not here", "this collector dissects nothing");
  const auto begin = FlowBeginning(context, request.path_params.at("id"), question->packets());
  if (!begin) return ProblemFor(begin.error());
  Json answer;
  const auto done = question->number > 0 ? Tree(*context.sharkd, *begin, *question, &answer)
                                         : List(*context.sharkd, *begin, *question, &answer);
  if (done) return JsonResponse(200, answer.dump(-1, ' ', false, Json::error_handler_t::replace));
  if (done.error().code == base::ErrorCode::kNotFound) return ProblemFor(done.error());
  return HelperProblem(done.error());
}

}  // namespace tapiary::server
