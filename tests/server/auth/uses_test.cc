#include "server/auth/uses.h"

#include "base/clock.h"
#include "tests/server/auth/fixture.h"

namespace tapiary::server::test {
namespace {

TEST_F(AuthTest, UseIsWrittenOnceAMinute) {
  Make("ann", Scope::kViewer);
  const Identity identity{.scope = Scope::kViewer, .token_id = 1};
  constexpr std::int64_t kStart = 1'000'000'000'000;
  for (const std::int64_t seconds : {0, 59}) {
    NoteUse(*catalog_, identity, kStart + seconds * base::kNanosPerSecond);
    EXPECT_EQ(Number("SELECT last_used_ns FROM tokens"), kStart);
  }
  NoteUse(*catalog_, identity, kStart + 60 * base::kNanosPerSecond);
  EXPECT_EQ(Number("SELECT last_used_ns FROM tokens"), kStart + 60 * base::kNanosPerSecond);
}

TEST_F(AuthTest, AClockThatWasSetBackIsWritten) {
  Make("ann", Scope::kViewer);
  const Identity identity{.scope = Scope::kViewer, .token_id = 1};
  NoteUse(*catalog_, identity, 2'000'000'000'000);
  NoteUse(*catalog_, identity, 1'000'000'000'000);
  EXPECT_EQ(Number("SELECT last_used_ns FROM tokens"), 1'000'000'000'000);
  NoteUse(*catalog_, {}, 3'000'000'000'000);  // whom a proxy named: nothing to note
  EXPECT_EQ(Number("SELECT last_used_ns FROM tokens"), 1'000'000'000'000);
}

}  // namespace
}  // namespace tapiary::server::test
