// Runs the fuzz targets once over files: FOLDER/TARGET/FILE. For seeds in the normal test run, and
// to look at a finding under any build: fuzz_replay FOLDER [TARGET]
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
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

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) {
    std::fprintf(stderr, "usage: fuzz_replay FOLDER [TARGET]\n");
    return 2;
  }
  for (const int signal : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL}) std::signal(signal, OnCrash);
  std::size_t total = 0;
  for (const Target& target : tapiary::fuzz::Targets()) {
    if (argc == 3 && target.name != argv[2]) continue;
    std::vector<fs::path> files;
    std::error_code none;
    for (const auto& entry : fs::directory_iterator(fs::path(argv[1]) / target.name, none)) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    for (const fs::path& file : files) {
      current = file.string();
      RunFile(target, file);
    }
    std::printf("%-20s %zu files\n", target.name.c_str(), files.size());
    total += files.size();
  }
  if (total == 0) std::fprintf(stderr, "no files in %s\n", argv[1]);
  return total == 0 ? 1 : 0;
}
