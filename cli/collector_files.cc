#include "cli/collector_files.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "base/text.h"

namespace tapiary::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxName = 64;
constexpr std::size_t kMaxEntries = 10'000;  // that are looked at

// Names become parts of lines that Wireshark parses.
bool IsName(std::string_view name) {
  return !name.empty() && name.size() <= kMaxName &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                  c == '.' || c == '-' || c == '_';
         });
}

std::vector<fs::path> YamlFiles(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  fs::directory_iterator entry(folder, error);
  for (std::size_t seen = 0; !error && entry != fs::directory_iterator() && seen < kMaxEntries;
       entry.increment(error), ++seen) {
    if (entry->path().extension() == ".yaml") files.push_back(entry->path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string Environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

}  // namespace

std::vector<CollectorFile> ReadCollectorFiles(std::vector<std::string>* troubles) {
  std::vector<CollectorFile> collectors;
  CollectorFile first{.options = {.url = Environment("TAPIARY_COLLECTOR"),
                                  .token_file = Environment("TAPIARY_TOKEN_FILE"),
                                  .ca_file = Environment("TAPIARY_CA")}};
  const std::string path = UserCollectorFile();
  if (const auto done = CompleteCollectorOptions(&first.options)) {
    collectors.push_back(std::move(first));
  } else if (!first.options.url.empty() || fs::exists(path)) {
    troubles->push_back(done.error().message);
  }
  if (path.empty()) return collectors;
  for (const fs::path& file : YamlFiles(fs::path(path).parent_path() / "collectors")) {
    const std::string name = file.stem().string();
    const std::string shown = base::EscapeBytes(std::string_view(file.native()));
    if (collectors.size() >= kMaxCollectorFiles) {
      troubles->push_back(fmt::format("{}: more than {} collectors", shown, kMaxCollectorFiles));
      break;
    }
    auto options = IsName(name) ? ReadCollectorFile(file.native())
                                : base::MakeError(base::ErrorCode::kInvalid,
                                                  "the name has letters, digits, '.', '-' and '_'");
    if (options && (options->url.empty() || options->token_file.empty())) {
      options = base::MakeError(base::ErrorCode::kInvalid, "url and token_file are needed");
    }
    if (options) {
      collectors.push_back({name, std::move(*options)});
    } else {
      troubles->push_back(fmt::format("{}: {}", shown, options.error().message));
    }
  }
  return collectors;
}

}  // namespace tapiary::cli
