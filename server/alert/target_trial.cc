#include "server/alert/target_trial.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/clock.h"
#include "base/text.h"
#include "server/api/list_query.h"
#include "server/audit/actor.h"

namespace tapiary::server {
namespace {

using Json = nlohmann::ordered_json;

std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// As severe as the target asks for at least, so that what filters there lets it through.
Alert TestAlert(const AlertTarget& target, const std::string& by, std::int64_t now_ns) {
  const std::string text = "a test message, sent by " + base::EscapeBytes(by);
  Alert alert;
  alert.rule = "Test message";
  alert.note = "Nothing happened. Somebody wants to see whether alerts arrive.";
  alert.severity = target.least;
  alert.group = "{}";
  alert.created_ns = alert.last_ns = now_ns;
  alert.matches = 1;
  alert.record = Dump({{"condition", "test"}, {"time", base::FormatTime(now_ns)}, {"text", text}});
  return alert;
}

Response TooMany(std::int64_t wait_ns, const char* why) {
  Response response = Problem(429, "Too many tests", why);
  const std::int64_t seconds = (wait_ns + base::kNanosPerSecond - 1) / base::kNanosPerSecond;
  response.headers.emplace_back("Retry-After", std::to_string(std::max<std::int64_t>(seconds, 1)));
  return response;
}

}  // namespace

// Gives the turn back, however it ends.
class TargetTrials::Turn {
 public:
  explicit Turn(TargetTrials& trials) : trials_(trials) {}
  ~Turn() {
    const std::lock_guard lock(trials_.mutex_);
    --trials_.running_;
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  TargetTrials& trials_;
};

TargetTrials::TargetTrials(Catalog& catalog, std::vector<AlertTarget> targets,
                           SenderMaker make_sender, const std::atomic<bool>& stopping)
    : catalog_(catalog),
      targets_(std::move(targets)),
      make_sender_(std::move(make_sender)),
      stopping_(stopping) {}

base::Result<std::string> TargetTrials::Send(const AlertTarget& target, const Actor& by) {
  TAPIARY_TRY(catalog_.Write(
      [&](SqlWriter& writer) { return AddAudit(writer, by, "alert-target-tested", target.name); }));
  const std::int64_t began_ns = base::SteadyNow();
  Delivery delivery;
  delivery.alert = TestAlert(target, by.name, base::WallNow());
  const auto failure = make_sender_(target)({std::move(delivery)}, stopping_);
  const std::int64_t millis = (base::SteadyNow() - began_ns) / base::kNanosPerMilli;
  return Dump({{"target", target.name},
               {"state", failure ? "failed" : "sent"},
               {"trouble", failure ? Json(failure->reason) : Json()},
               {"seconds", static_cast<double>(millis) / 1000}});
}

Response TargetTrials::Run(const Request& request, std::int64_t steady_ns) {
  const auto allowed = CheckParameters(request, "");
  if (!allowed) return ProblemFor(allowed.error());
  const auto target = std::ranges::find(targets_, request.path_params.at("id"), &AlertTarget::name);
  if (target == targets_.end()) {
    return ProblemFor(
        base::MakeError(base::ErrorCode::kNotFound, "the configuration names no such target"));
  }
  {
    const std::lock_guard lock(mutex_);
    std::int64_t& next_ns = next_[target->name];
    if (next_ns > steady_ns) {
      return TooMany(next_ns - steady_ns, "this target was tested just now; wait a little");
    }
    if (running_ >= kAtOnce) return TooMany(kPauseNs, "others are tested; wait for these");
    ++running_;
    next_ns = steady_ns + kPauseNs;
  }
  const Turn turn(*this);
  const auto json = Send(*target, ActorOf(request));
  return json ? JsonResponse(200, *json) : ProblemFor(json.error());
}

}  // namespace tapiary::server
