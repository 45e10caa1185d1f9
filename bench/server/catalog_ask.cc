// bench_catalog ask: the page's questions to a catalog, through the API's handlers.
#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/clock.h"
#include "bench/server/catalog_tool.h"
#include "bench/server/sensor_flows.h"
#include "server/api/histogram.h"
#include "server/api/lists.h"
#include "server/vault/vault.h"

namespace tapiary::bench {
namespace {

using Json = nlohmann::json;
using server::Request;
using server::Response;

constexpr const char* kAll = "2020-01-01T00:00:00Z";

struct Question {
  std::string name;
  std::map<std::string, std::string> query;
  bool histogram;
};

std::vector<Question> Questions() {
  const std::string rare = ScannerAddress(kScanners - 1).ToString();
  const std::string busy = ScannerAddress(1).ToString();
  return {
      {"newest", {{"from", kAll}}, false},
      {"filter_rare", {{"from", kAll}, {"filter", "ip.addr == " + rare}}, false},
      {"filter_busy", {{"from", kAll}, {"filter", "ip.src == " + busy}}, false},
      {"filter_none", {{"from", kAll}, {"filter", "ip.addr == 203.0.113.77"}}, false},
      {"filter_service", {{"from", kAll}, {"filter", "modbus && command"}}, false},
      {"filter_sensor_clock",
       {{"from", kAll}, {"clock", "sensor"}, {"filter", "tcp.port == 502"}},
       false},
      {"histogram", {{"from", kAll}}, true},
  };
}

base::Result<std::string> Once(const server::ApiContext& context, const Question& question) {
  Request request;
  request.method = "GET";
  request.path = "/api/v1/flows";
  request.query = question.query;
  const Response response = question.histogram
                                ? server::HandleHistogram(context, request)
                                : server::HandleList(context, server::ListKind::kFlows, request);
  if (response.status == 200) return response.body;
  return base::MakeError(base::ErrorCode::kInternal, question.name + ": " + response.body);
}

double Since(std::int64_t from_ns) {
  return static_cast<double>(base::SteadyNow() - from_ns) / 1e6;
}

// The flows that an answer has or counts.
std::uint64_t FlowsOf(const Json& answer, bool histogram) {
  if (!histogram) return answer["items"].size();
  std::uint64_t flows = 0;
  for (const auto& count : answer["flows"]) flows += count.get<std::uint64_t>();
  return flows;
}

// The middle of the rounds' times, the worst, and what to check the answer by.
base::Result<> Measure(const server::ApiContext& context, const Question& question, int rounds,
                       Json* out) {
  std::vector<double> times;
  std::string body;
  for (int round = 0; round < rounds; ++round) {
    const std::int64_t from = base::SteadyNow();
    TAPIARY_ASSIGN(body, Once(context, question));
    times.push_back(Since(from));
  }
  std::ranges::sort(times);
  const Json answer = Json::parse(body);
  *out = Json::object({{"ms", times[times.size() / 2]},
                       {"worst_ms", times.back()},
                       {"flows", FlowsOf(answer, question.histogram)},
                       {"partial", answer["partial"]}});
  return {};
}

// Pages of 100 one behind the other; the time of the last.
base::Result<> MeasureDeepPage(const server::ApiContext& context, int pages, Json* out) {
  Question question{"page", {{"from", kAll}, {"limit", "100"}}, false};
  for (int page = 1; page <= pages; ++page) {
    const std::int64_t from = base::SteadyNow();
    TAPIARY_ASSIGN(const std::string body, Once(context, question));
    const double milliseconds = Since(from);
    const Json answer = Json::parse(body);
    *out = Json::object({{"ms", milliseconds}, {"page", page}, {"flows", FlowsOf(answer, false)}});
    if (!answer["next"].is_string()) break;
    question.query["after"] = answer["next"].get<std::string>();
  }
  return {};
}

}  // namespace

base::Result<> Ask(server::Catalog& catalog, server::Vault& vault, int rounds, int pages) {
  const server::ApiContext context{catalog, vault};
  Json answers;
  for (const Question& question : Questions()) {
    TAPIARY_TRY(Measure(context, question, rounds, &answers[question.name]));
  }
  TAPIARY_TRY(MeasureDeepPage(context, pages, &answers["page"]));
  fmt::print("{}\n", answers.dump());
  return {};
}

}  // namespace tapiary::bench
