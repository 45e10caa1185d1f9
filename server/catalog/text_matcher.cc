#include "server/catalog/text_matcher.h"

#include <re2/re2.h>
#include <sqlite3.h>

#include <string>

namespace tapiary::server {
namespace {

constexpr std::int64_t kMaxMemory = 1 << 20;

class Re2Matcher final : public TextMatcher {
 public:
  explicit Re2Matcher(std::string_view pattern)
      : re_(re2::StringPiece(pattern.data(), pattern.size()), Options()) {}
  [[nodiscard]] const RE2& re() const { return re_; }
  [[nodiscard]] bool Matches(std::string_view text) const override {
    return RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), re_);
  }

 private:
  static RE2::Options Options() {
    RE2::Options options;
    options.set_log_errors(false);
    options.set_dot_nl(true);  // as PostgreSQL's
    options.set_never_capture(true);
    options.set_max_mem(kMaxMemory);
    return options;
  }
  RE2 re_;
};

using Shared = std::shared_ptr<const TextMatcher>;

// The pattern is a parameter, so SQLite keeps the compiled one for as long as the statement runs.
void Match(sqlite3_context* context, int, sqlite3_value** arguments) {
  if (sqlite3_value_type(arguments[0]) == SQLITE_NULL) return sqlite3_result_null(context);
  const auto view = [](sqlite3_value* value) {
    const auto* text = reinterpret_cast<const char*>(sqlite3_value_text(value));
    return text == nullptr
               ? std::string_view()
               : std::string_view(text, static_cast<std::size_t>(sqlite3_value_bytes(value)));
  };
  const auto* kept = static_cast<Shared*>(sqlite3_get_auxdata(context, 1));
  if (kept != nullptr) {
    return sqlite3_result_int(context, (*kept)->Matches(view(arguments[0])) ? 1 : 0);
  }
  auto made = TextMatcher::Make(view(arguments[1]));
  if (!made) return sqlite3_result_error(context, made.error().message.c_str(), -1);
  const Shared matcher = *made;
  sqlite3_set_auxdata(context, 1, new Shared(matcher),
                      [](void* shared) { delete static_cast<Shared*>(shared); });
  sqlite3_result_int(context, matcher->Matches(view(arguments[0])) ? 1 : 0);
}

}  // namespace

base::Result<std::shared_ptr<const TextMatcher>> TextMatcher::Make(std::string_view pattern) {
  auto matcher = std::make_shared<const Re2Matcher>(pattern);
  const RE2& re = matcher->re();
  if (re.ok()) return std::shared_ptr<const TextMatcher>(std::move(matcher));
  const bool large = re.error_code() == RE2::ErrorPatternTooLarge;
  return base::MakeError(large ? base::ErrorCode::kTooLarge : base::ErrorCode::kInvalid,
                         re.error());
}

bool AddMatchFunction(sqlite3* database) {
  constexpr int kFlags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
  return sqlite3_create_function_v2(database, "tapiary_matches", 2, kFlags, nullptr, Match, nullptr,
                                    nullptr, nullptr) == SQLITE_OK;
}

}  // namespace tapiary::server
