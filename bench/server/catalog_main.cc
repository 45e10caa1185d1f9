#include <fmt/core.h>

#include <charconv>
#include <cstdio>
#include <span>
#include <vector>

#include "base/log.h"
#include "bench/server/catalog_tool.h"

namespace tapiary::bench {
namespace {

using Args = std::span<const std::string>;

std::uint64_t Number(const std::string& text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

base::Result<std::unique_ptr<server::Catalog>> Open(const std::string& where) {
  server::CatalogOptions options;
  (where.starts_with("postgresql:") ? options.url : options.path) = where;
  return server::Catalog::Open(options);
}

base::Result<> RunLoad(Args args) {
  TAPIARY_ASSIGN(const auto catalog, Open(args[0]));
  const LoadPlan plan{Number(args[1]), Number(args[2]), Number(args[3]), args[4]};
  if (plan.batch == 0 || plan.sensors == 0) {
    return base::MakeError(base::ErrorCode::kInvalid, "no batch or no sensor");
  }
  TAPIARY_ASSIGN(const LoadResult result, Load(*catalog, plan));
  fmt::print("{{\"flows\":{},\"seconds\":{:.4f},\"cpu_seconds\":{:.4f}}}\n", result.flows,
             result.seconds, result.cpu_seconds);
  return {};
}

base::Result<> RunAsk(Args args) {
  TAPIARY_ASSIGN(const auto catalog, Open(args[0]));
  TAPIARY_ASSIGN(const auto vault, server::OpenFileVault(args[3]));
  return Ask(*catalog, *vault, static_cast<int>(Number(args[1])),
             static_cast<int>(Number(args[2])));
}

base::Result<> RunPurge(Args args) {
  TAPIARY_ASSIGN(const auto catalog, Open(args[0]));
  TAPIARY_ASSIGN(const auto vault, server::OpenFileVault(args[1]));
  return Purge(*catalog, *vault);
}

int Main(Args args) {
  base::SetLogLevel(base::LogLevel::kError);
  base::Result<> done;
  if (args.size() == 6 && args[0] == "load") {
    done = RunLoad(args.subspan(1));
  } else if (args.size() == 5 && args[0] == "ask") {
    done = RunAsk(args.subspan(1));
  } else if (args.size() == 3 && args[0] == "purge") {
    done = RunPurge(args.subspan(1));
  } else {
    fmt::print(stderr,
               "usage: bench_catalog load FILE-OR-URL FLOWS BATCH SENSORS PREFIX\n"
               "       bench_catalog ask FILE-OR-URL ROUNDS PAGES VAULT-FOLDER\n"
               "       bench_catalog purge FILE-OR-URL VAULT-FOLDER\n");
    return 2;
  }
  if (!done) fmt::print(stderr, "bench_catalog: {}\n", done.error().message);
  return done ? 0 : 1;
}

}  // namespace
}  // namespace tapiary::bench

int main(int argc, char** argv) {
  const std::vector<std::string> args(argv + (argc > 0 ? 1 : 0), argv + argc);
  return tapiary::bench::Main(args);
}
