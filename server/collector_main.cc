// tapiary-collector: reads the configuration, opens catalog and vault, serves until SIGTERM or
// SIGINT. SIGHUP reads the certificate anew.
//
// Signals are blocked before any thread starts and taken here one by one. Exit codes: 0 ok, 1
// failed, 2 usage.
#include <malloc.h>
#include <pthread.h>
#include <signal.h>

#include <cerrno>
#include <cstdio>

#include "base/log.h"
#include "server/collector.h"
#include "server/collector_config.h"

namespace {

using namespace tapiary;

int Fail(const base::Error& error, int code) {
  std::fprintf(stderr, "tapiary-collector: %s\n", error.message.c_str());
  return code;
}

sigset_t BlockSignals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signal(SIGPIPE, SIG_IGN);  // a closed connection is an error of a call, not the end
  return set;
}

// Blocks of half a MiB come and go, and a page that the kernel has just given costs more than what
// is read into it: memory in use a moment ago is kept for the next block.
void KeepMemory() {
  constexpr int kLargest = 4 << 20;  // what is larger goes back at once
  constexpr int kKept = 4 << 20;     // of each of malloc's heaps
  mallopt(M_MMAP_THRESHOLD, kLargest);
  mallopt(M_TRIM_THRESHOLD, kKept);
}

}  // namespace

int main(int argc, char** argv) {
  server::CollectorConfig config;
  base::ConfigTable table("tapiary-collector",
                          "Takes what sensors record, and shows and serves it to analysts.");
  server::AddRows(table, config);
  server::CollectorOptions options;
  const auto action = table.Parse(argc, argv, [&]() -> base::Result<> {
    TAPIARY_ASSIGN(options, server::Complete(config));
    return {};
  });
  if (!action) return Fail(action.error(), 2);
  if (*action == base::ConfigAction::kDone) return 0;
  base::SetLogLevel(options.log_level);

  KeepMemory();
  const sigset_t signals = BlockSignals();
  auto collector = server::Collector::Start(options);
  if (!collector) return Fail(collector.error(), 1);
  constexpr timespec kDay{24 * 3600, 0};
  for (int number = 0; number != SIGTERM && number != SIGINT;) {
    number = sigtimedwait(&signals, nullptr, &kDay);
    if (number < 0 && errno == EAGAIN) (*collector)->Remind();
    if (number != SIGHUP) continue;
    const auto reloaded = (*collector)->ReloadCertificate();
    if (!reloaded) base::LogError("the certificate stays: {}", reloaded.error().message);
  }
  (*collector)->Stop();
  return 0;
}
