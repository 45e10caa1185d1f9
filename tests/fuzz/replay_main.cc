// Runs the fuzz targets once over files: FOLDER/TARGET/FILE. For seeds in the normal test run, and
// to look at a finding under any build: fuzz_replay FOLDER [TARGET]. With --every a target without
// a file is a failure.
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "tests/fuzz/target.h"

namespace {

namespace fs = std::filesystem;
using tapiary::fuzz::Target;

std::vector<std::uint8_t> ReadFile(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string current;
std::size_t current_size = 0;

// Ends the process as the signal would have, after saying with which input.
void OnCrash(int signal) {
  std::fprintf(stderr, "with the first %zu bytes of %s\n", current_size, current.c_str());
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

// Whole, and at each of its shorter lengths when it is small.
void RunFile(const Target& target, const fs::path& path) {
  const std::vector<std::uint8_t> input = ReadFile(path);
  const std::size_t step = std::max<std::size_t>(1, input.size() / 64);
  for (std::size_t size = 0; size < input.size(); size += step) {
    current_size = size;
    target.run(tapiary::base::Bytes(input).first(size), target.protocol);
  }
  current_size = input.size();
  target.run(input, target.protocol);
}

// The number of files run, or 0 after saying that there are none.
std::size_t RunTarget(const Target& target, const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(folder / target.name, none)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  for (const fs::path& file : files) {
    current = file.string();
    RunFile(target, file);
  }
  std::printf("%-20s %zu files\n", target.name.c_str(), files.size());
  return files.size();
}

}  // namespace

int main(int argc, char** argv) {
  const bool every = argc == 3 && std::string_view(argv[1]) == "--every";
  const int first = every ? 2 : 1;
  if (argc <= first || argc > 3) {
    std::fprintf(stderr, "usage: fuzz_replay [--every] FOLDER, fuzz_replay FOLDER TARGET\n");
    return 2;
  }
  for (const int signal : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL}) std::signal(signal, OnCrash);
  std::size_t total = 0, empty = 0;
  for (const Target& target : tapiary::fuzz::Targets()) {
    if (!every && argc == 3 && target.name != argv[2]) continue;
    const std::size_t files = RunTarget(target, argv[first]);
    total += files;
    empty += files == 0 ? 1 : 0;
    if (files == 0 && every) std::fprintf(stderr, "%s has no seed\n", target.name.c_str());
  }
  if (total == 0) std::fprintf(stderr, "no files in %s\n", argv[first]);
  return total == 0 || (every && empty != 0) ? 1 : 0;
}
